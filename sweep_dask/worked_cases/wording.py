"""Orders, prices and trades in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.order_codes import CENTRE_POINT_CROSSING
from sweep_dask.matching.events import Style, Validity
from sweep_dask.terms.deal_sources import NAMES
from sweep_dask.terms.sides import SIDE_NAMES
from sweep_dask.worked_cases.format import MARKET_TO_LIMIT, Amend, Cancel

if TYPE_CHECKING:
    from sweep_dask.worked_cases.format import Terms

_STYLES = {
    Style.MIDPOINT: "midpoint only",
    Style.DARK_LIMIT: "dark limit",
    Style.ANY_PRICE_BLOCK: "any price block",
}
_VALIDITIES = {Validity.FILL_AND_KILL: "fill-and-kill", Validity.FILL_OR_KILL: "fill-or-kill"}


def price_text(price_x2: int) -> str:
    """A doubled price as a price: "3335", "1002.5"."""
    return f"{price_x2 // 2}.5" if price_x2 % 2 else str(price_x2 // 2)


def quote_text(bid: int, offer: int) -> str:
    """Bid, offer and their midpoint."""
    sides = f"{bid or 'none'} / {offer or 'none'}"
    if not (bid and offer):
        return f"{sides}, no midpoint"
    kind = ", locked" if bid == offer else ", crossed" if bid > offer else ""
    return f"{sides}, midpoint {price_text(bid + offer)}{kind}"


def deal_source_text(deal_source: int) -> str:
    """The name of a deal source."""
    return NAMES.get(deal_source, str(deal_source))


def order_text(order: Terms, leaves: int | None = None) -> str:
    """Side, quantity, price and everything that is not usual about an order."""
    quantity = order.quantity if leaves is None else leaves
    limit = f"@ {order.price}" if order.price else "unpriced"
    parts = [f"{SIDE_NAMES[order.side]} {quantity:,} {limit}", _kind_text(order)]
    if order.has_half_tick and not order.is_plain:
        parts.append("half tick")
    if order.maq:
        parts.append(f"minimum {order.maq:,}" + (" from one contra" if order.single_fill else ""))
    if order.display is not None:
        parts.append(f"shows {order.display:,}")
    if order.validity in _VALIDITIES:
        parts.append(_VALIDITIES[order.validity])
    if order.preference_only:
        parts.append("preference only")
    if order.participant is not None:
        parts.append(f"participant {order.participant}")
    if order.key:
        parts.append(f"crossing key {order.key}")
    return ", ".join(parts)


def describe_change(step: Amend | Cancel) -> str:
    """What the owner of an order asks for."""
    if isinstance(step, Cancel):
        return f"Cancel {step.id}"
    changes = ", ".join(f"{name} {value}" for name, value in step.changes.items())
    return f"Amend {step.id}: {changes}"


def _kind_text(order: Terms) -> str:
    if order.kind == CENTRE_POINT_CROSSING:
        return "Centre Point crossing"
    if order.is_plain:
        return "lit"
    if order.is_sweep:
        return "market-to-limit sweep" if order.order_type == MARKET_TO_LIMIT else "sweep"
    return _STYLES[order.style]
