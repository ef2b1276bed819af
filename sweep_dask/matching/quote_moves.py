"""The quote moves, or continuous trading begins: resting orders that agree meet each other; R17."""

from __future__ import annotations

from sweep_dask.matching.book import ANY, NOBODY, YOUNGEST, Book
from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.events import BUY, SELL, Obstacle
from sweep_dask.matching.on_tick_moves import meet_on_tick
from sweep_dask.matching.queue import EVERYONE, Question, next_order
from sweep_dask.matching.quotes import Quote, closed
from sweep_dask.matching.rules import QUOTE_MOVES
from sweep_dask.matching.search import leaves_of, next_taker, reach_at
from sweep_dask.matching.takers import take
from sweep_dask.matching.walk import Walk

_OPEN = int(Obstacle.NONE)


@kernel
def meet(book: Book) -> None:
    """Let resting orders trade that agree at the standing quote."""
    state = book.state[0]
    quote = Quote(state.bid, state.offer)
    if not state.rules & QUOTE_MOVES or closed(state, quote) != _OPEN:
        return
    for is_before_midpoint in (True, False):
        meet_on_tick(book, quote, is_before_midpoint)
        if is_before_midpoint:
            _meet_at_midpoint(book, quote)


@kernel
def _meet_at_midpoint(book: Book, quote: Quote) -> None:
    """Let the side with fewer eligible orders take, the oldest first, until nothing more trades."""
    mid_x2 = quote.bid + quote.offer
    buys = Question(BUY - 1, ANY, ANY, reach_at(book, int(BUY), mid_x2), EVERYONE)
    sells = Question(SELL - 1, ANY, ANY, reach_at(book, int(SELL), mid_x2), EVERYONE)
    buy = sell = int(NOBODY)
    while True:
        buy, sell = next_taker(book, buys, buy), next_taker(book, sells, sell)
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
                has_traded = take(book, order, quote, walk, contra_leaves) or has_traded
