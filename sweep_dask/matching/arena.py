"""The room of segments: many small trees of orders that share one arena, which grows.

A segment has slots for a power of two of orders, in the order of their time priority, and a tree
over them: each node tells the smallest MAQ and the largest leaves of the slots below it.

Functions take the arrays one by one, as Numba counts references at every call that takes a tuple of
arrays. They are:

bounds: int64[segments + 1, 3], the first slot in the arena, slots owned (0 or a power of two) and
slots used. The last row is the part of the arena that no segment owns yet.

tree: int64[2 * arena slots, 4], MAQ and LEAVES in shares, RANK and ORDER in a slot only. A segment
that starts at slot s has its root in row 2s + 1, the children of row 2s + t in 2s + 2t and the
next, and its slots in the lowest rows, from 2s + the slots it owns.

steps: int64[1], counts the rows looked at or moved.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sweep_dask.matching.compiled import allocating, inlined, kernel

IntArray = NDArray[np.int64]

#: Columns of `bounds`.
START, CAPACITY, USED = 0, 1, 2
#: Columns of `tree`. RANK is the time priority, larger is younger; ORDER the number of the order.
MAQ, LEAVES, RANK, ORDER = 0, 1, 2, 3
#: The MAQ of a slot without an order, above that of any order: no search finds it.
NO_ORDER_MAQ = np.iinfo(np.int64).max
#: Slots of a segment when its first order comes; arbitrary, small as most segments stay small.
FIRST_CAPACITY = 4


@allocating
def new_segments(segments: int, arena_slots: int) -> tuple[IntArray, IntArray]:
    """Return the bounds and the tree of empty segments; at least one slot."""
    bounds = np.zeros((segments + 1, 3), np.int64)
    bounds[-1, CAPACITY] = arena_slots
    return bounds, _new_tree(arena_slots)


@kernel
def make_room_in_segment(bounds: IntArray, tree: IntArray, steps: IntArray, segment: int) -> bool:
    """Make room in a full segment, unless the arena lacks it; return whether there is.

    Slots without an order are dropped; a segment still more than half full moves to one of twice
    its capacity. At least as many orders as were moved fit in before the next time, so that each
    order pays for O(1) rows.
    """
    start = bounds[segment, START]
    capacity = bounds[segment, CAPACITY]
    if 2 * _resting(bounds, tree, segment) > capacity or capacity == 0:
        wanted = max(2 * capacity, FIRST_CAPACITY)
        if bounds[-1, CAPACITY] < wanted:
            return False
        bounds[segment, START] = bounds[-1, START]
        bounds[segment, CAPACITY] = wanted
        bounds[-1, START] += wanted
        bounds[-1, CAPACITY] -= wanted
    _move_orders(bounds, tree, segment, 2 * start + capacity, capacity)
    steps[0] += capacity + 2 * bounds[segment, CAPACITY]
    return True


@allocating
def with_larger_arena(bounds: IntArray, tree: IntArray) -> IntArray:
    """Return the tree in an arena twice as large."""
    slots = tree.shape[0] // 2
    larger = _new_tree(2 * slots)
    larger[: 2 * slots] = tree
    bounds[-1, CAPACITY] += slots
    return larger


@inlined
def combine(tree: IntArray, root: int, at: int) -> bool:
    """Take the values of a node from its children, and return whether that changed them."""
    row, left, right = root + at, root + 2 * at, root + 2 * at + 1
    maq = min(tree[left, MAQ], tree[right, MAQ])
    leaves = max(tree[left, LEAVES], tree[right, LEAVES])
    changed = tree[row, MAQ] != maq or tree[row, LEAVES] != leaves
    tree[row, MAQ] = maq
    tree[row, LEAVES] = leaves
    return bool(changed)


@kernel
def _resting(bounds: IntArray, tree: IntArray, segment: int) -> int:
    """Return how many slots of a segment hold an order."""
    row = 2 * bounds[segment, START] + bounds[segment, CAPACITY]
    resting = 0
    for slot in range(bounds[segment, USED]):
        resting += tree[row + slot, LEAVES] > 0
    return resting


@kernel
def _move_orders(
    bounds: IntArray, tree: IntArray, segment: int, old_row: int, old_slots: int
) -> None:
    """Move the orders of a full segment, in their order, to where its bounds say it is now."""
    root = 2 * bounds[segment, START]
    capacity = bounds[segment, CAPACITY]
    used = 0
    for row in range(old_row, old_row + old_slots):
        if tree[row, LEAVES] > 0:
            for column in range(4):
                tree[root + capacity + used, column] = tree[row, column]
            used += 1
    bounds[segment, USED] = used
    for slot in range(used, capacity):
        tree[root + capacity + slot, MAQ] = NO_ORDER_MAQ
        tree[root + capacity + slot, LEAVES] = 0
    for at in range(capacity - 1, 0, -1):
        combine(tree, root, at)


@allocating
def _new_tree(arena_slots: int) -> IntArray:
    tree = np.zeros((2 * arena_slots, 4), np.int64)
    tree[:, MAQ] = NO_ORDER_MAQ
    return tree
