"""The quote, and the prices at which orders may meet around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.matching.events import Style
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from sweep_dask.matching.reference.orders import Order
    from sweep_dask.matching.rules import Rules

#: (from_price, tick) pairs, ascending, prices in 0.1 cent.
Ticks = Sequence[tuple[int, int]]


class Quote(NamedTuple):
    """The national best bid and offer in 0.1 cent; 0: there is none."""

    bid: int
    offer: int

    @property
    def mid_x2(self) -> int:
        """The midpoint; R1."""
        return self.bid + self.offer


def prices_x2(order: Order, quote: Quote, ticks: Ticks, rules: Rules) -> list[int]:
    """The prices that an order walks, from the best to the worst for it; R1, R5, R24."""
    prices = {quote.mid_x2}
    reaches = order.style >= Style.DARK_LIMIT or (order.is_sweep and rules.sweep_on_tick)
    if reaches and rules.dark_limit:
        prices |= set(_on_tick_x2(quote, ticks))
    return sorted(prices, reverse=order.side == SELL)


def block_price_x2(order: Order, ticks: Ticks) -> int:
    """The limit, taken to the tick on the order's safe side."""
    price, half = divmod(order.limit_x2, 2)
    tick = _tick_at(price, ticks)
    down = price // tick * tick
    is_on_tick = down == price and not half
    return 2 * (down if order.side == BUY or is_on_tick else down + tick)


def _on_tick_x2(quote: Quote, ticks: Ticks) -> list[int]:
    """On-tick prices strictly inside the spread."""
    prices = []
    price = _step_up(quote.bid, ticks)
    while price < quote.offer:
        prices.append(2 * price)
        price = _step_up(price, ticks)
    return prices


def _step_up(price: int, ticks: Ticks) -> int:
    """The next on-tick price above any price."""
    tick = _tick_at(price, ticks)
    return (price // tick + 1) * tick


def _tick_at(price: int, ticks: Ticks) -> int:
    return [tick for begin, tick in ticks if begin <= price][-1]
