"""What each arm fills and what that costs: of all sweeps, and by limit, size, hour and so on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.effects import METRICS
from sweep_dask.report.measures import (
    FILL_AND_COST,
    FILLED_SHARE,
    QUANTITY,
    SHORTFALL,
    SWEEPS,
    measured,
)
from sweep_dask.report.plot import Bar, Bars, Curve, Plot, Rule, from_zero, named_axis, number_axis
from sweep_dask.report.rollups import arm_of
from sweep_dask.report.wording import WORDS, label
from sweep_dask.terms.arms import BY_TIME_PRIORITY, REAL
from sweep_dask.terms.dimensions import ALL, DIMENSIONS, HEADLINE_POPULATION, POPULATIONS
from sweep_dask.terms.metrics import SHORTFALL as SHORTFALL_METRIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.report.measures import Measure
    from sweep_dask.report.plot import Axis
    from sweep_dask.report.rollups import Rollups, Row
    from sweep_dask.report.wording import Cell
    from sweep_dask.terms.arms import Arm

#: Measures of which a table of segments has a column an arm.
BY_ARM = (FILLED_SHARE, SHORTFALL)
#: Most segments of one kind on the page; a page for people.
MOST_SEGMENTS = 20
#: Kinds that are drawn; the others are tables only.
_DRAWN = ("hour", "size")
#: As the page shows them: those that can have any number of segments come last.
_IN_ORDER = sorted(DIMENSIONS, key=lambda name: DIMENSIONS[name].segments is None)


@dataclass(frozen=True)
class SegmentRow:
    """Some of the sweeps, and what each arm gives them."""

    name: str
    cells: Sequence[Cell]
    """Sweeps, shares, then for each measure of `BY_ARM` a cell an arm."""

    def value(self, arm: str, measure: Measure) -> float | None:
        """A measure of an arm; None without sweeps."""
        ending = f"/{arm}/{measure.name}"
        return next((cell.value for cell in self.cells if cell.key.endswith(ending)), None)


@dataclass(frozen=True)
class SegmentTable:
    """The sweeps told apart by one thing."""

    dimension: str
    heading: str
    rows: Sequence[SegmentRow]
    count: int
    """Segments there are; the rows may be the largest of them."""


def segments_content(rollups: Rollups) -> dict[str, Any]:
    """What `segments.html` names."""
    tables = segment_tables(rollups)
    plots = {
        table.dimension: [_share_plot(table, rollups.arms), _cost_plot(table, rollups.arms)]
        for table in tables
        if table.dimension in _DRAWN
    }
    return {"segment_tables": tables, "segment_plots": plots, "by_arm": BY_ARM}


def _share_plot(table: SegmentTable, arms: Sequence[Arm]) -> Plot:
    """A share is read from zero."""
    curves = _curves(table, arms, FILLED_SHARE, 100)
    values = [y for curve in curves for _, y in curve.points]
    y = from_zero("Of the shares entered, %", values, wording.plain, " %")
    title = f"Shares filled by {wording.within(table.heading)}"
    return Plot(title, _names_of(table), y, curves, 240)


def _cost_plot(table: SegmentTable, arms: Sequence[Arm]) -> Plot:
    """A cost may be on either side of zero."""
    curves = _curves(table, arms, SHORTFALL, 1)
    words = METRICS[SHORTFALL_METRIC]
    values = [y for curve in curves for _, y in curve.points]
    title = f"{words.heading} by {wording.within(table.heading)}"
    return Plot(title, _names_of(table), number_axis(words.axis, values), curves, 240)


def _names_of(table: SegmentTable) -> Axis:
    return named_axis(wording.within(table.heading), [row.name for row in table.rows])


def _curves(
    table: SegmentTable, arms: Sequence[Arm], measure: Measure, scale: float
) -> list[Curve]:
    curves = []
    for arm in arms:
        words = WORDS[arm.name]
        values = [row.value(arm.name, measure) for row in table.rows]
        scaled = [None if value is None else scale * value for value in values]
        positions = list(range(len(values)))
        curve = Curve(f"line-{arm.name}", words.label, positions, scaled, marker=words.marker)
        curves.append(curve)
    return curves


def segment_tables(rollups: Rollups) -> list[SegmentTable]:
    """A table for every kind of segments of which there is more than one."""
    tables = [_table(rollups, dimension) for dimension in _IN_ORDER]
    return [table for table in tables if table.count > 1]


def _table(rollups: Rollups, dimension: str) -> SegmentTable:
    rows = [row for row in rollups.segments.get(dimension, ()) if row["n_sweeps"]]
    by_segment: dict[str, dict[Arm, Row]] = {}
    for row in rows:
        by_segment.setdefault(row["segment"], {})[arm_of(row)] = row
    shown = list(by_segment)
    if DIMENSIONS[dimension].segments is None and len(shown) > MOST_SEGMENTS:
        largest = sorted(shown, key=lambda name: -_sweeps(by_segment[name]))[:MOST_SEGMENTS]
        shown = [name for name in shown if name in largest]
    prefix = f"by_{dimension}/{HEADLINE_POPULATION}"
    names = DIMENSIONS[dimension].words
    return SegmentTable(
        dimension,
        DIMENSIONS[dimension].heading,
        [
            segment_row(f"{prefix}/{name}", names.get(name, name), by_segment[name], rollups.arms)
            for name in shown
        ],
        count=len(by_segment),
    )


def _sweeps(by_arm: Mapping[Arm, Row]) -> int:
    return max(int(row["n_sweeps"]) for row in by_arm.values())


def segment_row(
    prefix: str, name: str, by_arm: Mapping[Arm, Row], arms: Sequence[Arm]
) -> SegmentRow:
    """Some sweeps of which every arm has its sums; `prefix` is the key up to the arm."""
    first = next(arm for arm in arms if arm in by_arm)
    cells = [measured(f"{prefix}/{first.name}", by_arm[first], m) for m in (SWEEPS, QUANTITY)]
    for measure in BY_ARM:
        cells += [
            measured(f"{prefix}/{arm.name}", by_arm[arm], measure) for arm in arms if arm in by_arm
        ]
    return SegmentRow(name, cells)


@dataclass(frozen=True)
class ArmRow:
    """An arm and its numbers."""

    arm: str
    cells: Sequence[Cell]


def fill_and_cost_content(rollups: Rollups) -> dict[str, Any]:
    """What `fill_and_cost.html` names."""
    rows = fill_and_cost(rollups)
    return {
        "fill_and_cost": rows,
        "populations": population_rows(rollups),
        "venue_plot": _venue_plot(rollups) if rows else None,
    }


def fill_and_cost(rollups: Rollups) -> list[ArmRow]:
    """The main table, of the headline population."""
    rows = []
    for arm in rollups.arms:
        row = rollups.total(arm)
        if row is not None:
            prefix = f"by_all/{HEADLINE_POPULATION}/{ALL}/{arm.name}"
            rows.append(ArmRow(arm.name, [measured(prefix, row, m) for m in FILL_AND_COST]))
    return rows


def population_rows(rollups: Rollups) -> list[SegmentRow]:
    """Each population that has sweeps, beside the others."""
    rows = []
    for population, of in POPULATIONS.items():
        by_arm = {arm: rollups.total(arm, population) for arm in rollups.arms}
        known = {arm: row for arm, row in by_arm.items() if row is not None}
        if known:
            rows.append(segment_row(f"by_all/{population}/{ALL}", of.heading, known, rollups.arms))
    return rows


def _venue_plot(rollups: Rollups) -> Bars:
    """Shares filled in the dark and in the lit book, a rule at what really filled."""
    arms = [arm for arm in rollups.arms if arm != BY_TIME_PRIORITY]
    rows = {arm.name: row for arm in arms if (row := rollups.total(arm))}
    filled = [row["filled_quantity"] for row in rows.values()]
    real = rows.get(REAL.name)
    return Bars(
        "Shares filled by venue",
        from_zero("shares filled", filled, wording.plain, most=4),
        [_bar(name, row) for name, row in rows.items()],
        [("venue-dark", "in the dark"), ("venue-lit", "in the lit book")],
        Rule("measured", "what really filled", x=real["filled_quantity"]) if real else None,
    )


def _bar(name: str, row: Row) -> Bar:
    dark = row["dark_quantity"]
    lit = row["filled_quantity"] - dark
    parts = (("venue-dark", dark, "in the dark"), ("venue-lit", lit, "in the lit book"))
    texts = [(arm, shares, f"{shares:,} {where}") for arm, shares, where in parts]
    return Bar(label(name), texts)
