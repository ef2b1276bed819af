"""What the generator tells the Centre Point book, which decides about every dark fill.

Messages are `matching.events.EVENT` and wait in a list until `life_cycles.run` hands them over;
what depends on the fills goes on after that, see `SecurityState.waiting`. That function alone
calls the book: numba optimises all that a function calls once more for each function calling it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.market.order_codes import (
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    DARK_LIMITS,
    HALF_TICK,
    SWEEP,
)
from sweep_dask.matching.events import EventKind, Style, Validity
from sweep_dask.sample.compiled import entry, kernel
from sweep_dask.sample.population import BOUNCING
from sweep_dask.sample.security import effective_limit_x2
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from sweep_dask.sample.records import Order
    from sweep_dask.sample.security import Security

#: What waits for the fills that come of the messages.
NOTHING, ARRIVAL, QUOTE_MOVE = 0, 1, 2

#: The book knows orders of these types. Crossing orders (256) rest in the dark and never trade.
_KNOWN = CENTRE_POINT | CENTRE_POINT_BLOCK | SWEEP
_SINGLE_FILL = 1

_SESSION, _QUOTE = int(EventKind.SESSION), int(EventKind.QUOTE)
_ENTER, _AMEND = int(EventKind.ENTER), int(EventKind.AMEND)
_REDUCE, _CANCEL = int(EventKind.REDUCE), int(EventKind.CANCEL)
_MIDPOINT, _DARK_LIMIT = int(Style.MIDPOINT), int(Style.DARK_LIMIT)
_DAY, _FILL_AND_KILL = int(Validity.DAY), int(Validity.FILL_AND_KILL)


@entry
def tell_session(security: Security, is_continuous: bool) -> None:
    """Continuous trading begins or ends."""
    message = _next_message(security, _SESSION)
    message.quantity = 1 if is_continuous else 0


@kernel
def tell_quote(security: Security, bid: int, offer: int) -> None:
    """The national quote moved."""
    message = _next_message(security, _QUOTE)
    message.bid = bid
    message.offer = offer


@kernel
def tell_entry(security: Security, order: Order) -> None:
    """An order arrives."""
    if order.exchangeordertype & _KNOWN:
        message = _next_message(security, _ENTER)
        _write_terms(message, order)
        message.quantity = order.leavesquantity
        message.keeps_place = 0


@kernel
def tell_amendment(security: Security, order: Order, leaves_change: int, keeps_place: bool) -> None:
    """A live order has other terms, and perhaps more or fewer shares."""
    if order.exchangeordertype & _KNOWN:
        message = _next_message(security, _AMEND)
        _write_terms(message, order)
        message.quantity = leaves_change
        message.keeps_place = 1 if keeps_place else 0


@kernel
def tell_lit_fill(security: Security, order: Order, quantity: int) -> None:
    """Shares of an order were filled in the lit book."""
    if order.exchangeordertype & _KNOWN:
        message = _next_message(security, _REDUCE)
        message.order = order.number
        message.quantity = quantity


@kernel
def tell_cancel(security: Security, order: Order) -> None:
    """An order is gone."""
    if order.exchangeordertype & _KNOWN:
        _next_message(security, _CANCEL).order = order.number


@kernel
def _next_message(security: Security, kind: int) -> Any:
    """The next `EVENT` to fill in; what its kind does not use is left as it was."""
    state = security.state[0]
    message = security.messages[state.messages]
    state.messages += 1
    message.kind = kind
    return message


@kernel
def _write_terms(message: Any, order: Order) -> None:
    message.order = order.number
    message.side = order.side
    message.style = _DARK_LIMIT if order.midtick in DARK_LIMITS else _MIDPOINT
    message.validity = _FILL_AND_KILL if order.timevalidity == BOUNCING else _DAY
    message.single_fill = 1 if order.singlefillminimumquantity == _SINGLE_FILL else 0
    message.preference_only = 0
    message.is_sweep = 1 if order.exchangeordertype & SWEEP else 0
    message.rests = 1 if _rests_in_dark(order) else 0
    message.trades = 1
    # The quote on the order's row is the standing one.
    message.has_quote = 0
    message.participant = order.participantid
    message.crossing_key = order.crossingkey
    message.limit_x2 = effective_limit_x2(order.price, order.side == BUY, order.midtick)
    message.price = order.price
    message.minimum_quantity = order.minimumquantity


@kernel
def _rests_in_dark(order: Order) -> bool:
    """Whether later dark orders may meet what is left: not a sweep, unless it is dual-posted."""
    is_of_book = order.exchangeordertype & SWEEP == 0 or order.midtick == HALF_TICK
    return bool(is_of_book and order.timevalidity != BOUNCING)
