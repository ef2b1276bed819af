"""The rules behind a trade, and what each of them says."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from sweep_dask.matching.events import Route
from sweep_dask.terms.deal_sources import (
    BLOCK_PREFERENCED,
    BOOKINGS,
    CENTRE_POINT_PREFERENCED,
    PREFERENCE_ONLY,
    PREFERENCE_ONLY_BLOCK,
)
from sweep_dask.terms.rules import SECTIONS
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.worked_cases.dark_book import DarkFill
    from sweep_dask.worked_cases.live_order import LiveOrder

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
