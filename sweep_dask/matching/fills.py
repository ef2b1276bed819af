"""Matches are written down, taken back, and what they used up leaves the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.compiled import kernel
from sweep_dask.matching.adopting import pairs_of
from sweep_dask.matching.events import Route
from sweep_dask.matching.queue import leave, show
from sweep_dask.matching.rules import CROSSING_KEY, MINIMUM_QUANTITY_RESET
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book

#: Deal sources by whether the match is one of the block phase.
_PLAIN, _PREFERENCED, _PREFERENCE_ONLY, _BOOKING = (47, 50), (46, 51), (49, 52), 48

_BLOCK = int(Route.BLOCK)


class Deal(NamedTuple):
    """On what two orders agree."""

    quantity: int
    price_x2: int
    route: int
    aggressor: int
    """Side of the incoming order; 0: both rested."""
    own: bool
    """Whether they met in a pass over the participant's own orders."""


@kernel
def match(book: Book, one: int, other: int, deal: Deal) -> None:
    """Fill two orders with each other."""
    state = book.state[0]
    buy, sell = (one, other) if book.orders[one].side == BUY else (other, one)
    fill = book.fills[state.fills]
    fill.event = state.position
    fill.buy = buy
    fill.sell = sell
    fill.quantity = deal.quantity
    fill.price_x2 = deal.price_x2
    fill.deal_source = _deal_source(book, buy, sell, deal)
    fill.aggressor = deal.aggressor
    fill.route = deal.route
    state.fills += 1
    state.met |= pairs_of(book.orders[one], book.orders[other])
    add_leaves(book, buy, -deal.quantity)
    add_leaves(book, sell, -deal.quantity)


@kernel
def add_leaves(book: Book, order: int, quantity: int) -> None:
    """Add shares to the leaves of an order, or take some; a MAQ above what is left is none, R9.

    To add what was taken gives the MAQ back as well.
    """
    slot = book.orders[order]
    leaves, maq = slot.leaves + quantity, slot.given_maq
    if maq > leaves and book.state[0].rules & MINIMUM_QUANTITY_RESET:
        maq = 0
    # The queue knows whether something is left, and the MAQ, but not how much is left.
    is_seen = maq != slot.maq or leaves == 0 or slot.leaves == 0
    slot.leaves, slot.maq = leaves, maq
    if slot.rests and is_seen:
        show(book, order)


@kernel
def undo(book: Book, first: int) -> None:
    """Give the orders of this event's fills from the first on their leaves and MAQs back."""
    for position in range(first, book.state[0].fills):
        fill = book.fills[position]
        for order in (fill.buy, fill.sell):
            add_leaves(book, 0 + order, fill.quantity)


@kernel
def drop_filled(book: Book) -> None:
    """Let the orders used up by the fills of this event give up their places."""
    state = book.state[0]
    for position in range(state.fills_before, state.fills):
        fill = book.fills[position]
        for order in (fill.buy, fill.sell):
            if book.orders[order].leaves == 0:
                leave(book, 0 + order)


@kernel
def _deal_source(book: Book, buy: int, sell: int, deal: Deal) -> int:
    """Return the deal source of a match; R11, R12, R13."""
    one, other = book.orders[buy], book.orders[sell]
    same_key = one.crossing_key != 0 and one.crossing_key == other.crossing_key
    is_booking = same_key and one.participant == other.participant
    is_block = int(deal.route == _BLOCK)
    if is_booking and book.state[0].rules & CROSSING_KEY:
        return _BOOKING
    if one.preference_only or other.preference_only:
        return _PREFERENCE_ONLY[is_block]
    return _PREFERENCED[is_block] if deal.own else _PLAIN[is_block]
