"""The rules behind what happened: those of each trade, and why something of an order is left."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from sweep_dask.market.order_codes import CENTRE_POINT_CROSSING
from sweep_dask.matching.events import Route, Style
from sweep_dask.terms.deal_sources import (
    BLOCK_PREFERENCED,
    BOOKINGS,
    CENTRE_POINT_PREFERENCED,
    PREFERENCE_ONLY,
    PREFERENCE_ONLY_BLOCK,
)
from sweep_dask.terms.rules import SECTIONS
from sweep_dask.terms.sides import BUY
from sweep_dask.worked_cases.entry_rules import OPEN
from sweep_dask.worked_cases.wording import price_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.worked_cases.books import DarkFill, LiveOrder
    from sweep_dask.worked_cases.format import Quote, Terms


#: Behind a plain order's trade in the lit book there is no Centre Point rule.
LIT_RULE = "lit"


class Trigger(Enum):
    """What made orders look for contras; the value is the rule that says so."""

    ARRIVAL = "5.1"
    AMENDMENT = "5.2"
    QUOTE = "5.3"
    SESSION = "5.4"
    SWEEP = "S1"
    SWEEP_AGAIN = "S4"


_OF_ROUTE = {
    Route.MIDPOINT: ("2.1", "3.1"),
    Route.OWN: ("8.1", "2.1", "3.1"),
    Route.COMPLETION: ("7.5", "2.1", "3.1"),
    Route.QUOTE_MOVE: ("2.1", "5.6", "5.7"),
    Route.ON_TICK: ("4.1", "4.2", "2.4", "3.2"),
    Route.BLOCK: ("9.1", "2.6", "3.3", "9.4"),
}


def rules_behind(fills: Sequence[DarkFill], trigger: Trigger) -> list[tuple[str, ...]]:
    """The rules behind the matches of one event, given what set it off.

    One item a match: its rules in the order of `SECTIONS`.
    """
    together: set[LiveOrder] = set()  # whose minimum several orders are meeting
    found = []
    for fill in fills:
        both = {fill.buy, fill.sell}
        rules = _of_fill(fill, trigger)
        if fill.route == Route.COMPLETION:
            together |= both
        elif both & together:
            rules.add("7.5")
            together -= both
        found.append(tuple(rule for rule in SECTIONS if rule in rules))
    return found


def _of_fill(fill: DarkFill, trigger: Trigger) -> set[str]:
    rules = {trigger.value, *_OF_ROUTE[Route(fill.route)]}
    for order, minimum in zip((fill.buy, fill.sell), fill.minimums, strict=True):
        rules |= _of_order(order, fill, minimum)
    if fill.deal_source in BOOKINGS:
        rules |= {"8.5", "8.6"}
    elif fill.deal_source in (
        CENTRE_POINT_PREFERENCED,
        PREFERENCE_ONLY,
        PREFERENCE_ONLY_BLOCK,
        BLOCK_PREFERENCED,
    ):
        rules.add("8.4")
    return rules


def _of_order(order: LiveOrder, fill: DarkFill, minimum: int) -> set[str]:
    assert order.terms is not None
    rules = set()
    price_x2 = 2 * order.terms.price
    beyond = fill.price_x2 > price_x2 if order.side == BUY else fill.price_x2 < price_x2
    if price_x2 and beyond:
        rules.add("2.2")
    if minimum:
        rules |= {"7.1", "7.2"}
        if order.maq == 0 < order.leaves:
            rules.add("7.4")
    if order.terms.is_sweep and order.side != fill.aggressor:
        rules |= {"S6", "10.4"} if order.terms.display is None else {"S6", "10.4", "10.5"}
    return rules


def why_unfilled(
    order: LiveOrder, contras: list[LiveOrder], quote: Quote, state: str, *, has_lit: bool
) -> str:
    """What stops an accepted order now, of which something is left.

    Parameters
    ----------
    contras
        Who rests in the dark on the other side.
    has_lit
        Whether a lit book plays a part.
    """
    terms = order.terms
    assert terms is not None
    if terms.kind == CENTRE_POINT_CROSSING:
        return "a crossing order is no part of the book"
    if not order.lit_price:
        return _why_not_in_the_dark(order, terms, contras, quote, state)
    lit = f"S5: rests in the lit book at {order.lit_price}"
    if has_lit:
        lit += _why_not_in_the_lit(order, quote, state)
    if terms.is_dual_posted:
        dark = _why_not_in_the_dark(order, terms, contras, quote, state)
        return f"{lit}; S6: and in the dark, where {dark}"
    return f"{lit}; 10.6: not in the dark" if terms.is_sweep else lit


def _why_not_in_the_lit(order: LiveOrder, quote: Quote, state: str) -> str:
    best = quote.offer if order.side == BUY else quote.bid
    if state != OPEN:
        return f", and nothing matches there in {state}"
    return f"; the best price against it is {best}" if best else "; nobody is against it"


def _why_not_in_the_dark(
    order: LiveOrder, terms: Terms, contras: list[LiveOrder], quote: Quote, state: str
) -> str:
    closed = _why_closed(quote, state)
    if closed:
        return closed
    mid_x2 = quote.bid + quote.offer
    if terms.style == Style.MIDPOINT and not _accepts(order, mid_x2):
        side = "above" if order.side == BUY else "below"
        half = ", half tick included" if terms.has_half_tick else ""
        limit = f"{price_text(order.limit_x2)}{half}"
        return f"2.2: the midpoint {price_text(mid_x2)} is {side} its limit of {limit}"
    return _why_no_contra(order, contras, mid_x2)


def _why_closed(quote: Quote, state: str) -> str:
    if state != OPEN:
        return f"5.4: there is no Centre Point matching in {state}"
    if not (quote.bid and quote.offer):
        return "6.1: without a quote on both sides there is no midpoint"
    if quote.bid >= quote.offer:
        kind = "locked" if quote.bid == quote.offer else "crossed"
        return f"6.2: the quote {quote.bid} / {quote.offer} is {kind}"
    return ""


def _why_no_contra(order: LiveOrder, contras: list[LiveOrder], mid_x2: int) -> str:
    if not contras:
        return "nobody is left on the other side of the dark book"
    met = [contra for contra in contras if _may_meet(order, contra)]
    if not met:
        return "8.4: preference-only orders meet their own participant's alone"
    if not _accepts(order, mid_x2):
        side = "above" if order.side == BUY else "below"
        limit = price_text(order.limit_x2)
        return (
            f"2.2, 4.2: the midpoint {price_text(mid_x2)} is {side} its limit of {limit}, and no "
            "dark limit order meets it at an on-tick price"
        )
    within = [contra for contra in met if _accepts(contra, mid_x2)]
    if not within:
        limits = ", ".join(f"{c.id}: {price_text(c.limit_x2)}" for c in met)
        return (
            f"2.2: the midpoint {price_text(mid_x2)} is beyond the limit of all contras ({limits})"
        )
    return _why_minimum(order, within)


def _why_minimum(order: LiveOrder, within: list[LiveOrder]) -> str:
    offered = sum(contra.leaves for contra in within)
    largest = max(contra.leaves for contra in within)
    single = order.terms is not None and order.terms.single_fill
    if single and largest < order.maq:
        return f"7.2: its minimum of {order.maq:,} exceeds every contra; the largest is {largest:,}"
    if offered < order.maq:
        return f"7.1: its minimum of {order.maq:,} exceeds what the contras offer, {offered:,}"
    minimums = ", ".join(f"{c.id}: {c.maq:,}" for c in within if c.maq)
    if minimums or order.maq:
        whose = f"those of its contras ({minimums})" if minimums else "its own"
        return f"7.3: minimum quantities cannot all be met, {whose}"
    return "5.1, 5.3: nothing has made it look for contras since they could trade"


def _may_meet(order: LiveOrder, contra: LiveOrder) -> bool:
    assert order.terms is not None
    assert contra.terms is not None
    if not (order.terms.preference_only or contra.terms.preference_only):
        return True
    return order.terms.participant == contra.terms.participant is not None


def _accepts(order: LiveOrder, price_x2: int) -> bool:
    return order.limit_x2 >= price_x2 if order.side == BUY else order.limit_x2 <= price_x2
