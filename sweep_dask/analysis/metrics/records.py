"""What the metrics are made from: sweeps and their fills.

Prices and quotes are in 0.1 cent, those ending in `_x2` doubled; 0 means that there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import BoolArray, IntArray


@dataclass(frozen=True)
class Sweeps:
    """The orders, one element each, in any order. The same record serves real and simulated fills.

    Raises
    ------
    ValueError
        An order id occurs twice, or an order ends before it arrives.
    """

    order_id: IntArray
    """int64[sweeps], each once."""
    side: IntArray
    """int[sweeps], 1 buy, 2 sell."""
    arrival_ns: IntArray
    """int64[sweeps], ns UTC."""
    end_ns: IntArray
    """int64[sweeps], ns UTC: until when its fills count, not before it arrived."""
    limit_x2: IntArray
    """int64[sweeps], doubled limit; 0 without one."""
    quantity: IntArray
    """int64[sweeps], shares that could be filled."""
    arrival_bid: IntArray
    """int64[sweeps], national bid when it arrived; 0 if there was none."""
    arrival_offer: IntArray
    """int64[sweeps], national offer when it arrived; 0 if there was none."""

    def __post_init__(self) -> None:
        if np.unique(self.order_id).size != self.size:
            raise ValueError("each sweep has one row: an order id occurs twice")
        if (self.end_ns < self.arrival_ns).any():
            raise ValueError("a sweep ends before it arrives")

    @property
    def size(self) -> int:
        """Number of sweeps."""
        return self.order_id.size

    @property
    def is_buy(self) -> BoolArray:
        """bool[sweeps]."""
        buys: BoolArray = np.asarray(self.side) == BUY
        return buys

    @property
    def sign(self) -> IntArray:
        """int64[sweeps], 1 buy, -1 sell: times a fall in price it is what the order gains."""
        return np.where(self.is_buy, 1, -1).astype(np.int64)

    @property
    def far_touch_x2(self) -> IntArray:
        """int64[sweeps], the other side's best price on arrival, doubled; 0 if there was none."""
        return 2 * np.where(self.is_buy, self.arrival_offer, self.arrival_bid)

    @property
    def near_touch_x2(self) -> IntArray:
        """int64[sweeps], the own side's best price on arrival, doubled; 0 if there was none."""
        return 2 * np.where(self.is_buy, self.arrival_bid, self.arrival_offer)

    def positions(self, order_id: IntArray) -> IntArray:
        """int64[n], the row of each order among the sweeps, -1 for an order that is none."""
        if not self.size:
            return np.full(order_id.size, -1, dtype=np.int64)
        row = np.argsort(self.order_id, kind="stable")
        ascending = self.order_id[row]
        position = np.minimum(np.searchsorted(ascending, order_id), self.size - 1)
        return np.where(ascending[position] == order_id, row[position], -1)


@dataclass(frozen=True)
class Fills:
    """Real or simulated fills, one element each, in any order; fills of other orders may be in."""

    order_id: IntArray
    """int64[fills]."""
    timestamp_ns: IntArray
    """int64[fills], ns UTC, not before the order's arrival."""
    quantity: IntArray
    """int64[fills], shares, each above zero."""
    price_x2: IntArray
    """int64[fills], doubled price, each above zero."""
    is_dark: BoolArray
    """bool[fills], whether the contra was in the dark book."""

    def chosen(self, rows: IntArray) -> Fills:
        """Some of the fills, in the order of these row numbers."""
        return Fills(
            self.order_id[rows],
            self.timestamp_ns[rows],
            self.quantity[rows],
            self.price_x2[rows],
            self.is_dark[rows],
        )
