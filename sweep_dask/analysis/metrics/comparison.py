"""Real against simulated: per sweep and metric, as counts, and as averages side by side.

Every difference is simulated minus real, of the same sweeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.tables import schema, table
from sweep_dask.terms.metrics import COMPARED

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.tables import Columns, FloatArray


#: Columns in which the sweeps of two arms are the same, row by row.
ALIGNED = ("order_id", "side", "quantity", "arrival_ns")
#: The difference of each compared metric, under its name.
SWEEP_DIFFERENCES = {"order_id": "int64"} | dict.fromkeys(COMPARED, "float64")
#: One row per metric; sums of partitions are those of the whole.
AGREEMENT = schema(
    "metric:str tolerance:float64 n_sweeps:int64 n_pairs:int64 n_agree:int64 n_better:int64 "
    "n_worse:int64 n_other:int64 n_reference_only:int64 n_simulated_only:int64"
)
#: One row per condition and metric.
AVERAGES = schema(
    "condition:str metric:str n_sweeps:int64 n_reference:int64 mean_reference:float64 "
    "n_simulated:int64 mean_simulated:float64 n_pairs:int64 paired_mean_reference:float64 "
    "paired_mean_simulated:float64 mean_difference:float64"
)


def differences(real: Columns, simulated: Columns) -> pa.Table:
    """Simulated minus real of each sweep, NaN unless both exist; columns `SWEEP_DIFFERENCES`."""
    require_same_sweeps(real, simulated)
    columns: dict[str, Any] = {"order_id": real["order_id"]}
    for metric in COMPARED:
        columns[metric] = values(simulated, metric) - values(real, metric)
    return table(SWEEP_DIFFERENCES, columns)


def values(metrics: Columns, metric: str) -> FloatArray:
    """float64[sweeps], a metric, NaN where it is missing."""
    return np.asarray(metrics[metric], dtype=np.float64)


def require_same_sweeps(real: Columns, simulated: Columns) -> None:
    """Check that two tables of metrics are about the same sweeps, row by row.

    Raises
    ------
    ValueError
        They are not; the message names the column that differs.
    """
    for column in ALIGNED:
        if not np.array_equal(np.asarray(real[column]), np.asarray(simulated[column])):
            raise ValueError(f"only metrics of the same sweeps compare: {column} differs")
