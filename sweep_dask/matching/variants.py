"""The sets of orders that are searched on their own, and those whose shares are added up.

An order is in one *variant* of the queue per way of looking for it. Variants in time priority are
numbered by side, by style (any; dark limit or better) and by who looks: everyone, with orders whose
MAQ several contras may meet apart from the single-fill ones, or the own participant alone. Orders
marked preference only are in the last kind only. Variants in price-time priority follow: the same
ones over again if time alone does not rank (R4), and the blocks, if there is a block phase. The
*classes* of sums are numbered by side, preference only or not, and style again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.compiled import folded, kernel
from sweep_dask.matching.events import SELL, Style
from sweep_dask.matching.quotes import BLOCK_LEVEL
from sweep_dask.matching.rules import TIME_PRIORITY

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book

#: Kinds of variants, see `variant_of`; that of own participant i is OWN + i.
MULTI_FILL, SINGLE_FILL, OWN = 0, 1, 2

_DARK_LIMIT = int(Style.DARK_LIMIT)
_ANY_PRICE_BLOCK = int(Style.ANY_PRICE_BLOCK)


@kernel
def variant_of(book: Book, side: int, is_dark_limit: int, kind: int) -> int:
    """Return the number of a variant in time priority, and of its copy in price-time priority."""
    return int((2 * (side - 1) + is_dark_limit) * (2 + book.own.size) + kind)


@kernel
def block_variant_of(book: Book, side: int, own: int) -> int:
    """Return the number of a variant of blocks among those in price-time priority; own -1: all."""
    participants = 1 + book.own.size
    return int(book.tops.shape[0] - (3 - side) * participants + 1 + own)


@kernel
def class_of(side: int, preference_only: int, is_dark_limit: int) -> int:
    """Return the number of a class of sums."""
    return 4 * (side - 1) + 2 * preference_only + is_dark_limit


@kernel
def first_price_segment(book: Book, variant: int) -> int:
    """Return where in the arena the levels of a variant in price-time priority begin."""
    by_time = variant_of(book, SELL, 1, 2 + book.own.size)
    return int((by_time + variant) * book.queue.sums.shape[1])


@folded
def list_variants(book: Book, order: int) -> None:
    """Write the variants of an order into `book.variants`: in time and in price-time priority."""
    slot = book.orders[order]
    side, own = int(slot.side), int(slot.own)
    by_time, by_price = book.variants[0], book.variants[1]
    listed = 0
    for is_dark_limit in range(1 + (slot.style >= _DARK_LIMIT)):
        if not slot.preference_only:
            by_time[listed] = variant_of(book, side, is_dark_limit, int(slot.single_fill))
            listed += 1
        if own >= 0:
            by_time[listed] = variant_of(book, side, is_dark_limit, OWN + own)
            listed += 1
    by_time[listed] = -1
    if book.tops.shape[0] == 0:
        return
    copies = 0
    if not book.state[0].rules & TIME_PRIORITY:
        for copies in range(listed):
            by_price[copies] = by_time[copies]
        copies = listed
    if slot.style == _ANY_PRICE_BLOCK and book.state[0].block_min_value >= 0:
        if not slot.preference_only:
            by_price[copies] = block_variant_of(book, side, -1)
            copies += 1
        if own >= 0:
            by_price[copies] = block_variant_of(book, side, own)
            copies += 1
    by_price[copies] = -1


@folded
def classes_of(book: Book, order: int) -> int:
    """Return the classes of an order, a bit each."""
    slot = book.orders[order]
    first = class_of(int(slot.side), int(slot.preference_only), 0)
    return (3 if slot.style >= _DARK_LIMIT else 1) << first


@kernel
def price_level(book: Book, order: int, variant: int) -> int:
    """Return the level of an order in a variant in price-time priority."""
    slot = book.orders[order]
    if variant >= block_variant_of(book, 1, -1) and book.state[0].block_min_value >= 0:
        return int(book.blocks[slot.side - 1, BLOCK_LEVEL, slot.level])
    return int(slot.level)
