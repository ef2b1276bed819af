"""Who fills whom in the lit book. In the dark, the Centre Point book decides.

It is deliberately simple, not a model of the market: an order takes what rests at the touch,
oldest first, then liquidity nobody wrote down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.sample.compiled import folded, kernel
from sweep_dask.sample.messages import tell_lit_fill
from sweep_dask.sample.population import PARTICIPANTS
from sweep_dask.sample.randomness import draw_below, draw_value, happens
from sweep_dask.sample.security import Security, next_order_id, slot_of, touch
from sweep_dask.sample.tape import EXCHANGE
from sweep_dask.terms import deal_sources
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sweep_dask.sample.records import Order


#: In thousandths: how often unseen liquidity at the touch covers all that is left. Arbitrary.
_COVERED = 800


@folded
def fill_at_touch(security: Security, order: Order) -> bool:
    """An incoming order takes from the lit book; True if it took the whole level and wants more."""
    price = security.quote[0].offer if order.side == BUY else security.quote[0].bid
    is_out_of_reach = order.price < price if order.side == BUY else order.price > price
    if order.leavesquantity == 0 or is_out_of_reach:
        return False
    lit = security.lit
    for position in range(lit.sizes[0].live):
        contra = lit.orders[lit.live[position]]
        is_at_touch = contra.side != order.side and contra.price == price
        # A dual-posted sweep may have been used up in the dark a moment ago.
        if is_at_touch and contra.leavesquantity > 0 and order.leavesquantity > 0:
            _trade(security, order, contra)
            touch(lit, lit.live[position])
    if order.leavesquantity > 0:
        unseen = order.leavesquantity
        if not happens(security.random, _COVERED):
            unseen = draw_below(security.random, unseen)
        fill_by_unseen(security, order, price, unseen, order.side)
    return order.leavesquantity > 0


@kernel
def fill_by_unseen(
    security: Security, order: Order, price: int, quantity: int, aggressor: int
) -> None:
    """An order trades with one that has no row in the orders file."""
    if quantity > 0:
        participant = draw_value(security.random, PARTICIPANTS)
        unseen = next_order_id(security)
        write_match(
            security, order, unseen, participant, quantity, 2 * price, deal_sources.LIT, aggressor
        )
        _reduce_in_lit(security, order, quantity)


@kernel
def reduce(order: Order, quantity: int) -> None:
    """Shares of an order were filled; a minimum above what is left falls away."""
    order.leavesquantity -= quantity
    order.totalmatchedquantity += quantity
    if order.leavesquantity < order.minimumquantity:
        order.minimumquantity = 0


@kernel
def write_match(
    security: Security,
    order: Order,
    other_id: int,
    other_participant: int,
    quantity: int,
    price_x2: int,
    source: int,
    aggressor: int,
) -> None:
    """A match of an order with another one, of which only these numbers are known."""
    terms = (quantity, price_x2, source, aggressor)
    _write_leg(security, order.side, order.order_id, order.participantid, terms)
    _write_leg(security, BUY + SELL - order.side, other_id, other_participant, terms)
    security.tape.cursor[0].trades += 2


@kernel
def _write_leg(
    security: Security, side: int, order_id: int, participant: int, terms: tuple[int, int, int, int]
) -> None:
    """One of the two rows of the match that comes next on the tape, the buy leg first."""
    tape, quote = security.tape, security.quote[0]
    quantity, price_x2, source, aggressor = terms
    row = tape.trades[tape.cursor[0].trades + side - BUY]
    row.EXCHANGE = EXCHANGE
    row.securitycode = security.state[0].security_code
    row.orderid = order_id
    row.dealsource = source
    row.dealsourcedecoded = source
    row.nationalbidpricesnapshot = quote.national_bid
    row.nationalofferpricesnapshot = quote.national_offer
    # Published prices are truncated to the unit of the file (section 24.4).
    row.tradeprice = price_x2 // 2
    row.quantity = quantity
    row.side = side
    row.sidedecoded = side
    row.participantid = participant
    row.passiveaggressive = 1 if aggressor == side else 0


@folded
def _trade(security: Security, order: Order, contra: Order) -> None:
    is_own = order.participantid == contra.participantid
    is_booking = is_own and 0 != order.crossingkey == contra.crossingkey
    source = deal_sources.LIT_CROSSING_BOOKING if is_booking else deal_sources.LIT
    quantity = min(order.leavesquantity, contra.leavesquantity)
    write_match(
        security,
        order,
        contra.order_id,
        contra.participantid,
        quantity,
        2 * contra.price,
        source,
        order.side,
    )
    _reduce_in_lit(security, order, quantity)
    _reduce_in_lit(security, contra, quantity)


@kernel
def _reduce_in_lit(security: Security, order: Order, quantity: int) -> None:
    reduce(order, quantity)
    tell_lit_fill(security, order, quantity)


#: The number of no order.
NOBODY = -1


@kernel
def write_dark_fills(
    security: Security, fills: NDArray[np.void], count: int, arriving: int
) -> None:
    """The first `count` of `matching.events.FILL`, in order; `arriving` gets its row elsewhere."""
    for position in range(count):
        fill = fills[position]
        buy, sell = _order(security, fill.buy), _order(security, fill.sell)
        write_match(
            security,
            buy,
            sell.order_id,
            sell.participantid,
            fill.quantity,
            fill.price_x2,
            fill.deal_source,
            fill.aggressor,
        )
        reduce(buy, fill.quantity)
        reduce(sell, fill.quantity)
        _touch_unless(security, fill.buy, arriving)
        _touch_unless(security, fill.sell, arriving)


@kernel
def _order(security: Security, number: int) -> Order:
    book, slot = slot_of(security, number)
    order: Order = book.orders[slot]
    return order


@kernel
def _touch_unless(security: Security, number: int, arriving: int) -> None:
    if number != arriving:
        book, slot = slot_of(security, number)
        touch(book, slot)
