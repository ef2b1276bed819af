"""Whose sweeps an answer is about, and whom they meet: the largest participants of either.

What is entered is not demand: one participant can enter most of the shares and want to fill
few of them. So what all sweeps fill and cost has beside it how much of it is one participant's. And
what they fill in the dark has beside it how much of it few gave: it depends on these being there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.rollups.dimensions import NO_PARTICIPANT
from sweep_dask.analysis.rollups.sensitivity import LEVEL_COUNTS
from sweep_dask.analysis.tables import over, schema, sums_at

if TYPE_CHECKING:
    from sweep_dask.analysis.rollups.cells import Cells
    from sweep_dask.analysis.tables import IntArray, Schema

#: Of the participant who entered most shares; null and 0 if none is known.
LARGEST: Schema = schema(
    "largest_participant:Int64 largest_participant_share:float64 "
    "largest_participant_quantity:int64 largest_participant_sweeps:int64"
)
#: Of the participants who gave most in the dark; null if none of those who gave is known.
CONTRAS: Schema = schema("largest_five_contras_share:float64")
_FIVE = 5
_SWEEPS, _SHARES, _DARK, _GIVEN = (
    LEVEL_COUNTS.index(name)
    for name in ("n_sweeps", "quantity", "dark_quantity", "contra_quantity")
)


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
    found = np.zeros((total.code.size, 3), np.int64)
    found[np.searchsorted(total.code, cells.code[at])] = np.column_stack(
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
    """The cell of the largest known participant of each code; of equal ones the smallest id."""
    known = np.flatnonzero((cells.segment != NO_PARTICIPANT) & (cells.counts[:, _SHARES] > 0))
    keys = (-cells.segment[known], cells.counts[known, _SHARES], cells.code[known])
    order = known[np.lexsort(keys)]
    code = cells.code[order]
    is_last = np.append(code[1:] != code[:-1], True)[: code.size]
    last: IntArray = order[is_last]
    return last


def largest_contras(cells: Cells, total: Cells) -> dict[str, Any]:
    """Columns `CONTRAS`, a row for each case; parameters as above.

    Those who are not known are none of the five, but what they gave counts.
    """
    known = cells.segment != NO_PARTICIPANT
    case = np.searchsorted(total.code, cells.code[known])
    given = cells.counts[known, _GIVEN]
    order = np.lexsort((-given, case))
    case, given = case[order], given[order]
    rank = np.arange(case.size) - np.searchsorted(case, case)
    of_five = sums_at(case, given * (rank < _FIVE), total.code.size)
    dark = np.where(of_five > 0, total.counts[:, _DARK], 0)
    return {"largest_five_contras_share": over(of_five, dark)}
