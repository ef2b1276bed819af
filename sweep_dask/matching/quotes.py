"""Prices that a quote allows: whether any, those on tick inside the spread, those of blocks.

Prices of quotes and tick tables are in 0.1 cent; names that end in `_x2` are doubled. A tick table
is int64[steps, 2], ascending: from which price which tick holds; it begins at or below any price.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep_dask.compiled import kernel
from sweep_dask.matching.events import Obstacle
from sweep_dask.matching.rules import CONTINUOUS_ONLY, NORMAL_QUOTE
from sweep_dask.terms.sides import BUY

IntArray = NDArray[np.int64]

#: There is no price; no price of the market is 0.
NO_PRICE = 0

_OPEN = int(Obstacle.NONE)
_SESSION = int(Obstacle.SESSION)
_NO_QUOTE = int(Obstacle.NO_QUOTE)
_LOCKED_OR_CROSSED = int(Obstacle.LOCKED_OR_CROSSED)


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
