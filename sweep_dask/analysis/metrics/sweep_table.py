"""The table `sweep_metrics`: a row for each sweep and line, its populations beside its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.metrics.decomposition import ARRIVAL_COST_PARTS, arrival_cost_parts
from sweep_dask.analysis.metrics.lines import REAL, Line
from sweep_dask.analysis.metrics.populations import POPULATIONS, populations
from sweep_dask.analysis.metrics.sweep_metrics import SWEEP_METRICS, SweepMeasure
from sweep_dask.analysis.tables import Schema, constant, schema, table
from sweep_dask.market.ticks import DEFAULT_TICKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.analysis.metrics.records import Fills
    from sweep_dask.market.ticks import TickTable

_PARTS = ("price_part_aud", "quantity_part_aud", "time_part_aud")

#: Rows by date, security, line and arrival; every line of a partition has the same sweeps in the
#: same order. The parts of the difference in arrival cost are missing on the tape, of which they
#: are a difference; `unfilled_reason` is empty where nothing is left, and where no book says why.
SWEEP_TABLE: Schema = {
    **schema("date:str security:int32 model:str scenario:str order_id:int64 participant:Int64"),
    **schema("is_continuous:bool has_residual:bool is_short_sell:bool real_outcome:str"),
    **schema("size_class:str hour:str spread_class:str marketability:str"),
    **schema("parent_id:int64 added_quantity:int64"),
    **SWEEP_METRICS,
    **{name: ARRIVAL_COST_PARTS[name] for name in _PARTS},
    "unfilled_reason": "str",
}


class Outcome(NamedTuple):
    """What one line says of the sweeps."""

    fills: Fills
    unfilled_reason: pa.ChunkedArray | None = None
    """str[sweeps], in the order of the sweeps; None if the line has no reasons."""


def sweep_tables(
    found: PartitionSweeps,
    outcomes: Mapping[Line, Outcome],
    *,
    ticks: TickTable = DEFAULT_TICKS,
    horizon_ns: int | None = None,
) -> Iterator[pa.Table]:
    """One partition's rows, columns `SWEEP_TABLE`, a line at a time: it is a wide table.

    Parameters
    ----------
    outcomes
        The lines in the order of rows; the first one is the tape.
    ticks, horizon_ns
        As of `SweepMeasure`.
    """
    assert next(iter(outcomes)) == REAL, "populations go by what really happened"

    measure = SweepMeasure(found.sweeps, found.quotes, ticks=ticks, horizon_ns=horizon_ns)
    real = measure.of(outcomes[REAL].fills)
    labels = populations(found.sweeps, real, found.facts)
    for line, outcome in outcomes.items():
        measured = real if line == REAL else measure.of(outcome.fills)
        yield _of_line(line, outcome, labels, real, measured)


def _of_line(
    line: Line,
    outcome: Outcome,
    labels: pa.Table,
    real: dict[str, Any],
    metrics: dict[str, Any],
) -> pa.Table:
    size = len(metrics["order_id"])
    none = dict.fromkeys(_PARTS, np.full(size, np.nan))
    parts = none if line == REAL else arrival_cost_parts(real, metrics)
    reasons = outcome.unfilled_reason
    return table(
        SWEEP_TABLE,
        {
            **{name: labels[name] for name in POPULATIONS},
            **metrics,
            **{name: parts[name] for name in _PARTS},
            "model": constant(line.model, size),
            "scenario": constant(line.scenario, size),
            "unfilled_reason": constant("", size) if reasons is None else reasons,
        },
    )
