"""Searches and changes in a segment: the oldest order that suits, by MAQ and leaves.

The slots of a segment are filled from the left by ascending rank and emptied in place, so the
leftmost slot that suits holds the oldest order that suits. See `arena` for the arrays.
"""

from __future__ import annotations

from sweep_dask.matching.arena import (
    CAPACITY,
    LEAVES,
    MAQ,
    ORDER,
    RANK,
    START,
    USED,
    IntArray,
    combine,
)
from sweep_dask.matching.compiled import inlined, kernel


@kernel
def append_to_segment(
    bounds: IntArray,
    tree: IntArray,
    steps: IntArray,
    segment: int,
    order: int,
    rank: int,
    maq: int,
    leaves: int,
) -> None:
    """Add an order younger than all before it to a segment that is not full."""
    root = 2 * bounds[segment, START]
    at = bounds[segment, CAPACITY] + bounds[segment, USED]
    bounds[segment, USED] += 1
    tree[root + at, RANK] = rank
    tree[root + at, ORDER] = order
    count = 1
    # Above a node that promises as much already, all do.
    while at > 0 and (tree[root + at, MAQ] > maq or tree[root + at, LEAVES] < leaves):
        tree[root + at, MAQ] = min(tree[root + at, MAQ], maq)
        tree[root + at, LEAVES] = max(tree[root + at, LEAVES], leaves)
        at >>= 1
        count += 1
    steps[0] += count


@inlined
def change(
    bounds: IntArray,
    tree: IntArray,
    steps: IntArray,
    segment: int,
    rank: int,
    maq: int,
    leaves: int,
) -> tuple[int, int]:
    """Set MAQ and leaves of the order with a rank, and return what they were.

    (NO_ORDER_MAQ, 0) takes it out.
    """
    root = 2 * bounds[segment, START]
    at = bounds[segment, CAPACITY]
    at += _slots_up_to(tree, steps, root + at, bounds[segment, USED], rank) - 1
    old_maq, old_leaves = tree[root + at, MAQ], tree[root + at, LEAVES]
    tree[root + at, MAQ] = maq
    tree[root + at, LEAVES] = leaves
    at >>= 1
    count = 1
    # Above a node that stays as it was, all do.
    while at > 0 and combine(tree, root, at):
        at >>= 1
        count += 1
    steps[0] += count
    return old_maq, old_leaves


@inlined
def oldest_between(
    bounds: IntArray,
    tree: IntArray,
    steps: IntArray,
    segment: int,
    most_maq: int,
    least_leaves: int,
    after_rank: int,
    before: tuple[int, int],
) -> tuple[int, int]:
    """Return rank and order of the oldest that suits after a rank, if that is before another.

    Otherwise return what `before` says, also a rank and an order. An order suits with a MAQ of at
    most `most_maq` and at least `least_leaves`, which must be 1 or more. Takes O(log capacity)
    steps if it is 1; if more, a node may hold the one in one slot and the other in another, and the
    search has to back out of it.
    """
    steps[0] += 1
    used = bounds[segment, USED]
    row = 2 * bounds[segment, START] + bounds[segment, CAPACITY]
    # Without branches around the searches, as Numba counts references there: of no slots if there
    # is nothing to find, of all from the first one if all are after the rank.
    if tree[row, RANK] >= before[0]:
        used = 0
    passed = used if tree[row, RANK] <= after_rank else 0
    first = _slots_up_to(tree, steps, row, passed, after_rank)
    slot = _leftmost(
        tree, steps, row, bounds[segment, CAPACITY], used, first, most_maq, least_leaves
    )
    found = tree[row + max(slot, 0), RANK], tree[row + max(slot, 0), ORDER]
    return found if slot >= 0 and found[0] < before[0] else before


@kernel
def _slots_up_to(tree: IntArray, steps: IntArray, row: int, slots: int, rank: int) -> int:
    """Return how many of the slots that begin at a row have at most this rank: the first ones."""
    below = 0
    count = 0
    # No branch depends on a rank: the processor could not guess it.
    while slots > 0:
        half = (slots + 1) >> 1
        below += half * (tree[row + below + half - 1, RANK] <= rank)
        slots -= half
        count += 1
    steps[0] += count
    return below


@kernel
def _leftmost(
    tree: IntArray,
    steps: IntArray,
    row: int,
    capacity: int,
    used: int,
    first: int,
    most_maq: int,
    least_leaves: int,
) -> int:
    """Return the first slot from a given one on that suits, or -1, of those that begin at a row."""
    root = row - capacity
    # From the very first slot, the usual question, down from the root instead of up and down.
    at = capacity + first if first > 0 else 1
    at = at if first < used else 0
    slot = -1
    count = 0
    while slot < 0 and at > 0:
        count += 1
        if tree[root + at, MAQ] > most_maq or tree[root + at, LEAVES] < least_leaves:
            at = _next_to_the_right(at)
        elif at < capacity:
            at *= 2
        else:
            slot = at - capacity
    steps[0] += count
    return slot


@kernel
def _next_to_the_right(at: int) -> int:
    """Return the largest node whose slots begin right after those of a node; 0 if there is none."""
    while at & 1:
        at >>= 1
    return at + 1 if at > 0 else 0
