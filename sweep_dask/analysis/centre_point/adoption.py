"""Which sweeps are treated differently at the same time, and in which replay each is measured.

If all are, they meet each other: what everybody would get says little of what one would. So sweeps
are dealt into groups by their order ids, and the book is replayed once for each group, which alone
changes. Every sweep is measured in the replay of its own group.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        """Who changes and who is measured in each replay.

        Parameters
        ----------
        lot
            int64[orders], see `lots`.
        """
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
    """int64[orders] from 0 to `LOTS` - 1, evenly spread; the same id draws the same lot anywhere.

    Parameters
    ----------
    order_id
        int64[orders].
    """
    with np.errstate(over="ignore"):
        mixed = order_id.astype(np.uint64) + np.uint64(_GAMMA) * np.uint64((2 * seed + 1) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(2)).astype(np.int64)
