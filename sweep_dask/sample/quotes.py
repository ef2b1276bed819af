"""The national best bid and offer: a walk on the tick grid that takes resting orders with it.

One tick wide most of the time, at times two or three, now and then locked or crossed. A quote
that moves through resting lit orders has them filled first, by orders nobody wrote down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.sample.compiled import entry, folded, kernel
from sweep_dask.sample.messages import QUOTE_MOVE, tell_quote
from sweep_dask.sample.pairing import NOBODY, fill_by_unseen, write_dark_fills
from sweep_dask.sample.randomness import draw_below, draw_value, happens
from sweep_dask.sample.security import step, tick_above, touch
from sweep_dask.sample.tape import begin_transaction, settle, write_quote
from sweep_dask.schema import MISSING_INTEGER
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.sample.records import Order
    from sweep_dask.sample.security import Security

#: Weights of what happens to a normal quote, arbitrary: (weight, ticks by which the sides move
#: towards each other beyond a one-tick spread; 0: both move by a tick).
_MOVES = np.array([(50, 1), (8, 2), (170, -1), (772, 0)], dtype=np.int64)
_WIDEST_TICKS = 3
#: In thousandths: how often a wide quote becomes one tick wide instead of moving.
_NARROWS = 700

#: Pull towards the start price, in thousandths of probability per tick of distance, at most the
#: second number. Arbitrary; keeps the price within some 25 ticks however long the market is.
_PULL, _STRONGEST_PULL = 4, 400


@entry
def begin_quotes(security: Security) -> None:
    """Before the day's first quote one side is missing in the national quote."""
    quote, state = security.quote[0], security.state[0]
    if quote.bid == 0:
        quote.bid = state.start_price
    quote.offer = step(quote.bid, 1)
    quote.national_bid, quote.national_offer = quote.bid, quote.offer
    if happens(security.random, 500):
        quote.national_bid = MISSING_INTEGER
    else:
        quote.national_offer = MISSING_INTEGER
    state.is_quoted = 0


@kernel
def publish_first_quote(security: Security) -> None:
    """The national quote gets its second side."""
    begin_transaction(security.tape, False)
    _publish(security, security.quote[0].bid, security.quote[0].offer)
    security.state[0].is_quoted = 1


@folded
def move_quote(security: Security) -> None:
    """The next step of the walk."""
    bid, offer = _next_quote(security)
    _replace_quote(security, bid, offer, False)


@folded
def finish_quote_move(security: Security, fills: NDArray[np.void], count: int) -> None:
    """Resting dark orders that agree at the new quote have met."""
    write_dark_fills(security, fills, count, NOBODY)
    settle(security)


@folded
def take_level(security: Security, order: Order, is_resting: bool) -> None:
    """An order took a whole level of the lit book: the quote moves on, at once."""
    quote = security.quote[0]
    if order.side == BUY:
        bid = order.price if is_resting else min(quote.bid, order.price)
        _replace_quote(security, bid, step(order.price, 1), True)
    else:
        offer = order.price if is_resting else max(quote.offer, order.price)
        _replace_quote(security, step(order.price, -1), offer, True)


@folded
def _next_quote(security: Security) -> tuple[int, int]:
    quote = security.quote[0]
    goes_up = _goes_up(security)
    if quote.bid >= quote.offer:
        low, high = quote.offer, quote.bid
        return (high, step(high, 1)) if goes_up else (step(low, -1), low)
    if quote.offer > step(quote.bid, 1) and happens(security.random, _NARROWS):
        return _narrowed(quote.bid, quote.offer, goes_up)
    ticks = draw_value(security.random, _MOVES)
    if ticks > 0:
        if goes_up:
            return step(quote.offer, ticks - 1), quote.offer
        return quote.bid, step(quote.bid, 1 - ticks)
    if ticks < 0:
        return _widened(quote.bid, quote.offer, 1 + draw_below(security.random, 2), goes_up)
    direction = 1 if goes_up else -1
    return step(quote.bid, direction), step(quote.offer, direction)


@kernel
def _goes_up(security: Security) -> bool:
    """Up or down at random, but not beyond the prices that orders may have."""
    quote, state = security.quote[0], security.state[0]
    chosen = happens(security.random, 500 + _pull(security))
    is_low, is_high = quote.bid <= state.lowest_price, quote.offer >= state.highest_price
    return bool(is_low or (chosen and not is_high))


@kernel
def _pull(security: Security) -> int:
    quote, state = security.quote[0], security.state[0]
    distance_ticks = int(state.start_price - quote.bid) // tick_above(quote.bid)
    return min(max(_PULL * distance_ticks, -_STRONGEST_PULL), _STRONGEST_PULL)


@kernel
def _narrowed(bid: int, offer: int, goes_up: bool) -> tuple[int, int]:
    return (step(offer, -1), offer) if goes_up else (bid, step(bid, 1))


@kernel
def _widened(bid: int, offer: int, ticks: int, goes_up: bool) -> tuple[int, int]:
    if step(offer, ticks) > step(bid, _WIDEST_TICKS):
        return _narrowed(bid, offer, goes_up)
    return (bid, step(offer, ticks)) if goes_up else (step(bid, -ticks), offer)


@kernel
def _replace_quote(security: Security, bid: int, offer: int, follows: bool) -> None:
    if _any_stands_in_the_way(security, bid, offer):
        begin_transaction(security.tape, follows)
        _fill_what_stands_in_the_way(security, bid, offer)
        follows = True
    begin_transaction(security.tape, follows)
    _publish(security, bid, offer)
    security.state[0].waiting = QUOTE_MOVE


@kernel
def _publish(security: Security, bid: int, offer: int) -> None:
    quote = security.quote[0]
    # Orders meet when the quote moves, and not when it is merely repeated.
    if quote.bid != bid or quote.offer != offer or not security.state[0].is_quoted:
        tell_quote(security, bid, offer)
    quote.bid, quote.offer = bid, offer
    quote.national_bid, quote.national_offer = bid, offer
    write_quote(security.tape, security.state[0].security_code, quote)
    security.state[0].quotes += 1


@kernel
def _stands_in_the_way(order: Order, bid: int, offer: int) -> bool:
    return order.price > bid if order.side == BUY else order.price < offer


@kernel
def _any_stands_in_the_way(security: Security, bid: int, offer: int) -> bool:
    lit = security.lit
    for position in range(lit.sizes[0].live):
        if _stands_in_the_way(lit.orders[lit.live[position]], bid, offer):
            return True
    return False


@kernel
def _fill_what_stands_in_the_way(security: Security, bid: int, offer: int) -> None:
    lit = security.lit
    for position in range(lit.sizes[0].live):
        order = lit.orders[lit.live[position]]
        if _stands_in_the_way(order, bid, offer):
            aggressor = SELL if order.side == BUY else BUY
            fill_by_unseen(security, order, order.price, order.leavesquantity, aggressor)
            touch(lit, lit.live[position])
    settle(security)
