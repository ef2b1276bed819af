"""The order log as columns in engine order, each row linked with the order's row before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import (
    BoolArray,
    IntArray,
    prices,
    sums_at,
    whole_numbers,
    whole_numbers_or,
)
from sweep_dask.market.change_reasons import ENTERS, EXITS, NEW, TRADED
from sweep_dask.market.order_codes import (
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    HALF_TICK,
    SWEEP,
    effective_midtick,
    is_immediate,
)
from sweep_dask.market.ticks import TickTable, effective_limits_x2

if TYPE_CHECKING:
    import pyarrow as pa


class QuoteSource(Enum):
    """Whose best bid and offer make the midpoint."""

    NATIONAL = "national"
    """Those of all markets, as always but on a day on which the exchange does without (R20)."""
    EXCHANGE = "exchange"
    """The exchange's own."""


#: Columns of order rows with the bid and the offer of each source.
QUOTES = {
    QuoteSource.NATIONAL: ("national_bid", "national_offer"),
    QuoteSource.EXCHANGE: ("bid", "offer"),
}

#: Order status: on the book.
_ON_BOOK = 1
_YES = 1
#: What a missing whole number of an optional column is taken for.
_MISSING = -1


@dataclass(frozen=True)
class OrderLog:
    """All order rows of one partition; every array has one element a row."""

    order_id: IntArray
    """int64[orders], ascending: the id of each dense order number."""
    order: IntArray
    """int64, dense number of the row's order."""
    sequence: IntArray
    timestamp_ns: IntArray
    previous: IntArray
    """int64, the row of the same order before this one, or -1."""
    side: IntArray
    type: IntArray
    """int64, exchange order type bits."""
    reason: IntArray
    is_on_book: BoolArray
    price_x2: IntArray
    """int64, the entered limit, doubled; 0 without a price."""
    limit_x2: IntArray
    """int64, doubled limit in the dark, as the rules have it: one of the next two."""
    improved_limit_x2: IntArray
    """int64, with the half tick, where the order asks for it; R2."""
    entered_limit_x2: IntArray
    """int64, without the half tick."""
    posted_limit_x2: IntArray
    """int64, the entered limit bettered by half a tick, asked for or not."""
    midtick: IntArray
    """int64, as recorded; `effective_midtick` is what counts."""
    effective_midtick: IntArray
    leaves: IntArray
    matched: IntArray
    """int64, shares matched so far, in all books."""
    minimum_quantity: IntArray
    single_fill: BoolArray
    preference_only: BoolArray
    is_immediate: BoolArray
    participant: IntArray
    crossing_key: IntArray
    bid: IntArray
    """int64, bid on the row, of the quote asked for; 0 if there is none."""
    offer: IntArray

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.order.size

    @cached_property
    def is_first(self) -> BoolArray:
        """bool, whether the row is its order's first."""
        return self.previous < 0

    @cached_property
    def participant_of_order(self) -> IntArray:
        """int64[orders], as on the first row of each; -1 if unknown."""
        return self._on_first_row(self.participant)

    @cached_property
    def entry_ns(self) -> IntArray:
        """int64[orders], ns UTC, the time of the first row of each."""
        return self._on_first_row(self.timestamp_ns)

    def _on_first_row(self, column: IntArray) -> IntArray:
        values = np.empty(self.order_id.size, np.int64)
        values[self.order[self.is_first]] = column[self.is_first]
        return values

    @cached_property
    def last_row(self) -> IntArray:
        """int64[orders], the last row of each."""
        row = np.zeros(self.order_id.size, dtype=np.int64)
        # Of repeated positions the last assignment stands, and rows are in engine order.
        row[self.order] = np.arange(self.size)
        return row

    @cached_property
    def is_sweep(self) -> BoolArray:
        """bool, whether the order is a sweep."""
        sweep: BoolArray = (self.type & SWEEP) != 0
        return sweep

    @cached_property
    def is_dark(self) -> BoolArray:
        """bool, whether the order lives in the dark book alone."""
        dark: BoolArray = (self.type & (CENTRE_POINT | CENTRE_POINT_BLOCK)) != 0
        return dark

    @cached_property
    def enters(self) -> BoolArray:
        """bool, whether the reason is that the order comes into the book."""
        return np.isin(self.reason, ENTERS)

    @cached_property
    def exits(self) -> BoolArray:
        """bool, whether the reason is that the order leaves the book unfilled."""
        return np.isin(self.reason, EXITS)

    @cached_property
    def newly_matched(self) -> IntArray:
        """int64, shares matched between the row before and this one."""
        return self.matched - self.before(self.matched)

    @cached_property
    def leaves_change(self) -> IntArray:
        """int64, by how much an amendment changed the leaves; fills do not count."""
        return self.leaves - self.before(self.leaves) + self.newly_matched

    def with_half_tick(self, *, is_on: bool) -> OrderLog:
        """The same log, with `limit_x2` as R2 has it or without it."""
        return replace(self, limit_x2=self.improved_limit_x2 if is_on else self.entered_limit_x2)

    @cached_property
    def _row_before(self) -> IntArray:
        return np.where(self.is_first, np.arange(self.size), self.previous)

    def before(self, column: IntArray) -> IntArray:
        """int64, the column's value on the order's row before; on a first row its own value."""
        return column[self._row_before]

    def changed(self, column: IntArray) -> BoolArray:
        """bool, whether the value differs from that on the order's row before."""
        changed: BoolArray = column != self.before(column)
        return changed

    @cached_property
    def loses_place(self) -> BoolArray:
        """bool, whether the row's amendment costs the order its place in the queue; R14."""
        amended = ~self.is_first & (self.reason != TRADED)
        larger = self.leaves_change > 0
        loses: BoolArray = amended & (
            self.changed(self.price_x2) | self.changed(self.midtick) | larger
        )
        return loses


def read_order_log(
    orders: pa.Table, ticks: TickTable, quote: QuoteSource = QuoteSource.NATIONAL
) -> OrderLog:
    """Columns of the order rows of one partition, `schema.ORDERS` in engine order (sequence)."""
    order_id, order = np.unique(whole_numbers(orders, "order_id"), return_inverse=True)
    types = whole_numbers(orders, "exchangeordertype")
    side = whole_numbers(orders, "side")
    price_x2 = _doubled(orders, "price")
    midtick = whole_numbers_or(orders, "midtick", _MISSING)
    counts = effective_midtick(types, midtick, price_x2)
    bid, offer = (_quote(orders, name) for name in QUOTES[quote])
    return OrderLog(
        order_id=order_id,
        order=order.astype(np.int64),
        sequence=whole_numbers(orders, "sequence"),
        timestamp_ns=whole_numbers(orders, "timestamp"),
        previous=_previous(order),
        side=side,
        type=types,
        reason=whole_numbers(orders, "changereason"),
        is_on_book=is_on_book(orders),
        price_x2=price_x2,
        limit_x2=_limits_x2(price_x2, side, counts, ticks),
        improved_limit_x2=_limits_x2(price_x2, side, counts, ticks),
        entered_limit_x2=_limits_x2(price_x2, side, np.zeros_like(counts), ticks),
        posted_limit_x2=_limits_x2(price_x2, side, np.full_like(counts, HALF_TICK), ticks),
        midtick=midtick,
        effective_midtick=counts,
        leaves=np.maximum(whole_numbers(orders, "leavesquantity"), 0),
        matched=whole_numbers(orders, "totalmatchedquantity"),
        minimum_quantity=np.maximum(whole_numbers_or(orders, "minimumquantity", _MISSING), 0),
        single_fill=whole_numbers_or(orders, "singlefillminimumquantity", _MISSING) == _YES,
        preference_only=whole_numbers_or(orders, "preferenceonly", _MISSING) == _YES,
        is_immediate=is_immediate(whole_numbers_or(orders, "timevalidity", _MISSING)),
        participant=whole_numbers_or(orders, "participantid", _MISSING),
        crossing_key=np.maximum(whole_numbers_or(orders, "crossingkey", _MISSING), 0),
        bid=bid,
        offer=offer,
    )


def sweeps_of(log: OrderLog) -> BoolArray:
    """bool[orders], which orders are sweeps."""
    is_sweep = np.zeros(log.order_id.size, dtype=bool)
    is_sweep[log.order] = log.is_sweep
    return is_sweep


def fillable_quantity(log: OrderLog) -> IntArray:
    """int64[orders]: leaves on entry and all recorded increases.

    What a decrease took away counts as not filled: a scenario may have filled it before.
    """
    entered = np.where(log.is_first, log.leaves, np.maximum(log.leaves_change, 0))
    # A first row that already shows fills of this day had more to fill.
    from_day = log.is_first & (log.reason == NEW)
    return sums_at(log.order, entered + np.where(from_day, log.matched, 0), log.order_id.size)


def _previous(order: IntArray) -> IntArray:
    """The row of the same order before each row, or -1; rows in engine order."""
    position = np.argsort(order, kind="stable")
    previous = np.full(order.size, -1, dtype=np.int64)
    follows = order[position[1:]] == order[position[:-1]]
    previous[position[1:][follows]] = position[:-1][follows]
    return previous


def _doubled(orders: pa.Table, name: str) -> IntArray:
    """A price column doubled; 0 where missing. Multiples of 0.5 are exact."""
    values = prices(orders, name)
    doubled: IntArray = np.rint(2 * np.where(values > 0, values, 0)).astype(np.int64)
    return doubled


def _quote(orders: pa.Table, name: str) -> IntArray:
    """A quote column in whole price units; 0 where there is none, or it is not one."""
    if name not in orders.column_names:
        return np.zeros(len(orders), dtype=np.int64)
    doubled = _doubled(orders, name)
    return np.where(doubled % 2 == 0, doubled // 2, 0)


def _limits_x2(price_x2: IntArray, side: IntArray, midtick: IntArray, ticks: TickTable) -> IntArray:
    """Doubled limits in the dark. A price that already ends in half a unit is taken as it is."""
    limits = effective_limits_x2(price_x2 // 2, side == 1, midtick, *ticks.arrays)
    return np.where(price_x2 % 2 == 0, limits, price_x2)


def is_on_book(orders: pa.Table) -> BoolArray:
    """Whether the order is on the book after the row; without a status, by what is left of it."""
    if "orderstatus" not in orders.column_names:
        stays = ~np.isin(whole_numbers(orders, "changereason"), EXITS)
        return np.logical_and(stays, whole_numbers(orders, "leavesquantity") > 0)
    return np.equal(whole_numbers_or(orders, "orderstatus", _MISSING), _ON_BOOK)
