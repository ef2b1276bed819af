"""The block phase: what is left of an incoming order meets blocks at or outside the quotes; R6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.arena import NO_ORDER_MAQ, IntArray
from sweep_dask.matching.compiled import folded, kernel
from sweep_dask.matching.events import BUY, Route, Style
from sweep_dask.matching.fills import match
from sweep_dask.matching.price_time import next_level, oldest_of_level
from sweep_dask.matching.quotes import BLOCK_PRICE
from sweep_dask.matching.rules import LIMIT_TEST
from sweep_dask.matching.search import NOBODY
from sweep_dask.matching.variants import block_variant_of, first_price_segment

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book

_ANY_PRICE_BLOCK = int(Style.ANY_PRICE_BLOCK)
_BLOCK = int(Route.BLOCK)


@folded
def may_block(book: Book, order: int, bid: int, offer: int) -> bool:
    """Whether an incoming order takes part: blocks do, and sweeps priced through the quote."""
    slot = book.orders[order]
    if book.state[0].block_min_value < 0:
        return False
    if slot.is_sweep:
        return bool(slot.price >= offer if slot.side == BUY else 0 < slot.price <= bid)
    return bool(slot.style == _ANY_PRICE_BLOCK)


@kernel
def fill_blocks(book: Book, order: int, bid: int, offer: int, own: bool) -> None:
    """Fill an incoming order with its own participant's blocks, or everyone's: price, then time."""
    slot = book.orders[order]
    if own and slot.own < 0:
        return
    while slot.leaves > 0:
        contra, price_x2 = _next_block(book, order, bid, offer, int(slot.own) if own else -1)
        if contra < 0:
            return
        quantity = min(slot.leaves, book.orders[contra].leaves)
        match(book, order, contra, quantity, price_x2, _BLOCK, int(slot.side), own)


@kernel
def _next_block(book: Book, order: int, bid: int, offer: int, own: int) -> tuple[int, int]:
    """Return the best block, of own participant `own` or of all, and its price; or NOBODY."""
    slot = book.orders[order]
    variant = block_variant_of(book, 3 - slot.side, own)
    first_segment = first_price_segment(book, variant)
    bounds, tree, _, steps = book.queue
    top = book.tops[variant]
    prices = book.blocks[2 - slot.side, BLOCK_PRICE]
    least = max(slot.maq if slot.single_fill else 0, 1)
    level = _first_outside(prices, int(slot.side), bid, offer)
    while 0 < level < prices.size:
        level = next_level(steps, top, level, slot.leaves, least)
        if level < 0 or not _allows(book, int(slot.side), slot.limit_x2, prices[level]):
            break
        quantity = max(least, _least_quantity(book.state[0].block_min_value, prices[level]))
        if quantity <= slot.leaves:
            segment = first_segment + level
            contra = oldest_of_level(bounds, tree, steps, segment, slot.leaves, quantity, -1)
            if contra >= 0:
                return contra, prices[level]
        level += 1
    return NOBODY, 0


@kernel
def _first_outside(prices_x2: IntArray, side: int, bid: int, offer: int) -> int:
    """Return the first block level that is at or outside the quote, for an incoming side."""
    low, high = 1, prices_x2.size
    while low < high:
        middle = (low + high) >> 1
        price_x2 = prices_x2[middle]
        if (price_x2 >= 2 * offer) if side == BUY else (price_x2 <= 2 * bid):
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def _allows(book: Book, side: int, limit_x2: int, price_x2: int) -> bool:
    """Whether a limit of a side allows a price; R3."""
    if not book.state[0].rules & LIMIT_TEST:
        return True
    return bool(limit_x2 >= price_x2 if side == BUY else limit_x2 <= price_x2)


@kernel
def _least_quantity(min_value: int, price_x2: int) -> int:
    """Return the fewest shares that are worth the smallest value of a block trade."""
    if min_value <= 0:
        return 0
    return -(-min_value // price_x2) if price_x2 > 0 else NO_ORDER_MAQ
