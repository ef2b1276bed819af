"""A slot in the middle of a segment: for an order that keeps its place, though not its terms.

This is slow, as all younger orders of the segment move up by one. It happens when the single-fill
flag of a resting order changes, when a sweep that rests is given another limit, and throughout if
amendments cost no priority.
"""

from __future__ import annotations

from sweep_dask.matching.arena import (
    CAPACITY,
    LEAVES,
    MAQ,
    NO_ORDER_MAQ,
    ORDER,
    RANK,
    START,
    USED,
    IntArray,
    combine,
    make_room_in_segment,
)
from sweep_dask.matching.compiled import kernel


@kernel
def make_slot(
    bounds: IntArray, tree: IntArray, steps: IntArray, segment: int, order: int, rank: int
) -> bool:
    """Make an empty slot for an order of any rank, unless the arena lacks room; return whether.

    It may be there already.
    """
    slot = _slot_of(bounds, tree, steps, segment, rank)
    if slot < bounds[segment, USED]:
        row = 2 * bounds[segment, START] + bounds[segment, CAPACITY]
        if tree[row + slot, RANK] == rank:
            return True
    if bounds[segment, USED] == bounds[segment, CAPACITY]:
        if not make_room_in_segment(bounds, tree, steps, segment):
            return False
        slot = _slot_of(bounds, tree, steps, segment, rank)
    capacity, used = bounds[segment, CAPACITY], bounds[segment, USED]
    bounds[segment, USED] = used + 1
    root = 2 * bounds[segment, START]
    row = root + capacity
    for younger in range(used, slot, -1):
        for column in range(4):
            tree[row + younger, column] = tree[row + younger - 1, column]
    tree[row + slot, MAQ], tree[row + slot, LEAVES] = NO_ORDER_MAQ, 0
    tree[row + slot, RANK], tree[row + slot, ORDER] = rank, order
    if slot < used:
        for at in range(capacity - 1, 0, -1):
            combine(tree, root, at)
        steps[0] += used - slot + capacity
    return True


@kernel
def _slot_of(bounds: IntArray, tree: IntArray, steps: IntArray, segment: int, rank: int) -> int:
    """Return the first slot with at least this rank, or the first unused one, by binary search."""
    row = 2 * bounds[segment, START] + bounds[segment, CAPACITY]
    low, high = 0, bounds[segment, USED]
    while low < high:
        middle = (low + high) >> 1
        steps[0] += 1
        if tree[row + middle, RANK] < rank:
            low = middle + 1
        else:
            high = middle
    return int(low)
