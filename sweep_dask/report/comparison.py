"""Sweep by sweep: how often an arm is better, dark fills, averages, parts of the cost, tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.effects import METRICS, effects_of
from sweep_dask.report.measures import ALL_PARTS, measured
from sweep_dask.report.rollups import is_pair
from sweep_dask.report.wording import Cell, cell, label, over, reference_of
from sweep_dask.terms.arms import REAL, Arm
from sweep_dask.terms.dimensions import ALL, HEADLINE_POPULATION
from sweep_dask.terms.metrics import COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.report.effects import Effect
    from sweep_dask.report.rollups import Rollups, Row

#: Shares of the pairs, in the order of the bars.
_VERDICTS = ("n_worse", "n_agree", "n_better")


@dataclass(frozen=True)
class Compared:
    """A metric or an arm, and its cells."""

    arm: str
    name: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class CostParts:
    """Why an arm's arrival cost is another than the tape's: AUD, simulated minus real."""

    label: str
    cells: Sequence[Cell]
    """Of the price, of the quantity, of the time, and together."""
    bars: Sequence[tuple[str, float, float]]
    """Name, left edge and width in percent of the largest."""


def comparison_content(rollups: Rollups) -> dict[str, Any]:
    """What `comparison.html` names."""
    pairs = pairs_of(rollups)
    return {
        "pairs": [(reference.name, arm.name) for reference, arm in pairs],
        "agreement": agreement_rows(rollups, pairs),
        "engagement": dark_fill_rows(rollups),
        "averages": average_rows(rollups, pairs),
        "cost_parts": cost_parts(rollups),
    }


def pairs_of(rollups: Rollups) -> list[tuple[Arm, Arm]]:
    """Every arm but the tape, behind what it is measured against, if that is there."""
    arms = rollups.arms
    pairs = [(reference_of(arm, arms), arm) for arm in arms if arm != REAL]
    return [pair for pair in pairs if pair[0] in arms]


def agreement_rows(rollups: Rollups, pairs: Sequence[tuple[Arm, Arm]]) -> dict[str, list[Compared]]:
    """Metric -> for each pair the shares of sweeps that are worse, the same and better."""
    rows: dict[str, list[Compared]] = {}
    for metric in METRICS:
        for reference, arm in pairs:
            row = rollups.compared(reference, arm, metric)
            if row is not None:
                prefix = f"{_key('comparisons', reference, arm)}/{ALL}/{ALL}/{metric}"
                shares = [
                    cell(f"{prefix}/{name}_share", over(row[name], row["n_pairs"]), wording.percent)
                    for name in _VERDICTS
                ]
                rows.setdefault(metric, []).append(Compared(arm.name, metric, shares))
    return rows


def dark_fill_rows(rollups: Rollups) -> list[Compared]:
    """Sweeps that found any contra in the dark: with the arm, with its reference, with both."""
    rows = []
    for reference, arm in pairs_of(rollups):
        cells = dark_fill_cells(rollups, reference, arm)
        if cells is not None:
            rows.append(Compared(arm.name, label(reference.name), list(cells.values())))
    return rows


def dark_fill_cells(rollups: Rollups, reference: Arm, arm: Arm) -> dict[str, Cell] | None:
    """Of one arm: with its reference, with the arm, both, and one alone; None if not known."""
    one, other = rollups.total(reference), rollups.total(arm)
    either = _with_dark_fill(rollups, reference, arm)
    if one is None or other is None or either is None:
        return None
    both = one["n_engaged"] + other["n_engaged"] - either
    counts = {
        "reference": one["n_engaged"],
        "simulated": other["n_engaged"],
        "both": both,
        "simulated_only": other["n_engaged"] - both,
        "reference_only": one["n_engaged"] - both,
    }
    key = _key("engagement", reference, arm)
    return {name: cell(f"{key}/{name}", n, wording.number) for name, n in counts.items()}


def _with_dark_fill(rollups: Rollups, reference: Arm, arm: Arm) -> int | None:
    for row in rollups.averages:
        if row["condition"] == "engaged" and is_pair(row, reference, arm):
            return int(row["n_sweeps"])
    return None


def average_rows(rollups: Rollups, pairs: Sequence[tuple[Arm, Arm]]) -> dict[str, list[Compared]]:
    """By metric, for each pair: means over all, over the same sweeps, and with a dark fill."""
    chosen = {
        (r["reference"], r["model"], r["scenario"], r["condition"], r["metric"]): r
        for r in rollups.averages
    }
    rows: dict[str, list[Compared]] = {}
    for metric in METRICS:
        for reference, arm in pairs:
            every = chosen.get((reference.name, *arm, "all", metric))
            with_dark_fill = chosen.get((reference.name, *arm, "engaged", metric))
            if every and with_dark_fill:
                prefix = _key("averages", reference, arm)
                cells = [
                    *_means(
                        f"{prefix}/all/{metric}",
                        every,
                        metric,
                        _EVERY,
                    ),
                    *_means(f"{prefix}/all/{metric}", every, metric, _PAIRED),
                    *_means(f"{prefix}/engaged/{metric}", with_dark_fill, metric, _PAIRED),
                ]
                rows.setdefault(metric, []).append(Compared(arm.name, metric, cells))
    return rows


_EVERY = ("mean_reference", "mean_simulated")
_PAIRED = ("n_pairs", "paired_mean_reference", "paired_mean_simulated")


def _means(prefix: str, row: Row, metric: str, names: Sequence[str]) -> list[Cell]:
    words = METRICS[metric]
    forms = {"n_pairs": wording.number}
    return [cell(f"{prefix}/{name}", row[name], forms.get(name, words.level)) for name in names]


def cost_parts(rollups: Rollups) -> list[CostParts]:
    """The parts for every arm of which they exist, drawn to one scale; none without a tape."""
    if REAL not in rollups.arms:
        return []
    rows = {
        arm: row
        for arm in rollups.arms
        if arm != REAL and (row := rollups.total(arm)) and row["n_parts"]
    }
    sizes = (abs(row[name]) for row in rows.values() for name in COST_PARTS)
    largest = max(sizes, default=0.0) or 1.0
    return [_cost_parts(arm, row, largest) for arm, row in rows.items()]


def _cost_parts(arm: Arm, row: Row, largest: float) -> CostParts:
    prefix = f"by_all/{HEADLINE_POPULATION}/{ALL}/{arm.name}"
    cells = [cell(f"{prefix}/{name}", row[name], ALL_PARTS.form) for name in COST_PARTS]
    cells.append(measured(prefix, row, ALL_PARTS))
    bars = []
    for name in COST_PARTS:
        amount = row[name]
        width = round(50 * abs(amount) / largest, 2)
        bars.append((name, 50.0 if amount >= 0 else 50 - width, width))
    return CostParts(label(arm.name), cells, bars)


def _key(table: str, reference: Arm, arm: Arm) -> str:
    return f"{table}/{HEADLINE_POPULATION}/{reference.name}/{arm.name}"


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
