"""Prices that a quote allows: whether any, those on tick inside the spread, those of blocks.

Prices of quotes and tick tables are in 0.1 cent; names that end in `_x2` are doubled. A tick table
is int64[steps, 2], ascending: from which price which tick holds; it begins at or below any price.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.events import BUY, SELL, Obstacle
from sweep_dask.matching.rules import CONTINUOUS_ONLY, NORMAL_QUOTE

IntArray = NDArray[np.int64]

#: There is no price; no price of the market is 0.
NO_PRICE = 0
#: Rows of `Book.blocks[side]`.
BLOCK_LEVEL, BLOCK_PRICE = 0, 1

_OPEN = int(Obstacle.NONE)
_SESSION = int(Obstacle.SESSION)
_NO_QUOTE = int(Obstacle.NO_QUOTE)
_LOCKED_OR_CROSSED = int(Obstacle.LOCKED_OR_CROSSED)


@kernel
def closed(rules: int, is_continuous: int, bid: int, offer: int) -> int:
    """Return why nobody can trade now, an `Obstacle`; R18, R19."""
    if rules & CONTINUOUS_ONLY and not is_continuous:
        return _SESSION
    if bid <= 0 or offer <= 0:
        return _NO_QUOTE
    if rules & NORMAL_QUOTE and bid >= offer:
        return _LOCKED_OR_CROSSED
    return _OPEN


@kernel
def levels_within(limits_x2: IntArray, side: int, price_x2: int) -> int:
    """Return how many limits of a side accept a price; they are its levels from 1 up."""
    if side == SELL:
        return int(np.searchsorted(limits_x2, price_x2, side="right"))
    return limits_x2.size - int(np.searchsorted(limits_x2, price_x2, side="left"))


@kernel
def limit_of(limits_x2: IntArray, side: int, level: int) -> int:
    """Return the limit, doubled, of a level of a side."""
    return int(limits_x2[level - 1 if side == SELL else limits_x2.size - level])


@kernel
def on_tick_from(ticks: IntArray, bid: int, offer: int, side: int, price_x2: int) -> int:
    """Return the first doubled on-tick price inside the spread at or beyond a price, or NO_PRICE.

    Beyond means worse for an incoming order of the side: higher for a buy, lower for a sell.
    """
    if side == BUY:
        price = _on_tick_at_least(ticks, bid, min((price_x2 + 1) >> 1, offer))
        return 2 * price if price < offer else NO_PRICE
    return 2 * _on_tick_at_most(ticks, bid, min(price_x2 >> 1, offer - 1))


@kernel
def block_price(ticks: IntArray, side: int, limit_x2: int) -> int:
    """Return the limit taken to the tick on the order's safe side, doubled; R6."""
    price, is_half = limit_x2 >> 1, limit_x2 & 1
    tick = ticks[_step_of(ticks, price), 1]
    down = price // tick * tick
    is_on_tick = down == price and not is_half
    return int(2 * (down if side == BUY or is_on_tick else down + tick))


def block_levels(limits_x2: IntArray, ticks: IntArray, *, has_blocks: bool) -> IntArray:
    """Return the block level of each level and the price of each block level, for both sides.

    int64[2, 2, levels + 1], the first side is the buys; both kinds of level count from 1, the most
    generous. Limits within a tick share a block level. Without blocks there are no levels.
    """
    if not has_blocks:
        return np.zeros((2, 2, 1), np.int64)
    blocks = np.zeros((2, 2, limits_x2.size + 1), np.int64)
    for side in (BUY, SELL):
        limits = limits_x2[::-1] if side == BUY else limits_x2
        prices = np.array([block_price(ticks, side, limit) for limit in limits], np.int64)
        # The most generous first.
        sign = -1 if side == BUY else 1
        generous, level = np.unique(sign * prices, return_inverse=True)
        blocks[side - 1, BLOCK_LEVEL, 1:] = level + 1
        blocks[side - 1, BLOCK_PRICE, 1 : generous.size + 1] = sign * generous
        # Block levels that nobody has are no better than the worst.
        blocks[side - 1, BLOCK_PRICE, generous.size + 1 :] = sign * generous.max(initial=0)
    return blocks


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
