"""Finding an order's last row at or before a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import IntArray


class LatestRows:
    """An index of rows by dense order number and time, ns UTC; of equal ones the later counts."""

    def __init__(self, order: IntArray, timestamp_ns: IntArray) -> None:
        self._order = order
        self._timestamp_ns = timestamp_ns
        self._times = np.unique(timestamp_ns)
        # Both in one number; the position of a time counts from 1, so that 0 is before all.
        key = self._key(order, np.searchsorted(self._times, timestamp_ns) + 1)
        self._row = np.argsort(key, kind="stable")
        self._sorted = key[self._row]

    def before(self, order: IntArray, timestamp_ns: IntArray) -> IntArray:
        """int64[m], the last row of each order stamped before the time, or -1."""
        return self._find(order, np.searchsorted(self._times, timestamp_ns, side="left"))

    def at(self, order: IntArray, timestamp_ns: IntArray) -> IntArray:
        """int64[m], the last row of each order stamped just then, or -1."""
        row = self._find(order, np.searchsorted(self._times, timestamp_ns, side="right"))
        if not self._row.size:
            return row
        return np.where(self._timestamp_ns[row] == timestamp_ns, row, -1)

    def _key(self, order: IntArray, time: IntArray) -> IntArray:
        return order * (self._times.size + 1) + time

    def _find(self, order: IntArray, time: IntArray) -> IntArray:
        if not self._row.size:
            return np.full(order.size, -1, dtype=np.int64)
        position = np.searchsorted(self._sorted, self._key(order, time), side="right") - 1
        row = self._row[np.maximum(position, 0)]
        return np.where((position >= 0) & (self._order[row] == order), row, -1)
