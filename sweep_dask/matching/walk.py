"""An order walks the prices inside the spread, from the best to the worst for it; R1, R5.

They are the midpoint and, for dark limit orders, all that are on tick. A spread may have thousands
of ticks. What an order finds changes only where another contra becomes eligible or a helper ceases
to be, so the walk goes from one such price to the next.

Prices of quotes and tick tables are in 0.1 cent; names that end in `_x2` are doubled. A tick table
is int64[steps, 2], ascending: from which price which tick holds; it begins at or below any price.
In a walk prices are told as *costs*, doubled prices that are negative for sells: for either side a
higher one is worse. An order trades up to the cost that it reaches; its contras must reach the
negative of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep_dask.compiled import kernel
from sweep_dask.matching.book import ANY, DARK, NO_REACH, NOBODY, Book
from sweep_dask.matching.events import Obstacle
from sweep_dask.matching.queue import EVERYONE, Question, next_in_time
from sweep_dask.matching.rules import CONTINUOUS_ONLY, LIMIT_TEST, NORMAL_QUOTE
from sweep_dask.matching.taking import Search, fill_at
from sweep_dask.terms.sides import BUY

IntArray = NDArray[np.int64]

#: There is no price; no price of the market is 0.
NO_PRICE = 0

_OPEN = int(Obstacle.NONE)
_SESSION = int(Obstacle.SESSION)
_NO_QUOTE = int(Obstacle.NO_QUOTE)
_LOCKED_OR_CROSSED = int(Obstacle.LOCKED_OR_CROSSED)

#: Below and above any cost, the bounds of a walk over all prices.
BEST, WORST = NO_REACH, -NO_REACH
#: There is no cost.
_NEVER = WORST


class Quote(NamedTuple):
    """The national best bid and offer in 0.1 cent; 0: there is none."""

    bid: int
    offer: int


@kernel
def closed(state: Any, quote: Quote) -> int:
    """Return why nobody can trade now at a quote, an `Obstacle`; R18, R19."""
    if state.rules & CONTINUOUS_ONLY and not state.is_continuous:
        return _SESSION
    if quote.bid <= 0 or quote.offer <= 0:
        return _NO_QUOTE
    if state.rules & NORMAL_QUOTE and quote.bid >= quote.offer:
        return _LOCKED_OR_CROSSED
    return _OPEN


@kernel
def on_tick_from(ticks: IntArray, quote: Quote, side: int, price_x2: int) -> int:
    """Return the first doubled on-tick price inside the spread at or beyond a price, or NO_PRICE.

    Beyond means worse for an incoming order of the side: higher for a buy, lower for a sell.
    """
    if side == BUY:
        price = _on_tick_at_least(ticks, quote.bid, min((price_x2 + 1) >> 1, quote.offer))
        return 2 * price if price < quote.offer else NO_PRICE
    return 2 * _on_tick_at_most(ticks, quote.bid, min(price_x2 >> 1, quote.offer - 1))


@kernel
def block_price(ticks: IntArray, side: int, limit_x2: int) -> int:
    """Return the limit taken to the tick on the order's safe side, doubled; R6."""
    price, is_half = limit_x2 >> 1, limit_x2 & 1
    tick = ticks[_step_of(ticks, price), 1]
    down = price // tick * tick
    is_on_tick = down == price and not is_half
    return int(2 * (down if side == BUY or is_on_tick else down + tick))


@kernel
def _step_of(ticks: IntArray, price: int) -> int:
    """Return the row of a tick table that holds at a price."""
    step = 0
    while step + 1 < ticks.shape[0] and ticks[step + 1, 0] <= price:
        step += 1
    return step


@kernel
def _on_tick_at_least(ticks: IntArray, bid: int, least: int) -> int:
    """Return the first on-tick price above the bid that is at least so high."""
    step = _step_of(ticks, bid)
    price = (bid // ticks[step, 1] + 1) * ticks[step, 1]
    while price < least:
        step = _step_of(ticks, price)
        tick = ticks[step, 1]
        # On tick are the multiples of this tick up to the first at or above the next row's price.
        target = least
        if step + 1 < ticks.shape[0]:
            target = min(target, ticks[step + 1, 0])
        price = max((price // tick + 1) * tick, -(-target // tick) * tick)
    return int(price)


@kernel
def _on_tick_at_most(ticks: IntArray, bid: int, most: int) -> int:
    """Return the last on-tick price above the bid that is at most so high, or NO_PRICE."""
    step = _step_of(ticks, bid)
    price = (bid // ticks[step, 1] + 1) * ticks[step, 1]
    if price > most:
        return NO_PRICE
    while True:
        step = _step_of(ticks, price)
        tick = ticks[step, 1]
        is_last = step + 1 == ticks.shape[0] or ticks[step + 1, 0] > most
        # The next row begins with the first multiple of this tick at or above its price.
        target = most // tick * tick if is_last else -(-ticks[step + 1, 0] // tick) * tick
        if is_last or target > most:
            return int(max(price, min(target, most // tick * tick)))
        price = target


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
