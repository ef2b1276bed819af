"""The real trades of each order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.fills import fill_totals
from sweep_dask.analysis.tables import IntArray, prices, schema, table, whole_numbers

if TYPE_CHECKING:
    import pandas as pd

AGGREGATED_TRADES = schema(
    "orderid:int64 total_quantity_filled:int64 avg_execution_price:float64 "
    "first_trade_time:int64 last_trade_time:int64 num_trades:int64 vwap:float64 "
    "execution_duration_sec:float64"
)

_EMPTY = schema("orderid:int64 tradetime:int64 quantity:int64 tradeprice:float64")


def trades_of_orders(trades: pd.DataFrame | None, order_ids: IntArray) -> pd.DataFrame:
    """The trade rows of these orders: id, time, quantity and price, in their order."""
    if trades is None or trades.empty:
        return table(_EMPTY, {name: [] for name in _EMPTY})
    ours = trades["orderid"].isin(order_ids)
    return trades.loc[ours, list(_EMPTY)]


def trade_totals(trades: pd.DataFrame) -> pd.DataFrame:
    """`fill_totals` of trade rows, one row per order."""
    return fill_totals(
        whole_numbers(trades, "orderid"),
        whole_numbers(trades, "tradetime"),
        whole_numbers(trades, "quantity"),
        prices(trades, "tradeprice"),
    )


def aggregate_trades(totals: pd.DataFrame) -> pd.DataFrame:
    """The published table of trades per order, ascending by order id.

    `avg_execution_price` is the plain mean of prices, `vwap` the mean weighted by quantity.
    """
    return table(
        AGGREGATED_TRADES,
        {
            "orderid": totals["orderid"],
            "total_quantity_filled": totals["quantity"],
            "avg_execution_price": totals["mean_price"],
            "first_trade_time": totals["first_ns"],
            "last_trade_time": totals["last_ns"],
            "num_trades": totals["fills"],
            "vwap": totals["vwap"],
            "execution_duration_sec": totals["duration_sec"],
        },
    )
