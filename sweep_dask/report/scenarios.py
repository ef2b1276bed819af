"""The scenarios: what they assume, why sweeps did not fill in them, which orders are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.wording import Cell, cell
from sweep_dask.terms.arms import ASSUMPTIONS, SCENARIOS
from sweep_dask.terms.dimensions import HEADLINE_POPULATION
from sweep_dask.terms.reasons import LEFT_OUT_REASONS, UNFILLED_REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.report.rollups import Rollups

_PREFIX = f"unfilled/{HEADLINE_POPULATION}"


@dataclass(frozen=True)
class ReasonRow:
    """A reason in words, and for each scenario the sweeps and shares that it kept from filling."""

    words: str
    cells: Sequence[Cell]


def scenarios_content(manifest: Mapping[str, Any], rollups: Rollups) -> dict[str, Any]:
    """What `scenarios.html` names."""
    return {
        "scenarios": [arm.name for arm in rollups.arms if arm.scenario],
        "meanings": {name: one.assumes for name, one in SCENARIOS.items()},
        "assumptions": manifest.get("assumptions") or ASSUMPTIONS,
        "unfilled": unfilled_rows(rollups),
        "left_out": left_out_rows(manifest),
    }


def unfilled_rows(rollups: Rollups) -> list[ReasonRow]:
    """The reasons that occur in any scenario."""
    scenarios = [arm.scenario for arm in rollups.arms if arm.scenario]
    counts = {(row["unfilled_reason"], row["scenario"]): row for row in rollups.unfilled}
    names = {reason for reason, _ in counts}
    order = [*UNFILLED_REASONS, *sorted(names - UNFILLED_REASONS.keys())]
    rows = []
    for name in order:
        if name in names:
            cells = [
                cell(f"{_PREFIX}/{scenario}/{name}/{what}", count, wording.number)
                for scenario in scenarios
                for what, count in _counts(counts.get((name, scenario)))
            ]
            rows.append(ReasonRow(_words(name), cells))
    return rows


def _words(reason: str) -> str:
    return UNFILLED_REASONS[reason].words if reason in UNFILLED_REASONS else reason


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
