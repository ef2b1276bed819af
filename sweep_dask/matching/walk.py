"""An order walks the prices inside the spread, from the best to the worst for it; R1, R5.

They are the midpoint and, for dark limit orders, all that are on tick. A spread may have thousands
of ticks. What an order finds changes only where another contra becomes eligible or a helper ceases
to be, so the walk goes from one such price to the next.

Prices are told as *costs* here, doubled prices that are negative for sells: for either side a
higher one is worse. An order trades up to the cost that it reaches; its contras must reach the
negative of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sweep_dask.compiled import kernel
from sweep_dask.matching.book import ANY, DARK, NO_REACH, NOBODY, Book
from sweep_dask.matching.queue import EVERYONE, Question, next_in_time
from sweep_dask.matching.quotes import NO_PRICE, Quote, on_tick_from
from sweep_dask.matching.rules import LIMIT_TEST
from sweep_dask.matching.search import Search
from sweep_dask.matching.taking import fill_at

#: Below and above any cost, the bounds of a walk over all prices.
BEST, WORST = NO_REACH, -NO_REACH
#: There is no cost.
_NEVER = WORST


class Walk(NamedTuple):
    """The prices that an order walks, strictly between two."""

    above: int
    """The cost below the best."""
    below: int
    """The cost beyond the worst."""
    is_on_tick: bool
    """Whether prices on tick are among them, or the midpoint alone."""
    own: bool
    is_incoming: bool
    most_help: int
    """As those of `Search`."""


@kernel
def fill_inside(book: Book, order: int, quote: Quote, walk: Walk) -> None:
    """Let an order trade at each of the prices of a walk."""
    taker, sign = book.orders[order], 3 - 2 * book.orders[order].side
    last = walk.below - 1
    if book.state[0].rules & LIMIT_TEST:
        last = min(last, taker.reach_x2)
    mid, on_tick = sign * (quote.bid + quote.offer), _NEVER
    midpoint = mid if mid > walk.above else _NEVER
    if walk.is_on_tick:
        on_tick = _first_cost(book, taker, quote, walk.above + 1)
    while taker.leaves > 0 and min(midpoint, on_tick) <= last:
        cost, own = min(midpoint, on_tick), walk.own
        search = Search(sign * cost, cost != mid, own, walk.is_incoming, walk.most_help)
        column, may_differ = fill_at(book, order, search)
        if cost == mid:
            midpoint = _NEVER
        if cost == on_tick:
            cost = _cost_after(book, taker, cost, column, may_differ)
            on_tick = _first_cost(book, taker, quote, cost)


@kernel
def _first_cost(book: Book, taker: Any, quote: Quote, cost: int) -> int:
    """Return the first on-tick cost from one on at which somebody may be met; _NEVER if none."""
    farthest_x2 = book.tree[2 - taker.side, 1, DARK]
    if cost == _NEVER or farthest_x2 == NO_REACH:
        return _NEVER
    if book.state[0].rules & LIMIT_TEST:
        cost = max(cost, -farthest_x2)
    sign = 3 - 2 * taker.side
    price_x2 = on_tick_from(book.ticks, quote, taker.side, sign * cost)
    return sign * price_x2 if price_x2 != NO_PRICE else _NEVER


@kernel
def _cost_after(book: Book, taker: Any, cost: int, column: int, may_differ: bool) -> int:
    """Return the first cost beyond one where contras of a class differ, or helpers that may."""
    if not book.state[0].rules & LIMIT_TEST:
        return _NEVER
    after = -_farthest_below(book, 2 - taker.side, column, -cost)
    if may_differ:
        after = min(after, _nearest_from(book, taker.side - 1, cost) + 1)
    return after


@kernel
def _farthest_below(book: Book, side: int, column: int, below_x2: int) -> int:
    """Return the farthest reach below one of a side's dark limit orders of a class of MAQs."""
    farthest_x2, order = NO_REACH, int(NOBODY)
    while True:
        order = next_in_time(book, Question(side, column, DARK, farthest_x2 + 1, EVERYONE), order)
        if order < 0:
            return farthest_x2
        if book.orders[order].reach_x2 < below_x2:
            farthest_x2 = book.orders[order].reach_x2


@kernel
def _nearest_from(book: Book, side: int, reach_x2: int) -> int:
    """Return the nearest reach from one on of the dark limit orders of a side; _NEVER if none."""
    nearest_x2, order = _NEVER, int(NOBODY)
    while True:
        order = next_in_time(book, Question(side, ANY, DARK, reach_x2, EVERYONE), order)
        if order < 0:
            return nearest_x2
        nearest_x2 = min(nearest_x2, book.orders[order].reach_x2)
