"""The lit book of a case: the levels it gives and the sweeps that rest there; price, then time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from sweep_dask.worked_cases.live_order import LiveOrder


class LitFill(NamedTuple):
    """An incoming order met one that rests."""

    contra: LiveOrder
    quantity: int
    price: int


class LitBook:
    """Orders that rest, each side in the order of time."""

    def __init__(self) -> None:
        self.queue: dict[int, list[LiveOrder]] = {BUY: [], SELL: []}

    def rest(self, order: LiveOrder, price: int) -> None:
        """Put an order behind those of its price; of an iceberg a part is shown; 10.5."""
        order.lit_price = price
        order.shown = min(order.display, order.leaves)
        self.queue[order.side].append(order)

    def leave(self, order: LiveOrder) -> None:
        """Take an order out, if it is in."""
        if order.lit_price:
            self.queue[order.side].remove(order)
            order.lit_price = order.shown = 0

    def touch(self, side: int) -> int:
        """The best price of a side; 0: nobody is there."""
        prices = [order.lit_price for order in self.queue[side]]
        return (max if side == BUY else min)(prices, default=0)

    def follow_dark_fills(self) -> None:
        """Shown quantities follow what was filled in the dark; the place is kept; 10.4, 10.5."""
        for queue in self.queue.values():
            for order in list(queue):
                order.shown = min(order.shown, order.leaves)
                if order.leaves == 0:
                    self.leave(order)

    def take_level(self, order: LiveOrder, limit: int) -> list[LitFill]:
        """An incoming order takes from one price level, the best, if its limit allows; S2.

        Parameters
        ----------
        order
            Its leaves become less.
        limit
            The entered price; half ticks do not count here. 0: none.
        """
        contra_side = BUY + SELL - order.side
        price = self.touch(contra_side)
        is_within = limit == 0 or (price <= limit if order.side == BUY else price >= limit)
        fills: list[LitFill] = []
        while price and is_within and order.leaves > 0:
            level = [other for other in self.queue[contra_side] if other.lit_price == price]
            if not level:
                break
            fills.append(self._fill(order, level[0]))
        return fills

    def _fill(self, order: LiveOrder, contra: LiveOrder) -> LitFill:
        price = contra.lit_price
        quantity = min(order.leaves, contra.shown)
        for one in (order, contra):
            one.leaves -= quantity
        contra.shown -= quantity
        if contra.leaves == 0:
            self.leave(contra)
        elif contra.shown == 0:  # an iceberg shows its next part, behind the others (10.5)
            self.leave(contra)
            self.rest(contra, price)
        return LitFill(contra, quantity, price)
