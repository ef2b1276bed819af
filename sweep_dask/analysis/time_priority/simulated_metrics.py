"""Every order with what the simulation made of it, as a sweep and as a contra."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.tables import prices, ratio, schema, sums_at, table, whole_numbers
from sweep_dask.analysis.time_priority.states import fill_status
from sweep_dask.schema import ORDERS, Kind

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
