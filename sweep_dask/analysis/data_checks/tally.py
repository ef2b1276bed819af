"""Sums of rows that add up, however the rows were divided.

A block of the input leaves a few numbers, and the numbers of all blocks together are the same
for every division into blocks: counts are added, bits joined, and of the
orders a sample is kept that depends on their ids alone (`sampled_orders`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sweep_dask.analysis.data_checks.sampled_orders import SampledOrders

if TYPE_CHECKING:
    from collections.abc import Mapping


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
