"""The rules behind a trade, and what each of them says."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from sweep_dask.market.deal_sources import (
    BLOCK_PREFERENCED,
    BOOKINGS,
    CENTRE_POINT_PREFERENCED,
    PREFERENCE_ONLY,
    PREFERENCE_ONLY_BLOCK,
)
from sweep_dask.matching.events import BUY, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.casework.dark_book import DarkFill
    from sweep_dask.casework.live_order import LiveOrder

#: One line a rule, in the order in which they are named behind a trade.
WORDS = {
    "S1": "a sweep looks into the dark book first",
    "S2": "then it takes one price level of the lit book",
    "S4": "the lit level moved the quote: it looks into the dark book again",
    "5.1": "an order looks for contras when it arrives",
    "5.2": "an amended order looks again",
    "5.3": "orders that rest may meet when the quote moves",
    "5.4": "orders match in continuous trading alone",
    "7.5": "several orders meet a resting minimum together, the older ones first",
    "8.1": "a preferencing participant's own orders come first",
    "2.1": "the price is the midpoint",
    "3.1": "at the midpoint time alone ranks those whose limits allow it",
    "4.1": "a dark limit order walks from its best price to its worst",
    "4.2": "at on-tick prices dark limit orders meet each other alone",
    "2.4": "on-tick prices lie strictly inside the spread",
    "3.2": "time ranks the orders of one price",
    "9.1": "block phase: what is left may trade at or outside the quotes",
    "2.6": "at the price of the block that rests",
    "3.3": "blocks rank by price, then time",
    "9.4": "each block trade is worth the least block value",
    "2.2": "half a tick is added to the limit",
    "7.1": "a minimum is met each time the order trades",
    "7.2": "by several contras together or, if it is single-fill, by each one",
    "7.4": "less than the minimum is left, so it falls away",
    "S6": "a sweep with the mid-tick on rests in the dark too",
    "10.4": "one quantity in two books",
    "10.5": "of an iceberg the total is filled, not what it shows",
    "5.6": "nobody is incoming, so nobody is preferenced",
    "5.7": "time on both sides",
    "8.4": "the deal source says that the order was preferenced",
    "8.5": "one participant and one crossing key: a booking, no market trade",
    "8.6": "a booking uses up both orders",
}
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

    Returns
    -------
    list
        One item a match: its rules in the order of `WORDS`.
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
        found.append(tuple(rule for rule in WORDS if rule in rules))
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
