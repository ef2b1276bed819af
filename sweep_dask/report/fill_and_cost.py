"""The main table, a row a line, and the sweeps that are counted in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.line_words import label
from sweep_dask.report.measures import FILL_AND_COST, measured
from sweep_dask.report.plot import Bar, Bars, Rule, from_zero
from sweep_dask.report.segments import segment_row
from sweep_dask.terms.arms import BY_TIME_PRIORITY, REAL
from sweep_dask.terms.dimensions import ALL
from sweep_dask.terms.populations import HEADLINE_POPULATION, POPULATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.report.cells import Cell
    from sweep_dask.report.rollups import Rollups, Row
    from sweep_dask.report.segments import SegmentRow


@dataclass(frozen=True)
class LineRow:
    """A line and its numbers."""

    line: str
    cells: Sequence[Cell]


def fill_and_cost_content(found: Rollups) -> dict[str, Any]:
    """What `fill_and_cost.html` names."""
    rows = fill_and_cost(found)
    return {
        "fill_and_cost": rows,
        "populations": population_rows(found),
        "venue_plot": _venue_plot(found) if rows else None,
    }


def fill_and_cost(found: Rollups) -> list[LineRow]:
    """The main table, of the population that is answered for."""
    rows = []
    for line in found.lines:
        row = found.total(line)
        if row is not None:
            prefix = f"by_all/{HEADLINE_POPULATION}/{ALL}/{line.name}"
            rows.append(LineRow(line.name, [measured(prefix, row, m) for m in FILL_AND_COST]))
    return rows


def population_rows(found: Rollups) -> list[SegmentRow]:
    """Each population that has sweeps, beside the others."""
    rows = []
    for population, of in POPULATIONS.items():
        by_line = {line: found.total(line, population) for line in found.lines}
        known = {line: row for line, row in by_line.items() if row is not None}
        if known:
            rows.append(segment_row(f"by_all/{population}/{ALL}", of.heading, known, found.lines))
    return rows


def _venue_plot(found: Rollups) -> Bars:
    """Shares filled in the dark and in the lit book, a rule at what really filled."""
    lines = [line for line in found.lines if line != BY_TIME_PRIORITY]
    rows = {line.name: row for line in lines if (row := found.total(line))}
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
    texts = [(line, shares, f"{shares:,} {where}") for line, shares, where in parts]
    return Bar(label(name), texts)
