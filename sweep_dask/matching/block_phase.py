"""The block phase: what is left of an incoming order meets blocks at or outside the quotes; R6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.compiled import kernel
from sweep_dask.matching.apart import are_apart
from sweep_dask.matching.book import ANY, DARK, LOWEST, NOBODY, Book
from sweep_dask.matching.events import Route, Style
from sweep_dask.matching.fills import Deal, match
from sweep_dask.matching.queue import EVERYONE, Question, next_in_time
from sweep_dask.matching.rules import LIMIT_TEST
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from sweep_dask.matching.quotes import Quote

_ANY_PRICE_BLOCK = int(Style.ANY_PRICE_BLOCK)
_BLOCK = int(Route.BLOCK)


@kernel
def may_block(book: Book, taker: Any, quote: Quote) -> bool:
    """Whether an incoming order takes part: blocks do, and sweeps priced through the quote."""
    if book.state[0].block_min_value < 0:
        return False
    if taker.is_sweep:
        if taker.side == BUY:
            return bool(taker.price >= quote.offer)
        return bool(0 < taker.price <= quote.bid)
    return bool(taker.style == _ANY_PRICE_BLOCK)


@kernel
def fill_blocks(book: Book, order: int, quote: Quote, own: bool) -> None:
    """Fill an incoming order with its own participant's blocks, or everyone's: price, then time."""
    taker = book.orders[order]
    while taker.leaves > 0:
        contra = _next_block(book, taker, quote, own)
        if contra < 0:
            return
        block = book.orders[contra]
        quantity = min(taker.leaves, block.leaves)
        match(book, order, contra, Deal(quantity, block.block_price_x2, _BLOCK, taker.side, own))


@kernel
def _next_block(book: Book, taker: Any, quote: Quote, own: bool) -> int:
    """Return the oldest of the blocks with the best price of those that agree, or NOBODY."""
    sign = 3 - 2 * taker.side
    least_x2 = -taker.reach_x2 if book.state[0].rules & LIMIT_TEST else LOWEST
    found, order = NOBODY, int(NOBODY)
    while True:
        # Of the younger ones, only a better price comes before.
        order = next_in_time(book, Question(2 - taker.side, ANY, DARK, least_x2, EVERYONE), order)
        if order < 0:
            return found
        reach_x2 = -sign * book.orders[order].block_price_x2
        if reach_x2 >= least_x2 and _agree(book, taker, book.orders[order], quote, own):
            found, least_x2 = order, reach_x2 + 1


@kernel
def _agree(book: Book, taker: Any, block: Any, quote: Quote, own: bool) -> bool:
    """Whether an order and a block trade, but for the limit of the order; R6, R7, R8, R11, R12."""
    price_x2 = block.block_price_x2
    if block.style != _ANY_PRICE_BLOCK:
        return False
    is_outside = price_x2 >= 2 * quote.offer if taker.side == BUY else price_x2 <= 2 * quote.bid
    is_choice = block.participant == taker.participant if own else not block.preference_only
    quantity = min(taker.leaves, block.leaves)
    least = max(taker.maq if taker.single_fill else 0, block.maq)
    is_large = quantity >= least and quantity * price_x2 >= book.state[0].block_min_value
    suits = is_outside and is_choice and is_large
    return bool(suits and not are_apart(book, taker, block))
