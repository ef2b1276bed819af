"""Resting dark limit orders meet each other at on-tick prices as the quote moves; R5, R17."""

from __future__ import annotations

from sweep_dask.matching.book import ANY, DARK, NO_REACH, NOBODY, YOUNGEST, Book
from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.events import BUY, SELL
from sweep_dask.matching.queue import EVERYONE, Question
from sweep_dask.matching.quotes import NO_PRICE, Quote, on_tick_from
from sweep_dask.matching.rules import DARK_LIMIT, LIMIT_TEST
from sweep_dask.matching.search import leaves_of, next_taker, reach_at
from sweep_dask.matching.takers import take
from sweep_dask.matching.walk import Walk


@kernel
def meet_on_tick(book: Book, quote: Quote, is_before_midpoint: bool) -> None:
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
    buy = next_taker(book, buys, int(NOBODY))
    sell = next_taker(book, sells, int(NOBODY))
    if buy < 0 or sell < 0:
        return
    # Those before it have no older contra.
    first = max(book.orders[buy].rank, book.orders[sell].rank)
    while buy >= 0 or sell >= 0:
        if sell < 0 or (buy >= 0 and book.orders[buy].rank < book.orders[sell].rank):
            order, most_help, contra_leaves = buy, bought, sold
            best, worst, mid = low_x2, high_x2, mid_x2
            buy = next_taker(book, buys, buy)
        else:
            order, most_help, contra_leaves = sell, sold, bought
            best, worst, mid = -high_x2, -low_x2, -mid_x2
            sell = next_taker(book, sells, sell)
        above = best - 1 if is_before_midpoint else max(best - 1, mid)
        below = min(worst + 1, mid) if is_before_midpoint else worst + 1
        if book.orders[order].rank >= first:
            walk = Walk(above, below, True, False, False, most_help)
            take(book, order, quote, walk, contra_leaves)


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
