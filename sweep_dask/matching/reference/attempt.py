"""An incoming order looks for contras: its passes and prices, and what its minimum asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.events import Obstacle, Style, Validity
from sweep_dask.matching.reference.blocks import fill_blocks
from sweep_dask.matching.reference.deals import Attempt
from sweep_dask.matching.reference.one_price import Search, fill_at
from sweep_dask.matching.reference.prices import Quote, prices_x2

if TYPE_CHECKING:
    import numpy as np

    from sweep_dask.matching.reference.book import Book
    from sweep_dask.matching.reference.orders import Order


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
