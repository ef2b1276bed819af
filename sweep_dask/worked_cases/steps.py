"""A case from its first step to its last: each is a transaction at the exchange.

An order that arrives is refused, or worked as its kind asks; section 3.10 for sweeps.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep_dask.market.change_reasons import CANCELLED, CANCELLED_BY_SYSTEM
from sweep_dask.market.order_codes import DARK_LIMIT
from sweep_dask.matching.events import Validity
from sweep_dask.terms.sides import BUY, SELL
from sweep_dask.worked_cases.entry_rules import refusal_at_entry, refusal_of_amendment
from sweep_dask.worked_cases.format import LIMIT, MARKET_TO_LIMIT, Amend, Cancel, New, Quote, State
from sweep_dask.worked_cases.rules_behind import Trigger
from sweep_dask.worked_cases.wording import describe_change, order_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.worked_cases.books import LiveOrder
    from sweep_dask.worked_cases.exchange import Exchange
    from sweep_dask.worked_cases.format import Step, Terms


def take_steps(exchange: Exchange) -> None:
    """All steps of the exchange's case, and the quote moves that follow from each."""
    for step in exchange.case.steps:
        exchange.t = step.t
        _take(exchange, step)
        exchange.follow_lit_book()


def _take(exchange: Exchange, step: Step) -> None:
    if isinstance(step, Quote):
        exchange.move_quote(step)
    elif isinstance(step, State):
        exchange.change_state(step)
    elif isinstance(step, New):
        arrive(exchange, step.order)
    else:
        _change(exchange, step)


def _change(exchange: Exchange, step: Amend | Cancel) -> None:
    """The owner amends or cancels an order, if there is still something of it."""
    what = describe_change(step)
    order = exchange.orders.get(str(step.id))
    if order is None:
        exchange.say(f"{what}: it was refused when it arrived")
    elif order.is_gone or not order.leaves:
        exchange.say(f"{what}: nothing of it is left")
    elif isinstance(step, Amend):
        exchange.say(what)
        amend(exchange, order, step.changes)
    else:
        exchange.say(what)
        exchange.cancel(order, CANCELLED, "11.3: cancelled by its owner")


def amend(exchange: Exchange, order: LiveOrder, changes: Mapping[str, int | bool]) -> None:
    """New terms for an order; a quantity counts what was filled before."""
    before = order.terms
    if before is None:
        exchange.refuse(order.id, "orders given by `lit` can be cancelled, not amended")
        return
    after = _amended(order, before, changes)
    refusal = refusal_of_amendment(before, after, changes)
    if refusal:
        exchange.refuse(order.id, refusal)
        return
    change = after.quantity - before.quantity
    order.terms, order.maq = after, after.maq
    order.ever_had_maq |= after.maq > 0
    if order.leaves + change <= 0:
        exchange.say("no more than what was filled: it is done", is_detail=True)
        order.leaves = 0
        exchange.withdraw(order)
    elif after.is_dark:
        # Another price, another mid-tick or a larger quantity costs the place.
        is_same = (before.price, before.midtick) == (after.price, after.midtick)
        _amend_dark(exchange, order, change, keeps_place=is_same and change <= 0)
    else:
        _amend_lit(exchange, order, change, before, after)
    exchange.say(f"now {order_text(after, order.leaves)}", is_detail=True)


def _amended(order: LiveOrder, before: Terms, changes: Mapping[str, int | bool]) -> Terms:
    """The terms after; a minimum that was reset, or exceeds what will be left, is gone. 7.4."""
    values: dict[str, Any] = dict(changes)
    left = order.leaves + values.get("quantity", before.quantity) - before.quantity
    values.setdefault("maq", order.maq if order.maq <= left else 0)
    return replace(before, **values)


def _amend_dark(exchange: Exchange, order: LiveOrder, change: int, *, keeps_place: bool) -> None:
    """A Centre Point order looks again, whatever was changed."""
    if not keeps_place:
        exchange.say("3.11: it loses its place", is_detail=True)
    fills = exchange.dark.amend(order, change, keeps_place=keeps_place, trades=True)
    exchange.record(fills, Trigger.AMENDMENT)


def _amend_lit(
    exchange: Exchange, order: LiveOrder, change: int, before: Terms, after: Terms
) -> None:
    """A sweep with another price or a larger quantity arrives again; others stay. 10.11."""
    if before.price != after.price or change > 0:
        exchange.say("10.11: it arrives again", is_detail=True)
        exchange.withdraw(order)
        order.leaves += change
        (work_sweep if after.is_sweep else work_plain)(exchange, order)
        return
    if not order.is_in_dark:
        order.leaves += change
    elif after.is_dual_posted:
        exchange.dark.amend(order, change, keeps_place=True, trades=False)
    else:
        exchange.dark.leave(order)
        order.leaves += change
    exchange.lit.follow_dark_fills()


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
        if terms.midtick >= DARK_LIMIT:
            exchange.say(f"mid-tick {terms.midtick} on a sweep is read as off", is_detail=True)
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
