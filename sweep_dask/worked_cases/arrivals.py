"""An order arrives: refused, or worked as its kind asks; section 3.10 for sweeps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_dask.market.change_reasons import CANCELLED_BY_SYSTEM
from sweep_dask.market.order_codes import DARK_LIMIT
from sweep_dask.matching.events import Validity
from sweep_dask.terms.sides import BUY, SELL
from sweep_dask.worked_cases.entry_rules import refusal_at_entry
from sweep_dask.worked_cases.format import LIMIT, MARKET_TO_LIMIT
from sweep_dask.worked_cases.rules_behind import Trigger
from sweep_dask.worked_cases.wording import order_text

if TYPE_CHECKING:
    from sweep_dask.worked_cases.exchange import Exchange
    from sweep_dask.worked_cases.format import Terms
    from sweep_dask.worked_cases.live_order import LiveOrder


def arrive(exchange: Exchange, terms: Terms) -> None:
    """A new order, in one transaction."""
    exchange.say(f"New {terms.id}: {order_text(terms)}")
    quote = exchange.quote
    refusal = refusal_at_entry(terms, exchange.state, quote.bid, quote.offer)
    if refusal:
        exchange.refuse(terms.id, refusal)
        return
    order = exchange.add(terms)
    if terms.is_dark:
        _work_dark(exchange, order, terms)
    elif terms.is_sweep:
        _warn_of_midtick(exchange, terms)
        work_sweep(exchange, order)
    elif terms.is_plain:
        work_plain(exchange, order)
    else:
        exchange.say("crossing orders are no part of the book", is_detail=True)


def _work_dark(exchange: Exchange, order: LiveOrder, terms: Terms) -> None:
    """A Centre Point order looks, and rests or is cancelled; 4.5."""
    exchange.record(exchange.dark.enter(order, trades=True, rests=True), Trigger.ARRIVAL)
    if order.leaves and terms.validity == Validity.FILL_AND_KILL:
        exchange.cancel(order, CANCELLED_BY_SYSTEM, "4.5: fill-and-kill", explain=True)
    elif order.leaves and terms.validity == Validity.FILL_OR_KILL:
        exchange.cancel(order, None, "7.7: fill-or-kill, all at once or nothing", explain=True)


def _warn_of_midtick(exchange: Exchange, terms: Terms) -> None:
    if terms.midtick >= DARK_LIMIT:
        exchange.say(f"mid-tick {terms.midtick} on a sweep is read as off", is_detail=True)


def work_sweep(exchange: Exchange, order: LiveOrder) -> None:
    """S1 to S6: the dark book, one lit level, the dark book again, ...; the rest rests."""
    terms = order.terms
    assert terms is not None
    own_touch = exchange.quote.bid if order.side == BUY else exchange.quote.offer
    exchange.record(exchange.dark.enter(order, trades=True, rests=False), Trigger.SWEEP)
    level = 0
    while order.leaves:
        level = exchange.take_lit_level(order)
        if not level or not order.leaves or terms.order_type == MARKET_TO_LIMIT:
            break
        bid, offer = exchange.touch()
        # The quote is the one before the order is placed itself (2.3).
        bid, offer = (own_touch, offer) if order.side == BUY else (bid, own_touch)
        exchange.record(exchange.dark.take(order, bid, offer), Trigger.SWEEP_AGAIN)
    if order.leaves:
        _rest(exchange, order, terms, level)


def _rest(exchange: Exchange, order: LiveOrder, terms: Terms, level: int) -> None:
    """S3, S5: what is left of a sweep."""
    if terms.validity == Validity.FILL_AND_KILL:
        exchange.cancel(order, CANCELLED_BY_SYSTEM, "S5: fill-and-kill", explain=True)
        return
    if terms.order_type == MARKET_TO_LIMIT:
        price = level or _opposite_touch(exchange, order)
        if not price:
            why = "a market-to-limit sweep without any price to become a limit"
            exchange.cancel(order, CANCELLED_BY_SYSTEM, why)
            return
        order.terms = replace(terms, order_type=LIMIT, price=price)
        exchange.say(f"S3: {order.id} becomes a limit order @ {price}", is_detail=True)
    exchange.rest_sweep(order)
    where = "both books (S6)" if order.terms and order.terms.is_dual_posted else "the lit book (S5)"
    exchange.say(f"{order.id}: {order.leaves:,} rest in {where}", is_detail=True)


def _opposite_touch(exchange: Exchange, order: LiveOrder) -> int:
    """The best price against an order: of the lit book or, if that plays no part, the quote."""
    if exchange.case.lit is not None:
        return exchange.lit.touch(BUY + SELL - order.side)
    return exchange.quote.offer if order.side == BUY else exchange.quote.bid


def work_plain(exchange: Exchange, order: LiveOrder) -> None:
    """An ordinary lit order takes level after level and rests."""
    terms = order.terms
    assert terms is not None
    while order.leaves and exchange.take_lit_level(order):
        pass
    if order.leaves and terms.validity == Validity.FILL_AND_KILL:
        exchange.cancel(order, CANCELLED_BY_SYSTEM, "fill-and-kill")
    elif order.leaves:
        exchange.rest_sweep(order)
