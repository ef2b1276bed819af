"""Tables with a row or a column a line: fill and cost, populations, and the segments of sweeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.report.measures import (
    FILL_AND_COST,
    FILLED_SHARE,
    QUANTITY,
    SHORTFALL,
    SWEEPS,
    measured,
)
from sweep_dask.report.populations import ANSWERED, POPULATIONS
from sweep_dask.report.rollups import ALL, DIMENSIONS, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.report.cells import Cell
    from sweep_dask.report.measures import Measure
    from sweep_dask.report.rollups import Rollups, Row

#: Measures of which a table of segments has a column a line.
BY_LINE = (FILLED_SHARE, SHORTFALL)
#: Most segments of one kind on the page; a page for people.
MOST_SEGMENTS = 20
#: Kinds that can have any number of segments, whose largest are shown.
_UNBOUNDED = ("participant", "day", "security")

_OUTCOMES = {"unfilled": "unfilled", "partly_filled": "partly filled", "filled": "filled whole"}


@dataclass(frozen=True)
class LineRow:
    """A line and its numbers."""

    line: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class SegmentRow:
    """Some of the sweeps, and what each line gives them."""

    name: str
    cells: Sequence[Cell]
    """Sweeps, shares, then for each measure of `BY_LINE` a cell a line."""

    def value(self, line: str, measure: Measure) -> float | None:
        """A measure of a line; None without sweeps."""
        ending = f"/{line}/{measure.name}"
        return next((cell.value for cell in self.cells if cell.key.endswith(ending)), None)


@dataclass(frozen=True)
class SegmentTable:
    """The sweeps told apart by one thing."""

    dimension: str
    heading: str
    rows: Sequence[SegmentRow]
    found: int
    """Segments there are; the rows may be the largest of them."""


def fill_and_cost(found: Rollups) -> list[LineRow]:
    """The main table, of the population that is answered for."""
    rows = []
    for line in found.lines:
        row = found.total(line)
        if row is not None:
            prefix = f"by_all/{ANSWERED}/{ALL}/{line.name}"
            rows.append(LineRow(line.name, [measured(prefix, row, m) for m in FILL_AND_COST]))
    return rows


def population_rows(found: Rollups) -> list[SegmentRow]:
    """Each population that has sweeps, beside the others."""
    rows = []
    for population, words in POPULATIONS.items():
        by_line = {line: found.total(line, population) for line in found.lines}
        known = {line: row for line, row in by_line.items() if row is not None}
        if known:
            rows.append(_segment_row(f"by_all/{population}/{ALL}", words, known, found.lines))
    return rows


def segment_tables(found: Rollups) -> list[SegmentTable]:
    """A table for every kind of segments of which there is more than one."""
    tables = [_table(found, dimension) for dimension in DIMENSIONS]
    return [table for table in tables if table.found > 1]


def _table(found: Rollups, dimension: str) -> SegmentTable:
    rows = [row for row in found.segments.get(dimension, ()) if row["n_sweeps"]]
    by_segment: dict[str, dict[Line, Row]] = {}
    for row in rows:
        by_segment.setdefault(row["segment"], {})[line_of(row)] = row
    shown = list(by_segment)
    if dimension in _UNBOUNDED and len(shown) > MOST_SEGMENTS:
        largest = sorted(shown, key=lambda name: -_sweeps(by_segment[name]))[:MOST_SEGMENTS]
        shown = [name for name in shown if name in largest]
    prefix = f"by_{dimension}/{ANSWERED}"
    names = _names(dimension)
    return SegmentTable(
        dimension,
        DIMENSIONS[dimension],
        [
            _segment_row(f"{prefix}/{name}", names.get(name, name), by_segment[name], found.lines)
            for name in shown
        ],
        found=len(by_segment),
    )


def _sweeps(by_line: Mapping[Line, Row]) -> int:
    return max(int(row["n_sweeps"]) for row in by_line.values())


def _segment_row(
    prefix: str, name: str, by_line: Mapping[Line, Row], lines: Sequence[Line]
) -> SegmentRow:
    first = next(line for line in lines if line in by_line)
    cells = [measured(f"{prefix}/{first.name}", by_line[first], m) for m in (SWEEPS, QUANTITY)]
    for measure in BY_LINE:
        cells += [
            measured(f"{prefix}/{line.name}", by_line[line], measure)
            for line in lines
            if line in by_line
        ]
    return SegmentRow(name, cells)


def _names(dimension: str) -> dict[str, str]:
    """Segments whose name in the table says less than it could."""
    if dimension == "outcome":
        return _OUTCOMES
    if dimension == "size":
        return {"Small": "up to 500", "Medium": "501 to 2,000", "Large": "above 2,000"}
    if dimension == "hour":
        return {f"{hour:02d}": f"{hour:02d}:00" for hour in range(24)}
    return {}
