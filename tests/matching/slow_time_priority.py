"""The time-priority model written down as it is told: every sweep looks at every candidate."""

from __future__ import annotations

import numpy as np

from sweep_dask.matching.time_priority import Candidates, Matches, Sweeps
from sweep_dask.terms.sides import BUY, SELL

_OTHER_SIDE = {BUY: SELL, SELL: BUY}


def match_by_time_priority_slowly(candidates: Candidates, sweeps: Sweeps) -> Matches:
    """The matches of `match_by_time_priority`, in O(sweeps x candidates) steps."""
    remaining = [int(quantity) for quantity in candidates.quantity]
    rows: list[tuple[int, int, int]] = []
    steps = 0
    for sweep, (side, start_ns, end_ns, available) in enumerate(zip(*sweeps, strict=True)):
        left = int(available)
        for candidate in range(len(remaining)):
            steps += 1
            if candidates.side[candidate] != _OTHER_SIDE.get(int(side)):
                continue
            if not start_ns <= candidates.timestamp_ns[candidate] <= end_ns:
                continue
            if not candidates.priced[candidate] or remaining[candidate] <= 0 or left <= 0:
                continue
            filled = min(left, remaining[candidate])
            left -= filled
            remaining[candidate] -= filled
            rows.append((candidate, sweep, filled))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Matches(columns[:, 0], columns[:, 1], columns[:, 2], steps)
