"""Rows of a block, sorted by partition, in one file that a merge can read ranges of.

One file a piece, never one a piece and partition: 1,600 blocks times 2,000 securities would be
three million files. Files are Arrow IPC without compression, so that a range is mapped, not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sweep_dask.market.trading_day import calendar_days, is_evening
from sweep_dask.storage.atomic import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from sweep_dask.schema import Table

#: Security of a row that concerns no single one (reference data, market-wide session states).
ALL_SECURITIES = -1

#: Rows of a spill file that are put in order, and found again, at a time (arbitrary).
_BATCH_ROWS = 1 << 17

#: Columns of the index: which rows of which segment belong to which partition.
INDEX_DTYPES = {
    "block": "int64",
    "piece": "int64",
    "day": "int64",
    "evening": "bool",
    "security": "int64",
    "start": "int64",
    "rows": "int64",
}


def segment_path(folder: Path, block: int, piece: int) -> Path:
    """File of one piece of one block."""
    return folder / f"{block:07d}-{piece:05d}.arrow"


def empty_index() -> pd.DataFrame:
    """An index without rows, with its columns and dtypes."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in INDEX_DTYPES.items()})


def write_segment(
    folder: Path, block: int, piece: int, table: Table, rows: pa.Table
) -> pd.DataFrame:
    """Write rows sorted by (day, evening, security), file order within, and return their index.

    File order is what decides which of two repeats is the first.

    Returns
    -------
    pandas.DataFrame
        Columns `INDEX_DTYPES`, a row a partition; days are local calendar days; `security` is
        `ALL_SECURITIES` for rows that concern no single one.
    """
    if len(rows) == 0:
        return empty_index()
    times = rows[table.time].to_numpy()
    day, evening = calendar_days(times), is_evening(times)
    security = _securities(table, rows)
    order = np.lexsort((security, evening, day))
    write_atomically(segment_path(folder, block, piece), lambda path: _write_ipc(path, rows, order))
    return _index(block, piece, day[order], evening[order], security[order])


def _securities(table: Table, rows: pa.Table) -> npt.NDArray[np.int64]:
    if table.security is None or table.security not in rows.column_names:
        return np.full(len(rows), ALL_SECURITIES, dtype=np.int64)
    known: npt.NDArray[np.int64] = pc.fill_null(rows[table.security], ALL_SECURITIES).to_numpy()
    return known


def _write_ipc(path: Path, rows: pa.Table, order: npt.NDArray[np.int64]) -> None:
    """Put rows in order a batch at a time: a whole copy would double what a block takes."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
        for start in range(0, order.size, _BATCH_ROWS):
            batch = rows.take(pa.array(order[start : start + _BATCH_ROWS]))
            writer.write_table(batch.combine_chunks())


def _index(
    block: int,
    piece: int,
    day: npt.NDArray[np.int64],
    evening: npt.NDArray[np.bool_],
    security: npt.NDArray[np.int64],
) -> pd.DataFrame:
    changes = (np.diff(day) != 0) | (np.diff(evening) != 0) | (np.diff(security) != 0)
    starts = np.concatenate(([0], np.flatnonzero(changes) + 1))
    stops = np.append(starts[1:], day.size)
    columns = {
        "block": np.full(starts.size, block),
        "piece": np.full(starts.size, piece),
        "day": day[starts],
        "evening": evening[starts],
        "security": security[starts],
        "start": starts,
        "rows": stops - starts,
    }
    return pd.DataFrame(columns).astype(INDEX_DTYPES)


def read_range(folder: Path, block: int, piece: int, start: int, rows: int) -> pa.Table:
    """Rows `start` to `start + rows` of a segment; their bytes are mapped, not copied."""
    mapped = pa.memory_map(str(segment_path(folder, block, piece)))
    reader = pa.ipc.open_file(mapped)
    first, last = start // _BATCH_ROWS, (start + rows - 1) // _BATCH_ROWS
    batches = [reader.get_batch(number) for number in range(first, last + 1)]
    return pa.Table.from_batches(batches).slice(start - first * _BATCH_ROWS, rows)
