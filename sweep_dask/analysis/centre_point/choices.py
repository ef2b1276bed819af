"""The choices under which an answer is worked out, and which replays of the book that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.adoption import EVERYONE, NOBODY, Adoption
from sweep_dask.analysis.centre_point.lifetimes import CLOSE, Lifetime, lifetime_of
from sweep_dask.terms.arms import AS_ENTERED, TAPE
from sweep_dask.terms.choices import (
    ADOPTION_GROUPS,
    ADOPTION_SHARES,
    LIFETIME,
    LIFETIMES,
    SWITCHES,
    Switch,
)
from sweep_dask.terms.columns.categories import ALL_FILLS
from sweep_dask.terms.score import PREDICTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.analysis.tables import BoolArray, IntArray


class Choices(NamedTuple):
    """How long sweeps wait that change, and how many of them change at the same time."""

    lifetime: str = LIFETIME
    """Of the answer: see `lifetimes.Lifetime`."""
    adoption_groups: int = ADOPTION_GROUPS
    """The answer is about one of so many groups changing."""
    adoption_seed: int = 0
    """Deals sweeps into groups."""
    lifetimes: tuple[str, ...] = LIFETIMES
    """All for which the answer is worked out."""
    adoption_shares: tuple[float, ...] = ADOPTION_SHARES
    """Shares of sweeps that change, beside one group and everyone."""
    adoption_participant: int | None = None
    """Whose sweeps change, all of them together, and are told of; None: those of anybody."""
    switches: tuple[str, ...] = tuple(SWITCHES)
    """Assumptions put the other way, one at a time, under the lifetime of the answer."""

    @property
    def marginal(self) -> Adoption:
        """Who changes in the answer: one group, or all sweeps of the participant."""
        return EVERYONE if self.is_of_one else Adoption(1 / self.adoption_groups)

    @property
    def is_of_one(self) -> bool:
        """Whether the sweeps of one participant change."""
        return self.adoption_participant is not None

    def may_change(self, participant: IntArray) -> BoolArray:
        """bool[n], whether sweeps of these participants may change; -1 is not known."""
        is_named: BoolArray = participant == self.adoption_participant
        return is_named if self.is_of_one else np.ones(participant.size, dtype=bool)

    def all_lifetimes(self) -> list[Lifetime]:
        """In the order of tables; the answer's is among them."""
        names = dict.fromkeys((*self.lifetimes, self.lifetime))
        return [lifetime_of(name) for name in names]

    def rounds(self, scenario: str) -> Iterator[Round]:
        """The replays of a scenario; the one that changes nothing tells of every wait.

        Each group takes many. One that waits longer also tells what had filled before: so waits by
        the clock that are shorter than the answer's are measured where the others of a group wait
        as long as in the answer, and all other waits where they wait until they are cancelled or
        trading ends.
        """
        lifetimes, own = self.all_lifetimes(), lifetime_of(self.lifetime)
        marginal, switches = self.marginal, tuple(map(Switch, self.switches))
        if scenario in (TAPE, AS_ENTERED):
            yield Round(CLOSE, NOBODY, lifetimes, is_answer=True)
            return
        if marginal != EVERYONE:
            within = [one for one in lifetimes if one.is_within(own)]
            yield Round(own, marginal, within, switches, is_answer=True)
            shares = [s for s in self.adoption_shares if s not in (1.0, marginal.share)]
            yield from (Round(own, Adoption(share), [own]) for share in shares)
        # Those of one wait follow each other: they share their events.
        for one in dict.fromkeys((own, *lifetimes, CLOSE)):
            if one == own:
                yield Round(one, EVERYONE, [one], switches, is_answer=marginal == EVERYONE)
            elif one in lifetimes:
                yield Round(one, EVERYONE, [one])
            if one == CLOSE and marginal != EVERYONE:
                beyond = [other for other in lifetimes if not other.is_within(own)]
                yield from [Round(CLOSE, marginal, beyond)] if beyond else []

    def cases(self, scenario: str) -> list[Case]:
        """Of a scenario, or the tape, in the order of tables."""
        own = lifetime_of(self.lifetime)
        cases = [Case(scenario, *key) for one in self.rounds(scenario) for key in one.keys(own)]
        order = [one.name for one in self.all_lifetimes()]
        return sorted(cases, key=lambda case: (order.index(case.lifetime), case.adoption))


DEFAULT_CHOICES = Choices()


def choices_of(settings: Mapping[str, Any]) -> Choices:
    """How long sweeps wait that change, and how many do, from values of settings by name.

    A value that an earlier version did not have is the one by default.
    """
    known = {name: settings[name] for name in Choices._fields if name in settings}
    lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
    return Choices(**known | lists)


class Case(NamedTuple):
    """An arm under one choice, or a part of what it fills."""

    scenario: str
    """Or the tape."""
    lifetime: str
    adoption: float
    """The share of sweeps that change; 0: none does."""
    switch: str = ""
    """The assumption put the other way; empty: none is."""
    event: str = ALL_FILLS
    """Of which fills: all, or those in the dark that the book predicts, by `PREDICTED`."""


class Round(NamedTuple):
    """Replays that measure every sweep once."""

    waits: Lifetime
    """How long sweeps wait that change."""
    adoption: Adoption
    measured: list[Lifetime]
    """At the end of which fills are counted."""
    switches: tuple[Switch, ...] = ()
    """Under each of which all is measured once more, of the wait alone."""
    is_answer: bool = False
    """Whether it is about the answer's own choice."""

    def keys(self, own: Lifetime) -> Iterator[tuple[str, float, str, str]]:
        """Lifetime, share, switch and fills of all cases that it measures.

        Parameters
        ----------
        own
            The lifetime of the answer.
        """
        share = self.adoption.share
        for one in self.measured:
            yield one.name, share, "", ALL_FILLS
            if one == own:
                yield from ((one.name, share, switch, ALL_FILLS) for switch in self.switches)
                if self.is_answer:
                    yield from ((one.name, share, "", event) for event in PREDICTED)
