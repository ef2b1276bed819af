"""Room for one more event: larger arrays, and trees without the slots of those who left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.compiled import kernel
from sweep_dask.matching.book import (
    COLUMNS,
    NO_REACH,
    ORDER_NUMBER,
    PARTICIPANTS,
    Book,
    IntArray,
)
from sweep_dask.matching.book_ref import owner_of
from sweep_dask.matching.queue import combine

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def lacks_room(book: Book, order: int) -> bool:
    """Whether there is no room for an order, its slot, its participant, or its fills.

    A fill uses up one of its two orders, so that there are at most as many as rest, and one.
    """
    state, tree = book.state[0], book.tree
    most_used = max(tree[0, 0, ORDER_NUMBER], tree[1, 0, ORDER_NUMBER])
    return bool(
        order >= book.orders.size
        or 2 * most_used >= tree.shape[1]
        or state.fills + state.resting + 2 > book.fills.size
        or state.participants >= book.opted_in.shape[0]
    )


@kernel
def make_room(book: Any, order: int) -> None:
    """Give a book what `lacks_room` asks for."""
    state, owner = book.state[0], owner_of(book)
    owner.orders = _larger(owner.orders, order + 1)
    owner.fills = _larger(owner.fills, state.fills + state.resting + 2)
    owner.tree = _with_free_slots(owner)
    opted_in = owner.opted_in
    if state.participants == opted_in.shape[0]:
        owner.opted_in = np.zeros((2 * state.participants, 2), np.int64)
        for row in range(state.participants):
            for column in range(2):
                owner.opted_in[row, column] = opted_in[row, column]


@kernel
def _with_free_slots(book: Book) -> IntArray:
    """Return a tree that is at most half full, if one side of the present one is full."""
    tree = book.tree
    if 2 * max(tree[0, 0, ORDER_NUMBER], tree[1, 0, ORDER_NUMBER]) < tree.shape[1]:
        return tree
    slots = tree.shape[1] // 2
    # As many as rest on both sides: more than enough for one.
    while slots < 2 * book.state[0].resting:
        slots *= 2
    return _packed(book, np.empty((2, 2 * slots, COLUMNS), np.int64))


@kernel
def _packed(book: Book, tree: IntArray) -> IntArray:
    """Move all that rest, in their order, to a new tree with room for them; return it."""
    slots, old_slots = tree.shape[1] // 2, book.tree.shape[1] // 2
    for side in range(2):
        used = 0
        for row in range(old_slots, old_slots + book.tree[side, 0, ORDER_NUMBER]):
            if book.tree[side, row, PARTICIPANTS]:
                for column in range(COLUMNS):
                    tree[side, slots + used, column] = book.tree[side, row, column]
                book.orders[tree[side, slots + used, ORDER_NUMBER]].slot = used
                used += 1
        for row in range(slots + used, 2 * slots):
            for column in range(PARTICIPANTS):
                tree[side, row, column] = NO_REACH
            tree[side, row, PARTICIPANTS] = tree[side, row, ORDER_NUMBER] = 0
        for at in range(slots - 1, 0, -1):
            combine(tree, side, at)
        tree[side, 0, ORDER_NUMBER] = used
    book.state[0].steps += 2 * tree.shape[1] + book.tree.shape[1]
    return tree


@kernel
def _larger(records: NDArray[np.void], size: int) -> NDArray[np.void]:
    """Return records with room for so many."""
    if records.size >= size:
        return records
    larger = np.zeros(max(size, 2 * records.size), records.dtype)
    for index in range(records.size):
        larger[index] = records[index]
    return larger
