"""Each order before and after matching: its first and its last row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import BoolArray, IntArray, whole_numbers

if TYPE_CHECKING:
    import pandas as pd


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

    first: pd.DataFrame
    """Per column the first value the order had."""
    last: pd.DataFrame
    """Per column the last value the order had."""


def rows_by_order(orders: pd.DataFrame) -> OrderRows:
    """Find each order's rows, oldest first; ties of the timestamp go by sequence."""
    order_id = whole_numbers(orders, "order_id")
    sequence, timestamp_ns = whole_numbers(orders, "sequence"), whole_numbers(orders, "timestamp")
    position = np.lexsort((sequence, timestamp_ns, order_id))
    ordered_id = order_id[position]
    begins = np.ones(position.size, dtype=bool)
    begins[1:] = ordered_id[1:] != ordered_id[:-1]
    return OrderRows(position, np.flatnonzero(begins))


def order_states(orders: pd.DataFrame, rows: OrderRows) -> OrderStates:
    """The first and the last value of every column, where a missing value does not count."""
    first = _take(orders, rows.position[rows.start])
    last = _take(orders, rows.position[rows.last])
    for name in orders.columns[orders.isna().any()]:
        present = orders[name].notna().to_numpy(dtype=bool)[rows.position]
        first[name] = orders[name].array.take(rows.position[_first_present(present, rows)])
        last[name] = orders[name].array.take(rows.position[_last_present(present, rows)])
    return OrderStates(first, last)


def select_orders(states: pd.DataFrame, order_id: IntArray) -> pd.DataFrame:
    """The states of these orders, in their order; all of them must be among the states."""
    position = np.searchsorted(whole_numbers(states, "order_id"), order_id)
    return states.take(position).reset_index(drop=True)


def _take(orders: pd.DataFrame, positions: IntArray) -> pd.DataFrame:
    columns = ["order_id", *(name for name in orders.columns if name != "order_id")]
    return orders.take(positions)[columns].reset_index(drop=True)


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
