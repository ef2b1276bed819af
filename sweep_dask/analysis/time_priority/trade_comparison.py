"""Real trades against simulated matches of each sweep: how well does the model reproduce them?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.tables import (
    FloatArray,
    IntArray,
    coded,
    empty_table,
    labels,
    prices,
    schema,
    table,
    table_of_rows,
    whole_numbers,
)
from sweep_dask.analysis.time_priority.fills import FillTotals, fill_totals

if TYPE_CHECKING:
    from numpy.typing import NDArray


TRADE_LEVEL_COMPARISON = schema(
    "orderid:int64 total_trades:float64 total_quantity_filled:float64 "
    "weighted_avg_price:float64 price_std_dev:float64 first_trade_time:Int64 "
    "last_trade_time:Int64 execution_duration_sec:float64 avg_time_between_trades:float64 "
    "sim_total_matches:float64 sim_total_quantity:float64 sim_avg_price:float64 "
    "sim_price_std_dev:float64 sim_first_match_time:Int64 sim_last_match_time:Int64 "
    "sim_execution_duration_sec:float64 quantity_diff:float64 quantity_accuracy_pct:float64 "
    "num_trades_diff:float64 price_diff:float64 price_error_pct:float64 "
    "execution_time_diff_sec:float64 match_status:str accuracy_score:float64"
)
#: Best first.
MATCH_STATUSES = ("EXACT_MATCH", "CLOSE_MATCH", "PARTIAL_MATCH", "POOR_MATCH")


def trade_level_comparison(sweep_trades: FillTotals, match_details: pa.Table) -> pa.Table:
    """One row per sweep that traded or was matched, ascending by order id.

    Missing quantities and prices are 0, missing times null. The column `weighted_avg_price` is a
    plain mean, as published. Without any real trade of a sweep the table has no rows: there is
    nothing to compare with.
    """
    if not sweep_trades.order_id.size:
        return empty_table(TRADE_LEVEL_COMPARISON)
    matches = _match_totals(match_details)
    order_id = np.union1d(sweep_trades.order_id, matches.order_id)
    real, simulated = _fills_of(order_id, sweep_trades), _fills_of(order_id, matches)
    columns = {
        "orderid": order_id,
        "total_trades": real.fills,
        "total_quantity_filled": real.quantity,
        "weighted_avg_price": real.mean_price,
        "price_std_dev": real.price_std,
        "first_trade_time": pa.array(real.first_ns, mask=real.fills == 0),
        "last_trade_time": pa.array(real.last_ns, mask=real.fills == 0),
        "execution_duration_sec": real.duration_sec,
        "avg_time_between_trades": real.duration_sec / np.maximum(real.fills - 1, 1),
        "sim_total_matches": simulated.fills,
        "sim_total_quantity": simulated.quantity,
        "sim_avg_price": simulated.mean_price,
        "sim_price_std_dev": simulated.price_std,
        "sim_first_match_time": pa.array(simulated.first_ns, mask=simulated.fills == 0),
        "sim_last_match_time": pa.array(simulated.last_ns, mask=simulated.fills == 0),
        "sim_execution_duration_sec": simulated.duration_sec,
    }
    return table(TRADE_LEVEL_COMPARISON, columns | _differences(real, simulated))


def _match_totals(match_details: pa.Table) -> FillTotals:
    return fill_totals(
        whole_numbers(match_details, "sweep_orderid"),
        whole_numbers(match_details, "timestamp"),
        whole_numbers(match_details, "matched_quantity"),
        prices(match_details, "price"),
    )


def _fills_of(order_id: IntArray, totals: FillTotals) -> FillTotals:
    """The totals of these orders, in their order, both ascending; zeros where there is no fill."""
    position = np.searchsorted(order_id, totals.order_id)

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        found = np.zeros(order_id.size, values.dtype)
        found[position] = np.nan_to_num(values)
        return found

    return FillTotals._make(map(spread, totals))


def _differences(real: FillTotals, simulated: FillTotals) -> dict[str, Any]:
    quantity_diff = simulated.quantity - real.quantity
    price_diff = simulated.mean_price - real.mean_price
    time_diff = simulated.duration_sec - real.duration_sec
    price_error = _percent_of(np.abs(price_diff), real.mean_price)
    shortfall = 100 * np.abs(quantity_diff) / np.maximum(real.quantity, 1)
    return {
        "quantity_diff": quantity_diff,
        "quantity_accuracy_pct": _percent_of(simulated.quantity, real.quantity),
        "num_trades_diff": simulated.fills - real.fills,
        "price_diff": price_diff,
        "price_error_pct": price_error,
        "execution_time_diff_sec": time_diff,
        "match_status": _match_status(shortfall, price_error, np.abs(time_diff)),
        "accuracy_score": _accuracy_score(real, simulated, price_error, np.abs(time_diff)),
    }


def _match_status(
    shortfall_pct: FloatArray, price_error_pct: FloatArray, time_diff_sec: FloatArray
) -> Any:
    exact = (shortfall_pct < 5) & (price_error_pct < 1) & (time_diff_sec < 1)
    close = (shortfall_pct < 10) & (price_error_pct < 5)
    best_first = [exact, close, shortfall_pct < 25]
    return labels(MATCH_STATUSES, np.select(best_first, range(3), 3))


def _accuracy_score(
    real: FillTotals, simulated: FillTotals, price_error_pct: FloatArray, time_diff_sec: FloatArray
) -> FloatArray:
    """Of 100: quantity 40, price 30, fills 20, duration 10; over-filling costs nothing."""
    quantity = np.minimum(1, simulated.quantity / np.maximum(real.quantity, 1))
    price = np.maximum(0, 1 - price_error_pct / 100)
    fills = np.minimum(1, simulated.fills / np.maximum(real.fills, 1))
    duration = np.maximum(0, 1 - time_diff_sec / 10)
    score: FloatArray = 40 * quantity + 30 * price + 20 * fills + 10 * duration
    return score


def _percent_of(part: NDArray[Any], whole: NDArray[Any]) -> FloatArray:
    """`100 part / whole`, and 0 of nothing."""
    percent: FloatArray = 100 * part / np.where(whole == 0, 1, whole)
    percent[whole == 0] = 0.0
    return percent


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
