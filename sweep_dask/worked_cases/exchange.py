"""One security with its two books: what may be done with them, and what is written down of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweep_dask.market.change_reasons import DAY_ORDER_PURGED
from sweep_dask.terms.deal_sources import LIT, LIT_CROSSING_BOOKING
from sweep_dask.terms.sides import BUY, SELL
from sweep_dask.worked_cases.books import DarkBook, LitBook, LiveOrder
from sweep_dask.worked_cases.entry_rules import AUCTIONS, OPEN, PURGE_ORDERS
from sweep_dask.worked_cases.format import Quote
from sweep_dask.worked_cases.rules_behind import LIT_RULE, Trigger, rules_behind, why_unfilled
from sweep_dask.worked_cases.wording import quote_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.worked_cases.books import DarkFill, Engine
    from sweep_dask.worked_cases.format import Case, OrderId, State, Terms


@dataclass(frozen=True)
class Trade:
    """One match in one of the books."""

    t: int
    buy: OrderId
    sell: OrderId
    quantity: int
    price_x2: int
    deal_source: int
    is_both_passive: bool
    """Neither order was the incoming one (False for trades of the lit book)."""
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Remark:
    """Anything else: an arrival, a quote, a refusal."""

    t: int
    text: str
    is_detail: bool = False
    """It follows from the remark before."""


@dataclass
class History:
    """Everything in order, and the lists that a case may ask for."""

    entries: list[Trade | Remark] = field(default_factory=list)
    rejected: list[OrderId] = field(default_factory=list)
    """Orders that were refused, or an amendment of which was."""
    cancelled: list[tuple[OrderId, int, int | None]] = field(default_factory=list)
    """Order, quantity, change reason (None: no source states one)."""
    auction_orders: list[tuple[OrderId, int, int, int]] | None = None
    """Order, side, quantity, price; None: there was no auction."""

    @property
    def trades(self) -> list[Trade]:
        """The trades alone."""
        return [entry for entry in self.entries if isinstance(entry, Trade)]


class Exchange:
    """The books, the quote and the trading state of a case, and what has happened so far."""

    def __init__(self, case: Case, engine: type[Engine]) -> None:
        self.case = case
        self.dark = DarkBook(engine(case), case.ticks)
        self.lit = LitBook()
        self.history = History()
        self.state = case.state.name
        self.quote = case.quote
        self.orders: dict[str, LiveOrder] = {}
        self.t = 0
        self.external = Quote(0, 0, 0)
        self._set_up()

    # --- the beginning and the states -----------------------------------------------------------

    def _set_up(self) -> None:
        self.dark.begin_session(is_continuous=self.state == OPEN)
        self.dark.move_quote(self.quote.bid, self.quote.offer)
        for lit in self.case.lit or ():
            given = LiveOrder(lit.id, lit.side, lit.quantity, None)
            self.orders[str(lit.id)] = given
            self.lit.rest(given, lit.price)
        for terms in self.case.resting:
            order = self.add(terms)
            if terms.is_dark:
                self.dark.enter(order, trades=False, rests=True)
            else:
                self.rest_sweep(order)
        self._keep_external_quote()
        self._begin_auction()

    def _keep_external_quote(self) -> None:
        """A quote better than the lit book's is that of another market, and stays."""
        bid, offer = self.lit.touch(BUY), self.lit.touch(SELL)
        self.external = Quote(
            0,
            self.quote.bid if self.quote.bid != bid else 0,
            self.quote.offer if self.quote.offer != offer else 0,
        )

    def change_state(self, state: State) -> None:
        """Continuous trading, an auction or a halt begins."""
        self.state = state.name
        self.say(f"State {state.name}" + (f" ({state.clock})" if state.clock else ""))
        fills = self.dark.begin_session(is_continuous=self.state == OPEN)
        self.record(fills, Trigger.SESSION)
        self._begin_auction()
        if state.name == PURGE_ORDERS:
            self._purge()

    def _begin_auction(self) -> None:
        """Sweeps take part in auctions as the lit orders they are; dark orders do not. 10.7."""
        if self.state in AUCTIONS:
            self.history.auction_orders = [
                (order.id, order.side, order.leaves, order.lit_price)
                for order in self.orders.values()
                if order.lit_price and order.terms is not None
            ]

    def _purge(self) -> None:
        """All Centre Point orders and all day sweeps leave; 11.4."""
        for order in self.orders.values():
            if not order.is_gone and order.leaves and order.terms is not None:
                self.cancel(order, DAY_ORDER_PURGED, "11.4: purged at the end of the day")

    # --- quotes ---------------------------------------------------------------------------------

    def move_quote(self, quote: Quote) -> None:
        """The national quote moves; orders that rest may meet. 5.3."""
        self.quote = quote
        self.say(f"Quote {quote_text(quote.bid, quote.offer)}")
        self.record(self.dark.move_quote(quote.bid, quote.offer), Trigger.QUOTE)

    def follow_lit_book(self) -> None:
        """With a lit book, its best prices are the quote; each change is a move of its own. 5.3."""
        while self.case.lit is not None and self.touch() != (self.quote.bid, self.quote.offer):
            self.move_quote(Quote(self.t, *self.touch()))

    def touch(self) -> tuple[int, int]:
        """Best bid and offer of the lit book and the market beside it."""
        offers = [price for price in (self.lit.touch(SELL), self.external.offer) if price]
        return max(self.lit.touch(BUY), self.external.bid), min(offers, default=0)

    # --- orders ---------------------------------------------------------------------------------

    def add(self, terms: Terms) -> LiveOrder:
        """An order is accepted."""
        order = LiveOrder(terms.id, terms.side, terms.quantity, terms)
        order.maq, order.ever_had_maq = terms.maq, terms.maq > 0
        order.limit_x2 = terms.limit_x2(self.case.ticks)
        self.orders[str(terms.id)] = order
        return order

    def rest_sweep(self, order: LiveOrder) -> None:
        """What is left of a sweep (or of a plain order) rests in the lit book, or in both; S6."""
        assert order.terms is not None
        self.lit.rest(order, order.terms.price)
        if not order.terms.is_dual_posted:
            self.dark.leave(order)
            return
        if order.is_in_dark:
            self.dark.post(order)
        else:
            self.dark.enter(order, trades=False, rests=True)

    def cancel(
        self, order: LiveOrder, reason: int | None, why: str, *, explain: bool = False
    ) -> None:
        """What is left of an order leaves both books."""
        order.unfilled = f"{why}; {self.why_unfilled(order)}" if explain else why
        self.history.cancelled.append((order.id, order.leaves, reason))
        self.say(f"{order.id}: {order.leaves:,} cancelled ({order.unfilled})", is_detail=True)
        self.withdraw(order)
        order.is_gone = True

    def withdraw(self, order: LiveOrder) -> None:
        """Take an order out of both books."""
        self.dark.leave(order)
        self.lit.leave(order)

    def why_unfilled(self, order: LiveOrder) -> str:
        """Why something of an accepted order is left."""
        if order.unfilled:
            return order.unfilled
        contras = [contra for contra in self.dark.resting if contra.side != order.side]
        has_lit = self.case.lit is not None
        return why_unfilled(order, contras, self.quote, self.state, has_lit=has_lit)

    # --- trades ---------------------------------------------------------------------------------

    def record(self, fills: Sequence[DarkFill], trigger: Trigger) -> None:
        """Write down matches of the dark book; the lit book follows. 10.4."""
        for fill, rules in zip(fills, rules_behind(fills, trigger), strict=True):
            what = fill.quantity, fill.price_x2, fill.deal_source
            self.history.entries.append(
                Trade(self.t, fill.buy.id, fill.sell.id, *what, fill.aggressor == 0, rules)
            )
        self.lit.follow_dark_fills()

    def take_lit_level(self, order: LiveOrder) -> int:
        """An incoming order takes from the best lit level; its price, 0 if it cannot. S2."""
        assert order.terms is not None
        if self.case.lit is None or self.state != OPEN:
            return 0
        rule = "S2" if order.terms.is_sweep else LIT_RULE
        fills = self.lit.take_level(order, order.terms.price)
        for fill in fills:
            buy, sell = (order, fill.contra) if order.side == BUY else (fill.contra, order)
            source = _lit_deal_source(order.terms, fill.contra.terms)
            price_x2 = 2 * fill.price
            self.history.entries.append(
                Trade(self.t, buy.id, sell.id, fill.quantity, price_x2, source, False, (rule,))
            )
            self.dark.reduce(fill.contra, fill.quantity)
            self.dark.reduce(order, fill.quantity)
        return fills[0].price if fills else 0

    def refuse(self, order: OrderId, why: str) -> None:
        """An order, or an amendment of one, is not accepted."""
        if order not in self.history.rejected:
            self.history.rejected.append(order)
        self.say(f"{order}: refused ({why})", is_detail=True)

    def say(self, text: str, *, is_detail: bool = False) -> None:
        """Write down something that is no trade."""
        self.history.entries.append(Remark(self.t, text, is_detail))


def _lit_deal_source(one: Terms, other: Terms | None) -> int:
    """8.5 for the lit book."""
    if other is None or one.participant is None or one.key == 0:
        return LIT
    is_booking = (one.participant, one.key) == (other.participant, other.key)
    return LIT_CROSSING_BOOKING if is_booking else LIT
