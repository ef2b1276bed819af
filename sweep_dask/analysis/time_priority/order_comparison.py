"""What the simulation made of each order; each sweep beside its real outcome, and sums of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep_dask.analysis.tables import (
    coded,
    prices,
    ratio,
    schema,
    sums_at,
    table,
    table_of_rows,
    whole_numbers,
)
from sweep_dask.analysis.time_priority.states import fill_status, size_category
from sweep_dask.schema import ORDERS, Kind
from sweep_dask.terms.dimensions import SIZES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_dask.analysis.time_priority.fills import FillTotals


SWEEP_ORDER_COMPARISON = schema(
    "orderid:int64 available_quantity:int64 size_category:str group:str "
    "real_matched_quantity:int64 simulated_matched_quantity:int64 matched_quantity_diff:int64 "
    "real_fill_ratio:float64 simulated_fill_ratio:float64 fill_ratio_diff:float64 "
    "real_num_matches:float64 simulated_num_matches:int64 num_matches_diff:float64 "
    "real_fill_status:str simulated_fill_status:str"
)
SWEEP_GROUP_SUMMARY = schema(
    "group:str num_orders:int64 real_total_matched:int64 real_mean_matched:float64 "
    "real_mean_fill_ratio:float64 real_mean_num_matches:float64 simulated_total_matched:int64 "
    "simulated_mean_matched:float64 simulated_mean_fill_ratio:float64 "
    "simulated_mean_num_matches:float64 total_quantity_diff:int64 mean_quantity_diff:float64 "
    "mean_fill_ratio_diff:float64 mean_num_matches_diff:float64 pct_sim_better:float64 "
    "pct_sim_worse:float64 pct_sim_same:float64"
)
SWEEP_SIZE_ANALYSIS = schema(
    "size_category:str num_orders:int64 quantity_range:str real_total_matched:int64 "
    "real_mean_matched:float64 real_std_matched:float64 real_mean_fill_ratio:float64 "
    "real_std_fill_ratio:float64 simulated_total_matched:int64 simulated_mean_matched:float64 "
    "simulated_std_matched:float64 simulated_mean_fill_ratio:float64 "
    "simulated_std_fill_ratio:float64 mean_quantity_diff:float64 median_quantity_diff:float64 "
    "std_quantity_diff:float64 mean_fill_ratio_diff:float64 median_fill_ratio_diff:float64 "
    "pct_sim_better:float64 pct_sim_worse:float64 pct_sim_same:float64"
)

_Numbers = dict[str, NDArray[Any]]


def sweep_order_comparison(
    order_summary: pa.Table,
    last: pa.Table,
    group: pa.Array,
    trade_totals: FillTotals,
) -> pa.Table:
    """One row per sweep, by arrival; every difference is simulated minus real.

    Parameters
    ----------
    order_summary
        What the simulation made of the sweeps.
    last, group
        Last state and group of the same sweeps, in the same order.
    trade_totals
        Of the real trades on any venue.
    """
    available = whole_numbers(order_summary, "quantity")
    quantity, real = whole_numbers(last, "quantity"), whole_numbers(last, "totalmatchedquantity")
    simulated = whole_numbers(order_summary, "matched_quantity")
    real_ratio, simulated_ratio = ratio(real, quantity), ratio(simulated, available)
    order_id = whole_numbers(order_summary, "orderid")
    real_matches = trade_totals.fills_of(order_id)
    simulated_matches = whole_numbers(order_summary, "num_matches")
    return table(
        SWEEP_ORDER_COMPARISON,
        {
            "orderid": order_id,
            "available_quantity": available,
            "size_category": size_category(available),
            "group": group,
            "real_matched_quantity": real,
            "simulated_matched_quantity": simulated,
            "matched_quantity_diff": simulated - real,
            "real_fill_ratio": real_ratio,
            "simulated_fill_ratio": simulated_ratio,
            "fill_ratio_diff": simulated_ratio - real_ratio,
            "real_num_matches": real_matches,
            "simulated_num_matches": simulated_matches,
            "num_matches_diff": simulated_matches - real_matches,
            "real_fill_status": fill_status(real, quantity),
            "simulated_fill_status": fill_status(simulated, available),
        },
    )


def group_summary(comparison: pa.Table) -> pa.Table:
    """One row per group, in order of first appearance."""
    rows = []
    for group, sweeps in _by(comparison, "group"):
        row = {
            "group": group,
            "real_mean_num_matches": sweeps["real_num_matches"].mean(),
            "simulated_mean_num_matches": sweeps["simulated_num_matches"].mean(),
            "total_quantity_diff": sweeps["matched_quantity_diff"].sum(),
            "mean_num_matches_diff": sweeps["num_matches_diff"].mean(),
        }
        rows.append(row | _totals_and_means(sweeps))
    return table_of_rows(SWEEP_GROUP_SUMMARY, rows)


def size_analysis(comparison: pa.Table) -> pa.Table:
    """One row per size that occurs, small first; deviations are n-1, missing for one sweep."""
    rows = []
    for size, sweeps in sorted(_by(comparison, "size_category"), key=_by_size):
        available = sweeps["available_quantity"]
        row = {
            "size_category": size,
            "quantity_range": f"{available.min()} - {available.max()}",
            "real_std_matched": _deviation(sweeps["real_matched_quantity"]),
            "real_std_fill_ratio": _deviation(sweeps["real_fill_ratio"]),
            "simulated_std_matched": _deviation(sweeps["simulated_matched_quantity"]),
            "simulated_std_fill_ratio": _deviation(sweeps["simulated_fill_ratio"]),
            "median_quantity_diff": np.median(sweeps["matched_quantity_diff"]),
            "std_quantity_diff": _deviation(sweeps["matched_quantity_diff"]),
            "median_fill_ratio_diff": np.median(sweeps["fill_ratio_diff"]),
        }
        rows.append(row | _totals_and_means(sweeps))
    return table_of_rows(SWEEP_SIZE_ANALYSIS, rows)


def _by(comparison: pa.Table, label: str) -> Iterator[tuple[str, _Numbers]]:
    """The numeric columns of the sweeps of each label, in order of first appearance."""
    numeric = (name for name, kind in SWEEP_ORDER_COMPARISON.items() if kind != "str")
    columns = {name: comparison[name].to_numpy() for name in numeric}
    codes, names = coded(comparison[label])
    for code, name in enumerate(names):
        rows = np.flatnonzero(codes == code)
        yield name, {column: values[rows] for column, values in columns.items()}


def _by_size(found: tuple[str, _Numbers]) -> int:
    return SIZES.index(found[0])


def _deviation(values: NDArray[Any]) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else np.nan


def _totals_and_means(sweeps: _Numbers) -> dict[str, Any]:
    """The columns that both summaries share."""
    difference = sweeps["matched_quantity_diff"]
    return {
        "num_orders": difference.size,
        "real_total_matched": sweeps["real_matched_quantity"].sum(),
        "real_mean_matched": sweeps["real_matched_quantity"].mean(),
        "real_mean_fill_ratio": sweeps["real_fill_ratio"].mean(),
        "simulated_total_matched": sweeps["simulated_matched_quantity"].sum(),
        "simulated_mean_matched": sweeps["simulated_matched_quantity"].mean(),
        "simulated_mean_fill_ratio": sweeps["simulated_fill_ratio"].mean(),
        "mean_quantity_diff": difference.mean(),
        "mean_fill_ratio_diff": sweeps["fill_ratio_diff"].mean(),
        "pct_sim_better": 100 * (difference > 0).mean(),
        "pct_sim_worse": 100 * (difference < 0).mean(),
        "pct_sim_same": 100 * (difference == 0).mean(),
    }


SIMULATED_METRICS = schema(
    "simulated_matched_quantity:float64 simulated_num_matches:int64 "
    "simulated_fill_ratio:float64 simulated_fill_status:str simulated_avg_price:float64 "
    "simulated_total_value:float64"
)


def orders_with_simulated_metrics(
    last: pa.Table, order_summary: pa.Table, match_details: pa.Table
) -> pa.Table:
    """The last state of every order and six more columns, ascending by order id.

    Quantity, number of matches, ratio and status are the order's as a sweep; average price and
    total value are its matches' as a contra. What does not apply is 0.
    """
    metrics = _as_sweep(last, order_summary) | _as_contra(last, match_details)
    found = table(SIMULATED_METRICS, metrics)
    names = ["orderid" if name == "order_id" else name for name in last.column_names]
    columns = [*_with_whole_prices(last), *found.columns]
    return pa.Table.from_arrays(columns, names=[*names, *found.column_names])


def _as_sweep(last: pa.Table, order_summary: pa.Table) -> dict[str, object]:
    position = np.searchsorted(
        whole_numbers(last, "order_id"), whole_numbers(order_summary, "orderid")
    )
    quantity = whole_numbers(last, "quantity")
    matched = sums_at(position, whole_numbers(order_summary, "matched_quantity"), len(last))
    return {
        "simulated_matched_quantity": matched,
        "simulated_num_matches": sums_at(
            position, whole_numbers(order_summary, "num_matches"), len(last)
        ),
        "simulated_fill_ratio": ratio(matched, quantity),
        "simulated_fill_status": fill_status(matched, quantity),
    }


def _as_contra(last: pa.Table, match_details: pa.Table) -> dict[str, object]:
    position = np.searchsorted(
        whole_numbers(last, "order_id"), whole_numbers(match_details, "incoming_orderid")
    )
    quantity = whole_numbers(match_details, "matched_quantity")
    value = np.bincount(
        position, weights=quantity * prices(match_details, "price"), minlength=len(last)
    )
    return {
        "simulated_avg_price": value / np.maximum(sums_at(position, quantity, len(last)), 1),
        "simulated_total_value": value,
    }


def _with_whole_prices(last: pa.Table) -> list[pa.ChunkedArray]:
    """Price columns without half ticks and gaps as integers, the type of the published tables."""
    are_prices = ORDERS.names(Kind.PRICE)
    return [
        last[name].cast(pa.int64())
        if name in are_prices and np.all(prices(last, name) % 1 == 0)
        else last[name]
        for name in last.column_names
    ]
