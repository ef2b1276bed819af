"""The tests of all metrics and arms, with the reasons of those that could not be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.comparison import pairs_of
from sweep_dask.report.effects import METRICS, effects_of
from sweep_dask.report.numbers import Cell, cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.report.effects import Effect
    from sweep_dask.report.rollups import Rollups
    from sweep_dask.terms.arms import Arm

#: Columns of `comparisons` beside the effect: name and how it is written.
_COLUMNS = {
    "n_pairs": wording.number,
    "n_clusters": wording.number,
    "p_holm": wording.p_value,
    "sign_p_value": wording.p_value,
    "cohen_d_z": wording.change,
}


@dataclass(frozen=True)
class TestRow:
    """One test: of a metric, between an arm and its reference."""

    effect: Effect
    cells: Sequence[Cell]
    """Pairs, security-days, p-values, effect size."""


def significance_content(rollups: Rollups) -> dict[str, Any]:
    """What `significance.html` names."""
    return {"tests": test_rows(rollups, pairs_of(rollups))}


def test_rows(rollups: Rollups, pairs: Sequence[tuple[Arm, Arm]]) -> dict[str, list[TestRow]]:
    """Metric -> every pair, tested or not."""
    rows: dict[str, list[TestRow]] = {}
    for effect in effects_of(rollups.comparisons, pairs):
        rows.setdefault(effect.metric, []).append(TestRow(effect, _cells(effect)))
    return {metric: rows[metric] for metric in METRICS if metric in rows}


def _cells(effect: Effect) -> list[Cell]:
    return [cell(f"{effect.key}/{name}", effect.row[name], form) for name, form in _COLUMNS.items()]
