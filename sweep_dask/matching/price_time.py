"""Orders in price-time priority: a segment per level, and a tree over the levels to find them by.

The variants of this module have one segment per level, which holds the orders of that level in
their order of time, and a tree over the levels with the smallest MAQ and the largest leaves of each
segment. They share the arena of the queue: `first_segment` is where they begin in it.
"""

from __future__ import annotations

import numpy as np

from sweep_dask.matching.arena import LEAVES, MAQ, NO_ORDER_MAQ, START, IntArray, combine
from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.segments import change, oldest_between

#: Rank and order that any order is before.
_NOTHING = (NO_ORDER_MAQ, -1)


def new_tops(variants: int, levels: int) -> IntArray:
    """Return the empty trees over the levels, int64[variants, nodes, 2]: MAQ, leaves.

    A tree has its root at node 1, the children of node t at 2t and 2t + 1, and the levels from 0 in
    its bottom row, which is its second half.
    """
    nodes = 2 << levels.bit_length() if variants else 2
    tops = np.empty((variants, nodes, 2), np.int64)
    tops[:, :, MAQ] = NO_ORDER_MAQ
    tops[:, :, LEAVES] = 0
    return tops


@kernel
def put_by_price(
    bounds: IntArray,
    tree: IntArray,
    steps: IntArray,
    top: IntArray,
    segment: int,
    level: int,
    rank: int,
    maq: int,
    leaves: int,
) -> None:
    """Set the values of the order with a rank, which has a slot in the segment of its level."""
    change(bounds, tree, steps, segment, rank, maq, leaves)
    at = top.shape[0] // 2 + level
    root = 2 * bounds[segment, START] + 1
    top[at, MAQ], top[at, LEAVES] = tree[root, MAQ], tree[root, LEAVES]
    at >>= 1
    while at > 0 and combine(top, 0, at):
        at >>= 1
        steps[0] += 1


@kernel
def next_level(steps: IntArray, top: IntArray, first: int, most_maq: int, least_leaves: int) -> int:
    """Return the first level, from one on, that may hold an order that suits, or -1.

    An order suits with at most that MAQ and at least those leaves; a level may have the one in one
    order and the other in another.
    """
    levels = top.shape[0] // 2
    if first >= levels:
        return -1
    at = levels + first
    while at > 0:
        steps[0] += 1
        if top[at, MAQ] <= most_maq and top[at, LEAVES] >= least_leaves:
            if at >= levels:
                return int(at - levels)
            at *= 2
        else:
            while at & 1:
                at >>= 1
            at += at > 0
    return -1


@kernel
def oldest_of_level(
    bounds: IntArray,
    tree: IntArray,
    steps: IntArray,
    segment: int,
    most_maq: int,
    least_leaves: int,
    after_rank: int,
) -> int:
    """Return the oldest order of a level after a rank that suits, or -1."""
    least_leaves = max(least_leaves, 1)
    return oldest_between(
        bounds, tree, steps, segment, most_maq, least_leaves, after_rank, _NOTHING
    )[1]


@kernel
def next_by_price(
    bounds: IntArray,
    tree: IntArray,
    steps: IntArray,
    top: IntArray,
    first_segment: int,
    k: int,
    most_maq: int,
    least_leaves: int,
    after_level: int,
    after_rank: int,
) -> int:
    """Return the next order that suits after a place, at levels up to `k`: by price, then time.

    -1 if there is none. The place is that of an order with this level and rank; (0, any) is before
    all.
    """
    level = after_level
    while True:
        if 0 < level <= k:
            segment = first_segment + level
            found = oldest_of_level(
                bounds, tree, steps, segment, most_maq, least_leaves, after_rank
            )
            if found >= 0:
                return int(found)
        level = next_level(steps, top, level + 1, most_maq, least_leaves)
        after_rank = -1
        if level < 0 or level > k:
            return -1
