"""How long a sweep waits that is treated differently, and until when every sweep is measured.

A sweep that really filled leaves no sign of when its owner would have given up. So how long it
would have waited is a choice, the same for every arm: fills after it do not count, and what is
left then is marked at that time. A sweep that its owner cancelled is cancelled in every arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.terms import choices
from sweep_dask.terms.choices import CLOCK_SECONDS, LIFETIME_NAME

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import IntArray

_NS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Lifetime:
    """One of the three choices."""

    name: str
    """`recorded`: until the record ends, also where it ends because all was filled;
    `clock:DURATION`: for so long from arrival on; `close`: until continuous trading ends."""
    duration_ns: int | None = None
    """Of the clock; None: there is none."""

    def until_ns(self, arrival_ns: IntArray, end_ns: IntArray, trading_until_ns: int) -> IntArray:
        """int64[sweeps], ns UTC: the last instant that counts, for each sweep.

        Parameters
        ----------
        arrival_ns, end_ns
            int64[sweeps], ns UTC: when each arrived, and when its record ended.
        trading_until_ns
            The last instant of continuous trading.
        """
        longest_ns = np.full_like(end_ns, trading_until_ns)
        if self == RECORDED:
            longest_ns = np.minimum(end_ns, trading_until_ns)
        elif self.duration_ns is not None:
            longest_ns = np.minimum(arrival_ns + self.duration_ns, trading_until_ns)
        # One that arrives after the close is measured as it arrives.
        return np.maximum(longest_ns, arrival_ns)

    def is_within(self, other: Lifetime) -> bool:
        """Whether no sweep is measured later than under another lifetime."""
        if self.duration_ns is not None and other.duration_ns is not None:
            return self.duration_ns <= other.duration_ns
        return other in (self, CLOSE)


RECORDED = Lifetime(choices.RECORDED)
CLOSE = Lifetime(choices.CLOSE)


def lifetime_of(name: str) -> Lifetime:
    """The lifetime of a name such as `clock:5min`.

    Raises
    ------
    ValueError
        It is none.
    """
    found = LIFETIME_NAME.fullmatch(name)
    if found is None:
        raise ValueError(name)
    if found["count"] is None:
        return RECORDED if name == RECORDED.name else CLOSE
    return Lifetime(name, int(found["count"]) * CLOCK_SECONDS[found["unit"]] * _NS_PER_SECOND)
