"""The median of any number of durations in little memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import IntArray

#: Leading binary digits that are kept: durations are counted to one part in a thousand.
_DIGITS = 11


class Durations:
    """Durations in ns, counted by their leading digits."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, durations_ns: IntArray) -> None:
        """Count some more."""
        # frexp: 2**(length - 1) <= duration < 2**length.
        length = np.frexp(durations_ns.astype(np.float64))[1]
        digits_cut = np.maximum(length - _DIGITS, 0).astype(np.int64)
        values, counts = np.unique((durations_ns >> digits_cut) << digits_cut, return_counts=True)
        self._counts.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))

    def median_ns(self) -> int | None:
        """The middle one, of two the shorter one, rounded down; None if there are none."""
        before, middle = 0, (self._counts.total() + 1) // 2
        for duration_ns in sorted(self._counts):
            before += self._counts[duration_ns]
            if before >= middle:
                return duration_ns
        return None
