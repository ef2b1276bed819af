"""The quote moves, or trading begins: resting orders that now agree meet; R17."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.events import Obstacle, Style
from sweep_dask.matching.reference.book import prices_x2
from sweep_dask.matching.reference.one_price import Search, fill_at
from sweep_dask.matching.reference.orders import Attempt
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.matching.reference.book import Book
    from sweep_dask.matching.reference.orders import Order


def uncross(book: Book, made: Attempt) -> None:
    """Resting orders that agree at the standing quote trade with each other; R17."""
    if not book.rules.quote_moves or book.closed(book.quote) != Obstacle.NONE:
        return
    _uncross_on_tick(book, made, is_before_midpoint=True)
    _uncross_at_midpoint(book, made)
    _uncross_on_tick(book, made, is_before_midpoint=False)


def _uncross_at_midpoint(book: Book, made: Attempt) -> None:
    """The side with fewer orders takes, the oldest first, until nothing more trades."""
    search = Search(book.quote.mid_x2, Style.MIDPOINT, is_incoming=False)
    sides = [_takers(book, side, search) for side in (BUY, SELL)]
    takers = min(sides, key=len)
    traded = True
    while traded:
        traded = False
        for taker in takers:
            if taker.leaves > 0:
                traded |= _take_resting(book, taker, [search], made)


def _takers(book: Book, side: int, search: Search) -> list[Order]:
    """Who may take at the midpoint; R12."""
    eligible = book.queue.eligible(side, search.price_x2, search.style)
    return [order for order in eligible if not order.preference_only]


def _uncross_on_tick(book: Book, made: Attempt, *, is_before_midpoint: bool) -> None:
    """Each dark limit order, the oldest first, walks its prices against older ones; R5."""
    if not book.rules.dark_limit:
        return
    takers = [
        order
        for side in (BUY, SELL)
        for order in book.queue.resting(side)
        if order.style >= Style.DARK_LIMIT and not order.preference_only
    ]
    for taker in sorted(takers, key=lambda order: order.rank):
        if taker.leaves > 0:
            searches = _on_tick_searches(book, taker, is_before_midpoint=is_before_midpoint)
            _take_resting(book, taker, searches, made)


def _on_tick_searches(book: Book, taker: Order, *, is_before_midpoint: bool) -> list[Search]:
    """The prices the taker walks before the midpoint, which are better for it, or those after."""
    mid_x2 = book.quote.mid_x2
    is_above = (taker.side == SELL) == is_before_midpoint
    return [
        Search(price_x2, Style.DARK_LIMIT, is_incoming=False, older_only=True)
        for price_x2 in prices_x2(taker, book.quote, book.ticks, book.rules)
        if (price_x2 > mid_x2 if is_above else price_x2 < mid_x2)
    ]


def _take_resting(book: Book, taker: Order, searches: Sequence[Search], made: Attempt) -> bool:
    """One resting order takes others, or none if its minimum is not met; whether it did. R7."""
    attempt = Attempt()
    needed = 0 if taker.single_fill else taker.minimum_quantity
    before = taker.leaves
    for search in searches:
        fill_at(book, taker, search, attempt)
    if before - taker.leaves < needed:
        attempt.undo()
    made.add(attempt)
    return bool(attempt.fills)
