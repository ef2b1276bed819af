"""The resting dark orders of one side, searched by limit, MAQ and leaves in logarithmic steps.

Limits are *levels*, 1 the most generous: the orders that may trade at a price are those of the
levels up to some k. A Fenwick tree over the levels gathers such a range from at most log2(levels)
nodes, and each node keeps its orders by time in a segment. There is one such tree per *variant*, a
set of orders that is searched on its own, and one of sums per *class* of orders. Which of them an
order belongs to is up to the caller.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sweep_dask.matching.arena import (
    CAPACITY,
    NO_ORDER_MAQ,
    USED,
    IntArray,
    make_room_in_segment,
    new_segments,
    with_larger_arena,
)
from sweep_dask.matching.compiled import allocating, kernel
from sweep_dask.matching.level_sums import (
    ALL_LEAVES,
    FREE_LEAVES,
    ORDERS,
    add_at_level,
    total_up_to,
)
from sweep_dask.matching.segments import append_to_segment, change, oldest_between

#: Above the rank of any order.
NO_RANK = np.iinfo(np.int64).max
#: Slots of the arena to begin with; arbitrary, so that a small book never has to grow it.
FIRST_ARENA_SLOTS = 1024


class Queue(NamedTuple):
    """The resting orders of one side.

    Functions that take `variants` and `classes` must be given the same for an order every time:
    `variants` is int64[any], its variants up to the first negative number, at least one; `classes`
    has bit c set if the order counts in class c.
    """

    bounds: IntArray
    """int64[variants * (levels + 1) + 1, 3], see `arena`; Fenwick node i of variant v has the
    segment v * (levels + 1) + i."""
    tree: IntArray
    """int64[any, 4], see `arena`."""
    sums: IntArray
    """int64[classes, levels + 1, 3], Fenwick sums: shares, shares of orders without MAQ, orders."""
    steps: IntArray
    """int64[1], what all calls have cost: tree nodes looked at and orders moved."""


@allocating
def new_queue(levels: int, variants: int, classes: int) -> Queue:
    """Return an empty queue for orders at levels 1 to `levels`."""
    bounds, tree = new_segments(variants * (levels + 1), FIRST_ARENA_SLOTS)
    return Queue(bounds, tree, np.zeros((classes, levels + 1, 3), np.int64), np.zeros(1, np.int64))


@allocating
def insert(
    queue: Queue,
    variants: IntArray,
    classes: int,
    level: int,
    order: int,
    rank: int,
    maq: int,
    leaves: int,
) -> Queue:
    """Add an order with a rank above all before it, MAQ 0 or more and leaves above 0.

    Returns the queue to go on with; the one given is of no use any more.
    """
    while not make_room(queue, variants, level):
        bounds, tree, sums, steps = queue
        queue = Queue(bounds, with_larger_arena(bounds, tree), sums, steps)
    append(queue, variants, classes, level, order, rank, maq, leaves)
    return queue


@kernel
def make_room(queue: Queue, variants: IntArray, level: int) -> bool:
    """Make room for one more order in each segment it is about to join.

    Returns whether there is; if not, the arena has to grow.
    """
    bounds, tree, sums, steps = queue
    nodes = sums.shape[1]
    for index in range(_count(variants)):
        at = level
        while at < nodes:
            segment = variants[index] * nodes + at
            is_full = bounds[segment, USED] == bounds[segment, CAPACITY]
            if is_full and not make_room_in_segment(bounds, tree, steps, segment):
                return False
            at += at & -at
    return True


@kernel
def append(
    queue: Queue,
    variants: IntArray,
    classes: int,
    level: int,
    order: int,
    rank: int,
    maq: int,
    leaves: int,
) -> None:
    """Add an order as `insert` does, once there is room."""
    bounds, tree, sums, steps = queue
    nodes = sums.shape[1]
    for index in range(_count(variants)):
        at = level
        while at < nodes:
            segment = variants[index] * nodes + at
            append_to_segment(bounds, tree, steps, segment, order, rank, maq, leaves)
            at += at & -at
    add_at_level(sums, steps, classes, level, leaves, leaves if maq == 0 else 0, 1)


@kernel
def update(
    queue: Queue, variants: IntArray, classes: int, level: int, rank: int, maq: int, leaves: int
) -> None:
    """Set the MAQ and the leaves, above 0, of the resting order with this rank."""
    bounds, tree, sums, steps = queue
    _change(bounds, tree, sums, steps, variants, classes, level, rank, maq, leaves, 0)


@kernel
def remove(queue: Queue, variants: IntArray, classes: int, level: int, rank: int) -> None:
    """Take out the resting order with this rank."""
    bounds, tree, sums, steps = queue
    _change(bounds, tree, sums, steps, variants, classes, level, rank, NO_ORDER_MAQ, 0, -1)


@kernel
def oldest(
    queue: Queue, variant: int, k: int, most_maq: int, least_leaves: int, after_rank: int
) -> int:
    """Return the oldest order of a variant that suits and has a rank above `after_rank`; or -1.

    An order suits at a level up to `k`, with a MAQ of at most `most_maq` and at least
    `least_leaves`. Takes O(log levels * log orders) steps if `least_leaves` is 1 or less; if it is
    more, orders that have the right MAQ but too little left, or the reverse, may cost more.
    """
    bounds, tree, sums, steps = queue
    segment = variant * sums.shape[1]
    least_leaves = max(least_leaves, 1)
    return _oldest(bounds, tree, steps, segment, k, most_maq, least_leaves, after_rank)


@kernel
def total_leaves(queue: Queue, order_class: int, k: int) -> int:
    """Return the shares left of the orders of a class at levels up to `k`."""
    return total_up_to(queue.sums, queue.steps, order_class, k, ALL_LEAVES)


@kernel
def total_leaves_without_maq(queue: Queue, order_class: int, k: int) -> int:
    """Return the shares left of the orders of a class with MAQ 0 at levels up to `k`."""
    return total_up_to(queue.sums, queue.steps, order_class, k, FREE_LEAVES)


@kernel
def order_count(queue: Queue, order_class: int, k: int) -> int:
    """Return how many orders of a class rest at levels up to `k`."""
    return total_up_to(queue.sums, queue.steps, order_class, k, ORDERS)


@kernel
def _change(
    bounds: IntArray,
    tree: IntArray,
    sums: IntArray,
    steps: IntArray,
    variants: IntArray,
    classes: int,
    level: int,
    rank: int,
    maq: int,
    leaves: int,
    orders: int,
) -> None:
    """Set the values of an order in every segment it is in, and correct the sums."""
    nodes = sums.shape[1]
    old = (NO_ORDER_MAQ, 0)
    for index in range(_count(variants)):
        first_segment = variants[index] * nodes
        at = level
        while at < nodes:
            old = change(bounds, tree, steps, first_segment + at, rank, maq, leaves)
            at += at & -at
    old_maq, old_leaves = old
    free_leaves = (leaves if maq == 0 else 0) - (old_leaves if old_maq == 0 else 0)
    add_at_level(sums, steps, classes, level, leaves - old_leaves, free_leaves, orders)


@kernel
def _oldest(
    bounds: IntArray,
    tree: IntArray,
    steps: IntArray,
    first_segment: int,
    k: int,
    most_maq: int,
    least_leaves: int,
    after_rank: int,
) -> int:
    found = (NO_RANK, -1)
    at = k
    while at > 0:
        found = oldest_between(
            bounds, tree, steps, first_segment + at, most_maq, least_leaves, after_rank, found
        )
        at &= at - 1
    return found[1]


@kernel
def _count(variants: IntArray) -> int:
    """Return how many variants stand before the first negative number."""
    count = 0
    while count < variants.size and variants[count] >= 0:
        count += 1
    return count
