"""The tick table and what follows from it: price steps and half ticks.

Prices in 0.1 cent. Table of ASX Trade, Business Information section 12: 0.1 cent up to 10 cents,
0.5 cent up to A$2, 1 cent from there.
"""

from __future__ import annotations

from sweep_dask.sample.compiled import compiled_inner

#: Lower ends of the second and third price region, and the three ticks.
_FIVE_FROM, _TEN_FROM = 100, 2_000
_TICKS = (1, 5, 10)

#: `midtick` values that better the limit by half a tick (Business Information 24.1).
_WITH_HALF_TICK = (1, 4, 6)


@compiled_inner
def tick_above(price: int) -> int:
    """The distance from an on-tick price to the next one up."""
    if price < _FIVE_FROM:
        return _TICKS[0]
    return _TICKS[1] if price < _TEN_FROM else _TICKS[2]


@compiled_inner
def tick_below(price: int) -> int:
    """The distance from an on-tick price to the next one down."""
    return tick_above(price - 1)


@compiled_inner
def step(price: int, ticks: int) -> int:
    """The on-tick price `ticks` steps up (or down, if negative) from an on-tick price."""
    for _ in range(ticks):
        price += tick_above(price)
    for _ in range(-ticks):
        price -= tick_below(price)
    return price


@compiled_inner
def effective_limit_x2(price: int, is_buy: bool, midtick: int) -> int:
    """Twice the limit that counts in the dark: the entered one, bettered by half a tick if asked.

    At a border of the tick table a buy takes half the distance to the next price up, a sell half
    the distance to the next price down.
    """
    if midtick not in _WITH_HALF_TICK:
        return 2 * price
    return 2 * price + tick_above(price) if is_buy else 2 * price - tick_below(price)
