"""How well the model reproduced the real trades of sweeps, in one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import empty_table, schema, table_of_rows
from sweep_dask.analysis.trade_comparison import MATCH_STATUSES

if TYPE_CHECKING:
    import pandas as pd

TRADE_ACCURACY_SUMMARY = schema(
    "total_orders:int64 orders_with_real_trades:int64 orders_with_sim_matches:int64 "
    "total_real_quantity:float64 total_sim_quantity:float64 quantity_match_rate_pct:float64 "
    "avg_price_error_pct:float64 median_price_error_pct:float64 price_rmse:float64 "
    "total_real_trades:float64 total_sim_matches:float64 trade_count_match_rate_pct:float64 "
    "avg_time_diff_sec:float64 median_time_diff_sec:float64 exact_matches:int64 "
    "close_matches:int64 partial_matches:int64 poor_matches:int64 avg_accuracy_score:float64 "
    "median_accuracy_score:float64"
)


def trade_accuracy_summary(comparison: pd.DataFrame) -> pd.DataFrame:
    """One row over all rows of `trade_level_comparison`; no row if it has none."""
    if comparison.empty:
        return empty_table(TRADE_ACCURACY_SUMMARY)
    status = comparison["match_status"]
    exact, close, partial, poor = MATCH_STATUSES
    trades, matches = comparison["total_trades"], comparison["sim_total_matches"]
    quantity, sim_quantity = comparison["total_quantity_filled"], comparison["sim_total_quantity"]
    row = {
        "total_orders": len(comparison),
        "orders_with_real_trades": (trades > 0).sum(),
        "orders_with_sim_matches": (matches > 0).sum(),
        "total_real_quantity": quantity.sum(),
        "total_sim_quantity": sim_quantity.sum(),
        "quantity_match_rate_pct": 100 * sim_quantity.sum() / max(quantity.sum(), 1),
        "avg_price_error_pct": comparison["price_error_pct"].mean(),
        "median_price_error_pct": comparison["price_error_pct"].median(),
        "price_rmse": np.sqrt((comparison["price_diff"] ** 2).mean()),
        "total_real_trades": trades.sum(),
        "total_sim_matches": matches.sum(),
        "trade_count_match_rate_pct": 100 * matches.sum() / max(trades.sum(), 1),
        "avg_time_diff_sec": comparison["execution_time_diff_sec"].mean(),
        "median_time_diff_sec": comparison["execution_time_diff_sec"].median(),
        "exact_matches": (status == exact).sum(),
        "close_matches": (status == close).sum(),
        "partial_matches": (status == partial).sum(),
        "poor_matches": (status == poor).sum(),
        "avg_accuracy_score": comparison["accuracy_score"].mean(),
        "median_accuracy_score": comparison["accuracy_score"].median(),
    }
    return table_of_rows(TRADE_ACCURACY_SUMMARY, [row])
