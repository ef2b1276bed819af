"""The choices under which an answer is worked out, and which replays of the book that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.analysis.centre_point.adoption import EVERYONE, Adoption
from sweep_dask.analysis.centre_point.lifetimes import CLOSE, RECORDED, Lifetime, lifetime_of

if TYPE_CHECKING:
    from collections.abc import Iterator


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

    @property
    def marginal(self) -> Adoption:
        """One group."""
        return Adoption(1 / self.adoption_groups)

    def all_lifetimes(self) -> list[Lifetime]:
        """In the order of tables; the answer's is among them."""
        names = dict.fromkeys((*self.lifetimes, self.lifetime))
        return [lifetime_of(name) for name in names]

    def rounds(self) -> Iterator[Round]:
        """The replays of a scenario.

        Each group takes many. One that waits longer also tells what had filled before: so shorter
        waits are measured where the others of a group wait as long as in the answer, and longer
        ones where they wait until they are cancelled or trading ends. (Those on record are both.)
        """
        lifetimes, asked = self.all_lifetimes(), lifetime_of(self.lifetime)
        within = [one for one in lifetimes if one.is_within(asked)]
        recorded = [one for one in lifetimes if one == RECORDED and one not in within]
        beyond = [one for one in lifetimes if one not in within and one not in recorded]
        waits = ((asked, within), (RECORDED, recorded), (CLOSE, beyond))
        for longest, measured in waits:
            if measured:
                yield Round(longest, self.marginal, measured)
        for share in self.adoption_shares:
            yield Round(asked, Adoption(share), [asked])
        if self.adoption_groups > 1:
            for one in lifetimes:
                yield Round(one, EVERYONE, [one])


DEFAULT_CHOICES = Choices()


class Round(NamedTuple):
    """Replays that measure every sweep once."""

    waits: Lifetime
    """How long sweeps wait that change."""
    adoption: Adoption
    measured: list[Lifetime]
    """At the end of which fills are counted."""
