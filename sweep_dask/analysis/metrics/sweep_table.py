"""The table `sweep_metrics`: a row for each sweep and arm, its populations beside its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.choices import RECORDED
from sweep_dask.analysis.metrics.comparison import ARRIVAL_COST_PARTS, arrival_cost_parts
from sweep_dask.analysis.metrics.fill_sums import fill_sums
from sweep_dask.analysis.metrics.populations import POPULATION_COLUMNS, populations
from sweep_dask.analysis.metrics.records import NO_FEES
from sweep_dask.analysis.metrics.sweep_metrics import SWEEP_METRIC_COLUMNS, SweepMeasure
from sweep_dask.analysis.tables import Schema, category, constant, constant_category, schema, table
from sweep_dask.market.ticks import DEFAULT_TICKS
from sweep_dask.terms.arms import REAL, Arm
from sweep_dask.terms.dimensions import CATEGORIES
from sweep_dask.terms.metrics import COST_PARTS
from sweep_dask.terms.reasons import FILLED_LATER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.choices import Lifetime
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.analysis.metrics.records import Fees, Fills
    from sweep_dask.analysis.tables import IntArray
    from sweep_dask.market.ticks import TickTable


#: Rows by date, security, arm and arrival; every arm of a partition has the same sweeps in the
#: same order. The parts of the difference in arrival cost are missing on the tape, of which they
#: are a difference; `unfilled_reason` is empty where nothing is left, and where no book says why.
SWEEP_TABLE: Schema = {
    **schema("date:str security:int32 model:str scenario:str order_id:int64 participant:Int64"),
    **schema("is_continuous:bool has_residual:bool is_short_sell:bool"),
    **schema("real_outcome:category size_class:category hour:category spread_class:category"),
    "marketability": "category",
    **schema("parent_id:int64 added_quantity:int64"),
    **SWEEP_METRIC_COLUMNS,
    **{name: ARRIVAL_COST_PARTS[name] for name in COST_PARTS},
    "unfilled_reason": "category",
}


_NO_REASON, _FILLED_LATER = map(CATEGORIES["unfilled_reason"].index, ("", FILLED_LATER))


class Outcome(NamedTuple):
    """What one arm says of the sweeps."""

    fills: Fills
    unfilled_reason: pa.DictionaryArray | None = None
    """The category, why the rest never filled, in the order of the sweeps; empty where nothing is
    left. None if the arm has no reasons."""


def sweep_tables(
    partition_sweeps: PartitionSweeps,
    outcomes: Mapping[Arm, Outcome],
    *,
    lifetime: Lifetime = RECORDED,
    ticks: TickTable = DEFAULT_TICKS,
    fees: Fees = NO_FEES,
) -> Iterator[pa.Table]:
    """One partition's rows, columns `SWEEP_TABLE`, an arm at a time: it is a wide table.

    Parameters
    ----------
    outcomes
        The arms in the order of rows; the first one is the tape.
    lifetime
        At the end of which sweeps are measured; their populations go by all that really filled.
    """
    assert next(iter(outcomes)) == REAL, "populations go by what really happened"

    fills = outcomes[REAL].fills
    labels = populations(fill_sums(partition_sweeps.sweeps, fills), partition_sweeps.facts, ticks)
    sweeps = partition_sweeps.measured(lifetime).sweeps
    measure = SweepMeasure(sweeps, partition_sweeps.quotes, ticks=ticks, fees=fees)
    real = measure.of(fills)
    for arm, outcome in outcomes.items():
        measured = real if arm == REAL else measure.of(outcome.fills)
        yield _of_arm(arm, outcome, labels, real, measured)


def _of_arm(
    arm: Arm,
    outcome: Outcome,
    labels: pa.Table,
    real: dict[str, Any],
    metrics: dict[str, Any],
) -> pa.Table:
    size = len(metrics["order_id"])
    none = dict.fromkeys(COST_PARTS, np.full(size, np.nan))
    parts = none if arm == REAL else arrival_cost_parts(real, metrics)
    return table(
        SWEEP_TABLE,
        {
            **{name: labels[name] for name in POPULATION_COLUMNS},
            **metrics,
            **{name: parts[name] for name in COST_PARTS},
            "model": constant(arm.model, size),
            "scenario": constant(arm.scenario, size),
            "unfilled_reason": _reasons(outcome, metrics["unfilled_quantity"]),
        },
    )


def _reasons(outcome: Outcome, unfilled: IntArray) -> pa.Array:
    if outcome.unfilled_reason is None:
        return constant_category("unfilled_reason", "", unfilled.size)
    reasons = outcome.unfilled_reason.indices.to_numpy()
    # What filled in the end has no reason, and may not have filled yet.
    reasons = np.where(reasons == _NO_REASON, _FILLED_LATER, reasons)
    return category("unfilled_reason", np.where(unfilled > 0, reasons, _NO_REASON))
