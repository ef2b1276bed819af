"""Sums by population level, segment and arm; and why the scenarios left something, by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.rollups.cells import (
    LIMBS,
    Cells,
    added_up,
    as_floats,
    by_population,
    exact,
    merged,
    no_cells,
    numbered,
)
from sweep_dask.analysis.tables import over, schema, table
from sweep_dask.terms.dimensions import POPULATIONS, SEGMENT_KINDS, STATUSES
from sweep_dask.terms.metrics import AMOUNTS, COST_PARTS, HEADLINE
from sweep_dask.terms.reasons import UNFILLED_REASONS
from sweep_dask.terms.units import PRICE_PER_AUD

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from sweep_dask.analysis.rollups.sweeps import Sweeps
    from sweep_dask.analysis.tables import FloatArray, IntArray, Schema
    from sweep_dask.terms.arms import Arm

_QUANTITIES = ("quantity", "filled_quantity", "unfilled_quantity", "dark_quantity", "fill_count")
_FLAGS = (*(f"n_{status}" for status in STATUSES), "n_engaged", "n_priced", "n_parts")
#: Of all sweeps with a midpoint on arrival, and of those of them that have a shortfall.
_PAPER_VALUES = ("paper_value_aud", "shortfall_paper_value_aud")

#: Sweeps that re-enter nothing, and shares if a re-entry counts with what it adds only.
_PARENTS = ("n_parents", "added_quantity")

COUNTS = ("n_sweeps", *_QUANTITIES, *_FLAGS, *_PARENTS, *(f"{name}_n" for name in HEADLINE))
SUMS = (*_PAPER_VALUES, *AMOUNTS, *COST_PARTS, *HEADLINE)
#: What tables tell of a cell, in their order.
TOTALS: Schema = {
    **dict.fromkeys(("n_sweeps", *_QUANTITIES, *_FLAGS), "int64"),
    **dict.fromkeys((*_PAPER_VALUES, *AMOUNTS, *COST_PARTS), "float64"),
    **dict.fromkeys(_PARENTS, "int64"),
}


def _shape(arms: Sequence[Arm]) -> tuple[int, ...]:
    return len(POPULATIONS), len(SEGMENT_KINDS), len(arms)


def total_cells(sweeps: Sweeps) -> Cells:
    """Counts `COUNTS` and sums `SUMS`; a code is level, dimension and arm."""
    counts, amounts = _values(sweeps)
    parts = [no_cells(len(COUNTS), len(SUMS))]
    for dimension, segment in sweeps.segments.items():
        # Floats are added up within a partition, in the order of its rows, and exactly from there.
        (_, level, of), cell = numbered(sweeps.partition, sweeps.level, segment)
        for arm in range(len(sweeps.arms)):
            numbers = np.broadcast_arrays(level, SEGMENT_KINDS.index(dimension), arm)
            of_partitions = Cells(
                np.ravel_multi_index(numbers, _shape(sweeps.arms)),
                of,
                added_up(cell, of.size, counts[arm]),
                exact(added_up(cell, of.size, amounts[arm])),
            )
            # At once: small partitions have hundreds of times the cells of their sum.
            parts.append(merged([of_partitions]))
    return merged(parts)


def totals(cells: Cells, arms: Sequence[Arm]) -> dict[str, Any]:
    """Keys, columns `TOTALS`, and `{metric}_n` and `{metric}_mean` of headline metrics.

    A row per population, dimension, segment and arm, ascending; of populations without sweeps
    there is none.
    """
    nested = by_population(cells, _shape(arms))
    population, dimension, arm = np.unravel_index(nested.code, _shape(arms))
    keys = {"population": population, "dimension": dimension, "segment": nested.segment}
    counts = dict(zip(COUNTS, nested.counts.T, strict=True))
    sums = dict(zip(SUMS, as_floats(nested.sums).T, strict=True))
    means = {f"{metric}_mean": over(sums[metric], counts[f"{metric}_n"]) for metric in HEADLINE}
    return keys | {"arm": arm} | counts | sums | means


def _values(sweeps: Sweeps) -> tuple[IntArray, FloatArray]:
    """What is counted and added up, [arms, sweeps, columns]; a missing amount adds nothing."""
    quantities = {name: sweeps.whole_numbers(name) for name in _QUANTITIES}
    outcome = sweeps.codes("outcome", STATUSES)
    values = {name: sweeps.values(name) for name in (*AMOUNTS, *COST_PARTS, *HEADLINE)}
    paper = sweeps.values("arrival_midpoint") * quantities["quantity"] / PRICE_PER_AUD
    has_parts = ~np.isnan([values[name] for name in COST_PARTS]).any(axis=0)
    has_shortfall = ~np.isnan(values["implementation_shortfall_aud"])
    counts = [
        *(np.ones_like(outcome), *quantities.values()),
        *(outcome == number for number in range(len(STATUSES))),
        *(sweeps.had_dark_fill, ~np.isnan(paper), has_parts),
        sweeps.whole_numbers("parent_id") == sweeps.whole_numbers("order_id"),
        sweeps.whole_numbers("added_quantity"),
        *(~np.isnan(values[metric]) for metric in HEADLINE),
    ]
    values |= {name: np.where(has_parts, values[name], 0.0) for name in COST_PARTS}
    amounts = [paper, np.where(has_shortfall, paper, 0.0), *values.values()]
    return np.stack(counts, axis=-1).astype(np.int64), np.nan_to_num(np.stack(amounts, axis=-1))


UNFILLED = schema(
    "population:str scenario:str unfilled_reason:category n_sweeps:int64 unfilled_quantity:int64"
)
#: In the order of rows.
_NAMES = sorted(UNFILLED_REASONS)


def reason_cells(sweeps: Sweeps) -> Cells:
    """Sweeps and shares; a code is level and arm, a segment the number of a reason."""
    reason, left = (
        sweeps.codes("unfilled_reason", _NAMES),
        sweeps.whole_numbers("unfilled_quantity"),
    )
    # Lines that give no reason, and sweeps of which nothing is left, have none.
    arm, sweep = np.nonzero(reason >= 0)
    counts = np.stack([np.ones_like(arm), left[arm, sweep]], axis=1)
    code = np.ravel_multi_index((sweeps.level[sweep], arm), (len(POPULATIONS), len(sweeps.arms)))
    no_sums = np.zeros((arm.size, 0, LIMBS), np.int64)
    return merged([Cells(code, reason[arm, sweep], counts, no_sums)])


def unfilled(cells: Cells, arms: Sequence[Arm]) -> pa.Table:
    """By population, arm and reason; columns `UNFILLED`."""
    shape, names = (len(POPULATIONS), len(arms)), tuple(POPULATIONS)
    nested = by_population(cells, shape)
    population, arm = np.unravel_index(nested.code, shape)
    return table(
        UNFILLED,
        {
            "population": [names[number] for number in population],
            "scenario": [arms[number].scenario for number in arm],
            "unfilled_reason": [_NAMES[number] for number in nested.segment],
            "n_sweeps": nested.counts[:, 0],
            "unfilled_quantity": nested.counts[:, 1],
        },
    )
