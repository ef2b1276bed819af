"""Sums of rows that add up, however the rows were divided.

A block of the input leaves a few numbers, and the numbers of all blocks together are the same
for every division into blocks: counts are added, bits joined, and of the orders a sample is kept
with all of their rows, drawn by their ids.

The sample are the orders whose hashed ids are smallest: whoever is among the smallest of all is so
in every block that it appears in, so the samples of blocks join to that of the whole. And an order
in the sample of the trades would, with a hash below the largest of a full sample of the orders, be
there too: so two tables can be compared that nobody has joined.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
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


@dataclass
class Ids:
    """What the bits of the ids of one file show. Ids that a double holds anyway do not count."""

    n_large: int = 0
    """Rows whose id is beyond 2**53."""
    n_double: int = 0
    """Of these, rows whose id is exactly that of a double."""
    any_bit: int = 0
    """Bits that some of these ids have."""
    every_bit: int = -1
    """Bits that all of them have."""
    largest: int = 0

    def add(self, other: Ids) -> None:
        """Take in the ids of another part of the file."""
        self.n_large += other.n_large
        self.n_double += other.n_double
        self.any_bit |= other.any_bit
        self.every_bit &= other.every_bit
        self.largest = max(self.largest, other.largest)


@dataclass
class Tally:
    """Sums of rows of one or more tables."""

    counts: Counter[str] = field(default_factory=Counter)
    """Number of rows by what they are, such as `orders rows` or `nbbo price 110621 47`."""
    ids: dict[str, Ids] = field(default_factory=dict)
    """By file."""
    samples: dict[str, SampledOrders] = field(default_factory=dict)
    """By table."""

    def add(self, other: Tally) -> None:
        """Take in the rows of another part of the input."""
        self.counts.update(other.counts)
        for file, ids in other.ids.items():
            self.ids.setdefault(file, Ids()).add(ids)
        for table, sample in other.samples.items():
            known = self.samples.get(table)
            self.samples[table] = sample if known is None else known.joined(sample)

    def of(self, *words: object) -> int:
        """The count with this name."""
        return self.counts[" ".join(map(str, words))]

    def by_number(self, *words: object) -> Counter[int]:
        """Counts whose name is `words` and one number more."""
        prefix = " ".join(map(str, words)) + " "
        return Counter(
            {
                int(name.removeprefix(prefix)): count
                for name, count in self.counts.items()
                if name.startswith(prefix)
            }
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `from_json`."""
        return {
            "counts": dict(self.counts),
            "ids": {file: asdict(ids) for file, ids in self.ids.items()},
            "samples": {table: sample.as_json() for table, sample in self.samples.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(
            Counter(document["counts"]),
            {file: Ids(**ids) for file, ids in document["ids"].items()},
            {t: SampledOrders.from_json(s) for t, s in document["samples"].items()},
        )
