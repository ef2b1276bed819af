"""The quote moves, or continuous trading begins: resting orders that agree meet each other; R17."""

from __future__ import annotations

from sweep_dask.matching.arena import NO_ORDER_MAQ
from sweep_dask.matching.book import TAKER, YOUNGEST, Book
from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.events import BUY, SELL, Obstacle
from sweep_dask.matching.fills import undo
from sweep_dask.matching.on_tick_moves import meet_on_tick
from sweep_dask.matching.priority_queue import total_leaves
from sweep_dask.matching.quotes import closed
from sweep_dask.matching.rules import MINIMUM_QUANTITY_COMPLETION, QUOTE_MOVES, TIME_PRIORITY
from sweep_dask.matching.search import (
    NOBODY,
    earlier,
    eligible_count,
    levels_at,
    most_leaves,
    next_order,
)
from sweep_dask.matching.taking import fill_at
from sweep_dask.matching.variants import MULTI_FILL, SINGLE_FILL, class_of, variant_of

_OPEN = int(Obstacle.NONE)


@kernel
def meet(book: Book) -> None:
    """Let resting orders trade that agree at the standing quote."""
    state = book.state[0]
    if not state.rules & QUOTE_MOVES:
        return
    if closed(state.rules, state.is_continuous, state.bid, state.offer) != _OPEN:
        return
    meet_on_tick(book, True)
    _meet_at_midpoint(book, state.bid + state.offer)
    meet_on_tick(book, False)


@kernel
def _meet_at_midpoint(book: Book, mid_x2: int) -> None:
    """Let the side with fewer eligible orders take, the oldest first, until nothing more trades."""
    k_buy, k_sell = levels_at(book, BUY, mid_x2), levels_at(book, SELL, mid_x2)
    buys = eligible_count(book, BUY, 0, k_buy)
    sells = eligible_count(book, SELL, 0, k_sell)
    if buys == 0 or sells == 0:
        return
    side = BUY if buys <= sells else SELL
    k, contra_k = (k_buy, k_sell) if side == BUY else (k_sell, k_buy)
    if not _may_meet(book, side, k, contra_k) or not _may_meet(book, 3 - side, contra_k, k):
        return
    takers = _list_takers(book, side, k)
    state = book.state[0]
    # With price before time, those ahead of a taker are not those that came before it here.
    knows_ahead = bool(state.rules & TIME_PRIORITY and state.rules & MINIMUM_QUANTITY_COMPLETION)
    trades = 1
    while trades > 0:
        trades = 0
        state.ahead_is_known, state.ahead_all, state.ahead_free = knows_ahead, 0, 0
        for position in range(takers):
            taker = book.scratch[position, TAKER]
            slot = book.orders[taker]
            book.queue.steps[0] += 1
            if slot.leaves > 0:
                trades += _take(book, taker, mid_x2, contra_k)
                state.ahead_all += slot.leaves
                state.ahead_free += slot.leaves if slot.maq == 0 else 0
    state.ahead_is_known = 0


@kernel
def _may_meet(book: Book, side: int, k: int, contra_k: int) -> bool:
    """Whether the other side could meet the MAQ of any order of this side.

    A multi-fill MAQ takes all of its orders together, a single-fill one the largest.
    """
    together = total_leaves(book.queue, class_of(3 - side, 0, 0), contra_k)
    multi_fill = variant_of(book, side, 0, MULTI_FILL)
    if next_order(book, multi_fill, k, together, 1, NOBODY, YOUNGEST) >= 0:
        return True
    single_fill = variant_of(book, side, 0, SINGLE_FILL)
    largest = most_leaves(book, 3 - side, 0, contra_k)
    return next_order(book, single_fill, k, largest, 1, NOBODY, YOUNGEST) >= 0


@kernel
def _list_takers(book: Book, side: int, k: int) -> int:
    """List the eligible orders of a side in their priority, and return how many there are."""
    listed, order = 0, NOBODY
    single_fill = variant_of(book, side, 0, SINGLE_FILL)
    multi_fill = variant_of(book, side, 0, MULTI_FILL)
    while True:
        single = next_order(book, single_fill, k, NO_ORDER_MAQ - 1, 1, order, YOUNGEST)
        multi = next_order(book, multi_fill, k, NO_ORDER_MAQ - 1, 1, order, YOUNGEST)
        order = earlier(book, single, multi)
        if order < 0:
            return listed
        book.scratch[listed, TAKER] = order
        listed += 1


@kernel
def _take(book: Book, taker: int, mid_x2: int, contra_k: int) -> int:
    """Let a resting order take at the midpoint; undone if its minimum is not met.

    Returns 1 if it traded, else 0.
    """
    slot, state = book.orders[taker], book.state[0]
    needed = 0 if slot.single_fill else slot.maq
    if needed > total_leaves(book.queue, class_of(3 - slot.side, 0, 0), contra_k):
        return 0
    first, before = state.fills, slot.leaves
    ahead_all, ahead_free = state.ahead_all, state.ahead_free
    fill_at(book, taker, mid_x2, 0, False)
    if before - slot.leaves < needed:
        undo(book, first)
        state.fills = first
        state.ahead_all, state.ahead_free = ahead_all, ahead_free
    return int(state.fills > first)
