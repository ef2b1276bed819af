"""The quote moves, or continuous trading begins: resting orders that agree meet each other; R17.

The steps grow with the orders of the side that has fewer in reach and, for each, with those of the
other side that it looks at in vain (see `queue`). Dark limit orders are all looked at, once, if the
two sides have an on-tick price in common.
"""

from __future__ import annotations

from sweep_dask.compiled import kernel
from sweep_dask.matching.adopting import Pairs
from sweep_dask.matching.book import ANY, DARK, NO_REACH, NOBODY, YOUNGEST, Book
from sweep_dask.matching.events import Obstacle
from sweep_dask.matching.fills import undo
from sweep_dask.matching.queue import (
    EVERYONE,
    NOT_ADOPTING,
    Question,
    bit_of,
    next_in_time,
    next_order,
)
from sweep_dask.matching.quotes import NO_PRICE, Quote, closed, on_tick_from
from sweep_dask.matching.rules import DARK_LIMIT, LIMIT_TEST, QUOTE_MOVES
from sweep_dask.matching.search import leaves_of, next_eligible, reach_at
from sweep_dask.matching.walk import Walk, fill_inside
from sweep_dask.terms.sides import BUY, SELL

_OPEN = int(Obstacle.NONE)
_ADOPTERS, _OF_ONE = int(Pairs.ADOPTERS), int(Pairs.OF_ONE)


@kernel
def uncross(book: Book) -> None:
    """Let resting orders trade that agree at the standing quote."""
    state = book.state[0]
    quote = Quote(state.bid, state.offer)
    if not state.rules & QUOTE_MOVES or closed(state, quote) != _OPEN:
        return
    for is_before_midpoint in (True, False):
        _uncross_on_tick(book, quote, is_before_midpoint)
        if is_before_midpoint:
            _uncross_at_midpoint(book, quote)


@kernel
def _uncross_at_midpoint(book: Book, quote: Quote) -> None:
    """Let the side with fewer eligible orders take, the oldest first, until nothing more trades."""
    mid_x2 = quote.bid + quote.offer
    buys = Question(BUY - 1, ANY, ANY, reach_at(book, int(BUY), mid_x2), EVERYONE)
    sells = Question(SELL - 1, ANY, ANY, reach_at(book, int(SELL), mid_x2), EVERYONE)
    if book.state[0].apart and _are_all_apart(book, buys, sells):
        return
    buy = sell = int(NOBODY)
    while True:
        buy, sell = next_eligible(book, buys, buy), next_eligible(book, sells, sell)
        if buy < 0 or sell < 0:
            break
    takers, contras, mid = (buys, sells, mid_x2) if buy < 0 else (sells, buys, -mid_x2)
    most_help = leaves_of(book, takers, int(YOUNGEST))
    contra_leaves = leaves_of(book, contras, most_help)
    walk = Walk(mid - 1, mid + 1, False, False, False, most_help)
    has_traded = most_help > 0
    while has_traded:
        has_traded, order = False, int(NOBODY)
        while True:
            order = next_order(book, takers, order)
            if order < 0:
                break
            if not book.orders[order].preference_only:
                has_traded = _take(book, order, quote, walk, contra_leaves) or has_traded


@kernel
def _are_all_apart(book: Book, buys: Question, sells: Question) -> bool:
    """Whether everybody of one side is surely kept apart from everybody of the other."""
    state = book.state[0]
    anybody_buys = _is_any(book, buys, int(NOT_ADOPTING))
    anybody_sells = _is_any(book, sells, int(NOT_ADOPTING))
    if state.apart & _ADOPTERS and not anybody_buys and not anybody_sells:
        return True
    buy = next_in_time(book, buys, int(NOBODY))
    if not state.apart & _OF_ONE or (anybody_buys and anybody_sells) or buy < 0:
        return False
    participant = book.orders[buy].participant
    bit = bit_of(participant)
    others = ~bit & ~NOT_ADOPTING
    is_of_one = participant >= 0 and not bit & state.shared_bits
    return is_of_one and not _is_any(book, buys, others) and not _is_any(book, sells, others)


@kernel
def _is_any(book: Book, question: Question, participants: int) -> bool:
    """Whether a question finds anybody with one of some bits."""
    side, column, style, reach_x2, _ = question
    asked = Question(side, column, style, reach_x2, participants)
    return bool(next_in_time(book, asked, int(NOBODY)) >= 0)


@kernel
def _uncross_on_tick(book: Book, quote: Quote, is_before_midpoint: bool) -> None:
    """Let each dark limit order, the oldest first, walk its prices against older ones.

    Before the midpoint come the prices that are better for the order than the midpoint, after it
    the worse ones.
    """
    low_x2, high_x2, mid_x2 = *_agreed_prices(book, quote), quote.bid + quote.offer
    if low_x2 == NO_PRICE or high_x2 == NO_PRICE or low_x2 > high_x2:
        return
    buys = Question(BUY - 1, ANY, DARK, reach_at(book, int(BUY), low_x2), EVERYONE)
    sells = Question(SELL - 1, ANY, DARK, reach_at(book, int(SELL), high_x2), EVERYONE)
    bought, sold = leaves_of(book, buys, int(YOUNGEST)), leaves_of(book, sells, int(YOUNGEST))
    buy = next_eligible(book, buys, int(NOBODY))
    sell = next_eligible(book, sells, int(NOBODY))
    if buy < 0 or sell < 0:
        return
    # Those before it have no older contra.
    first = max(book.orders[buy].rank, book.orders[sell].rank)
    while buy >= 0 or sell >= 0:
        if sell < 0 or (buy >= 0 and book.orders[buy].rank < book.orders[sell].rank):
            order, most_help, contra_leaves = buy, bought, sold
            best, worst, mid = low_x2, high_x2, mid_x2
            buy = next_eligible(book, buys, buy)
        else:
            order, most_help, contra_leaves = sell, sold, bought
            best, worst, mid = -high_x2, -low_x2, -mid_x2
            sell = next_eligible(book, sells, sell)
        above = best - 1 if is_before_midpoint else max(best - 1, mid)
        below = min(worst + 1, mid) if is_before_midpoint else worst + 1
        if book.orders[order].rank >= first:
            walk = Walk(above, below, True, False, False, most_help)
            _take(book, order, quote, walk, contra_leaves)


@kernel
def _agreed_prices(book: Book, quote: Quote) -> tuple[int, int]:
    """Return the lowest and the highest on-tick price at which dark limit orders may meet.

    NO_PRICE, or a low above the high, if there are none.
    """
    rules = book.state[0].rules
    buy_x2, sell_x2 = book.tree[BUY - 1, 1, DARK], book.tree[SELL - 1, 1, DARK]
    if buy_x2 == NO_REACH or sell_x2 == NO_REACH or not rules & DARK_LIMIT:
        return NO_PRICE, NO_PRICE
    low_x2, high_x2 = 2 * quote.bid, 2 * quote.offer
    if rules & LIMIT_TEST:
        low_x2, high_x2 = max(low_x2, -sell_x2), min(high_x2, buy_x2)
    return (
        on_tick_from(book.ticks, quote, int(BUY), low_x2),
        on_tick_from(book.ticks, quote, int(SELL), high_x2),
    )


@kernel
def _take(book: Book, order: int, quote: Quote, walk: Walk, contra_leaves: int) -> bool:
    """Let a resting order walk prices, undone if its minimum is not met; whether it traded.

    No contras have more than `contra_leaves` together.
    """
    taker, state = book.orders[order], book.state[0]
    if walk.above + 1 >= walk.below or taker.maq > contra_leaves:
        return False
    needed = 0 if taker.single_fill else taker.maq
    first, before = state.fills, taker.leaves
    fill_inside(book, order, quote, walk)
    if before - taker.leaves < needed:
        undo(book, first)
        state.fills = first
    return bool(state.fills > first)
