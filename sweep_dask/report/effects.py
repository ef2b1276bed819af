"""What a line changes: simulated minus reference, with its interval and whether it is chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.metrics.comparison import COMPARED
from sweep_dask.report import wording
from sweep_dask.report.cells import Cell, cell
from sweep_dask.report.populations import ANSWERED
from sweep_dask.report.rollups import ALL, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep_dask.analysis.metrics.lines import Line

#: Why a difference that is the same in every sweep has no test.
ALL_EQUAL = "all differences are equal"
#: Below this adjusted p-value a difference is called more than chance; a convention.
SIGNIFICANT = 0.05


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
        return f"{self.size(value)} {self._way(value)}" if value else "the same"

    def between(self, low: float, high: float) -> str:
        """An interval in words: `0.80 to 1.60` of what its mean is, or `0.40 less to 1.60 more`."""
        if low * high >= 0:
            return " to ".join(self._number(bound) for bound in sorted((low, high), key=abs))
        return " to ".join(f"{self._number(bound)} {self._way(bound)}" for bound in (low, high))

    def _number(self, value: float) -> str:
        return wording.decimals(abs(value) * self.scale)

    def _way(self, value: float) -> str:
        return self.more if value > 0 else self.less

    def level(self, value: float | None) -> str:
        """A value in the unit of the page."""
        return wording.decimals(None if value is None else value * self.scale)


FILL_RATIO = "fill_ratio"
SHORTFALL = "implementation_shortfall_bps"
COMPLETED = "completed_shortfall_bps"
_COST = ("bps", "costlier", "cheaper")
_TIME = ("s", "slower", "faster")
#: Metrics of the tables, in their order.
METRICS = {
    FILL_RATIO: MetricWords("Fill ratio", "points", "more", "less", 100),
    SHORTFALL: MetricWords("Implementation shortfall", *_COST),
    COMPLETED: MetricWords("Completed shortfall", *_COST),
    "arrival_cost_bps": MetricWords("Arrival cost", *_COST),
    "effective_spread_bps": MetricWords("Effective spread", *_COST),
    "far_touch_improvement_bps": MetricWords("Better than the far touch", "bps", "better", "worse"),
    "time_to_first_fill_seconds": MetricWords("Time to the first fill", *_TIME),
    "mean_time_to_fill_seconds": MetricWords("Mean time to a fill", *_TIME),
}


@dataclass(frozen=True)
class Effect:
    """The mean difference of one metric between a line and its reference."""

    metric: str
    reference: str
    line: str
    n_pairs: int
    n_clusters: int
    mean: float | None
    """Over the sweeps of which both have the metric; None without any."""
    low: float | None
    high: float | None
    """The 95 % interval, by whole security-days; None for a `reason`."""
    p_holm: float | None
    reason: str
    """Why there is no test; empty if there is one."""
    row: Mapping[str, Any]
    """The comparison as the roll-up has it."""

    @property
    def words(self) -> MetricWords:
        """The metric in words."""
        return METRICS[self.metric]

    @property
    def gain(self) -> float:
        """The mean, above 0 if it is good for the order; 0 without one."""
        return COMPARED[self.metric] * (self.mean or 0.0)

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low is not None and self.high is not None and self.low * self.high > 0

    @property
    def is_constant(self) -> bool:
        """Whether it is the same in every sweep, 0 or not; there is nothing to test then."""
        return self.reason == ALL_EQUAL

    @property
    def is_more_than_chance(self) -> bool:
        """Whether both the adjusted p-value and the interval say so."""
        return self.p_holm is not None and self.p_holm < SIGNIFICANT and self.excludes_zero

    @property
    def is_shown(self) -> bool:
        """Whether there is a difference: more than chance, or the same in every sweep."""
        return self.is_more_than_chance or (self.is_constant and bool(self.mean))

    @property
    def verdict(self) -> str:
        """Whether it is more than chance, in words."""
        if self.reason:
            if self.mean == 0:
                return "no difference at all"
            return "the same in every sweep" if self.is_constant else f"not tested: {self.reason}"
        if self.is_more_than_chance:
            return "more than chance"
        if self.p_holm is not None and self.p_holm < SIGNIFICANT:
            return "not certain: the interval holds 0"
        return "may be chance"

    @property
    def certainty(self) -> str:
        """The interval in words, as it stands in brackets behind the mean; empty without one."""
        if self.low is None or self.high is None:
            return "in every sweep the same" if self.is_constant else ""
        return self.words.between(self.low, self.high)

    def cell(self, what: str) -> Cell:
        """One of the numbers, in the unit of the table, with its text in that of the page."""
        value = getattr(self, what)
        form = wording.p_value if what == "p_holm" else self.words.change
        return cell(f"{self.key}/{what}", value, form)

    def count(self, what: str) -> Cell:
        """One of the counts of the row."""
        return cell(f"{self.key}/{what}", self.row[what], wording.number)

    @property
    def key(self) -> str:
        """Key of the row: what its numbers are found by."""
        parts = ("comparisons", ANSWERED, self.reference, self.line, ALL, ALL, self.metric)
        return "/".join(parts)


def effect_of(row: Mapping[str, Any]) -> Effect:
    """The effect from a row of `comparisons`."""
    return Effect(
        metric=row["metric"],
        reference=row["reference"],
        line=line_of(row).name,
        n_pairs=row["n_pairs"],
        n_clusters=row["n_clusters"],
        mean=row["mean_difference"],
        low=row["low"],
        high=row["high"],
        p_holm=row["p_holm"],
        reason=row["reason"] or "",
        row=row,
    )


def effects_of(
    rows: Iterable[Mapping[str, Any]], pairs: Iterable[tuple[Line, Line]]
) -> list[Effect]:
    """Effects of chosen pairs of a reference and a line, by pair and then by metric."""
    found = {(row["reference"], line_of(row), row["metric"]): row for row in rows}
    keys = [(reference.name, line, name) for reference, line in pairs for name in METRICS]
    return [effect_of(found[key]) for key in keys if key in found]
