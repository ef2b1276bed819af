"""What is known of a metric: its record, and the columns it has."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import IntEnum
from typing import NamedTuple


class Direction(IntEnum):
    """Whether more of it is good for the order."""

    COST = -1
    NEITHER = 0
    GAIN = 1


class Detail(IntEnum):
    """How much is told of a metric; each includes those before it."""

    TABLE = 0
    """It has a value for each sweep."""
    COMPARED = 1
    """Arms are compared in it, sweep by sweep."""
    SUMMED = 2
    """What it comes to in dollars is added up by segment."""
    BY_SEGMENT = 3
    """So is its mean, in bps if it has them; arms are tested in it, its quantiles are there."""
    ANSWER = 4
    """Effects on it are worked out under every choice (sums: `analysis.metrics.choice_sums`)."""


#: Ending of a column -> its unit in words.
UNITS = {"price": "price", "bps": "bps", "aud": "AUD", "seconds": "s"}


@dataclass(frozen=True)
class Metric:
    """One metric, in one unit or in several, each of which is a column."""

    name: str
    formula: str
    """What it is, in the symbols of docs/metrics.md."""
    missing: str = "never"
    """When it does not exist."""
    _: KW_ONLY
    units: tuple[str, ...] = ()
    """Endings of its columns, keys of `UNITS`; none: its one column is called as it is."""
    unit: str = ""
    """Of that one column."""
    kind: str = "float64"
    """Type of its columns, by its pandas name."""
    sign: str = ""
    source: str = ""
    heading: str = ""
    direction: Direction = Direction.NEITHER
    detail: Detail = Detail.TABLE
    worth: str = ""
    """Of the answer: what its sums by the worth of sweeps are called."""
    would: tuple[str, str] = ("", "")
    """Of the answer: what an arm would do whose effect is above, and below, 0."""

    @property
    def columns(self) -> list[Column]:
        """Its columns in the order of the table."""
        if not self.units:
            return [Column(self.name, self, self.unit)]
        return [Column(f"{self.name}_{unit}", self, UNITS[unit]) for unit in self.units]


class Column(NamedTuple):
    """A metric in one unit."""

    name: str
    metric: Metric
    unit: str

    @property
    def is_amount(self) -> bool:
        """Whether it adds up over sweeps, as money does."""
        return self.unit == "AUD"

    @property
    def query(self) -> str:
        """What is told of many sweeps, in SQL over the rows of one arm."""
        return f"{'sum' if self.is_amount else 'avg'}({self.name})"

    @property
    def ways(self) -> tuple[str, str]:
        """What a difference above, and below, 0 is called."""
        if self.unit == "share":
            return "more", "less"
        if self.unit == "s":
            return "slower", "faster"
        is_cost = self.metric.direction == Direction.COST
        return ("costlier", "cheaper") if is_cost else ("better", "worse")
