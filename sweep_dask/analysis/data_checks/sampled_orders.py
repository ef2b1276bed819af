"""A sample of orders with all of their rows, drawn by their ids.

The orders whose hashed ids are smallest: whoever is among the smallest of all is so in every block
that it appears in, so the samples of blocks join to that of the whole. And an order in the
sample of the trades would, with a hash below the largest of a full sample of the orders, be
there too: so two tables can be compared that nobody has joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.analysis.tables import IntArray

#: Orders of a sample. A share is known to about 3 percentage points; arbitrary.
SAMPLE_ORDERS = 1_024

_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_REDUCE = {"sum": np.add, "min": np.minimum, "max": np.maximum}


@dataclass(frozen=True, eq=False)
class SampledOrders:
    """Ids and a few numbers of each."""

    ids: IntArray
    """int64[orders], by ascending hash."""
    numbers: dict[str, IntArray]
    """By `name how`, where `how` says what two rows of an order give: sum, min or max."""
    is_whole: bool
    """Whether these are all orders there are."""

    @classmethod
    def of_rows(cls, ids: IntArray, numbers: dict[str, IntArray]) -> Self:
        """The sample of rows: int64[rows] each."""
        hashes = hashed(ids)
        few = hashes <= _enough(ids.size)
        if np.unique(hashes[few]).size > SAMPLE_ORDERS:
            # Sorting all of them would cost much more.
            ids, hashes = ids[few], hashes[few]
            numbers = {name: values[few] for name, values in numbers.items()}
        distinct, row_of = np.unique(hashes, return_inverse=True)
        row_of = row_of.reshape(ids.shape)
        chosen = np.flatnonzero(row_of < SAMPLE_ORDERS)
        order = chosen[np.argsort(row_of[chosen], kind="stable")]
        starts = np.searchsorted(row_of[order], np.arange(min(distinct.size, SAMPLE_ORDERS)))
        return cls(
            ids[order][starts],
            {
                name: _REDUCE[name.rpartition(" ")[2]].reduceat(values[order], starts)
                if starts.size
                else values[:0]
                for name, values in numbers.items()
            },
            distinct.size <= SAMPLE_ORDERS,
        )

    def joined(self, other: SampledOrders) -> SampledOrders:
        """The sample of the rows of both."""
        both = SampledOrders.of_rows(
            np.concatenate([self.ids, other.ids]),
            {n: np.concatenate([v, other.numbers[n]]) for n, v in self.numbers.items()},
        )
        whole = both.is_whole and self.is_whole and other.is_whole
        return SampledOrders(both.ids, both.numbers, whole)

    def may_know(self, ids: IntArray) -> Any:
        """Whether each of `ids` would be here if the table had it: bool[n]."""
        if self.is_whole:
            return np.ones(ids.size, dtype=bool)
        return hashed(ids) <= hashed(self.ids).max()

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `from_json`."""
        return {
            "ids": self.ids.tolist(),
            "numbers": {name: values.tolist() for name, values in self.numbers.items()},
            "is_whole": self.is_whole,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(
            np.array(document["ids"], dtype=np.int64),
            {n: np.array(v, dtype=np.int64) for n, v in document["numbers"].items()},
            document["is_whole"],
        )


def _enough(rows: int) -> np.uint64:
    """A hash below which there are most likely enough orders of so many rows."""
    return np.uint64(min(2**64 - 1, 2**64 * 8 * SAMPLE_ORDERS // max(1, rows)))


def hashed(ids: IntArray) -> Any:
    """uint64[n]: the finaliser of splitmix64, which is one to one and mixes all bits."""
    mixed = ids.astype(np.uint64)
    for shift, factor in zip((30, 27), _MULTIPLIERS, strict=True):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
    return mixed ^ (mixed >> np.uint64(31))
