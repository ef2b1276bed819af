"""How a metric is distributed over the sweeps: cumulative curves, and the middle half as boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.report.cells import Cell, cell
from sweep_dask.report.effects import METRICS, MetricWords
from sweep_dask.report.populations import ANSWERED
from sweep_dask.report.rollups import ALL, line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.report.rollups import Rollups

#: An axis leaves out this many percent at either end: single sweeps would flatten all others.
_CUT_PERCENT = 2
QUARTILES = ("p25", "p50", "p75")


@dataclass(frozen=True)
class Curve:
    """The percentiles of a metric in one line."""

    line: str
    value: list[float]
    """In the unit of the page, ascending."""
    share: list[float]
    """Share of the sweeps with at most that value."""


@dataclass(frozen=True)
class Box:
    """Median and middle half of a metric in one line, and where they lie on the axis of all."""

    line: str
    cells: Sequence[Cell]
    """Quartiles."""
    n_values: Cell
    places: Sequence[float]
    """Of the quartiles, in percent of the axis."""


@dataclass(frozen=True)
class BoxPanel:
    """One metric."""

    words: MetricWords
    boxes: Sequence[Box]


def curves(found: Rollups, metric: str) -> list[Curve]:
    """A curve for every line in which the metric exists."""
    scale = METRICS[metric].scale
    points: dict[str, list[tuple[float, float]]] = {}
    for row in found.distributions:
        if row["metric"] == metric and row["value"] is not None:
            name = line_of(row).name
            points.setdefault(name, []).append((row["percent"], scale * row["value"]))
    ordered = [line.name for line in found.lines if line.name in points]
    return [
        Curve(
            name, [v for _, v in sorted(points[name])], [p / 100 for p, _ in sorted(points[name])]
        )
        for name in ordered
    ]


def axis_of(drawn: Sequence[Curve]) -> tuple[float, float]:
    """The axis that shows all but the outermost sweeps of every line."""
    inner = [
        value
        for curve in drawn
        for value, share in zip(curve.value, curve.share, strict=True)
        if _CUT_PERCENT <= 100 * share <= 100 - _CUT_PERCENT
    ]
    low, high = min(inner, default=0.0), max(inner, default=1.0)
    room = 0.03 * (high - low) or 1.0
    return low - room, high + room


def box_panels(found: Rollups) -> list[BoxPanel]:
    """A panel for every metric that exists in any line."""
    panels = [BoxPanel(words, _boxes(found, metric)) for metric, words in METRICS.items()]
    return [panel for panel in panels if panel.boxes]


def _boxes(found: Rollups, metric: str) -> list[Box]:
    rows = [(line.name, found.total(line)) for line in found.lines]
    known = [(name, row) for name, row in rows if row and row[f"{metric}_n"]]
    ends = [row[f"{metric}_{end}"] for _, row in known for end in QUARTILES]
    low, width = min(ends, default=0.0), (max(ends, default=0.0) - min(ends, default=0.0)) or 1.0
    boxes = []
    for name, row in known:
        key = f"by_all/{ANSWERED}/{ALL}/{name}/{metric}"
        values = [row[f"{metric}_{quartile}"] for quartile in QUARTILES]
        form = METRICS[metric].level
        cells = [cell(f"{key}_{q}", v, form) for q, v in zip(QUARTILES, values, strict=True)]
        counted = cell(f"{key}_n", row[f"{metric}_n"], str)
        places = [round(100 * (value - low) / width, 2) for value in values]
        boxes.append(Box(name, cells, counted, places))
    return boxes
