"""Why the scenarios left something: sweeps and shares by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.rollups.cells import Cells, by_population, merged
from sweep_dask.analysis.rollups.exact import LIMBS
from sweep_dask.analysis.tables import schema, table
from sweep_dask.terms.populations import POPULATIONS
from sweep_dask.terms.reasons import UNFILLED_REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from sweep_dask.analysis.rollups.sweeps import Sweeps
    from sweep_dask.terms.arms import Arm

UNFILLED = schema(
    "population:str scenario:str unfilled_reason:category n_sweeps:int64 unfilled_quantity:int64"
)
#: In the order of rows.
_NAMES = sorted(UNFILLED_REASONS)


def _shape(arms: Sequence[Arm]) -> tuple[int, ...]:
    return len(POPULATIONS), len(arms)


def reason_cells(sweeps: Sweeps) -> Cells:
    """Sweeps and shares; a code is level and arm, a segment the number of a reason."""
    reason, left = (
        sweeps.codes("unfilled_reason", _NAMES),
        sweeps.whole_numbers("unfilled_quantity"),
    )
    # Lines that give no reason, and sweeps of which nothing is left, have none.
    arm, sweep = np.nonzero(reason >= 0)
    counts = np.stack([np.ones_like(arm), left[arm, sweep]], axis=1)
    code = np.ravel_multi_index((sweeps.level[sweep], arm), _shape(sweeps.arms))
    no_sums = np.zeros((arm.size, 0, LIMBS), np.int64)
    return merged([Cells(code, reason[arm, sweep], counts, no_sums)])


def unfilled(cells: Cells, arms: Sequence[Arm]) -> pa.Table:
    """By population, arm and reason; columns `UNFILLED`."""
    shape, names = _shape(arms), tuple(POPULATIONS)
    nested = by_population(cells, shape)
    population, arm = np.unravel_index(nested.code, shape)
    return table(
        UNFILLED,
        {
            "population": [names[number] for number in population],
            "scenario": [arms[number].scenario for number in arm],
            "unfilled_reason": [_NAMES[number] for number in nested.segment],
            "n_sweeps": nested.counts[:, 0],
            "unfilled_quantity": nested.counts[:, 1],
        },
    )
