"""How a metric is distributed over the sweeps: cumulative curves, and the middle half as boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.effects import METRICS, MetricWords
from sweep_dask.report.plot import Axis, Curve, Plot, Scale, number_axis, round_steps
from sweep_dask.report.rollups import arm_of
from sweep_dask.report.wording import WORDS, Cell, cell
from sweep_dask.terms.dimensions import ALL, HEADLINE_POPULATION
from sweep_dask.terms.metrics import FILL_RATIO, SHORTFALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.report.rollups import Rollups

#: An axis leaves out this many percent at either end: single sweeps would flatten all others.
_CUT_PERCENT = 2
QUARTILES = ("p25", "p50", "p75")
#: Metrics of which the whole distribution is drawn.
_DRAWN = (FILL_RATIO, SHORTFALL)


@dataclass(frozen=True)
class Box:
    """Median and middle half of a metric in one arm, and where they lie on the axis of all."""

    arm: str
    cells: Sequence[Cell]
    """Quartiles."""
    n_values: Cell
    positions: Sequence[float]
    """Of the quartiles, in percent of the axis."""


@dataclass(frozen=True)
class BoxPanel:
    """One metric."""

    words: MetricWords
    boxes: Sequence[Box]


def distributions_content(rollups: Rollups) -> dict[str, Any]:
    """What `distributions.html` names."""
    plots = {metric: _plot(rollups, metric) for metric in _DRAWN}
    return {
        "distribution_plots": {name: plot for name, plot in plots.items() if plot.curves},
        "box_panels": box_panels(rollups),
    }


def _plot(rollups: Rollups, metric: str) -> Plot:
    """The cumulative distribution of a metric."""
    words = METRICS[metric]
    drawn = curves(rollups, metric)
    scale = axis_of(drawn)
    ticks = [(scale.percent(tick), wording.plain(tick)) for tick in round_steps(*scale.ends)]
    label = f"{wording.within(words.heading)}, {words.level_axis}"
    x = Axis(label, scale, ticks, words.text)
    y = number_axis("Share of sweeps, %", [0, 100], unit=" %", room=0.01)
    return Plot(f"{words.heading} of a sweep", x, y, drawn, 290)


def curves(rollups: Rollups, metric: str) -> list[Curve]:
    """A curve for every arm in which the metric exists: percent of the sweeps at most there."""
    scale = METRICS[metric].scale
    points: dict[str, list[tuple[float, float]]] = {}
    for row in rollups.distributions:
        if row["metric"] == metric and row["value"] is not None:
            name = arm_of(row).name
            points.setdefault(name, []).append((row["percent"], scale * row["value"]))
    ordered = [arm.name for arm in rollups.arms if arm.name in points]
    return [_curve(name, sorted(points[name])) for name in ordered]


def _curve(arm: str, points: Sequence[tuple[float, float]]) -> Curve:
    """Values in the unit of the page, ascending, over which percent of the sweeps."""
    values, percents = [value for _, value in points], [percent for percent, _ in points]
    return Curve(f"line-{arm}", WORDS[arm].label, values, percents, has_marks=False)


def axis_of(drawn: Sequence[Curve]) -> Scale:
    """The axis that shows all but the outermost sweeps of every arm."""
    inner = [
        value
        for curve in drawn
        for value, percent in curve.points
        if _CUT_PERCENT <= percent <= 100 - _CUT_PERCENT
    ]
    low, high = min(inner, default=0.0), max(inner, default=1.0)
    room = 0.03 * (high - low) or 1.0
    return Scale(low - room, high + room)


def box_panels(rollups: Rollups) -> list[BoxPanel]:
    """A panel for every metric that exists in any arm."""
    panels = [BoxPanel(words, _boxes(rollups, metric)) for metric, words in METRICS.items()]
    return [panel for panel in panels if panel.boxes]


def _boxes(rollups: Rollups, metric: str) -> list[Box]:
    rows = [(arm.name, rollups.total(arm)) for arm in rollups.arms]
    known = [(name, row) for name, row in rows if row and row[f"{metric}_n"]]
    ends = [row[f"{metric}_{end}"] for _, row in known for end in QUARTILES]
    low, width = min(ends, default=0.0), (max(ends, default=0.0) - min(ends, default=0.0)) or 1.0
    boxes = []
    for name, row in known:
        key = f"by_all/{HEADLINE_POPULATION}/{ALL}/{name}/{metric}"
        values = [row[f"{metric}_{quartile}"] for quartile in QUARTILES]
        form = METRICS[metric].level
        cells = [cell(f"{key}_{q}", v, form) for q, v in zip(QUARTILES, values, strict=True)]
        counted = cell(f"{key}_n", row[f"{metric}_n"], str)
        positions = [round(100 * (value - low) / width, 2) for value in values]
        boxes.append(Box(name, cells, counted, positions))
    return boxes
