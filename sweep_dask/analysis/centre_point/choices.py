"""The choices under which an answer is worked out, and which replays of the book that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.adoption import EVERYONE, Adoption
from sweep_dask.analysis.centre_point.lifetimes import CLOSE, Lifetime, lifetime_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.analysis.tables import BoolArray, IntArray


class Choices(NamedTuple):
    """How long sweeps wait that change, and how many of them change at the same time."""

    lifetime: str = "clock:5min"
    """Of the answer: see `lifetimes.Lifetime`."""
    adoption_groups: int = 20
    """The answer is about one of so many groups changing."""
    adoption_seed: int = 0
    """Deals sweeps into groups."""
    lifetimes: tuple[str, ...] = (
        *("recorded", "clock:1s", "clock:30s", "clock:5min", "clock:30min", "close"),
    )
    """All for which the answer is worked out."""
    adoption_shares: tuple[float, ...] = (0.25, 0.5)
    """Shares of sweeps that change, beside one group and everyone."""
    adoption_participant: int | None = None
    """Whose sweeps change, all of them together, and are told of; None: those of anybody."""

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

    def rounds(self) -> Iterator[Round]:
        """The replays of a scenario.

        Each group takes many. One that waits longer also tells what had filled before: so waits by
        the clock that are shorter than the answer's are measured where the others of a group wait
        as long as in the answer, and all other waits where they wait until they are cancelled or
        trading ends.
        """
        lifetimes, asked = self.all_lifetimes(), lifetime_of(self.lifetime)
        marginal = self.marginal
        if marginal == EVERYONE:
            yield from (Round(one, EVERYONE, [one], is_answer=one == asked) for one in lifetimes)
            return
        is_with = [one.is_within(asked) for one in lifetimes]
        within = [one for one, is_in in zip(lifetimes, is_with, strict=True) if is_in]
        beyond = [one for one, is_in in zip(lifetimes, is_with, strict=True) if not is_in]
        yield Round(asked, marginal, within, is_answer=True)
        shares = [s for s in self.adoption_shares if s not in (1.0, marginal.share)]
        yield from (Round(asked, Adoption(share), [asked]) for share in shares)
        # Those of one wait follow each other: they share their events.
        for one in dict.fromkeys((asked, *lifetimes, CLOSE)):
            if one in lifetimes:
                yield Round(one, EVERYONE, [one])
            if one == CLOSE and beyond:
                yield Round(CLOSE, marginal, beyond)


DEFAULT_CHOICES = Choices()


def choices_of(settings: Mapping[str, Any]) -> Choices:
    """How long sweeps wait that change, and how many do, from values of settings by name.

    A value that an earlier version did not have is the one by default.
    """
    known = {name: settings[name] for name in Choices._fields if name in settings}
    lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
    return Choices(**known | lists)


class Round(NamedTuple):
    """Replays that measure every sweep once."""

    waits: Lifetime
    """How long sweeps wait that change."""
    adoption: Adoption
    measured: list[Lifetime]
    """At the end of which fills are counted."""
    is_answer: bool = False
    """Whether it is about the answer's own choice."""
