"""Who takes from those that rest: an incoming order, or one of themselves as the quote moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.events import Obstacle, Route, Style, Validity
from sweep_dask.matching.reference.book import Quote, block_price_x2, prices_x2
from sweep_dask.matching.reference.one_price import Search, fill_at
from sweep_dask.matching.reference.orders import Attempt, Deal, make_fill
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from sweep_dask.matching.reference.book import Book
    from sweep_dask.matching.reference.orders import Order


def fill_blocks(book: Book, order: Order, quote: Quote, attempt: Attempt, *, own: bool) -> None:
    """What is left of an incoming order meets blocks, best price first; R6."""
    if not _may_block(book, order, quote):
        return
    while order.leaves > 0:
        for contra in _blocks(book, order.contra_side, quote):
            deal = _deal(book, order, contra, own=own)
            if _agree(book, order, contra, deal):
                break
        else:
            return
        make_fill(order, contra, deal, attempt, book.rules)


def _may_block(book: Book, order: Order, quote: Quote) -> bool:
    """Blocks may, and sweeps priced at or beyond the far quote."""
    if book.block_min_value is None or not book.rules.any_price_block:
        return False
    if order.is_sweep:
        return order.price >= quote.offer if order.side == BUY else 0 < order.price <= quote.bid
    return order.style == Style.ANY_PRICE_BLOCK


def _blocks(book: Book, side: int, quote: Quote) -> list[Order]:
    """Resting blocks priced at or outside the quotes: price, then time."""
    priced = [
        (block_price_x2(order, book.ticks), order)
        for order in book.queue.resting(side)
        if order.style == Style.ANY_PRICE_BLOCK
    ]
    if side == BUY:
        found = [(-price_x2, order) for price_x2, order in priced if price_x2 <= 2 * quote.bid]
    else:
        found = [(price_x2, order) for price_x2, order in priced if price_x2 >= 2 * quote.offer]
    return [order for _, order in sorted(found, key=lambda block: (block[0], block[1].rank))]


def _deal(book: Book, order: Order, contra: Order, *, own: bool) -> Deal:
    """At the price of the resting order."""
    quantity = min(order.leaves, contra.leaves)
    return Deal(quantity, block_price_x2(contra, book.ticks), Route.BLOCK, order.side, own)


def _agree(book: Book, order: Order, contra: Order, deal: Deal) -> bool:
    """R3, R6, R7, R8, R11, R12."""
    is_own = contra.participant == order.participant
    return (
        (is_own if deal.own else not contra.preference_only)
        and (order.accepts(deal.price_x2) or not book.rules.limit_test)
        and deal.quantity >= contra.minimum_quantity
        and order.suits(deal.quantity)
        and not book.are_apart(order, contra)
        and deal.quantity * deal.price_x2 >= (book.block_min_value or 0)
    )


def match_incoming(book: Book, order: Order, event: np.void, made: Attempt) -> None:
    """An incoming order trades with those that rest, at the quote of its event; R20."""
    if not event["trades"] or order.leaves == 0:
        return
    quote = book.quote
    if event["has_quote"] and book.rules.own_quote:
        quote = Quote(int(event["bid"]), int(event["offer"]))
    order.obstacle = book.closed(quote)
    if order.obstacle == Obstacle.NONE:
        made.add(_trade(book, order, quote))
        order.obstacle = _obstacle(book, order, quote)


def _trade(book: Book, order: Order, quote: Quote) -> Attempt:
    """All passes of an incoming order; undone if its minimum is not met. R7, R11, R21."""
    attempt = Attempt()
    needed = _needed(book, order)
    before = order.leaves
    passes = _passes(book, order)
    for own in passes:
        for price_x2 in prices_x2(order, quote, book.ticks, book.rules):
            style = Style.MIDPOINT if price_x2 == quote.mid_x2 else Style.DARK_LIMIT
            fill_at(book, order, Search(price_x2, style, own), attempt)
    for own in passes:
        fill_blocks(book, order, quote, attempt, own=own)
    if before - order.leaves < needed:
        attempt.undo()
    return attempt


def _needed(book: Book, order: Order) -> int:
    """What an attempt must fill in sum, or it is undone; R7, R21."""
    if order.validity == Validity.FILL_OR_KILL and book.rules.immediate:
        return order.leaves
    return 0 if order.single_fill else order.minimum_quantity


def _passes(book: Book, order: Order) -> list[bool]:
    """True: over the participant's own orders; False: over all. R11, R12."""
    opted_in = (order.participant, order.is_sweep) in book.opted_in
    own = [True] if opted_in and book.rules.preferencing else []
    return [True] if order.preference_only else [*own, False]


def _obstacle(book: Book, order: Order, quote: Quote) -> Obstacle:
    """Why an order that has just looked has something left."""
    if order.leaves == 0:
        return Obstacle.NONE
    limit_test = book.rules.limit_test
    if limit_test and order.style == Style.MIDPOINT and not order.accepts(quote.mid_x2):
        return Obstacle.LIMIT
    contras = [c for c in book.queue.resting(order.contra_side) if not c.preference_only]
    if not contras:
        return Obstacle.NO_CONTRA
    if limit_test and not any(contra.accepts(quote.mid_x2) for contra in contras):
        return Obstacle.CONTRA_LIMIT
    return Obstacle.MINIMUM_QUANTITY


def uncross(book: Book, made: Attempt) -> None:
    """Resting orders that agree at the standing quote trade with each other; R17."""
    if not book.rules.quote_moves or book.closed(book.quote) != Obstacle.NONE:
        return
    _uncross_on_tick(book, made, is_before_midpoint=True)
    _uncross_at_midpoint(book, made)
    _uncross_on_tick(book, made, is_before_midpoint=False)


def _uncross_at_midpoint(book: Book, made: Attempt) -> None:
    """The side with fewer orders takes, the oldest first, until nothing more trades."""
    search = Search(book.quote.mid_x2, Style.MIDPOINT, is_incoming=False)
    sides = [_takers(book, side, search) for side in (BUY, SELL)]
    takers = min(sides, key=len)
    traded = True
    while traded:
        traded = False
        for taker in takers:
            if taker.leaves > 0:
                traded |= _take_resting(book, taker, [search], made)


def _takers(book: Book, side: int, search: Search) -> list[Order]:
    """Who may take at the midpoint; R12."""
    eligible = book.queue.eligible(side, search.price_x2, search.style)
    return [order for order in eligible if not order.preference_only]


def _uncross_on_tick(book: Book, made: Attempt, *, is_before_midpoint: bool) -> None:
    """Each dark limit order, the oldest first, walks its prices against older ones; R5."""
    if not book.rules.dark_limit:
        return
    takers = [
        order
        for side in (BUY, SELL)
        for order in book.queue.resting(side)
        if order.style >= Style.DARK_LIMIT and not order.preference_only
    ]
    for taker in sorted(takers, key=lambda order: order.rank):
        if taker.leaves > 0:
            searches = _on_tick_searches(book, taker, is_before_midpoint=is_before_midpoint)
            _take_resting(book, taker, searches, made)


def _on_tick_searches(book: Book, taker: Order, *, is_before_midpoint: bool) -> list[Search]:
    """The prices the taker walks before the midpoint, which are better for it, or those after."""
    mid_x2 = book.quote.mid_x2
    is_above = (taker.side == SELL) == is_before_midpoint
    return [
        Search(price_x2, Style.DARK_LIMIT, is_incoming=False, older_only=True)
        for price_x2 in prices_x2(taker, book.quote, book.ticks, book.rules)
        if (price_x2 > mid_x2 if is_above else price_x2 < mid_x2)
    ]


def _take_resting(book: Book, taker: Order, searches: Sequence[Search], made: Attempt) -> bool:
    """One resting order takes others, or none if its minimum is not met; whether it did. R7."""
    attempt = Attempt()
    needed = 0 if taker.single_fill else taker.minimum_quantity
    before = taker.leaves
    for search in searches:
        fill_at(book, taker, search, attempt)
    if before - taker.leaves < needed:
        attempt.undo()
    made.add(attempt)
    return bool(attempt.fills)
