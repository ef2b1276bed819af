"""Who rests, and in which order they are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.lots import lot_of
from sweep_dask.matching.reference.orders import YOUNGEST, Order
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from sweep_dask.matching.rules import Rules


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
