"""The scenarios: what they assume, why sweeps did not fill in them, which orders are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.order_checks import REASONS as LEFT_OUT_REASONS
from sweep_dask.analysis.centre_point.scenarios import ASSUMPTIONS, SCENARIOS
from sweep_dask.analysis.metrics.sweep_table import FILLED_LATER
from sweep_dask.report import wording
from sweep_dask.report.cells import Cell, cell
from sweep_dask.report.populations import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.report.rollups import Rollups

#: Why the rest of a sweep did not fill (`unfilled_reason`), in the order of the table.
UNFILLED = {
    "limit": "Its own limit: the midpoint was above what a buy would pay or below what a sell "
    "would take.",
    "contra_limit": "Limits of the other side: orders were there, and none accepted the midpoint.",
    "minimum_quantity": "A minimum quantity, its own or that of the others, could not be met.",
    "no_contra": "Nobody was there on the other side.",
    "quote_locked_or_crossed": "The bid was not below the offer: nothing trades in the dark then.",
    "quote_missing": "There was no bid or no offer, so no midpoint.",
    "session": "It never looked in continuous trading: it arrived, or was there, outside of it.",
    FILLED_LATER: "It filled, but after the time at which sweeps are measured.",
    "decreased": "Its owner took the rest away by making the order smaller.",
}


@dataclass(frozen=True)
class ReasonRow:
    """A reason in words, and for each scenario the sweeps and shares that it kept from filling."""

    words: str
    cells: Sequence[Cell]


def scenarios_content(manifest: Mapping[str, Any], found: Rollups) -> dict[str, Any]:
    """What `scenarios.html` names."""
    return {
        "scenarios": [line.name for line in found.lines if line.scenario],
        "meanings": SCENARIOS,
        "assumptions": manifest.get("assumptions") or ASSUMPTIONS,
        "unfilled": unfilled_rows(found),
        "left_out": left_out_rows(manifest),
    }


def unfilled_rows(found: Rollups) -> list[ReasonRow]:
    """The reasons that occur in any scenario."""
    scenarios = [line.scenario for line in found.lines if line.scenario]
    counts = {(row["reason"], row["scenario"]): row for row in found.unfilled}
    names = {reason for reason, _ in counts}
    order = [*UNFILLED, *sorted(names - UNFILLED.keys())]
    rows = []
    for name in order:
        if name in names:
            cells = [
                cell(f"unfilled/{ANSWERED}/{scenario}/{name}/{what}", count, wording.number)
                for scenario in scenarios
                for what, count in _counts(counts.get((name, scenario)))
            ]
            rows.append(ReasonRow(UNFILLED.get(name, name), cells))
    return rows


def _counts(row: Mapping[str, Any] | None) -> list[tuple[str, int]]:
    names = ("n_sweeps", "unfilled_quantity")
    return [(name, row[name] if row else 0) for name in names]


def left_out_rows(manifest: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Orders left out of the book: reason, orders, and what the reason means."""
    counts: Mapping[str, int] = manifest.get("left_out") or {}
    order = [*LEFT_OUT_REASONS, *sorted(counts.keys() - LEFT_OUT_REASONS.keys())]
    return [
        (name, counts[name], LEFT_OUT_REASONS.get(name, "")) for name in order if name in counts
    ]
