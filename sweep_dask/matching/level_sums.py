"""Fenwick sums over limit levels: shares and orders of a class at levels up to any k."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sweep_dask.matching.compiled import kernel

IntArray = NDArray[np.int64]

#: Columns of sums, int64[classes, levels + 1, 3]; FREE_LEAVES are those of orders without MAQ.
ALL_LEAVES, FREE_LEAVES, ORDERS = 0, 1, 2


@kernel
def add_at_level(
    sums: IntArray,
    steps: IntArray,
    classes: int,
    level: int,
    leaves: int,
    free_leaves: int,
    orders: int,
) -> None:
    """Add to the sums of each class whose bit is set in `classes`."""
    for order_class in range(sums.shape[0]):
        at = level if (classes >> order_class) & 1 else sums.shape[1]
        while at < sums.shape[1]:
            sums[order_class, at, ALL_LEAVES] += leaves
            sums[order_class, at, FREE_LEAVES] += free_leaves
            sums[order_class, at, ORDERS] += orders
            steps[0] += 1
            at += at & -at


@kernel
def total_up_to(sums: IntArray, steps: IntArray, order_class: int, k: int, column: int) -> int:
    """Return the sum of a column over the levels up to `k`."""
    total = 0
    while k > 0:
        total += sums[order_class, k, column]
        steps[0] += 1
        k &= k - 1
    return total
