"""Trading states (section 5), and what is refused: rules 1.1 to 1.7, 25.1 to 25.5 for sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.order_codes import (
    ANY_PRICE_BLOCKS,
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    HALF_TICK,
    OFF,
    UNDEFINED,
)
from sweep_dask.matching.events import Validity
from sweep_dask.worked_cases.format import LIMIT, MARKET, MARKET_TO_LIMIT, UNDISCLOSED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.worked_cases.format import Terms


#: Continuous trading: the one state in which the books match orders as they arrive.
OPEN = "OPEN"
PURGE_ORDERS = "PURGE_ORDERS"
AUCTIONS = ("OSPA", "CSPA")
HALTS = ("TRADING_HALT", "REG_HALT")
_OTHERS_WITHOUT_ENTRY = ("ADJUST", "ADJUST_ON", "SYSTEM_MAINTENANCE", "CLOSE", "CANCEL_ONLY")
#: Orders may be cancelled, but none entered.
WITHOUT_ENTRY = (*AUCTIONS, *_OTHERS_WITHOUT_ENTRY, PURGE_ORDERS)
_OTHERS = (
    *("PRE_OPEN", "PRE_CSPA", "POST_CLOSE", "PRE_NR", "SUSPEND", "ENQUIRE", "LATE_TRADING"),
    *("OPEN_NIGHT-TRADING", "PRE_NIGHT-TRADING", "OPEN_QUOTE-DISPLAY"),
)
STATES = (OPEN, *_OTHERS, *HALTS, *WITHOUT_ENTRY)


def refusal_at_entry(order: Terms, state: str, bid: int, offer: int) -> str:
    """Why the market refuses a new order in this state, at this quote; empty if it does not."""
    if order.is_dark and state != OPEN:
        return f"1.1: Centre Point orders are accepted in OPEN only, not in {state}"
    if order.is_dark and not (bid and offer):
        return "1.2: Centre Point orders need a national quote on both sides"
    if not order.is_dark and state in WITHOUT_ENTRY:
        return f"1.7: no order may be entered in {state}"
    if order.validity == Validity.FILL_AND_KILL and state in HALTS:
        return f"fill-and-kill orders are not allowed in {state} (section 5)"
    return refusal_of_terms(order)


def refusal_of_terms(order: Terms) -> str:
    """Why the market refuses an order of such terms at any time; empty if it does not."""
    if order.is_dark:
        return _refusal_of_dark(order)
    return _refusal_of_sweep(order) if order.is_sweep else ""


def _refusal_of_dark(order: Terms) -> str:
    if order.display is not None or order.type & UNDISCLOSED:
        return "1.3: a Centre Point order is no iceberg and has no undisclosed quantity"
    if order.order_type == MARKET and order.midtick not in (UNDEFINED, OFF):
        return f"1.4: an unpriced Centre Point order cannot have mid-tick {order.midtick}"
    if order.kind == CENTRE_POINT and order.midtick in ANY_PRICE_BLOCKS:
        return f"1.4: mid-tick {order.midtick} (any price block) is for type {CENTRE_POINT_BLOCK}"
    if order.kind == CENTRE_POINT and order.maq:
        return f"1.5: a minimum quantity is for type {CENTRE_POINT_BLOCK} and limit sweeps"
    if order.maq > order.quantity:
        return f"1.5: the minimum {order.maq} is more than the quantity {order.quantity}"
    if order.validity == Validity.FILL_OR_KILL and order.maq not in (0, order.quantity):
        return "1.6: fill-or-kill needs a minimum of 0 or of the whole quantity"
    return ""


def _refusal_of_sweep(order: Terms) -> str:
    if order.validity == Validity.FILL_OR_KILL:
        return "1.6: a sweep cannot be fill-or-kill"
    if order.order_type == MARKET_TO_LIMIT:
        options = {
            "a mid-tick": order.midtick == HALF_TICK,
            "a minimum quantity": order.maq > 0,
            "a shown quantity (iceberg)": order.display is not None,
        }
        barred = [name for name, is_given in options.items() if is_given]
        if barred:
            return f"section 2.2: a market-to-limit sweep has no {' and no '.join(barred)}"
    if order.maq > order.quantity:
        return f"1.5: the minimum {order.maq} is more than the quantity {order.quantity}"
    return ""


def refusal_of_amendment(before: Terms, after: Terms, changes: Mapping[str, int | bool]) -> str:
    """Why the market refuses an amendment; empty if it does not. Section 3.11."""
    if "price" in changes and before.order_type != LIMIT and not before.price:
        return "3.11: an unpriced order cannot be given a price"
    if before.is_sweep:
        if after.midtick == HALF_TICK != before.midtick:
            return "3.11: the mid-tick of a sweep may be switched off, never on"
        if before.display is not None and after.quantity > before.quantity:
            return "3.11: the total of an iceberg sweep cannot increase"
    return refusal_of_terms(after)
