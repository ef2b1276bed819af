"""Who fills whom. The one part of the generator that chooses counterparties.

It is deliberately simple, not a model of the market: every dark fill is at the midpoint, oldest
contra first (own orders first for preferencing participants), every single fill meets the minimum
quantities of both sides, and a dual-posted sweep is never filled in the dark once it rests.
In the lit book an order takes what rests at the touch, then liquidity nobody wrote down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.order_types import CENTRE_POINT, CENTRE_POINT_BLOCK, SWEEP
from sweep_dask.sample.book import touch
from sweep_dask.sample.compiled import compiled_inner
from sweep_dask.sample.deals import DARK, DARK_SAME_CLIENT, LIT, LIT_SAME_CLIENT, PREFERENCED
from sweep_dask.sample.population import PARTICIPANTS, is_preferencing
from sweep_dask.sample.randomness import draw_below, draw_value, happens
from sweep_dask.sample.security import Security, next_order_id
from sweep_dask.sample.tape import next_match
from sweep_dask.sample.ticks import effective_limit_x2

if TYPE_CHECKING:
    from sweep_dask.sample.records import Order

BUY, SELL = 1, 2
_NOBODY = 0

#: Legacy crossing orders (256) rest in the dark but never trade there; sweeps the other way round.
_RESTS_IN_DARK = CENTRE_POINT | CENTRE_POINT_BLOCK
_SEARCHES_DARK = CENTRE_POINT | CENTRE_POINT_BLOCK | SWEEP
_NOT_FOUND = -1

#: In thousandths: how often unseen liquidity at the touch covers all that is left. Arbitrary.
_COVERED = 800


@compiled_inner
def has_midpoint(security: Security) -> bool:
    """Whether dark orders can trade: both sides are quoted, neither locked nor crossed."""
    quote = security.quote[0]
    return bool(security.state[0].is_quoted and quote.bid < quote.offer)


@compiled_inner
def fill_in_dark(security: Security, order: Order) -> None:
    """An incoming order takes from the resting dark orders at the midpoint."""
    searches = order.exchangeordertype & _SEARCHES_DARK != 0
    if not searches or not has_midpoint(security) or not _accepts_midpoint(security, order):
        return
    if is_preferencing(order.participantid):
        _fill_pass(security, order, True)
    _fill_pass(security, order, False)


@compiled_inner
def fill_between_resting(security: Security) -> None:
    """After a change of quote, resting dark orders that now agree trade with each other."""
    if not has_midpoint(security):
        return
    dark = security.dark
    for position in range(dark.sizes[0].live):
        order = dark.orders[dark.live[position]]
        if order.side == BUY and _can_trade(security, order):
            slot = _find_contra(security, order, False)
            while slot != _NOT_FOUND:
                _trade_in_dark(security, order, slot, DARK, _NOBODY)
                touch(dark, dark.live[position])
                slot = _find_contra(security, order, False)


@compiled_inner
def fill_at_touch(security: Security, order: Order) -> bool:
    """An incoming order takes from the lit book; True if it took the whole level and wants more."""
    price = security.quote[0].offer if order.side == BUY else security.quote[0].bid
    is_out_of_reach = order.price < price if order.side == BUY else order.price > price
    if order.leavesquantity == 0 or is_out_of_reach:
        return False
    lit = security.lit
    for position in range(lit.sizes[0].live):
        contra = lit.orders[lit.live[position]]
        if contra.side != order.side and contra.price == price and order.leavesquantity > 0:
            _trade_in_lit(security, order, contra)
            touch(lit, lit.live[position])
    if order.leavesquantity > 0:
        fill_by_unseen(security, order, price, _unseen_quantity(security, order), order.side)
    return order.leavesquantity > 0


@compiled_inner
def fill_by_unseen(
    security: Security, order: Order, price: int, quantity: int, aggressor: int
) -> None:
    """An order trades with one that has no row in the orders file."""
    if quantity > 0:
        participant = draw_value(security.random, PARTICIPANTS)
        unseen = next_order_id(security)
        _write_match(security, order, unseen, participant, quantity, 2 * price, LIT, aggressor)
        _reduce(order, quantity)


@compiled_inner
def _fill_pass(security: Security, order: Order, own_only: bool) -> None:
    source = PREFERENCED if own_only else DARK
    while order.leavesquantity > 0:
        slot = _find_contra(security, order, own_only)
        if slot == _NOT_FOUND:
            return
        _trade_in_dark(security, order, slot, source, order.side)


@compiled_inner
def _find_contra(security: Security, order: Order, own_only: bool) -> int:
    """The oldest resting dark order that can trade with `order` at the midpoint."""
    dark = security.dark
    for position in range(dark.sizes[0].live):
        contra = dark.orders[dark.live[position]]
        is_wanted = not own_only or contra.participantid == order.participantid
        is_other_side = is_wanted and contra.side != order.side
        if is_other_side and _can_trade(security, contra) and _minima_hold(order, contra):
            return int(dark.live[position])
    return _NOT_FOUND


@compiled_inner
def _can_trade(security: Security, resting: Order) -> bool:
    return (
        resting.leavesquantity > 0
        and resting.exchangeordertype & _RESTS_IN_DARK != 0
        and _accepts_midpoint(security, resting)
    )


@compiled_inner
def _accepts_midpoint(security: Security, order: Order) -> bool:
    midpoint_x2 = int(security.quote[0].bid + security.quote[0].offer)
    limit_x2 = effective_limit_x2(order.price, order.side == BUY, order.midtick)
    return limit_x2 >= midpoint_x2 if order.side == BUY else limit_x2 <= midpoint_x2


@compiled_inner
def _minima_hold(order: Order, contra: Order) -> bool:
    quantity = min(order.leavesquantity, contra.leavesquantity)
    return quantity > 0 and quantity >= max(order.minimumquantity, contra.minimumquantity)


@compiled_inner
def _trade_in_dark(
    security: Security, order: Order, slot: int, source: int, aggressor: int
) -> None:
    contra = security.dark.orders[slot]
    if _is_same_client(order, contra):
        source = DARK_SAME_CLIENT
    quantity = min(order.leavesquantity, contra.leavesquantity)
    price_x2 = security.quote[0].bid + security.quote[0].offer
    _write_match(
        security,
        order,
        contra.order_id,
        contra.participantid,
        quantity,
        price_x2,
        source,
        aggressor,
    )
    _reduce(order, quantity)
    _reduce(contra, quantity)
    touch(security.dark, slot)


@compiled_inner
def _trade_in_lit(security: Security, order: Order, contra: Order) -> None:
    source = LIT_SAME_CLIENT if _is_same_client(order, contra) else LIT
    quantity = min(order.leavesquantity, contra.leavesquantity)
    _write_match(
        security,
        order,
        contra.order_id,
        contra.participantid,
        quantity,
        2 * contra.price,
        source,
        order.side,
    )
    _reduce(order, quantity)
    _reduce(contra, quantity)


@compiled_inner
def _is_same_client(order: Order, contra: Order) -> bool:
    is_own = order.participantid == contra.participantid
    return is_own and order.crossingkey != 0 and order.crossingkey == contra.crossingkey


@compiled_inner
def _unseen_quantity(security: Security, order: Order) -> int:
    if happens(security.random, _COVERED):
        return order.leavesquantity
    return draw_below(security.random, order.leavesquantity)


@compiled_inner
def _reduce(order: Order, quantity: int) -> None:
    order.leavesquantity -= quantity
    order.totalmatchedquantity += quantity
    if order.leavesquantity < order.minimumquantity:
        order.minimumquantity = 0


@compiled_inner
def _write_match(
    security: Security,
    order: Order,
    other_id: int,
    other_participant: int,
    quantity: int,
    price_x2: int,
    source: int,
    aggressor: int,
) -> None:
    match = next_match(security.tape, security.quote[0])
    match.security_code = order.security_code
    is_buy = order.side == BUY
    match.buy_order_id = order.order_id if is_buy else other_id
    match.buy_participant = order.participantid if is_buy else other_participant
    match.sell_order_id = other_id if is_buy else order.order_id
    match.sell_participant = other_participant if is_buy else order.participantid
    match.quantity = quantity
    match.price_x2 = price_x2
    match.deal_source = source
    match.aggressor = aggressor
