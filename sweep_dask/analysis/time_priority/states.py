"""Each order before and after matching: first and last row, how long it looks, size and outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.tables import BoolArray, IntArray, labels, schema, table, whole_numbers
from sweep_dask.market.change_reasons import TERMINAL, TRADED
from sweep_dask.terms.dimensions import MEDIUM_MOST, SIZES, SMALL_MOST

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class OrderRows:
    """Where the rows of each order are, without moving them."""

    position: IntArray
    """int64[rows]: positions ascending by (order id, timestamp, sequence)."""
    start: IntArray
    """int64[orders]: where each order begins in `position`, ascending by order id."""

    @property
    def last(self) -> IntArray:
        """int64[orders]: where each order's last row is in `position`."""
        return np.append(self.start[1:], self.position.size)[: self.start.size] - 1


@dataclass(frozen=True)
class OrderStates:
    """One row per order, ascending by order id, in both tables the same orders."""

    first: pa.Table
    """Per column the first value the order had."""
    last: pa.Table
    """Per column the last value the order had."""


def rows_by_order(orders: pa.Table) -> OrderRows:
    """Find each order's rows, oldest first; ties of the timestamp go by sequence."""
    order_id = whole_numbers(orders, "order_id")
    sequence, timestamp_ns = whole_numbers(orders, "sequence"), whole_numbers(orders, "timestamp")
    position = np.lexsort((sequence, timestamp_ns, order_id))
    ordered_id = order_id[position]
    begins = np.ones(position.size, dtype=bool)
    begins[1:] = ordered_id[1:] != ordered_id[:-1]
    return OrderRows(position, np.flatnonzero(begins))


def order_states(orders: pa.Table, rows: OrderRows) -> OrderStates:
    """The first and the last value of every column, where a missing value does not count."""
    names = ["order_id", *(name for name in orders.column_names if name != "order_id")]
    orders = orders.select(names)
    return OrderStates(
        _states(orders, rows, rows.start, _first_present),
        _states(orders, rows, rows.last, _last_present),
    )


def select_orders(states: pa.Table, order_id: IntArray) -> pa.Table:
    """The states of these orders, in their order; all of them must be among the states."""
    position = np.searchsorted(whole_numbers(states, "order_id"), order_id)
    return states.take(pa.array(position))


def _states(
    orders: pa.Table,
    rows: OrderRows,
    at: IntArray,
    nearest: Callable[[BoolArray, OrderRows], IntArray],
) -> pa.Table:
    """A row of each order and, of a column with gaps, the nearest that has a value."""
    states = orders.take(pa.array(rows.position[at]))
    for position, column in enumerate(orders.columns):
        if column.null_count:
            present = column.is_valid().to_numpy()[rows.position]
            chosen = pa.array(rows.position[nearest(present, rows)])
            states = states.set_column(position, orders.field(position), column.take(chosen))
    return states


def _first_present(present: BoolArray, rows: OrderRows) -> IntArray:
    """Per order its first row with a value; without one, its first row."""
    index = np.where(present, np.arange(present.size), present.size)
    nearest = np.minimum.accumulate(index[::-1])[::-1][rows.start]
    return np.where(nearest <= rows.last, nearest, rows.start)


def _last_present(present: BoolArray, rows: OrderRows) -> IntArray:
    """Per order its last row with a value; without one, its last row."""
    index = np.where(present, np.arange(present.size), -1)
    nearest = np.maximum.accumulate(index)[rows.last]
    return np.where(nearest >= rows.start, nearest, rows.last)


WINDOWS = schema("orderid:int64 first_execution_time:int64 last_execution_time:int64")

_NEVER_NS = np.iinfo(np.int64).min


def execution_windows(orders: pa.Table, rows: OrderRows) -> pa.Table:
    """From arrival to the latest row that ends the order, ascending by order id, ns UTC.

    Both names are those of the published tables; neither time is an execution. An order that
    nothing ends stays until the last event of the partition.
    """
    timestamp_ns = whole_numbers(orders, "timestamp")
    end_ns = np.where(_ends_order(orders), timestamp_ns, _NEVER_NS)[rows.position]
    latest_ns = np.maximum.reduceat(end_ns, rows.start)
    closing_ns = timestamp_ns.max(initial=_NEVER_NS)
    return table(
        WINDOWS,
        {
            "orderid": whole_numbers(orders, "order_id")[rows.position[rows.start]],
            "first_execution_time": timestamp_ns[rows.position[rows.start]],
            "last_execution_time": np.where(latest_ns == _NEVER_NS, closing_ns, latest_ns),
        },
    )


def _ends_order(orders: pa.Table) -> BoolArray:
    reason = whole_numbers(orders, "changereason")
    filled = (reason == TRADED) & (whole_numbers(orders, "leavesquantity") == 0)
    ends: BoolArray = filled | np.isin(reason, TERMINAL)
    return ends


GROUPS = ("Group 1 (Fully Filled)", "Group 2 (Partially Filled)", "Group 3 (Unfilled)")
FILL_STATUSES = ("Unfilled", "Partially Filled", "Fully Filled")


def sweep_groups(last: pa.Table) -> pa.Array:
    """The group of each sweep by the real outcome, from its last state.

    Nothing left is group 1, also when the leaves quantity is below zero.
    """
    leaves, traded = (
        whole_numbers(last, "leavesquantity"),
        whole_numbers(last, "totalmatchedquantity"),
    )
    return labels(GROUPS, np.where(leaves <= 0, 0, np.where(traded > 0, 1, 2)))


def fill_status(matched: IntArray, quantity: IntArray) -> pa.Array:
    """How much of `quantity` was matched; nothing matched is unfilled, also nothing of nothing."""
    return labels(FILL_STATUSES, np.where(matched <= 0, 0, np.where(matched < quantity, 1, 2)))


def size_category(available: IntArray) -> pa.Array:
    """The size of each sweep by the quantity it had to fill."""
    # The first limit that is not below the quantity: both limits belong to the smaller size.
    return labels(SIZES, np.searchsorted([SMALL_MOST, MEDIUM_MOST], available, side="left"))
