"""What each order got out of its fills, real trades and simulated matches alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.tables import (
    BoolArray,
    FloatArray,
    IntArray,
    over,
    prices,
    schema,
    table,
    whole_numbers,
)
from sweep_dask.compiled import entry

if TYPE_CHECKING:
    import pyarrow as pa


#: Nanoseconds in a second.
NS_PER_SECOND = 1e9


class FillTotals(NamedTuple):
    """One element an order that has a fill, ascending by order id."""

    order_id: IntArray
    fills: IntArray
    quantity: IntArray
    vwap: FloatArray
    """Weighted by quantity; NaN when that sums to zero."""
    mean_price: FloatArray
    """The plain mean over fills."""
    price_std: FloatArray
    """The n-1 deviation, 0 for one fill."""
    first_ns: IntArray
    last_ns: IntArray
    duration_sec: FloatArray

    def chosen(self, rows: BoolArray) -> FillTotals:
        """Those of some of the orders."""
        return FillTotals._make(column[rows] for column in self)

    def fills_of(self, order_id: IntArray) -> IntArray:
        """int64, the number of fills of each of these orders."""
        if not self.order_id.size:
            return np.zeros(order_id.size, np.int64)
        at = np.minimum(np.searchsorted(self.order_id, order_id), self.order_id.size - 1)
        return np.where(self.order_id[at] == order_id, self.fills[at], 0)


def fill_totals(
    order_id: IntArray, time_ns: IntArray, quantity: IntArray, price: FloatArray
) -> FillTotals:
    """Sum up fills by order; one without a price counts in none of the three of prices.

    All arguments have one element per fill.
    """
    order, group = np.unique(order_id, return_inverse=True)
    whole = np.zeros((3, order.size), np.int64)
    times_ns = np.zeros((2, order.size), np.int64)
    exact = np.zeros((4, order.size))
    # Copies: what Arrow lends cannot be written to, and is another type to the compiler.
    add_fills(group, time_ns.copy(), quantity.copy(), price.copy(), whole, times_ns, exact)
    (fills, shares, priced_shares), (first_ns, last_ns) = whole, times_ns
    priced, value, total, squares = exact
    return FillTotals(
        order,
        fills,
        shares,
        vwap=over(value, np.maximum(priced_shares, 0)),
        mean_price=over(total, priced),
        price_std=np.sqrt(squares / np.maximum(priced - 1, 1)),
        first_ns=first_ns,
        last_ns=last_ns,
        duration_sec=(last_ns - first_ns) / NS_PER_SECOND,
    )


@entry
def add_fills(
    group: IntArray,
    time_ns: IntArray,
    quantity: IntArray,
    price: FloatArray,
    whole: IntArray,
    times_ns: IntArray,
    exact: FloatArray,
) -> None:
    """Add every fill to the sums of its group.

    Parameters
    ----------
    whole
        Fills, shares, and shares of fills with a price.
    times_ns
        First and last time.
    exact
        Fills with a price; sums of values and prices, which are quarters of a unit and therefore
        exact; squared deviations from the mean, each added with the mean of its moment (Welford).
    """
    mean = np.zeros(group.size)
    for row in range(group.size):
        at = group[row]
        is_first = whole[0, at] == 0
        times_ns[0, at] = time_ns[row] if is_first else min(times_ns[0, at], time_ns[row])
        times_ns[1, at] = time_ns[row] if is_first else max(times_ns[1, at], time_ns[row])
        whole[0, at] += 1
        whole[1, at] += quantity[row]
        if not np.isnan(price[row]):
            whole[2, at] += quantity[row]
            exact[0, at] += 1
            exact[1, at] += quantity[row] * price[row]
            exact[2, at] += price[row]
            before = mean[at]
            mean[at] += (price[row] - before) / exact[0, at]
            exact[3, at] += (price[row] - mean[at]) * (price[row] - before)


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
