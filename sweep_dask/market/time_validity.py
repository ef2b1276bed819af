"""How long an order stays: the `timevalidity` column (centre point rules, section 4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The unit, six of the upper eight bits, of what is cancelled at once: fill-and-kill or
#: fill-or-kill, which look alike.
_IMMEDIATE = 0
_UNIT_BITS = 0x3F << 8


def is_immediate(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[n], whether what is not filled at once is cancelled; of int64[n].

    A missing value (below 0) is rest of day, which is what most orders are: to take it as
    immediate would empty the book.
    """
    return (values >= 0) & ((values & _UNIT_BITS) == _IMMEDIATE)
