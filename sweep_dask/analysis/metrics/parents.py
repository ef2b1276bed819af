"""Sweeps that re-enter what was left of another, joined into parents.

Who cancels and enters the same shares again wants them once. Sweeps of a parent are a chain: each
comes within a second of the end of one that was not complete, of the same participant and side.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sweep_dask.analysis.metrics.records import Sweeps
    from sweep_dask.analysis.tables import BoolArray, IntArray

#: How long after the end of a sweep another is taken for its re-entry; arbitrary.
WITHIN_NS = 1_000_000_000


def parents(
    sweeps: Sweeps, participant: IntArray, filled_quantity: IntArray
) -> dict[str, IntArray]:
    """`parent_id`, the order id of the first of the chain, and `added_quantity`, in their order.

    A parent wants, when a sweep of it is entered, what the ones before have filled and what this
    one asks for. A sweep adds what that is above the most that the parent wanted before.

    Parameters
    ----------
    sweeps
        All of one security and day, those of one instant in engine order.
    participant
        int64[sweeps], -1 if unknown; such a sweep is a parent by itself.
    filled_quantity
        int64[sweeps], what really filled.
    """
    before = _re_entered(sweeps, participant, filled_quantity < sweeps.quantity)
    parent_id, added = sweeps.order_id.copy(), sweeps.quantity.copy()
    filled_before, most = np.zeros_like(added), sweeps.quantity.copy()
    order = _by_arrival(sweeps)
    for sweep in order[before[order] >= 0]:
        last = before[sweep]
        parent_id[sweep] = parent_id[last]
        filled_before[sweep] = filled_before[last] + filled_quantity[last]
        most[sweep] = max(most[last], filled_before[sweep] + sweeps.quantity[sweep])
        added[sweep] = most[sweep] - most[last]
    return {"parent_id": parent_id, "added_quantity": added}


def _re_entered(sweeps: Sweeps, participant: IntArray, has_left: BoolArray) -> IntArray:
    """int64[sweeps], the position of the sweep that each re-enters, or -1.

    Of several it is the one that ended last and, of those, was entered last; each is re-entered
    once.
    """
    before = np.full(sweeps.size, -1, np.int64)
    # By participant and side: when those with something left ended, and their positions.
    ended: defaultdict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
    order = _by_arrival(sweeps)
    columns = (
        np.arange(sweeps.size),
        participant,
        sweeps.side,
        sweeps.arrival_ns,
        sweeps.end_ns,
        has_left,
    )
    rows = zip(*(column[order].tolist() for column in columns), strict=True)
    for number, (sweep, who, side, arrival_ns, end_ns, is_left) in enumerate(rows):
        if who < 0:
            continue
        of_owner = ended[who, side]
        last = bisect_right(of_owner, (arrival_ns, number, 0)) - 1
        if last >= 0 and of_owner[last][0] >= arrival_ns - WITHIN_NS:
            before[sweep] = of_owner.pop(last)[2]
        if is_left:
            entry = (end_ns, number, sweep)
            of_owner.insert(bisect_right(of_owner, entry), entry)
    return before


def _by_arrival(sweeps: Sweeps) -> IntArray:
    return np.argsort(sweeps.arrival_ns, kind="stable")
