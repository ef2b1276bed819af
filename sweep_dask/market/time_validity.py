"""How long an order stays: the `timevalidity` column (centre point rules, section 4.7).

Sixteen bits, the upper eight a unit with two flags, the lower eight a number of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

#: Units. What is immediate is cancelled at once: fill-and-kill or fill-or-kill, which look alike.
IMMEDIATE = 0
REST_OF_DAY = 1
GOOD_TILL_CANCELLED = 2
DAYS = 5
CURRENT_MAXIMUM = 6
END_OF_SESSION_TYPE = 32

_UNIT, _PURGED = 0x3F, 0x40


class TimeValidity(NamedTuple):
    """The parts of a time validity; the negative indicator (0x80) says nothing of use here."""

    unit: IntArray
    """int64[n], one of the units above."""
    purged: BoolArray
    """bool[n], whether the exchange has removed the order at the end of its time."""
    number: IntArray
    """int64[n], of days, or of the session type."""

    @property
    def immediate(self) -> BoolArray:
        """bool[n], whether what is not filled at once is cancelled."""
        is_immediate: BoolArray = self.unit == IMMEDIATE
        return is_immediate


def decode_time_validity(values: IntArray) -> TimeValidity:
    """Take the column apart; int64[n].

    A missing value (below 0) is rest of day, which is what most orders are: to take it as
    immediate would empty the book.
    """
    values = np.where(values < 0, REST_OF_DAY << 8, values)
    upper = (values >> 8) & 0xFF
    return TimeValidity(upper & _UNIT, (upper & _PURGED) != 0, values & 0xFF)
