"""Rows of a block as the numbers that `analysis.data_checks` counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweep_dask.analysis.data_checks.counting import COLUMNS, MISSING, count_rows

if TYPE_CHECKING:
    from sweep_dask.analysis.data_checks.tally import Tally
    from sweep_dask.analysis.tables import IntArray
    from sweep_dask.market.ticks import TickTable


def tally_of(file: str, table: str, rows: pa.Table, ticks: TickTable) -> Tally:
    """Sums of typed rows of one file."""
    names = [name for name in COLUMNS.get(table, ()) if name in rows.column_names]
    return count_rows(file, table, {name: _whole_numbers(rows[name]) for name in names}, ticks)


def _whole_numbers(column: pa.ChunkedArray) -> IntArray:
    """int64[rows]; prices, the only floats, doubled."""
    if pa.types.is_floating(column.type):
        column = pc.cast(pc.multiply(column, 2.0), pa.int64())
    if column.null_count:
        column = pc.fill_null(column, MISSING)
    numbers: IntArray = column.to_numpy().astype(np.int64, copy=False)
    return numbers
