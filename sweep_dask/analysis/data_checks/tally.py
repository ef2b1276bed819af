"""Sums of rows that add up, however the rows were divided.

A block of the input leaves a few numbers, and the numbers of all blocks together are the same
for every division into blocks: counts are added, extremes compared, bits joined, and of the
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
    spans: dict[str, list[int]] = field(default_factory=dict)
    """First and last time (ns) by table and day, such as `orders 19999`."""
    ids: dict[str, Ids] = field(default_factory=dict)
    """By file."""
    samples: dict[str, SampledOrders] = field(default_factory=dict)
    """By table."""

    def add(self, other: Tally) -> None:
        """Take in the rows of another part of the input."""
        self.counts.update(other.counts)
        for key, (first, last) in other.spans.items():
            span = self.spans.setdefault(key, [first, last])
            span[:] = [min(span[0], first), max(span[1], last)]
        for file, ids in other.ids.items():
            self.ids.setdefault(file, Ids()).add(ids)
        for table, sample in other.samples.items():
            known = self.samples.get(table)
            self.samples[table] = sample if known is None else known.joined(sample)

    def of(self, *words: object) -> int:
        """The count with this name."""
        return self.counts[" ".join(map(str, words))]

    def days(self, table: str) -> dict[int, tuple[int, int]]:
        """Local day (days since 1970-01-01) to first and last time (ns) of a table's rows."""
        found = {}
        for key, (first, last) in sorted(self.spans.items()):
            name, _, day = key.partition(" ")
            if name == table:
                found[int(day)] = (first, last)
        return found

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `from_json`."""
        return {
            "counts": dict(self.counts),
            "spans": self.spans,
            "ids": {file: asdict(ids) for file, ids in self.ids.items()},
            "samples": {table: sample.as_json() for table, sample in self.samples.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(
            Counter(document["counts"]),
            {key: list(span) for key, span in document["spans"].items()},
            {file: Ids(**ids) for file, ids in document["ids"].items()},
            {t: SampledOrders.from_json(s) for t, s in document["samples"].items()},
        )
