"""Whose sweeps an answer is about: the participant who entered more shares than any other.

What is entered is not demand: one participant can enter most of the shares and want to fill
few of them. So what all sweeps fill and cost has beside it how much of it is one participant's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.rollups.dimensions import NO_PARTICIPANT
from sweep_dask.analysis.rollups.sensitivity import LEVEL_COUNTS
from sweep_dask.analysis.tables import over, schema

if TYPE_CHECKING:
    from sweep_dask.analysis.rollups.cells import Cells
    from sweep_dask.analysis.tables import IntArray, Schema

#: Of the participant who entered most shares; null and 0 if none is known.
LARGEST: Schema = schema(
    "largest_participant:Int64 largest_participant_share:float64 "
    "largest_participant_quantity:int64 largest_participant_sweeps:int64"
)
_SWEEPS, _SHARES = (LEVEL_COUNTS.index(name) for name in ("n_sweeps", "quantity"))


def largest_participants(cells: Cells, total: Cells) -> dict[str, Any]:
    """Columns `LARGEST`, a row for each case.

    Parameters
    ----------
    cells
        As of `level_cells`, with the participants of all partitions.
    total
        The same cases, the participants of each added up.
    """
    at = _largest(cells)
    found = np.zeros((total.place.size, 3), np.int64)
    found[np.searchsorted(total.place, cells.place[at])] = np.column_stack(
        [cells.segment[at], cells.counts[at, _SHARES], cells.counts[at, _SWEEPS]]
    )
    participant, shares, sweeps = found.T
    return {
        "largest_participant": pa.array(participant, mask=shares == 0),
        "largest_participant_share": over(shares, total.counts[:, _SHARES]),
        "largest_participant_quantity": shares,
        "largest_participant_sweeps": sweeps,
    }


def _largest(cells: Cells) -> IntArray:
    """The cell of the largest known participant of each place; of equal ones the smallest id."""
    known = np.flatnonzero((cells.segment != NO_PARTICIPANT) & (cells.counts[:, _SHARES] > 0))
    keys = (-cells.segment[known], cells.counts[known, _SHARES], cells.place[known])
    order = known[np.lexsort(keys)]
    place = cells.place[order]
    is_last = np.append(place[1:] != place[:-1], True)[: place.size]
    last: IntArray = order[is_last]
    return last
