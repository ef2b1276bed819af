"""Who has opted in to preferencing, learned from the past of the tape.

No file says so; a participant whose incoming order traded with deal source 46 or 51 has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from sweep_dask.terms.deal_sources import BLOCK_PREFERENCED, CENTRE_POINT_PREFERENCED

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.centre_point.tape import Tape
    from sweep_dask.analysis.tables import BoolArray, IntArray


@dataclass(frozen=True)
class OptIns:
    """When it was first seen that a participant's incoming orders are preferenced."""

    timestamp_ns: IntArray
    """int64, ns UTC, of the trade; later events know."""
    participant: IntArray
    is_sweep: BoolArray
    """bool, whether it was seen of a sweep or of another order: participants opt in for some."""

    @classmethod
    def none(cls) -> Self:
        """Nobody."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool))


def learn_opt_ins(log: OrderLog, tape: Tape | None) -> OptIns:
    """The first preferenced trade of each participant and kind of order, in time order."""
    if tape is None:
        return OptIns.none()
    preferenced = np.isin(tape.deal_source, (CENTRE_POINT_PREFERENCED, BLOCK_PREFERENCED))
    known, order = tape.is_known, tape.order
    rows = np.flatnonzero(preferenced & tape.is_aggressor & known)
    is_sweep = np.zeros(log.order_id.size, dtype=bool)
    is_sweep[log.order] = log.is_sweep
    seen = np.stack((tape.participant[rows], is_sweep[order[rows]].astype(np.int64)), axis=1)
    _, first = np.unique(seen, axis=0, return_index=True)
    first = np.sort(first)
    return OptIns(
        tape.timestamp_ns[rows[first]], tape.participant[rows[first]], is_sweep[order[rows[first]]]
    )
