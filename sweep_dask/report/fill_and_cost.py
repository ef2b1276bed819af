"""The main table, a row an arm, and the sweeps that are counted in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.arm_words import label
from sweep_dask.report.measures import FILL_AND_COST, measured
from sweep_dask.report.plot import Bar, Bars, Rule, from_zero
from sweep_dask.report.segments import segment_row
from sweep_dask.terms.arms import BY_TIME_PRIORITY, REAL
from sweep_dask.terms.dimensions import ALL
from sweep_dask.terms.populations import HEADLINE_POPULATION, POPULATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.report.numbers import Cell
    from sweep_dask.report.rollups import Rollups, Row
    from sweep_dask.report.segments import SegmentRow


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
