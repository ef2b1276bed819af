"""How large an order is, in the classes of the time-priority model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import labels
from sweep_dask.terms.dimensions import MEDIUM_MOST, SIZES, SMALL_MOST

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.tables import IntArray


def size_category(available: IntArray) -> pa.Array:
    """The size of each sweep by the quantity it had to fill."""
    # The first limit that is not below the quantity: both limits belong to the smaller size.
    return labels(SIZES, np.searchsorted([SMALL_MOST, MEDIUM_MOST], available, side="left"))
