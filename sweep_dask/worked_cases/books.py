"""The two books of a case, an order in them, and the engine of Centre Point behind its book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from sweep_dask.matching.events import EVENT, EventKind, Validity
from sweep_dask.matching.reference.centre_point import ReferenceBook
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.sides import BUY, SELL
from sweep_dask.terms.units import PRICE_X2_PER_AUD

if TYPE_CHECKING:
    from sweep_dask.market.ticks import TickTable
    from sweep_dask.matching.reference.orders import Fill
    from sweep_dask.worked_cases.format import Case, OrderId, Terms


class Engine(Protocol):
    """A Centre Point book."""

    def __init__(self, case: Case) -> None: ...

    def apply(self, event: np.void) -> list[Fill]:
        """Apply one `events.EVENT`; its fills in the order of execution."""
        ...

    def minimum(self, number: int) -> int:
        """The minimum acceptable quantity now in force of an order that has entered."""
        ...


class ReferenceEngine:
    """The slow, obvious book that the compiled one is tested against."""

    def __init__(self, case: Case) -> None:
        self._book = ReferenceBook(
            Rules(), case.ticks.rows, case.preferencing, block_min_value(case)
        )

    def apply(self, event: np.void) -> list[Fill]:
        """Apply one event."""
        fills, _ = self._book.apply(event)
        return fills

    def minimum(self, number: int) -> int:
        """The minimum now in force."""
        return self._book.orders[number].minimum_quantity


#: What `match` uses. Compiling the other takes some seconds on a new machine, which a case of ten
#: orders does not repay; the tests hold the two equal.
SHIPPED_ENGINE: type[Engine] = ReferenceEngine


def own_participant(number: int) -> int:
    """A participant that nobody else is, for an order of that number that names none."""
    return -1 - number


def block_min_value(case: Case) -> int | None:
    """The least value of a block, as quantity times doubled price; None: there are no blocks."""
    value = case.block_min_value_aud
    return None if value is None else int(np.ceil(value * PRICE_X2_PER_AUD))


#: Number in the dark book of an order that is not there.
NOT_DARK = -1


@dataclass(eq=False)
class LiveOrder:
    """One quantity, wherever the order rests: a fill in one book is a fill in the other."""

    id: OrderId
    side: int
    leaves: int
    terms: Terms | None
    """None: an order of the lit book at the beginning."""
    number: int = NOT_DARK
    """In the dark book; an order that arrives again there gets a new one."""
    limit_x2: int = 0
    """Twice the limit in the dark."""
    maq: int = 0
    """The minimum now in force: 0 once less than it was left; 7.4."""
    ever_had_maq: bool = False
    rests_in_dark: bool = False
    lit_price: int = 0
    """0: it does not rest in the lit book."""
    shown: int = 0
    """What the lit book shows of it."""
    is_gone: bool = False
    """Cancelled, purged or filled."""
    unfilled: str = ""
    """Why something is left, said when it was cancelled."""

    @property
    def is_in_dark(self) -> bool:
        """Whether the dark book knows it."""
        return self.number != NOT_DARK

    @property
    def display(self) -> int:
        """The most that is shown at a time."""
        display = self.terms.display if self.terms else None
        return self.leaves if display is None else display


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

        The limit is the entered price, as half ticks do not count here; 0: none.
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
