"""Orders come into the queue, change in it and leave it, here and in the queue alike."""

from __future__ import annotations

from sweep_dask.matching.arena import NO_ORDER_MAQ
from sweep_dask.matching.book import HIDDEN, NOT_PLACED, PLACED, YOUNGEST, Book
from sweep_dask.matching.compiled import folded, kernel
from sweep_dask.matching.level_sums import add_at_level
from sweep_dask.matching.price_time import put_by_price
from sweep_dask.matching.priority_queue import append, make_room, remove, update
from sweep_dask.matching.rules import MINIMUM_QUANTITY_RESET
from sweep_dask.matching.slots import make_slot
from sweep_dask.matching.variants import (
    classes_of,
    first_price_segment,
    list_variants,
    price_level,
)


@kernel
def place(book: Book, order: int) -> bool:
    """Let an order rest that does not, or that was suspended, and return True.

    Return False if the arena lacks room; nothing is found then, and the call can be repeated.
    """
    slot = book.orders[order]
    level, leaves = int(slot.level), slot.leaves
    list_variants(book, order)
    if slot.rests or book.variants[1, 0] >= 0:
        _rank(book, order)
        if not _make_slots(book, order):
            return False
        _show(book, order)
    else:
        variants = book.variants[0]
        if not make_room(book.queue, variants, level):
            return False
        _rank(book, order)
        maq, classes = _queue_maq(leaves, slot.maq), classes_of(book, order)
        append(book.queue, variants, classes, level, order, slot.rank, maq, leaves)
    slot.placed = PLACED
    return True


@kernel
def _rank(book: Book, order: int) -> None:
    """Give an order that does not rest the last place of all."""
    slot, state = book.orders[order], book.state[0]
    if not slot.rests:
        state.last_rank += 1
        state.resting += 1
        slot.rank = state.last_rank
        slot.rests = 1


@kernel
def _make_slots(book: Book, order: int) -> bool:
    """Make slots for an order's rank in all its segments; False if the arena lacks room."""
    slot = book.orders[order]
    bounds, tree, sums, steps = book.queue
    has_all = True
    for variant in book.variants[0]:
        if variant < 0:
            break
        at = int(slot.level)
        while at < sums.shape[1]:
            segment = variant * sums.shape[1] + at
            has_all &= make_slot(bounds, tree, steps, segment, order, slot.rank)
            at += at & -at
    for variant in book.variants[1]:
        if variant < 0:
            break
        segment = first_price_segment(book, variant) + price_level(book, order, variant)
        has_all &= make_slot(bounds, tree, steps, segment, order, slot.rank)
    return has_all


@kernel
def suspend(book: Book, order: int) -> None:
    """Take an order out of the queue until it is placed again; its rank is kept."""
    slot = book.orders[order]
    if slot.placed == PLACED:
        _hide(book, order)
    slot.placed = NOT_PLACED


@kernel
def leave(book: Book, order: int) -> None:
    """Let an order give up its place, if it has one."""
    slot = book.orders[order]
    if slot.rests:
        suspend(book, order)
        slot.rests = 0
        slot.rank = YOUNGEST
        book.state[0].resting -= 1


@kernel
def set_leaves(book: Book, order: int, leaves: int, maq: int) -> None:
    """Set the leaves and the MAQ of an order, here and in the queue."""
    slot = book.orders[order]
    slot.leaves, slot.maq = leaves, maq
    if slot.placed == PLACED and leaves > 0:
        list_variants(book, order)
        maq, classes = _queue_maq(leaves, maq), classes_of(book, order)
        update(book.queue, book.variants[0], classes, int(slot.level), slot.rank, maq, leaves)
        _put_by_price(book, order, maq, leaves)
    elif slot.placed == PLACED:
        _hide(book, order)
        slot.placed = HIDDEN
    elif slot.placed == HIDDEN and leaves > 0:
        list_variants(book, order)
        _show(book, order)
        slot.placed = PLACED


@kernel
def reduce(book: Book, order: int, quantity: int) -> None:
    """Take shares from an order; a MAQ above what is left falls away, R9."""
    slot = book.orders[order]
    leaves, maq = slot.leaves - quantity, slot.maq
    if leaves < maq and book.state[0].rules & MINIMUM_QUANTITY_RESET:
        maq = 0
    set_leaves(book, order, leaves, maq)


@folded
def _queue_maq(leaves: int, maq: int) -> int:
    """Return the MAQ that the queue is told; one above the leaves can never be met."""
    return maq if maq <= leaves else NO_ORDER_MAQ


@kernel
def _hide(book: Book, order: int) -> None:
    """Make a placed order one that no search finds; its slots stay until others need them."""
    slot = book.orders[order]
    list_variants(book, order)
    remove(book.queue, book.variants[0], classes_of(book, order), int(slot.level), slot.rank)
    _put_by_price(book, order, NO_ORDER_MAQ, 0)


@kernel
def _show(book: Book, order: int) -> None:
    """Give a hidden order its values back, the slots being there and the variants listed."""
    slot = book.orders[order]
    maq, classes = _queue_maq(slot.leaves, slot.maq), classes_of(book, order)
    update(book.queue, book.variants[0], classes, int(slot.level), slot.rank, maq, slot.leaves)
    _put_by_price(book, order, maq, slot.leaves)
    # An update leaves the number of orders as it is.
    add_at_level(book.queue.sums, book.queue.steps, classes, int(slot.level), 0, 0, 1)


@kernel
def _put_by_price(book: Book, order: int, maq: int, leaves: int) -> None:
    """Set the values of an order in its variants in price-time priority, which are listed."""
    if book.tops.shape[0] == 0:
        return
    slot = book.orders[order]
    for variant in book.variants[1]:
        if variant < 0:
            break
        level = price_level(book, order, variant)
        segment = first_price_segment(book, variant) + level
        bounds, tree, _, steps = book.queue
        top = book.tops[variant]
        put_by_price(bounds, tree, steps, top, segment, level, slot.rank, maq, leaves)
