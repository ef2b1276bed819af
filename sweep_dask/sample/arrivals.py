"""How an order, new or amended, meets the market: dark book, lit book, rest.

`submit` tells the Centre Point book; `finish_arrival` goes on with what came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.change_reasons import TRADED
from sweep_dask.market.order_codes import OFF, SWEEP
from sweep_dask.sample.compiled import folded, kernel
from sweep_dask.sample.messages import ARRIVAL, tell_entry
from sweep_dask.sample.pairing import fill_at_touch, write_dark_fills
from sweep_dask.sample.population import (
    BOUNCING,
    REST_OF_DAY,
    draw_centre_point_type,
    draw_lit_type,
    draw_offset,
    draw_order,
    draw_sweep_type,
)
from sweep_dask.sample.quotes import take_level
from sweep_dask.sample.security import (
    Book,
    Security,
    give_slot_back,
    home,
    is_centre_point,
    next_order_id,
    remove,
    slot_of,
    start_resting,
    step,
    take_slot,
)
from sweep_dask.sample.tape import (
    CANCELLED_BY_SYSTEM,
    NEW,
    OFF_BOOK,
    ON_BOOK,
    begin_transaction,
    settle,
    write_event,
)
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sweep_dask.sample.records import Order


@folded
def enter(security: Security, of_centre_point: bool) -> None:
    """A new order of a Centre Point type, or one of the lit book only."""
    order_type = _draw_type(security, of_centre_point)
    book = home(security, order_type)
    slot = take_slot(book)
    order = book.orders[slot]
    draw_new_order(security, order, order_type)
    submit(security, order, NEW, False)
    tell_entry(security, order)


@folded
def _draw_type(security: Security, of_centre_point: bool) -> int:
    if not of_centre_point:
        return draw_lit_type(security.random)
    if security.state[0].is_continuous:
        return draw_centre_point_type(security.random)
    # Before the open and after 16:00 the exchange accepts sweeps, but no dark orders.
    return draw_sweep_type(security.random)


@kernel
def draw_new_order(security: Security, order: Order, order_type: int) -> None:
    """Fill in a whole new order that fits the present quote and trading state."""
    draw_order(security.random, order, order_type)
    order.order_id = next_order_id(security)
    order.security_code = security.state[0].security_code
    order.price = draw_price(security, order)
    if not security.state[0].is_continuous:
        order.timevalidity = REST_OF_DAY
        # Else dual-posted sweeps might meet at the very moment of the opening.
        order.midtick = OFF


@kernel
def draw_price(security: Security, order: Order) -> int:
    """A limit near the quote, on the tick grid."""
    state = security.state[0]
    price = _draw_price_near_quote(security, order)
    return int(min(max(price, state.lowest_price), state.highest_price))


@folded
def _draw_price_near_quote(security: Security, order: Order) -> int:
    quote = security.quote[0]
    offset = draw_offset(security.random, order)
    own, other = (quote.bid, quote.offer) if order.side == BUY else (quote.offer, quote.bid)
    if _is_lit(order) and offset > 0:
        # A lit order that crosses takes the touch and no more; without matching it cannot cross.
        return int(other if security.state[0].is_continuous else own)
    return step(own, offset if order.side == BUY else -offset)


@kernel
def submit(security: Security, order: Order, reason: int, keeps_place: bool) -> None:
    """An order, new or amended, looks for contras, once the Centre Point book has been told."""
    state = security.state[0]
    begin_transaction(security.tape, False)
    write_event(security, order, reason, OFF_BOOK if reason == NEW else ON_BOOK)
    state.waiting = ARRIVAL
    state.arriving = order.number
    state.reason = reason
    state.keeps_place = 1 if keeps_place else 0


@folded
def finish_arrival(security: Security, fills: NDArray[np.void], count: int) -> None:
    """After its fills in the dark an order meets the lit book. What is left rests."""
    state = security.state[0]
    book, slot = slot_of(security, state.arriving)
    order = book.orders[slot]
    matched_before = order.totalmatchedquantity
    write_dark_fills(security, fills, count, state.arriving)
    # One that keeps its place rests there already.
    meets_lit_book = bool(state.is_continuous and not state.keeps_place and _is_lit(order))
    took_level = meets_lit_book and fill_at_touch(security, order)
    is_resting = order.leavesquantity > 0 and order.timevalidity != BOUNCING
    _write_outcome(security, order, state.reason, order.totalmatchedquantity > matched_before)
    if is_resting and not state.keeps_place:
        start_resting(security, book, slot)
    settle(security)
    if took_level:
        take_level(security, order, is_resting)
    if not is_resting:
        _drop(security, book, slot)


@folded
def _drop(security: Security, book: Book, slot: int) -> None:
    """The order that arrived is gone."""
    if security.state[0].keeps_place:
        remove(security, book, slot)
    else:
        give_slot_back(book, slot)


@kernel
def _is_lit(order: Order) -> bool:
    """Whether the order meets the lit book: a sweep or an order of no Centre Point type."""
    order_type = order.exchangeordertype
    return order_type & SWEEP != 0 or not is_centre_point(order_type)


@folded
def _write_outcome(security: Security, order: Order, reason: int, has_traded: bool) -> None:
    is_resting = order.leavesquantity > 0 and order.timevalidity != BOUNCING
    if has_traded:
        write_event(security, order, TRADED, ON_BOOK if is_resting else OFF_BOOK)
    elif is_resting:
        write_event(security, order, reason, ON_BOOK)
    if order.leavesquantity > 0 and not is_resting:
        write_event(security, order, CANCELLED_BY_SYSTEM, OFF_BOOK)
