"""The classes that orders are compared in: outcome of the real sweep, and fill status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import IntArray, labels, whole_numbers

if TYPE_CHECKING:
    import pyarrow as pa

GROUPS = ("Group 1 (Fully Filled)", "Group 2 (Partially Filled)", "Group 3 (Unfilled)")
FILL_STATUSES = ("Unfilled", "Partially Filled", "Fully Filled")


def sweep_groups(last: pa.Table) -> pa.Array:
    """The group of each sweep by the real outcome, from its last state.

    Nothing left is group 1, also when the leaves quantity is below zero.
    """
    leaves, traded = (
        whole_numbers(last, "leavesquantity"),
        whole_numbers(last, "totalmatchedquantity"),
    )
    return labels(GROUPS, np.where(leaves <= 0, 0, np.where(traded > 0, 1, 2)))


def fill_status(matched: IntArray, quantity: IntArray) -> pa.Array:
    """How much of `quantity` was matched; nothing matched is unfilled, also nothing of nothing."""
    return labels(FILL_STATUSES, np.where(matched <= 0, 0, np.where(matched < quantity, 1, 2)))
