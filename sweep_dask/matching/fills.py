"""Matches are written down, taken back, and what they used up leaves the queue."""

from __future__ import annotations

from sweep_dask.matching.book import BUY_MAQ_BEFORE, SELL_MAQ_BEFORE, Book
from sweep_dask.matching.compiled import folded, kernel
from sweep_dask.matching.events import BUY, Route
from sweep_dask.matching.places import leave, reduce, set_leaves
from sweep_dask.matching.rules import CROSSING_KEY

#: Deal sources by whether the match is one of the block phase.
_PLAIN, _PREFERENCED, _PREFERENCE_ONLY, _BOOKING = (47, 50), (46, 51), (49, 52), 48

_BLOCK = int(Route.BLOCK)


@kernel
def match(
    book: Book,
    taker: int,
    contra: int,
    quantity: int,
    price_x2: int,
    route: int,
    aggressor: int,
    own: bool,
) -> None:
    """Fill two orders with each other."""
    state = book.state[0]
    buy, sell = (taker, contra) if book.orders[taker].side == BUY else (contra, taker)
    fill = book.fills[state.fills]
    fill.event = state.position
    fill.buy = buy
    fill.sell = sell
    fill.quantity = quantity
    fill.price_x2 = price_x2
    fill.deal_source = _deal_source(book, buy, sell, int(route == _BLOCK), own)
    fill.aggressor = aggressor
    fill.route = route
    before = book.scratch[state.fills - state.fills_before]
    before[BUY_MAQ_BEFORE] = book.orders[buy].maq
    before[SELL_MAQ_BEFORE] = book.orders[sell].maq
    state.fills += 1
    for order in (buy, sell):
        reduce(book, order, quantity)


@folded
def undo(book: Book, first: int) -> None:
    """Give the orders of this event's fills from the first on their leaves and MAQs back."""
    state = book.state[0]
    for position in range(state.fills - 1, first - 1, -1):
        fill = book.fills[position]
        before = book.scratch[position - state.fills_before]
        for order, column in ((fill.buy, BUY_MAQ_BEFORE), (fill.sell, SELL_MAQ_BEFORE)):
            leaves = book.orders[order].leaves + fill.quantity
            set_leaves(book, int(order), leaves, before[column])


@folded
def drop_filled(book: Book) -> None:
    """Let the orders used up by the fills of this event give up their places."""
    state = book.state[0]
    for position in range(state.fills_before, state.fills):
        fill = book.fills[position]
        for order in (fill.buy, fill.sell):
            if book.orders[order].leaves == 0:
                leave(book, int(order))


@kernel
def _deal_source(book: Book, buy: int, sell: int, is_block: int, own: bool) -> int:
    """Return the deal source of a match; R11, R12, R13."""
    one, other = book.orders[buy], book.orders[sell]
    same_key = one.crossing_key != 0 and one.crossing_key == other.crossing_key
    is_booking = same_key and one.participant == other.participant
    if is_booking and book.state[0].rules & CROSSING_KEY:
        return _BOOKING
    if one.preference_only or other.preference_only:
        return _PREFERENCE_ONLY[is_block]
    return _PREFERENCED[is_block] if own else _PLAIN[is_block]
