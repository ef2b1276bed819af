"""Real against simulated: per sweep and metric, as counts, and as averages side by side.

Every difference is simulated minus real, of the same sweeps. One in arrival cost has three parts.
The arrival cost of a sweep is its filled quantity F times a cost per share, which is P, what the
fills cost more than the midpoint of their own moment (half the effective spread), and T, what that
midpoint cost more than the one on arrival (the slippage). Fees belong to P. So A = F (P + T), and

    A_simulated - A_real =   (F_simulated - F_real)   x  mean of the two (P + T)     quantity
                           + mean of the two F        x  (P_simulated - P_real)      price
                           + mean of the two F        x  (T_simulated - T_real)      time

exactly: a difference of products by the mean of either factor. Where one of the two filled nothing
it has no price or time of its own, and the whole difference is one of quantity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.metrics.units import aud, over
from sweep_dask.analysis.tables import Schema, schema, table
from sweep_dask.terms.metrics import COMPARED, COST_PARTS

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.tables import Columns, FloatArray

#: Columns in which the sweeps of two arms are the same, row by row.
ALIGNED = ("order_id", "side", "quantity", "arrival_ns")
#: The difference of each compared metric, under its name.
SWEEP_DIFFERENCES = {"order_id": "int64"} | dict.fromkeys(COMPARED, "float64")
#: One row per metric; sums of partitions are those of the whole.
AGREEMENT = schema(
    "metric:str tolerance:float64 n_sweeps:int64 n_pairs:int64 n_agree:int64 n_better:int64 "
    "n_worse:int64 n_other:int64 n_reference_only:int64 n_simulated_only:int64"
)
#: One row per condition and metric.
AVERAGES = schema(
    "condition:str metric:str n_sweeps:int64 n_reference:int64 mean_reference:float64 "
    "n_simulated:int64 mean_simulated:float64 n_pairs:int64 paired_mean_reference:float64 "
    "paired_mean_simulated:float64 mean_difference:float64"
)


def differences(real: Columns, simulated: Columns) -> pa.Table:
    """Simulated minus real of each sweep, NaN unless both exist; columns `SWEEP_DIFFERENCES`."""
    require_same_sweeps(real, simulated)
    columns: dict[str, Any] = {"order_id": real["order_id"]}
    for metric in COMPARED:
        columns[metric] = values(simulated, metric) - values(real, metric)
    return table(SWEEP_DIFFERENCES, columns)


def values(metrics: Columns, metric: str) -> FloatArray:
    """float64[sweeps], a metric, NaN where it is missing."""
    return np.asarray(metrics[metric], dtype=np.float64)


def require_same_sweeps(real: Columns, simulated: Columns) -> None:
    """Check that two tables of metrics are about the same sweeps, row by row.

    Raises
    ------
    ValueError
        They are not; the message names the column that differs.
    """
    for column in ALIGNED:
        if not np.array_equal(np.asarray(real[column]), np.asarray(simulated[column])):
            raise ValueError(f"only metrics of the same sweeps compare: {column} differs")


#: One row per sweep, in AUD, simulated minus real; the last three add up to the first.
ARRIVAL_COST_PARTS: Schema = {
    "order_id": "int64",
    **dict.fromkeys(("difference_aud", *COST_PARTS), "float64"),
}


def arrival_cost_parts(real: Columns, simulated: Columns) -> pa.Table:
    """Split each sweep's difference in arrival cost; columns `ARRIVAL_COST_PARTS`.

    Of `SWEEP_METRIC_COLUMNS` of the same sweeps. All are NaN without a midpoint on arrival. Price
    and time are NaN if a fill has no midpoint of its moment; the quantity part does not need it.
    """
    require_same_sweeps(real, simulated)

    def both(metric: str) -> tuple[FloatArray, FloatArray]:
        return values(real, metric), values(simulated, metric)

    (filled, other_filled), (cost, other_cost) = both("filled_quantity"), both("arrival_cost_aud")
    both_filled = (filled > 0) & (other_filled > 0)
    total = other_cost - cost
    mean_cost = (over(cost, filled) + over(other_cost, other_filled)) / 2
    # Without a midpoint on arrival there is no arrival cost to take apart, nor fees in it.
    fees, other_fees = (
        np.nan_to_num(amount + improvement)
        for amount, improvement in zip(
            (cost, other_cost), both("midpoint_improvement_aud"), strict=True
        )
    )
    fees_per_share = over(other_fees, other_filled) - over(fees, filled)
    fee_part = np.where(both_filled, (filled + other_filled) / 2 * fees_per_share, 0.0)

    def per_share(metric: str) -> FloatArray:
        one, other = both(metric)
        amount = aud((filled + other_filled) * (other - one))
        # 0 if the whole difference is missing would be a claim.
        return np.where(both_filled, amount, 0 * total + 0.0)

    return table(
        ARRIVAL_COST_PARTS,
        {
            "order_id": real["order_id"],
            "difference_aud": total,
            "price_part_aud": per_share("effective_spread_price") / 2 + fee_part,
            "quantity_part_aud": np.where(both_filled, (other_filled - filled) * mean_cost, total),
            "time_part_aud": per_share("slippage_price"),
        },
    )
