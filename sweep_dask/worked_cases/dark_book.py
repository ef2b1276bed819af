"""The Centre Point book as the cases use it: orders by name, one event at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.matching.events import EVENT, EventKind, Validity
from sweep_dask.worked_cases.engines import own_participant
from sweep_dask.worked_cases.live_order import NOT_DARK

if TYPE_CHECKING:
    from sweep_dask.market.ticks import TickTable
    from sweep_dask.worked_cases.engines import Engine
    from sweep_dask.worked_cases.live_order import LiveOrder


class DarkFill(NamedTuple):
    """One match in the dark, with what the rules behind it depend on."""

    buy: LiveOrder
    sell: LiveOrder
    quantity: int
    price_x2: int
    deal_source: int
    aggressor: int
    """Side of the incoming order; 0: both rested."""
    route: int
    minimums: tuple[int, int]
    """Minimums in force before the event: of the buy, of the sell."""


class DarkBook:
    """Sends events to the book and keeps leaves and minimums of the orders in step."""

    def __init__(self, engine: Engine, ticks: TickTable) -> None:
        self._engine = engine
        self._ticks = ticks
        self._orders: list[LiveOrder] = []

    @property
    def resting(self) -> list[LiveOrder]:
        """Who is in the book with something left, in the order of arrival."""
        return [order for order in self._orders if order.rests_in_dark and order.leaves]

    def begin_session(self, *, is_continuous: bool) -> list[DarkFill]:
        """Continuous trading begins or ends; 5.4."""
        return self._send(EventKind.SESSION, quantity=int(is_continuous))

    def move_quote(self, bid: int, offer: int) -> list[DarkFill]:
        """The national quote moved; orders that rest may meet; 5.3."""
        return self._send(EventKind.QUOTE, bid=bid, offer=offer)

    def enter(self, order: LiveOrder, *, trades: bool, rests: bool) -> list[DarkFill]:
        """An order looks for contras, at the standing quote, and rests."""
        order.number = len(self._orders)
        self._orders.append(order)
        order.rests_in_dark = rests
        return self._send(EventKind.ENTER, order, order.leaves, trades=trades, rests=rests)

    def take(self, order: LiveOrder, bid: int, offer: int) -> list[DarkFill]:
        """A sweep that took from the lit book looks again, at the quote it left; S4."""
        quote = {"bid": bid, "offer": offer}
        return self._send(EventKind.TAKE, order, has_quote=1, trades=1, **quote)

    def post(self, order: LiveOrder) -> None:
        """A sweep begins to rest in the dark too; S6."""
        order.rests_in_dark = True
        self._send(EventKind.POST, order)

    def amend(
        self, order: LiveOrder, change: int, *, keeps_place: bool, trades: bool
    ) -> list[DarkFill]:
        """New terms; what is left changes by `change`."""
        order.leaves += change
        terms = {"keeps_place": int(keeps_place), "trades": int(trades)}
        return self._send(EventKind.AMEND, order, change, rests=1, **terms)

    def reduce(self, order: LiveOrder, quantity: int) -> None:
        """Something of the order was filled in the lit book; 10.4."""
        if order.is_in_dark:
            self._send(EventKind.REDUCE, order, quantity)

    def leave(self, order: LiveOrder) -> None:
        """Take an order out, if it is in."""
        if order.is_in_dark:
            self._send(EventKind.CANCEL, order)
            order.number, order.rests_in_dark = NOT_DARK, False

    def _send(
        self, kind: EventKind, order: LiveOrder | None = None, quantity: int = 0, **values: int
    ) -> list[DarkFill]:
        event = np.zeros(1, dtype=EVENT)[0]
        event["kind"], event["quantity"] = kind, quantity
        if order is not None:
            self._fill_terms(event, order)
        for name, value in values.items():
            event[name] = value
        before = [order.maq for order in self._orders]
        made = self._engine.apply(event)
        fills = [
            DarkFill(
                self._orders[fill.buy],
                self._orders[fill.sell],
                *fill[2:],
                minimums=(before[fill.buy], before[fill.sell]),
            )
            for fill in made
        ]
        for fill in fills:
            fill.buy.leaves -= fill.quantity
            fill.sell.leaves -= fill.quantity
        self._follow_minimums()
        return fills

    def _fill_terms(self, event: np.void, order: LiveOrder) -> None:
        terms = order.terms
        assert terms is not None, "orders of the lit book do not enter the dark one"
        order.limit_x2 = terms.limit_x2(self._ticks)
        own = own_participant(order.number)
        # The book ends what is left of immediate orders; a sweep's goes on to the lit book.
        validity = Validity.DAY if terms.is_sweep else terms.validity
        event["order"], event["side"], event["style"] = order.number, order.side, terms.style
        event["validity"], event["single_fill"] = validity, terms.single_fill
        event["preference_only"], event["is_sweep"] = terms.preference_only, terms.is_sweep
        event["participant"] = own if terms.participant is None else terms.participant
        event["crossing_key"], event["limit_x2"] = terms.key, order.limit_x2
        event["price"], event["minimum_quantity"] = terms.price, order.maq

    def _follow_minimums(self) -> None:
        for number, order in enumerate(self._orders):
            if order.number == number:
                order.maq = self._engine.minimum(number)
