"""The tick table: which prices are on a tick, and what half a tick is worth; and published prices.

Prices are in the file's unit (0.1 cent); those ending in `_x2` are doubled, so that half ticks are
whole numbers. The table is not in any file of the extract, so it comes from the configuration. The
compiled functions take it as its two arrays and serve kernels and Python alike:
`tick_above(price, *table.arrays)`. Unless they say otherwise, `price` is a number or an array.

The exchange publishes the exact price truncated, never rounded, to the unit of its files (ASX
Trade, Business Information, section 24.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sweep_dask.compiled import entry, kernel
from sweep_dask.errors import UsageError
from sweep_dask.market.order_codes import WITH_HALF_TICK

if TYPE_CHECKING:
    from collections.abc import Sequence

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Prices = Any  # a number or int64[n]: the compiled functions take both

#: Limits in the dark of orders without a price (0): they accept every midpoint. Far beyond every
#: price, and yet a difference of two of them is an int64.
UNPRICED_BUY_X2 = 2**60
UNPRICED_SELL_X2 = -(2**60)


@dataclass(frozen=True)
class TickTable:
    """The size of a tick in each price region.

    Raises ValueError: the rows are no tick table; the message says what is accepted.
    """

    rows: tuple[tuple[int, int], ...]
    """(from_price, tick): the region begins at this price and ends where the next one begins."""

    def __post_init__(self) -> None:
        fault = _fault(self.rows)
        if fault:
            raise ValueError(fault)

    @classmethod
    def constant(cls, tick: int) -> Self:
        """The same tick at every price."""
        return cls(((0, tick),))

    @cached_property
    def arrays(self) -> tuple[IntArray, IntArray]:
        """from_price and tick, int64[regions], ascending: the arguments of all functions here."""
        from_price, tick = zip(*self.rows, strict=True)
        return np.array(from_price, dtype=np.int64), np.array(tick, dtype=np.int64)


def _fault(rows: Sequence[tuple[int, int]]) -> str:
    """What a table of these rows violates, in words for what is accepted; empty if nothing."""
    if not rows or rows[0][0] != 0:
        return "a table that begins at price 0"
    if any(tick <= 0 for _, tick in rows):
        return "ticks above zero"
    for (start, tick), (end, _) in pairwise(rows):
        if start >= end:
            return "regions in ascending order of their first price"
        if (end - start) % tick:
            return f"regions of whole ticks (from {start} in steps of {tick} none ends at {end})"
    return ""


#: Shares on ASX Trade (Business Information, section 12): 0.1 cent below 10 cents, 0.5 cent below
#: A$2, 1 cent from there.
DEFAULT_TICKS = TickTable(((0, 1), (100, 5), (2_000, 10)))


def configured_ticks(rows: Sequence[tuple[int, int]]) -> TickTable:
    """The table of the setting `centre_point.ticks`; without rows the default one.

    Raises UsageError: the rows are no tick table.
    """
    if not rows:
        return DEFAULT_TICKS
    try:
        return TickTable(tuple((from_price, tick) for from_price, tick in rows))
    except ValueError as error:
        raise UsageError(
            "centre_point.ticks is no tick table.",
            where="configuration file",
            value=[list(row) for row in rows],
            cure=f"accepted: {error}",
        ) from error


@kernel
def _region(price: Prices, from_price: IntArray) -> Prices:
    return np.maximum(np.searchsorted(from_price, price, side="right") - 1, 0)


@entry
def tick_above(price: Prices, from_price: IntArray, tick: IntArray) -> Prices:
    """The distance from an on-tick price to the next one up."""
    return tick[_region(price, from_price)]


@entry
def tick_below(price: Prices, from_price: IntArray, tick: IntArray) -> Prices:
    """The distance from an on-tick price to the next one down."""
    return tick[_region(price - 1, from_price)]


@entry
def floor_to_tick_x2(price_x2: Prices, from_price: IntArray, tick: IntArray) -> Prices:
    """The highest on-tick price that is not above a price, doubled as it is."""
    price = price_x2 // 2
    region = _region(price, from_price)
    steps = (price - from_price[region]) // tick[region]
    return 2 * (from_price[region] + steps * tick[region])


@entry
def is_on_tick(price: Prices, from_price: IntArray, tick: IntArray) -> Prices:
    """Whether orders may have this price in the lit book."""
    region = _region(price, from_price)
    return (price - from_price[region]) % tick[region] == 0


@entry
def effective_limit_x2(
    price: int, is_buy: bool, midtick: int, from_price: IntArray, tick: IntArray
) -> int:
    """Twice the limit that counts in the dark: the entered one, bettered by half a tick if asked.

    At a border of the table a buy takes half the distance to the next price up, a sell half the
    distance to the next price down. For one order; `midtick` is the one that counts for its type
    (`order_codes.effective_midtick`).
    """
    if price == 0:
        return UNPRICED_BUY_X2 if is_buy else UNPRICED_SELL_X2
    if midtick not in WITH_HALF_TICK:
        return 2 * price
    if is_buy:
        return 2 * price + int(tick_above(price, from_price, tick))
    return 2 * price - int(tick_below(price, from_price, tick))


@entry
def effective_limits_x2(
    price: IntArray, is_buy: BoolArray, midtick: IntArray, from_price: IntArray, tick: IntArray
) -> IntArray:
    """`effective_limit_x2` of many orders: int64[n], bool[n], int64[n] to int64[n]."""
    limit_x2 = np.empty(price.size, np.int64)
    for order in range(price.size):
        limit_x2[order] = effective_limit_x2(
            price[order], is_buy[order], midtick[order], from_price, tick
        )
    return limit_x2


def truncated_x2(exact_x2: IntArray) -> IntArray:
    """The price that the exchange publishes, doubled like the exact one."""
    return exact_x2 - exact_x2 % 2


def is_published_as(tape_x2: IntArray, exact_x2: IntArray) -> BoolArray:
    """Whether the tape shows an exact price: truncated, or as it is where it tells half units."""
    shown: BoolArray = (tape_x2 == exact_x2) | (tape_x2 == truncated_x2(exact_x2))
    return shown


def exact_x2(tape_x2: IntArray, midpoint_x2: IntArray) -> IntArray:
    """The midpoint where it is published as the price on the tape; elsewhere that price."""
    return np.where(truncated_x2(midpoint_x2) == tape_x2, midpoint_x2, tape_x2)
