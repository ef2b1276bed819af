"""What the members of a case must have to do with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.ticks import floor_to_tick_x2, is_on_tick, tick_above
from sweep_dask.matching.events import Validity
from sweep_dask.terms.sides import BUY, SELL
from sweep_dask.worked_cases.document import nearest
from sweep_dask.worked_cases.entry_rules import OPEN, refusal_of_terms
from sweep_dask.worked_cases.format import Amend, Cancel, New, Quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.market.ticks import TickTable
    from sweep_dask.worked_cases.document import Place
    from sweep_dask.worked_cases.format import Case, Terms


def require_consistent(case: Case, place: Place) -> None:
    """Check ids, prices, resting orders and quotes; an InputError names a contradiction."""
    for path, order in _orders(case):
        _require_on_tick(order, case.ticks, place.member(path))
        if order.is_plain and order.validity == Validity.FILL_OR_KILL:
            raise place.member(path).member("validity").error("fok", "day or fak for a lit order")
    _require_ids(case, place)
    for position, order in enumerate(case.resting):
        _require_resting(order, place.member(f"resting[{position}]"))
    if case.lit is not None:
        _require_quotes_of_lit_book(case, place)


def _orders(case: Case) -> Iterable[tuple[str, Terms]]:
    """All orders with their paths."""
    for position, order in enumerate(case.resting):
        yield f"resting[{position}]", order
    for position, event in enumerate(_events(case)):
        if isinstance(event, New):
            yield f"events[{position}].order", event.order


def _events(case: Case) -> list[New | Amend | Cancel]:
    return [step for step in case.steps if isinstance(step, New | Amend | Cancel)]


def _require_on_tick(order: Terms, ticks: TickTable, place: Place) -> None:
    """Lit orders are on a tick; dark ones on a tick or, entered so, on half a tick."""
    if order.price == 0 or is_on_tick(order.price, *ticks.arrays):
        return
    below_x2 = int(floor_to_tick_x2(2 * order.price, *ticks.arrays))
    tick = int(tick_above(below_x2 // 2, *ticks.arrays))
    if not order.is_dark or 2 * order.price - below_x2 != tick:
        steps = "a tick or half a tick" if order.is_dark else "a tick"
        raise place.member("price").error(order.price, f"a price on {steps} (tick {tick})")


def _require_ids(case: Case, place: Place) -> None:
    """Ids are distinct, also as texts; amended and cancelled orders have arrived before."""
    first: dict[str, str] = {}

    def add(order: object, path: str) -> None:
        if str(order) in first:
            expected = f"an id of its own ({first[str(order)]} has this one)"
            raise place.member(path).member("id").error(order, expected)
        first[str(order)] = path

    for position, lit in enumerate(case.lit or ()):
        bids = sum(order.side == BUY for order in case.lit or ())
        name = f"bids[{position}]" if position < bids else f"asks[{position - bids}]"
        add(lit.id, f"lit.{name}")
    for position, order in enumerate(case.resting):
        add(order.id, f"resting[{position}]")
    for position, event in enumerate(_events(case)):
        if isinstance(event, New):
            add(event.order.id, f"events[{position}].order")
        elif str(event.id) not in first:
            known = f"; did you mean {nearest(str(event.id), first)}?" if first else ""
            expected = f"the id of an order that has arrived before{known}"
            raise place.member(f"events[{position}].id").error(event.id, expected)


def _require_resting(order: Terms, place: Place) -> None:
    if order.validity != Validity.DAY:
        raise place.member("validity").error(order.validity.name, "day: others never rest")
    if order.is_sweep and not order.price:
        expected = "limit: a market-to-limit sweep rests as one"
        raise place.member("order_type").error(order.order_type, expected)
    refusal = refusal_of_terms(order)
    if refusal:
        raise place.error(order.id, f"an order that the market accepts; {refusal}")


def _require_quotes_of_lit_book(case: Case, place: Place) -> None:
    """With a lit book the quote at t = 0 is its best bid and offer, and it makes all others."""
    if any(isinstance(step, Quote) for step in case.steps):
        expected = "one row, t = 0: with `lit` the quotes after it are those of the lit book"
        raise place.member("nbbo[1]").error("a second row", expected)
    prices: dict[int, list[int]] = {BUY: [], SELL: []}
    for lit in case.lit or ():
        prices[lit.side].append(lit.price)
    for order in case.resting:
        if order.is_sweep or order.is_plain:
            prices[order.side].append(order.price)
    bid, offer = max(prices[BUY], default=0), min(prices[SELL], default=0)
    quote = case.quote
    # Better is possible: another market is part of the national quote.
    is_bid_worse = quote.bid < bid
    is_offer_worse = offer and (not quote.offer or quote.offer > offer)
    if is_bid_worse or is_offer_worse:
        expected = f"no worse than {bid or None} / {offer or None}, the best of the lit book"
        found = f"{quote.bid or None} / {quote.offer or None}"
        raise place.member("nbbo[0]").error(found, expected)
    if bid and offer and bid >= offer and case.state.name == OPEN:
        raise place.member("lit").error(f"{bid} / {offer}", "a bid below the offer while OPEN")
