"""The real trades of each order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import IntArray, prices, schema, table, whole_numbers
from sweep_dask.analysis.time_priority.fills import FillTotals, fill_totals

if TYPE_CHECKING:
    import pyarrow as pa

AGGREGATED_TRADES = schema(
    "orderid:int64 total_quantity_filled:int64 avg_execution_price:float64 "
    "first_trade_time:int64 last_trade_time:int64 num_trades:int64 vwap:float64 "
    "execution_duration_sec:float64"
)


def trade_totals(trades: pa.Table, order_ids: IntArray) -> FillTotals:
    """Trade rows of these orders summed up."""
    order_id = whole_numbers(trades, "orderid")
    ours = np.isin(order_id, order_ids)
    return fill_totals(
        order_id[ours],
        whole_numbers(trades, "tradetime")[ours],
        whole_numbers(trades, "quantity")[ours],
        prices(trades, "tradeprice")[ours],
    )


def aggregate_trades(totals: FillTotals) -> pa.Table:
    """The published table of trades per order, ascending by order id.

    `avg_execution_price` is the plain mean of prices, `vwap` the mean weighted by quantity.
    """
    return table(
        AGGREGATED_TRADES,
        {
            "orderid": totals.order_id,
            "total_quantity_filled": totals.quantity,
            "avg_execution_price": totals.mean_price,
            "first_trade_time": totals.first_ns,
            "last_trade_time": totals.last_ns,
            "num_trades": totals.fills,
            "vwap": totals.vwap,
            "execution_duration_sec": totals.duration_sec,
        },
    )
