"""Resting dark limit orders meet each other at on-tick prices as the quote moves; R5, R17."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.events import BUY, SELL
from sweep_dask.matching.fills import undo
from sweep_dask.matching.priority_queue import oldest, total_leaves
from sweep_dask.matching.quotes import NO_PRICE, limit_of, on_tick_from
from sweep_dask.matching.rules import DARK_LIMIT, LIMIT_TEST, MINIMUM_QUANTITY_COMPLETION
from sweep_dask.matching.search import NOBODY, least_maq, level_of_nth, levels_at
from sweep_dask.matching.taking import fill_on_tick
from sweep_dask.matching.variants import MULTI_FILL, SINGLE_FILL, class_of, variant_of

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book


@kernel
def meet_on_tick(book: Book, is_before_midpoint: bool) -> None:
    """Let each dark limit order, the oldest first, walk its prices against older ones.

    Before the midpoint come the prices that are better for the order than the midpoint, after it
    the worse ones.
    """
    state = book.state[0]
    low_x2, high_x2 = _agreed_prices(book)
    if low_x2 == NO_PRICE or high_x2 == NO_PRICE or low_x2 > high_x2:
        return
    bid, offer, mid_x2 = state.bid, state.offer, state.bid + state.offer
    below_x2, above_x2 = min(high_x2, mid_x2 - 1), max(low_x2, mid_x2 + 1)
    rank = 0
    while True:
        taker = _next_taker(book, low_x2, high_x2, rank)
        if taker < 0:
            return
        rank = book.orders[taker].rank
        is_sell = book.orders[taker].side == SELL
        if is_sell == is_before_midpoint:
            first_x2, last_x2 = above_x2, high_x2
        else:
            first_x2, last_x2 = low_x2, below_x2
        if first_x2 <= last_x2:
            if is_sell:
                first_x2, last_x2 = last_x2, first_x2
            _take(book, taker, bid, offer, first_x2, last_x2)


@kernel
def _agreed_prices(book: Book) -> tuple[int, int]:
    """Return the lowest and the highest on-tick price at which dark limit orders may meet.

    NO_PRICE, or a low above the high, if there are none.
    """
    state = book.state[0]
    buy = level_of_nth(book, class_of(BUY, 0, 1), 1)
    sell = level_of_nth(book, class_of(SELL, 0, 1), 1)
    if buy == 0 or sell == 0 or not state.rules & DARK_LIMIT:
        return NO_PRICE, NO_PRICE
    low_x2, high_x2 = 2 * state.bid, 2 * state.offer
    if state.rules & LIMIT_TEST:
        low_x2 = max(low_x2, limit_of(book.limits_x2, SELL, sell))
        high_x2 = min(high_x2, limit_of(book.limits_x2, BUY, buy))
    return (
        on_tick_from(book.ticks, state.bid, state.offer, BUY, low_x2),
        on_tick_from(book.ticks, state.bid, state.offer, SELL, high_x2),
    )


@kernel
def _next_taker(book: Book, low_x2: int, high_x2: int, after_rank: int) -> int:
    """Return the next dark limit order of either side that the other side might satisfy."""
    found = NOBODY
    for side in (BUY, SELL):
        k = levels_at(book, side, low_x2 if side == BUY else high_x2)
        contra_k = levels_at(book, 3 - side, high_x2 if side == BUY else low_x2)
        most_maq = total_leaves(book.queue, class_of(3 - side, 0, 1), contra_k)
        least_leaves = _least_leaves(book, side, k, contra_k)
        for kind in (MULTI_FILL, SINGLE_FILL):
            variant = variant_of(book, side, 1, kind)
            order = oldest(book.queue, variant, k, most_maq, least_leaves, after_rank)
            if order >= 0 and (found < 0 or book.orders[order].rank < book.orders[found].rank):
                found = order
    return found


@kernel
def _least_leaves(book: Book, side: int, k: int, contra_k: int) -> int:
    """Return the shares without which an order of a side meets the MAQ of no contra."""
    single = least_maq(book, 3 - side, 1, SINGLE_FILL, contra_k)
    multi = least_maq(book, 3 - side, 1, MULTI_FILL, contra_k)
    if book.state[0].rules & MINIMUM_QUANTITY_COMPLETION:
        multi -= total_leaves(book.queue, class_of(side, 0, 1), k)
    return min(single, multi)


@kernel
def _take(book: Book, taker: int, bid: int, offer: int, first_x2: int, last_x2: int) -> None:
    """Let a resting order walk prices; undone if its minimum is not met."""
    slot, state = book.orders[taker], book.state[0]
    needed = 0 if slot.single_fill else slot.maq
    first, before = state.fills, slot.leaves
    fill_on_tick(book, taker, bid, offer, first_x2, last_x2, False, False)
    if before - slot.leaves < needed:
        undo(book, first)
        state.fills = first
