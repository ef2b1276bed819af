"""Ticks of the generated market: those of the default table."""

from __future__ import annotations

from sweep_dask.market import ticks
from sweep_dask.market.ticks import DEFAULT_TICKS
from sweep_dask.sample.compiled import kernel

_FROM_PRICE, _TICK = DEFAULT_TICKS.arrays


def prices_around(price: int, distance_ticks: int) -> tuple[int, int]:
    """The on-tick prices so many steps below and above an on-tick price."""
    lowest = highest = price
    for _ in range(distance_ticks):
        lowest -= int(ticks.tick_below(lowest, _FROM_PRICE, _TICK))
        highest += int(ticks.tick_above(highest, _FROM_PRICE, _TICK))
    return lowest, highest


@kernel
def tick_above(price: int) -> int:
    """The distance from an on-tick price to the next one up."""
    return int(ticks.tick_above(price, _FROM_PRICE, _TICK))


@kernel
def step(price: int, ticks_up: int) -> int:
    """The on-tick price so many steps up (or down, if negative) from an on-tick price."""
    for _ in range(ticks_up):
        price += ticks.tick_above(price, _FROM_PRICE, _TICK)
    for _ in range(-ticks_up):
        price -= ticks.tick_below(price, _FROM_PRICE, _TICK)
    return price


@kernel
def effective_limit_x2(price: int, is_buy: bool, midtick: int) -> int:
    """Twice the limit that counts in the dark."""
    return int(ticks.effective_limit_x2(price, is_buy, midtick, _FROM_PRICE, _TICK))
