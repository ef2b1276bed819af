"""What the tape shows of a price, and what it was.

The exchange publishes the exact price truncated, never rounded, to the unit of its files (ASX
Trade, Business Information, section 24.4). Prices here are doubled, so that half units are whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def truncated_x2(exact_x2: IntArray) -> IntArray:
    """The price that the exchange publishes, doubled like the exact one."""
    return exact_x2 - exact_x2 % 2


def is_published_as(tape_x2: IntArray, exact_x2: IntArray) -> BoolArray:
    """Whether the tape shows an exact price: truncated, or as it is where it tells half units."""
    shown: BoolArray = (tape_x2 == exact_x2) | (tape_x2 == truncated_x2(exact_x2))
    return shown


def exact_x2(tape_x2: IntArray, midpoint_x2: IntArray) -> IntArray:
    """The midpoint where it is published as the price on the tape; elsewhere that price."""
    return np.where(truncated_x2(midpoint_x2) == tape_x2, midpoint_x2, tape_x2)
