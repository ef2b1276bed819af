"""How well the model reproduced the real trades of sweeps, in one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import coded, empty_table, prices, schema, table_of_rows
from sweep_dask.analysis.time_priority.trade_comparison import MATCH_STATUSES

if TYPE_CHECKING:
    import pyarrow as pa

TRADE_ACCURACY_SUMMARY = schema(
    "total_orders:int64 orders_with_real_trades:int64 orders_with_sim_matches:int64 "
    "total_real_quantity:float64 total_sim_quantity:float64 quantity_match_rate_pct:float64 "
    "avg_price_error_pct:float64 median_price_error_pct:float64 price_rmse:float64 "
    "total_real_trades:float64 total_sim_matches:float64 trade_count_match_rate_pct:float64 "
    "avg_time_diff_sec:float64 median_time_diff_sec:float64 exact_matches:int64 "
    "close_matches:int64 partial_matches:int64 poor_matches:int64 avg_accuracy_score:float64 "
    "median_accuracy_score:float64"
)


def trade_accuracy_summary(comparison: pa.Table) -> pa.Table:
    """One row over all rows of `trade_level_comparison`; no row if it has none."""
    if not len(comparison):
        return empty_table(TRADE_ACCURACY_SUMMARY)
    codes, names = coded(comparison["match_status"])
    exact, close, partial, poor = (
        int(np.sum(codes == names.index(status))) if status in names else 0
        for status in MATCH_STATUSES
    )
    trades, matches = prices(comparison, "total_trades"), prices(comparison, "sim_total_matches")
    quantity = prices(comparison, "total_quantity_filled")
    sim_quantity = prices(comparison, "sim_total_quantity")
    price_error = prices(comparison, "price_error_pct")
    time_diff = prices(comparison, "execution_time_diff_sec")
    accuracy = prices(comparison, "accuracy_score")
    row = {
        "total_orders": len(comparison),
        "orders_with_real_trades": (trades > 0).sum(),
        "orders_with_sim_matches": (matches > 0).sum(),
        "total_real_quantity": quantity.sum(),
        "total_sim_quantity": sim_quantity.sum(),
        "quantity_match_rate_pct": 100 * sim_quantity.sum() / max(quantity.sum(), 1),
        "avg_price_error_pct": price_error.mean(),
        "median_price_error_pct": np.median(price_error),
        "price_rmse": np.sqrt((prices(comparison, "price_diff") ** 2).mean()),
        "total_real_trades": trades.sum(),
        "total_sim_matches": matches.sum(),
        "trade_count_match_rate_pct": 100 * matches.sum() / max(trades.sum(), 1),
        "avg_time_diff_sec": time_diff.mean(),
        "median_time_diff_sec": np.median(time_diff),
        "exact_matches": exact,
        "close_matches": close,
        "partial_matches": partial,
        "poor_matches": poor,
        "avg_accuracy_score": accuracy.mean(),
        "median_accuracy_score": np.median(accuracy),
    }
    return table_of_rows(TRADE_ACCURACY_SUMMARY, [row])
