"""The on-tick prices inside the spread at which it is worth to look for contras; R5.

A spread may have thousands of ticks. What an order finds changes only where another contra becomes
eligible or a helper ceases to be, so the walk goes from one such price to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.events import BUY
from sweep_dask.matching.priority_queue import (
    order_count,
    total_leaves,
    total_leaves_without_maq,
)
from sweep_dask.matching.quotes import NO_PRICE, limit_of, on_tick_from
from sweep_dask.matching.rules import LIMIT_TEST, MINIMUM_QUANTITY_COMPLETION
from sweep_dask.matching.search import level_of_nth, levels_at
from sweep_dask.matching.variants import class_of

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book


@kernel
def first_price(book: Book, side: int, bid: int, offer: int, price_x2: int, own: int) -> int:
    """Return the first on-tick price at or beyond one where a dark limit contra is eligible.

    Beyond is worse for an incoming order of the side. `own` says that contras that are preference
    only count as well. NO_PRICE if there is none inside the spread.
    """
    price_x2 = on_tick_from(book.ticks, bid, offer, side, price_x2)
    if price_x2 == NO_PRICE:
        return NO_PRICE
    contra_side = 3 - side
    k = levels_at(book, contra_side, price_x2)
    best = NO_PRICE
    for preference_only in range(1 + own):
        contras = class_of(contra_side, preference_only, 1)
        eligible = order_count(book.queue, contras, k)
        if eligible > 0:
            return price_x2
        level = level_of_nth(book, contras, 1)
        if level > 0:
            limit_x2 = limit_of(book.limits_x2, contra_side, level)
            best = _nearer(side, best, on_tick_from(book.ticks, bid, offer, side, limit_x2))
    return best


@kernel
def price_after(book: Book, side: int, price_x2: int, own: int) -> int:
    """Return the first price beyond one where eligible contras or helpers differ, or NO_PRICE.

    It need not be on tick, nor inside the spread.
    """
    if not book.state[0].rules & LIMIT_TEST:
        return NO_PRICE
    contra_side = 3 - side
    k = levels_at(book, contra_side, price_x2)
    best = NO_PRICE
    for preference_only in range(1 + own):
        contras = class_of(contra_side, preference_only, 1)
        level = level_of_nth(book, contras, order_count(book.queue, contras, k) + 1)
        if level > 0:
            best = _nearer(side, best, limit_of(book.limits_x2, contra_side, level))
    contras = class_of(contra_side, 0, 1)
    free = total_leaves_without_maq(book.queue, contras, k)
    has_maq = total_leaves(book.queue, contras, k) > free
    if own or not has_maq or not book.state[0].rules & MINIMUM_QUANTITY_COMPLETION:
        return best
    helpers = class_of(side, 0, 1)
    eligible = order_count(book.queue, helpers, levels_at(book, side, price_x2))
    if eligible > 0:
        limit_x2 = limit_of(book.limits_x2, side, level_of_nth(book, helpers, eligible))
        best = _nearer(side, best, limit_x2 + 1 if side == BUY else limit_x2 - 1)
    return best


@kernel
def _nearer(side: int, one_x2: int, other_x2: int) -> int:
    """Return which price comes first for an incoming order of a side; NO_PRICE never does."""
    if one_x2 == NO_PRICE or other_x2 == NO_PRICE:
        return max(one_x2, other_x2)
    return min(one_x2, other_x2) if side == BUY else max(one_x2, other_x2)
