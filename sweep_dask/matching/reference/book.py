"""What the book knows between two events: its terms, the quote and its prices, who rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.matching.adopting import Pairs
from sweep_dask.matching.events import Obstacle, Style
from sweep_dask.matching.queue import lot_of
from sweep_dask.matching.reference.orders import YOUNGEST, Order
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
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


class Queue:
    """The resting orders of both sides."""

    def __init__(self, rules: Rules, priority_seed: int | None = None) -> None:
        self._rules = rules
        self._priority_seed = priority_seed
        self._orders: dict[int, list[Order]] = {BUY: [], SELL: []}
        self._last_rank = 0

    def rest(self, order: Order) -> None:
        """Put an order behind all others; one that rests already stays where it is."""
        if not order.rests and order.leaves > 0 and order.is_alive:
            self._last_rank += 1
            order.rank, order.rests = self._last_rank, True
            self._orders[order.side].append(order)

    def leave(self, order: Order) -> None:
        """Take an order out, if it is in."""
        if order.rests:
            self._orders[order.side].remove(order)
            order.rank, order.rests = YOUNGEST, False

    def drop_filled(self) -> None:
        """Take out the orders of which nothing is left."""
        for orders in self._orders.values():
            for order in [order for order in orders if order.leaves == 0]:
                self.leave(order)

    def resting(self, side: int) -> list[Order]:
        """Who rests on a side with something left."""
        return [order for order in self._orders[side] if order.leaves > 0]

    def eligible(self, side: int, price_x2: int, style: int) -> list[Order]:
        """Who rests on a side and trades at a price of a style, in order of priority; R3, R4."""
        found = [
            order
            for order in self.resting(side)
            if order.style >= style and (order.accepts(price_x2) or not self._rules.limit_test)
        ]
        return sorted(found, key=self._priority)

    def _priority(self, order: Order) -> tuple[int, int]:
        if self._rules.time_priority:
            return (0, order.rank)
        if self._priority_seed is not None:
            return (0, lot_of(order.rank, self._priority_seed))
        return (-order.limit_x2 if order.side == BUY else order.limit_x2, order.rank)


@dataclass
class Book:
    """The parts of the book of one security that a match depends on."""

    rules: Rules
    ticks: Ticks
    block_min_value: int | None
    """Smallest value of a trade in the block phase, quantity x price_x2; None: no block phase."""
    opted_in: set[tuple[int, bool]]
    """Participants whose incoming orders are preferenced: True for their sweeps, else False."""
    queue: Queue
    quote: Quote
    """The standing quote."""
    is_continuous: bool = False
    apart: Pairs = Pairs.NONE
    """Pairs of these kinds do not match."""

    def closed(self, quote: Quote) -> Obstacle:
        """Why nobody can trade now at a quote; R18, R19."""
        if self.rules.continuous_only and not self.is_continuous:
            return Obstacle.SESSION
        if quote.bid <= 0 or quote.offer <= 0:
            return Obstacle.NO_QUOTE
        if self.rules.normal_quote and quote.bid >= quote.offer:
            return Obstacle.LOCKED_OR_CROSSED
        return Obstacle.NONE

    def are_apart(self, one: Order, other: Order) -> bool:
        """Whether two orders are kept apart."""
        is_of_one = one.participant == other.participant >= 0
        if Pairs.ADOPTERS in self.apart and one.adopts and other.adopts:
            return True
        return Pairs.OF_ONE in self.apart and is_of_one and (one.adopts or other.adopts)
