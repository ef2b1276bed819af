"""How far the limit of a sweep reaches into the national quote that it met on arrival.

Classes in the manner of SEC Rule 605 as amended in 2024, which reports orders that can trade at
once, those beyond the midpoint, other executable ones and the rest apart from one another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.metrics.quotes import midpoint_x2
from sweep_dask.analysis.tables import category

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.metrics.records import Sweeps


def marketability(sweeps: Sweeps) -> pa.Array:
    """The class of each sweep; null if the quote on arrival has no midpoint.

    All prices are doubled whole numbers, so that a limit at the midpoint is told from one just
    short of it.
    """
    sign, limit_x2 = sweeps.sign, sweeps.limit_x2
    middle_x2 = midpoint_x2(sweeps.arrival_bid, sweeps.arrival_offer)
    bounds_x2 = (sweeps.far_touch_x2, middle_x2, sweeps.near_touch_x2)
    # Each bound that a limit falls short of puts it one class back.
    short_of = sum(sign * limit_x2 < sign * bound_x2 for bound_x2 in bounds_x2)
    code = np.where(limit_x2 > 0, short_of, 0)
    return category("marketability", np.where(middle_x2 > 0, code, -1))
