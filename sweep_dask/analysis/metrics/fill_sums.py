"""Sums of fills by sweep: whole numbers, so the order of the fills makes no difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.metrics.units import NS_PER_SECOND, over
from sweep_dask.analysis.tables import sums_at

if TYPE_CHECKING:
    from sweep_dask.analysis.metrics.records import Fills, Quotes, Sweeps
    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray

_NEVER_NS = np.iinfo(np.int64).max


@dataclass(frozen=True)
class FillSums:
    """The fills of some sweeps and their sums; a sweep without any has zeros."""

    sweeps: Sweeps
    fills: Fills
    """Those of the sweeps only, by time."""
    sweep: IntArray
    """int64[fills], the row of each fill's sweep."""
    quantity: IntArray
    """int64[sweeps], shares filled."""
    value_x2: IntArray
    """int64[sweeps], sum of quantity times doubled price."""

    def total(self, amount: IntArray) -> IntArray:
        """int64[sweeps], the sum of int64[fills]."""
        return sums_at(self.sweep, amount, self.sweeps.size)

    def quantity_where(self, chosen: BoolArray) -> IntArray:
        """int64[sweeps], shares of the chosen fills, bool[fills]."""
        return self.total(np.where(chosen, self.fills.quantity, 0))

    def value_x2_where(self, chosen: BoolArray) -> IntArray:
        """int64[sweeps], sum of quantity times doubled price of the chosen fills, bool[fills]."""
        return self.total(np.where(chosen, self.fills.quantity * self.fills.price_x2, 0))

    @property
    def count(self) -> IntArray:
        """int64[sweeps], number of fills."""
        return np.bincount(self.sweep, minlength=self.sweeps.size).astype(np.int64)

    @property
    def waited_ns(self) -> IntArray:
        """int64[fills], time from the sweep's arrival."""
        return self.fills.timestamp_ns - self.sweeps.arrival_ns[self.sweep]

    def midpoint_value_x2(self, quotes: Quotes, after_ns: int = 0) -> FloatArray:
        """The value of the filled shares at the midpoint some time after each fill.

        float64[sweeps], quantity times doubled price; NaN if a fill has no midpoint, because an
        average over part of the fills would be another metric.
        """
        time_ns = self.fills.timestamp_ns + after_ns
        midpoint_x2 = quotes.midpoint_x2_at(self.sweeps, self.sweep, time_ns)
        is_missing = self.total((midpoint_x2 == 0).astype(np.int64)) > 0
        return np.where(is_missing, np.nan, self.total(self.fills.quantity * midpoint_x2))

    def first_wait_ns(self) -> FloatArray:
        """float64[sweeps], time to the first fill; NaN without one."""
        first = np.full(self.sweeps.size, _NEVER_NS)
        np.minimum.at(first, self.sweep, self.waited_ns)
        return np.where(self.quantity > 0, first, np.nan)

    def last_wait_ns(self) -> FloatArray:
        """float64[sweeps], time to the last fill; NaN without one."""
        last = np.full(self.sweeps.size, -_NEVER_NS)
        np.maximum.at(last, self.sweep, self.waited_ns)
        return np.where(self.quantity > 0, last, np.nan)

    def mean_wait_seconds(self) -> FloatArray:
        """float64[sweeps], time to a share's fill, averaged over the filled shares; or NaN."""
        # Shares times ns would not fit an int64; whole seconds and the rest do.
        whole, rest = np.divmod(self.waited_ns, NS_PER_SECOND)
        share_seconds = self.total(self.fills.quantity * whole)
        share_ns = self.total(self.fills.quantity * rest)
        return over(share_seconds + share_ns / NS_PER_SECOND, self.quantity)


def fill_sums(sweeps: Sweeps, fills: Fills) -> FillSums:
    """Find the sweep of each fill and sum up.

    Fills of other orders are passed over, and those after the sweep's end.
    """
    position = sweeps.positions(fills.order_id)
    counts = position >= 0
    counts[counts] = fills.timestamp_ns[counts] <= sweeps.end_ns[position[counts]]
    # By time: quotes are looked up far faster in order.
    by_time = np.argsort(fills.timestamp_ns, kind="stable")
    ours = by_time[counts[by_time]]
    fills, sweep = fills.chosen(ours), position[ours]
    return FillSums(
        sweeps,
        fills,
        sweep,
        quantity=sums_at(sweep, fills.quantity, sweeps.size),
        value_x2=sums_at(sweep, fills.quantity * fills.price_x2, sweeps.size),
    )
