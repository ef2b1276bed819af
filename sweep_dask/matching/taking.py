"""An order takes from the other side: at one price, or at one on-tick price after the other."""

from __future__ import annotations

from sweep_dask.matching.book import HELPER, YOUNGEST, Book
from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.completion import next_contra, support_of
from sweep_dask.matching.events import BUY, Route
from sweep_dask.matching.fills import match
from sweep_dask.matching.priority_queue import total_leaves
from sweep_dask.matching.quotes import NO_PRICE
from sweep_dask.matching.rules import LIMIT_TEST
from sweep_dask.matching.search import NOBODY, accepts, levels_at, next_order
from sweep_dask.matching.variants import OWN, class_of, variant_of
from sweep_dask.matching.walk import first_price, price_after

_MIDPOINT, _OWN, _COMPLETION = int(Route.MIDPOINT), int(Route.OWN), int(Route.COMPLETION)
_QUOTE_MOVE, _ON_TICK = int(Route.QUOTE_MOVE), int(Route.ON_TICK)


@kernel
def fill_on_tick(
    book: Book,
    order: int,
    bid: int,
    offer: int,
    first_x2: int,
    last_x2: int,
    own: bool,
    is_incoming: bool,
) -> None:
    """Let an order walk on-tick prices inside the spread from one to another, both included.

    The first is the best for the order, and the midpoint must not lie between. An order that is not
    incoming meets older ones only. R5
    """
    slot = book.orders[order]
    up = slot.side == BUY
    if book.state[0].rules & LIMIT_TEST:
        last_x2 = min(last_x2, slot.limit_x2) if up else max(last_x2, slot.limit_x2)
    price_x2 = first_price(book, int(slot.side), bid, offer, first_x2, int(own))
    while slot.leaves > 0 and price_x2 != NO_PRICE:
        if (price_x2 > last_x2) if up else (price_x2 < last_x2):
            return
        if own:
            fill_own_at(book, order, price_x2, 1)
        else:
            fill_at(book, order, price_x2, 1, is_incoming)
        price_x2 = price_after(book, int(slot.side), price_x2, int(own))
        if price_x2 != NO_PRICE:
            price_x2 = first_price(book, int(slot.side), bid, offer, price_x2, int(own))


@kernel
def fill_own_at(book: Book, order: int, price_x2: int, is_dark_limit: int) -> None:
    """Fill an incoming order at a price with its own participant's orders; R11, R12."""
    slot = book.orders[order]
    if slot.own < 0 or not accepts(book, order, price_x2):
        return
    variant = variant_of(book, 3 - slot.side, is_dark_limit, OWN + int(slot.own))
    k = levels_at(book, 3 - slot.side, price_x2)
    route = _ON_TICK if is_dark_limit else _OWN
    after = NOBODY
    while slot.leaves > 0:
        least = slot.maq if slot.single_fill else 0
        if least > slot.leaves:
            return
        contra = next_order(book, variant, k, slot.leaves, least, after, YOUNGEST)
        if contra < 0:
            return
        maq, quantity = slot.maq, min(slot.leaves, book.orders[contra].leaves)
        match(book, order, contra, quantity, price_x2, route, int(slot.side), True)
        # Once the minimum has fallen away, those passed over may suit.
        after = contra if slot.maq == maq else NOBODY


@kernel
def fill_at(book: Book, order: int, price_x2: int, is_dark_limit: int, is_incoming: bool) -> None:
    """Fill an order at a price with everyone's orders but those that are preference only.

    At on-tick prices an order that is not incoming meets older ones only.
    """
    slot = book.orders[order]
    k = levels_at(book, 3 - slot.side, price_x2)
    contras = class_of(3 - slot.side, 0, is_dark_limit)
    if not accepts(book, order, price_x2) or total_leaves(book.queue, contras, k) == 0:
        return
    before_rank = slot.rank if is_dark_limit and not is_incoming else YOUNGEST
    support = support_of(book, order, price_x2, is_dark_limit)
    after = NOBODY
    while slot.leaves > 0:
        contra = next_contra(book, order, k, is_dark_limit, support, after, before_rank)
        if contra < 0:
            return
        maq, helpers = slot.maq, book.state[0].helpers
        _fill(book, order, contra, price_x2, is_dark_limit, is_incoming)
        if helpers > 0:
            support = support_of(book, order, price_x2, is_dark_limit)
        # Whom a taker passes over it will not have later, unless its minimum has fallen away or
        # there is less help.
        after = contra if helpers == 0 and slot.maq == maq else NOBODY


@kernel
def _fill(
    book: Book,
    order: int,
    contra: int,
    price_x2: int,
    is_dark_limit: int,
    is_incoming: bool,
) -> None:
    """Fill a contra with its helpers, which are listed, and then with the taker; R10."""
    slot, helpers = book.orders[order], book.state[0].helpers
    route, help_route, aggressor = _QUOTE_MOVE, _QUOTE_MOVE, 0
    if is_incoming:
        route, help_route, aggressor = _MIDPOINT, _COMPLETION, int(slot.side)
    if is_dark_limit:
        route, help_route = _ON_TICK, _ON_TICK
    for position in range(helpers + 1):
        helps = int(position < helpers)
        filler = book.scratch[position, HELPER] if helps else order
        share = min(book.orders[filler].leaves, book.orders[contra].leaves)
        _count_ahead(book, filler, -helps)
        filler_route, side = (help_route, 0) if helps else (route, aggressor)
        match(book, filler, contra, share, price_x2, filler_route, side, False)
        _count_ahead(book, filler, helps)


@kernel
def _count_ahead(book: Book, helper: int, sign: int) -> None:
    """Add a helper to what stands ahead of the taker of a quote move, or take it away."""
    slot, state = book.orders[helper], book.state[0]
    state.ahead_all += sign * slot.leaves
    if slot.maq == 0:
        state.ahead_free += sign * slot.leaves
