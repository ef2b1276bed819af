"""What an arm changes: simulated minus reference, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.rollups import arm_of
from sweep_dask.report.wording import Cell, cell
from sweep_dask.terms.dimensions import ALL, HEADLINE_POPULATION
from sweep_dask.terms.metrics import ANSWER, COLUMNS, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep_dask.terms.arms import Arm


@dataclass(frozen=True)
class MetricWords:
    """A metric of the tests in words."""

    heading: str
    unit: str
    more: str
    less: str
    scale: float = 1.0
    """From the unit of the table to that of the page."""

    @property
    def axis(self) -> str:
        """The unit, and which way is up: no reader has to know a convention."""
        return f"{self.unit}, + = {self.more}"

    @property
    def level_axis(self) -> str:
        """The same for values instead of differences."""
        return "%" if self.scale > 1 else self.axis

    def change(self, value: float | None) -> str:
        """A difference in the unit of the page."""
        return wording.change(None if value is None else value * self.scale)

    def size(self, value: float) -> str:
        """A difference without its sign: `1.20 bps`."""
        return f"{self._number(value)} {self.unit}"

    def said(self, value: float) -> str:
        """A difference in words: `1.20 bps cheaper`."""
        return f"{self.size(value)} {self.way(value)}" if value else "the same"

    def said_exactly(self, value: float) -> str:
        """The same with two digits of one that rounds to 0: `0.0038 bps cheaper`."""
        shown = abs(value) * self.scale
        size = f"{shown:.2g} {self.unit}" if shown < 0.005 else self.size(value)
        return f"{size} {self.way(value)}"

    def between(self, low: float, high: float) -> str:
        """An interval in words: `0.80 to 1.60` of what its mean is, or `0.40 less to 1.60 more`."""
        if low * high >= 0:
            return " to ".join(self._number(bound) for bound in sorted((low, high), key=abs))
        return " to ".join(f"{self._number(bound)} {self.way(bound)}" for bound in (low, high))

    def said_within(self, value: float | None, low: float | None, high: float | None) -> str:
        """An effect with its interval, if it has one: `1.20 bps cheaper (0.80 to 1.60)`."""
        if value is None:
            return wording.NONE
        within = "" if low is None or high is None else f" ({self.between(low, high)})"
        return self.said(value) + within

    def _number(self, value: float) -> str:
        return wording.decimals(abs(value) * self.scale)

    def way(self, value: float) -> str:
        """Of a difference: `more`, `cheaper`."""
        return self.more if value > 0 else self.less

    def text(self, value: float) -> str:
        """A value that is already in the unit of the page, with the unit."""
        return f"{wording.decimals(value)} {'%' if self.scale > 1 else self.unit}"

    def level(self, value: float | None) -> str:
        """A value in the unit of the page."""
        return wording.decimals(None if value is None else value * self.scale)


def _words(name: str) -> MetricWords:
    column = COLUMNS[name]
    unit, scale = _SHOWN.get(column.unit, (column.unit, 1.0))
    return MetricWords(column.metric.heading, unit, *column.ways, scale)


#: Units that the page has others for: what they are called, and how many make one.
_SHOWN = {"share": ("points", 100.0)}
#: Metrics of the tables, in their order: those of the answer, then the others.
METRICS = {name: _words(name) for name in dict.fromkeys((*ANSWER, *HEADLINE))}


@dataclass(frozen=True)
class Effect:
    """The mean difference of one metric between an arm and its reference."""

    metric: str
    reference: str
    arm: str
    mean: float | None
    """Over the sweeps of which both have the metric; None without any."""
    low: float | None
    high: float | None
    """The 95 % interval, by whole security-days; None for a `reason`."""
    reason: str
    """Why there is no test; empty if there is one."""
    row: Mapping[str, Any]
    """The comparison as the roll-up has it."""

    @property
    def words(self) -> MetricWords:
        """The metric in words."""
        return METRICS[self.metric]

    @property
    def said(self) -> str:
        """In words, with its interval."""
        return self.words.said_within(self.mean, self.low, self.high)

    def cell(self, what: str) -> Cell:
        """One of the numbers, in the unit of the table, with its text in that of the page."""
        return cell(f"{self.key}/{what}", getattr(self, what), self.words.change)

    def count(self, what: str) -> Cell:
        """One of the counts of the row."""
        return cell(f"{self.key}/{what}", self.row[what], wording.number)

    @property
    def key(self) -> str:
        """Key of the row: what its numbers are found by."""
        parts = (
            "comparisons",
            HEADLINE_POPULATION,
            self.reference,
            self.arm,
            ALL,
            ALL,
            self.metric,
        )
        return "/".join(parts)


def effect_of(row: Mapping[str, Any]) -> Effect:
    """The effect from a row of `comparisons`."""
    return Effect(
        metric=row["metric"],
        reference=row["reference"],
        arm=arm_of(row).name,
        mean=row["mean_difference"],
        low=row["low"],
        high=row["high"],
        reason=row["no_test_reason"] or "",
        row=row,
    )


def effects_of(rows: Iterable[Mapping[str, Any]], pairs: Iterable[tuple[Arm, Arm]]) -> list[Effect]:
    """Effects of chosen pairs of a reference and an arm, by pair and then by metric."""
    rows_of = {(row["reference"], arm_of(row), row["metric"]): row for row in rows}
    keys = [(reference.name, arm, name) for reference, arm in pairs for name in METRICS]
    return [effect_of(rows_of[key]) for key in keys if key in rows_of]
