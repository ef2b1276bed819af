"""What adopters leave in the lit book goes to the sweeps that are next there; see `..freed`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.matching.adopting import LitAccess
from sweep_dask.matching.events import EventKind, Validity
from sweep_dask.matching.reference.orders import reduce
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    import numpy as np

    from sweep_dask.matching.reference.book import Book
    from sweep_dask.matching.reference.orders import Order


class Gain(NamedTuple):
    """One lit fill; the fields of `events.GAIN` after the first."""

    order: int
    quantity: int
    price_x2: int


@dataclass
class Left:
    """What still stands in the lit book for the sweeps of a side that come in."""

    side: int
    price_x2: int
    quantity: int


class LitBook:
    """The sweeps of the lit book, and what adopters left there."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._sweeps: list[Order] = []
        self._left: list[Left] = []
        self.gains: list[Gain] = []

    def come(self, order: Order, event: np.void) -> None:
        """A sweep that has come in or was amended looks at what was left, and rests."""
        if not order.is_sweep or not order.is_alive or order.leaves == 0:
            return
        if event["kind"] == EventKind.ENTER or not event["keeps_place"]:
            self._sweeps = [sweep for sweep in self._sweeps if sweep is not order]
            self._sweeps += [order] if LitAccess.RESTS in order.lit_access else []
        if LitAccess.TAKES not in order.lit_access:
            return
        sign = 1 if order.side == BUY else -1
        for left in sorted(self._left, key=lambda left: sign * left.price_x2):
            if left.side == order.side and _reaches(order, left.price_x2):
                quantity = min(order.leaves, left.quantity)
                left.quantity -= quantity
                self._gain(order, quantity, left.price_x2)
        self._left = [left for left in self._left if left.quantity > 0]

    def lose(self, order: Order, event: np.void, applied: int) -> None:
        """What an order does not fill of a recorded lit fill goes to others."""
        if not event["trades"] and not event["rests"]:
            return
        freed, price_x2 = int(event["quantity"]) - applied, int(event["limit_x2"])
        if not order.adopts:
            freed = min(freed, order.gained)
            order.gained -= freed
        sign = 1 if order.side == BUY else -1
        for sweep in sorted(self._sweeps, key=lambda sweep: -sign * sweep.price):
            is_there = sweep.is_alive and sweep.validity == Validity.DAY
            if is_there and sweep.side == order.side and _reaches(sweep, price_x2):
                quantity = min(sweep.leaves, freed)
                freed -= quantity
                self._gain(sweep, quantity, price_x2)
        if freed > 0 and event["trades"] and self._book.is_continuous:
            self._left.append(Left(order.side, price_x2, freed))

    def keep(self) -> None:
        """The quote or the session has changed; what is outside the quote is gone."""
        quote = self._book.quote
        self._left = [
            left
            for left in self._left
            if self._book.is_continuous
            and left.price_x2 >= 2 * quote.bid
            and (quote.offer <= 0 or left.price_x2 <= 2 * quote.offer)
        ]

    def _gain(self, order: Order, quantity: int, price_x2: int) -> None:
        if quantity > 0:
            order.gained += quantity
            reduce(order, quantity, self._book.rules)
            self.gains.append(Gain(order.number, quantity, price_x2))


def _reaches(order: Order, price_x2: int) -> bool:
    """Whether the limit of a sweep allows a price; without one it does not."""
    limit_x2 = 2 * order.price
    return limit_x2 > 0 and (limit_x2 >= price_x2 if order.side == BUY else limit_x2 <= price_x2)
