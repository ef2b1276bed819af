"""The block phase: what is left meets blocks at or outside the quotes; R6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.events import Route, Style
from sweep_dask.matching.reference.deals import Attempt, Deal, make_fill
from sweep_dask.matching.reference.prices import Quote, block_price_x2
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
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
