"""The choices under which an answer is worked out, and which replays of the book that takes.

If all sweeps change at the same time they meet each other: what everybody would get says little of
what one would. So they are dealt into groups by their order ids, and the book is replayed once for
each group, which alone changes. Every sweep is measured in the replay of its own group.

A sweep that really filled leaves no sign of when its owner would have given up. So how long it
would have waited is a choice, the same for every arm: fills after it do not count, and what is
left then is marked at that time. A sweep that its owner cancelled is cancelled in every arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.terms import choices
from sweep_dask.terms.arms import AS_ENTERED, TAPE
from sweep_dask.terms.choices import (
    ADOPTION_GROUPS,
    ADOPTION_SHARES,
    CLOCK_SECONDS,
    LIFETIME,
    LIFETIME_NAME,
    LIFETIMES,
    SWITCHES,
    Switch,
)
from sweep_dask.terms.dimensions import ALL_FILLS
from sweep_dask.terms.score import PREDICTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.analysis.tables import BoolArray, IntArray

#: Of the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
_GAMMA, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
#: Lots are whole numbers below this: half of what an int64 can tell apart, so that sums of two fit.
LOTS = 1 << 62


@dataclass(frozen=True)
class Adoption:
    """The share of sweeps that change at the same time."""

    share: float
    """From 0, nobody, to 1, everyone."""

    @property
    def groups(self) -> int:
        """Replays that it takes to measure every sweep."""
        # A share of 1 / n is not quite that.
        return ceil(1 / self.share - 1e-9) if self.share else 1

    def replays(self, lot: IntArray) -> Iterator[GroupReplay]:
        """Who changes and who is measured in each replay; `lot` is int64[orders], see `lots`."""
        width = round(self.share * LOTS)
        for group in range(self.groups):
            first, end = group * LOTS // self.groups, (group + 1) * LOTS // self.groups
            # The share may not divide evenly: then a group adopts together with those after it.
            yield GroupReplay((lot - first) % LOTS < width, (first <= lot) & (lot < end))


class GroupReplay(NamedTuple):
    """One replay of the book."""

    adopts: BoolArray
    """bool[orders], which change if they may."""
    is_measured: BoolArray
    """bool[orders], those of which this replay tells."""


NOBODY, EVERYONE = Adoption(0.0), Adoption(1.0)


def lots(order_id: IntArray, seed: int) -> IntArray:
    """int64[orders] from 0 to `LOTS` - 1, evenly spread; the same id draws the same lot always."""
    with np.errstate(over="ignore"):
        mixed = order_id.astype(np.uint64) + np.uint64(_GAMMA) * np.uint64((2 * seed + 1) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(2)).astype(np.int64)


_NS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Lifetime:
    """One of the three choices."""

    name: str
    """`recorded`: until the record ends, also where it ends because all was filled;
    `clock:DURATION`: for so long from arrival on; `close`: until continuous trading ends."""
    duration_ns: int | None = None
    """Of the clock; None: there is none."""

    def until_ns(self, arrival_ns: IntArray, end_ns: IntArray, trading_until_ns: int) -> IntArray:
        """int64[sweeps], ns UTC: the last instant that counts, for each sweep.

        Parameters
        ----------
        arrival_ns, end_ns
            int64[sweeps], ns UTC: when each arrived, and when its record ended.
        trading_until_ns
            The last instant of continuous trading.
        """
        longest_ns = np.full_like(end_ns, trading_until_ns)
        if self == RECORDED:
            longest_ns = np.minimum(end_ns, trading_until_ns)
        elif self.duration_ns is not None:
            longest_ns = np.minimum(arrival_ns + self.duration_ns, trading_until_ns)
        # One that arrives after the close is measured as it arrives.
        return np.maximum(longest_ns, arrival_ns)

    def is_within(self, other: Lifetime) -> bool:
        """Whether no sweep is measured later than under another lifetime."""
        if self.duration_ns is not None and other.duration_ns is not None:
            return self.duration_ns <= other.duration_ns
        return other in (self, CLOSE)


RECORDED = Lifetime(choices.RECORDED)
CLOSE = Lifetime(choices.CLOSE)


def lifetime_of(name: str) -> Lifetime:
    """The lifetime of a name such as `clock:5min`.

    Raises
    ------
    ValueError
        It is none.
    """
    found = LIFETIME_NAME.fullmatch(name)
    if found is None:
        raise ValueError(name)
    if found["count"] is None:
        return RECORDED if name == RECORDED.name else CLOSE
    return Lifetime(name, int(found["count"]) * CLOCK_SECONDS[found["unit"]] * _NS_PER_SECOND)


class Choices(NamedTuple):
    """How long sweeps wait that change, and how many of them change at the same time."""

    lifetime: str = LIFETIME
    """Of the answer: see `Lifetime`."""
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
        """Lifetime, share, switch and fills of all cases that it measures; `own`: the answer's."""
        share = self.adoption.share
        for one in self.measured:
            yield one.name, share, "", ALL_FILLS
            if one == own:
                yield from ((one.name, share, switch, ALL_FILLS) for switch in self.switches)
                if self.is_answer:
                    yield from ((one.name, share, "", event) for event in PREDICTED)
