"""Why the scenarios left something: sweeps and shares by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.sweep_outcomes import DECREASED, REASONS
from sweep_dask.analysis.rollups.cells import Cells, by_population, merged
from sweep_dask.analysis.rollups.dimensions import POPULATIONS
from sweep_dask.analysis.rollups.exact import LIMBS
from sweep_dask.analysis.tables import schema, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.rollups.sweeps import Sweeps

UNFILLED = schema("population:str scenario:str reason:str n_sweeps:int64 unfilled_quantity:int64")
#: In the order of rows.
_NAMES = sorted({*REASONS.values(), DECREASED})


def _shape(lines: Sequence[Line]) -> tuple[int, ...]:
    return len(POPULATIONS), len(lines)


def reason_cells(sweeps: Sweeps) -> Cells:
    """Sweeps and shares; a place is level and line, a segment the number of a reason."""
    reason, left = (
        sweeps.places("unfilled_reason", _NAMES),
        sweeps.whole_numbers("unfilled_quantity"),
    )
    # Lines that give no reason, and sweeps of which nothing is left, have none.
    line, sweep = np.nonzero(reason >= 0)
    counts = np.stack([np.ones_like(line), left[line, sweep]], axis=1)
    place = np.ravel_multi_index((sweeps.level[sweep], line), _shape(sweeps.lines))
    no_sums = np.zeros((line.size, 0, LIMBS), np.int64)
    return merged([Cells(place, reason[line, sweep], counts, no_sums)])


def unfilled(cells: Cells, lines: Sequence[Line]) -> pa.Table:
    """By population, line and reason; columns `UNFILLED`."""
    shape = _shape(lines)
    nested = by_population(cells, shape)
    population, line = np.unravel_index(nested.place, shape)
    return table(
        UNFILLED,
        {
            "population": [POPULATIONS[number] for number in population],
            "scenario": [lines[number].scenario for number in line],
            "reason": [_NAMES[number] for number in nested.segment],
            "n_sweeps": nested.counts[:, 0],
            "unfilled_quantity": nested.counts[:, 1],
        },
    )
