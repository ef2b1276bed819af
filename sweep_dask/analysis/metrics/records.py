"""What the metrics are made from: sweeps and their fills, the national quote over time, and fees.

Prices and quotes are in 0.1 cent, those ending in `_x2` doubled; 0 means that there is none. A
quote is usable when both sides are there and the bid is below the offer; a locked, crossed or
one-sided one gives neither a midpoint nor a spread. Fees are those of each book, in basis points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.terms.sides import BUY
from sweep_dask.terms.units import BPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray
    from sweep_dask.market.ticks import TickTable


class Fees(NamedTuple):
    """In basis points of the traded value, 0 or above; the same for all arms, sides and sizes."""

    dark_bps: float = 0.0
    """Of what trades in the dark book."""
    lit_bps: float = 0.0
    """Of what trades in the lit book."""

    @property
    def are_paid(self) -> bool:
        """Whether there is any."""
        return any(self)

    def paid(self, dark_value: IntArray, lit_value: IntArray) -> FloatArray:
        """float64[n], the fees for values traded in either book, in their unit."""
        return (self.dark_bps * dark_value + self.lit_bps * lit_value) / BPS

    def paid_lit(self, value: IntArray | FloatArray) -> FloatArray:
        """float64[n], the fees for values traded in the lit book, in their unit."""
        return self.lit_bps * value / BPS


NO_FEES = Fees()


def fees_of(settings: Mapping[str, Any]) -> Fees:
    """Fees from values of settings by name; an earlier version did not have any."""
    return Fees(*(float(settings.get(name, 0.0)) for name in ("dark_fee_bps", "lit_fee_bps")))


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
        return Fills(*(column[rows] for column in vars(self).values()))


#: There is no midpoint; no midpoint of the market is 0.
NO_PRICE = 0

_LARGEST = np.iinfo(np.int64).max


def is_usable(bid: IntArray, offer: IntArray) -> BoolArray:
    """bool[n], whether the quote has a midpoint; prices in 0.1 cent, 0 missing."""
    return (bid > 0) & (offer > bid)


def midpoint_x2(bid: IntArray, offer: IntArray) -> IntArray:
    """int64[n], the doubled midpoint, which is a whole number; 0 if there is none."""
    return np.where(is_usable(bid, offer), bid + offer, NO_PRICE)


def quoted_spread(bid: IntArray, offer: IntArray) -> IntArray:
    """int64[n], offer less bid in 0.1 cent; 0 if there is no usable quote."""
    return np.where(is_usable(bid, offer), offer - bid, 0)


def spread_ticks(bid: IntArray, offer: IntArray, ticks: TickTable) -> FloatArray:
    """float64[n], steps of the tick table from bid to offer, also across its borders; or NaN."""
    steps = _steps_up_to(offer, ticks) - _steps_up_to(bid, ticks)
    return np.where(is_usable(bid, offer), steps, np.nan)


def _steps_up_to(price: IntArray, ticks: TickTable) -> FloatArray:
    """Ticks between 0 and a price."""
    from_price, tick = ticks.arrays
    before = np.concatenate(([0], np.cumsum(np.diff(from_price) // tick[:-1])))
    region = np.maximum(np.searchsorted(from_price, price, side="right") - 1, 0)
    steps: FloatArray = before[region] + (price - from_price[region]) / tick[region]
    return steps


@dataclass(frozen=True)
class Quotes:
    """National best bid and offer; each quote holds until the next one.

    Raises
    ------
    ValueError
        The timestamps descend.
    """

    timestamp_ns: IntArray
    """int64[quotes], ns UTC, not descending; of equal ones the last counts."""
    bid: IntArray
    """int64[quotes], in 0.1 cent; 0 missing."""
    offer: IntArray
    """int64[quotes], in 0.1 cent; 0 missing."""

    def __post_init__(self) -> None:
        if (np.diff(self.timestamp_ns) < 0).any():
            raise ValueError("quotes come by time: a timestamp is below the one before")

    def until(self, end_ns: int) -> Quotes:
        """The same quotes, with none after an instant, such as the end of the recording."""
        known = int(np.searchsorted(self.timestamp_ns, end_ns, side="right"))
        return Quotes(
            np.append(self.timestamp_ns[:known], end_ns + 1),
            np.append(self.bid[:known], 0),
            np.append(self.offer[:known], 0),
        )

    def latest(self, time_ns: IntArray) -> IntArray:
        """int64[n], the row of the last quote at or before each time, -1 ahead of the first."""
        return np.searchsorted(self.timestamp_ns, time_ns, side="right") - 1

    def midpoint_x2_at(self, sweeps: Sweeps, sweep: IntArray, time_ns: IntArray) -> IntArray:
        """The doubled midpoint at a time, as a sweep saw it: int64[n], 0 if there is none.

        At its arrival the quote it arrived on, after that the last quote at or before the time, or
        still the arrival's while no later quote is known. A quote stamped with the very instant of
        the arrival may be the sweep's own doing, so it counts from then on and not at it. `sweep`:
        int64[n], rows of `sweeps`; `time_ns`: int64[n], ns UTC.
        """
        on_arrival = midpoint_x2(sweeps.arrival_bid, sweeps.arrival_offer)[sweep]
        if not self.timestamp_ns.size:
            return on_arrival
        arrival_ns = sweeps.arrival_ns[sweep]
        row = np.maximum(self.latest(time_ns), 0)
        is_newer = (time_ns > arrival_ns) & (self.timestamp_ns[row] >= arrival_ns)
        # Ahead of the first quote there is none to take, whatever the clipped row says.
        is_newer &= self.timestamp_ns[row] <= time_ns
        return np.where(is_newer, midpoint_x2(self.bid[row], self.offer[row]), on_arrival)

    def working_spread(self, sweeps: Sweeps) -> FloatArray:
        """float64[sweeps], the spread in 0.1 cent averaged over the time from arrival to end.

        Time without a usable quote does not count; NaN if there is no other. A sweep that ends as
        it arrives has the arrival's spread.
        """
        spread = quoted_spread(sweeps.arrival_bid, sweeps.arrival_offer)
        later = quoted_spread(self.bid, self.offer)
        widest = max(int(one.max(initial=0)) for one in (spread, later))
        if widest * int((sweeps.end_ns - sweeps.arrival_ns).max(initial=0)) > _LARGEST:
            # A quote that is far away, over hours: in whole numbers of any size.
            spread, later = spread.astype(object), later.astype(object)
        usable = is_usable(sweeps.arrival_bid, sweeps.arrival_offer)
        next_ns = self._next_quote_ns(sweeps)
        held_ns = np.where(usable, next_ns - sweeps.arrival_ns, 0)
        area, known_ns = self._integrals(later, next_ns, sweeps.end_ns)
        area, known_ns = area + spread * held_ns, known_ns + held_ns
        at_once = (sweeps.end_ns == sweeps.arrival_ns) & usable
        averaged = np.where(known_ns > 0, area / np.maximum(known_ns, 1), np.nan)
        return np.where(at_once, spread, averaged).astype(np.float64)

    def _next_quote_ns(self, sweeps: Sweeps) -> IntArray:
        """When the arrival's quote ceases to hold, at the latest when the sweep ends."""
        following = np.searchsorted(self.timestamp_ns, sweeps.arrival_ns, side="left")
        padded = np.append(self.timestamp_ns, np.iinfo(np.int64).max)
        next_ns: IntArray = padded[following]
        return np.minimum(next_ns, sweeps.end_ns)

    def _integrals(
        self, spread: IntArray, start_ns: IntArray, end_ns: IntArray
    ) -> tuple[IntArray, IntArray]:
        """Spread times ns, and ns with a usable quote, between two times; by prefix sums."""
        if not self.timestamp_ns.size:
            return np.zeros_like(start_ns), np.zeros_like(start_ns)
        usable = is_usable(self.bid, self.offer).astype(np.int64)
        lasted_ns = np.diff(self.timestamp_ns)

        def between(height: IntArray) -> IntArray:
            # A sum of years may wrap around; the difference of two is right all the same.
            total = np.concatenate(([0], np.cumsum(height[:-1] * lasted_ns)))
            return self._area(height, total, end_ns) - self._area(height, total, start_ns)

        return between(spread), between(usable)

    def _area(self, height: IntArray, total: IntArray, time_ns: IntArray) -> IntArray:
        """The integral of a step function from the first quote to a time, below 0 before it."""
        row = np.maximum(self.latest(time_ns), 0)
        area: IntArray = total[row] + height[row] * (time_ns - self.timestamp_ns[row])
        return area
