"""Rows of a batch of a block, sorted by partition, in one file that a merge can read ranges of.

One file a batch, never one a batch and partition: 1,600 blocks times 2,000 securities would be
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
    from collections.abc import Iterable
    from pathlib import Path

    from sweep_dask.schema import Table

#: Security of a row that concerns no single one (reference data, market-wide session states).
ALL_SECURITIES = -1

#: Rows of a spill file that are put in order, and found again, at a time (arbitrary).
_RECORD_BATCH_ROWS = 1 << 17

#: A row of the index: which rows of which batch belong to which partition. There is one for each
#: block and partition, and the client holds them all.
INDEX_DTYPE = np.dtype(
    [
        ("block", np.int32),
        ("batch", np.int32),
        ("day", np.int32),
        ("evening", np.bool_),
        ("security", np.int64),
        ("start", np.int64),
        ("rows", np.int64),
    ]
)

#: Of `INDEX_DTYPE`. Days are local calendar days; `security` is `ALL_SECURITIES` for rows that
#: concern no single one.
SpillIndex = npt.NDArray[np.void]


def batch_path(folder: Path, block: int, batch: int) -> Path:
    """File of one batch of one block."""
    return folder / f"{block:07d}-{batch:05d}.arrow"


def index_frame(indexes: Iterable[SpillIndex]) -> pd.DataFrame:
    """Indexes of batches as one frame, as a partition of a `dask.dataframe` has to be."""
    return pd.DataFrame(np.concatenate([np.empty(0, INDEX_DTYPE), *indexes]))


def index_of(frames: Iterable[pd.DataFrame]) -> SpillIndex:
    """Frames of indexes as one array again."""
    arrays = [frame.to_records(index=False).astype(INDEX_DTYPE) for frame in frames]
    return np.concatenate([np.empty(0, INDEX_DTYPE), *arrays])


def write_batch(folder: Path, block: int, batch: int, table: Table, rows: pa.Table) -> SpillIndex:
    """Write rows sorted by (day, evening, security), file order within, and return their index.

    File order is what decides which of two repeats is the first.
    """
    if len(rows) == 0:
        return np.empty(0, INDEX_DTYPE)
    times = rows[table.time].to_numpy()
    day, evening = calendar_days(times), is_evening(times)
    security = _securities(table, rows)
    order = np.lexsort((security, evening, day))
    path = batch_path(folder, block, batch)
    write_atomically(path, lambda temporary: _write_ipc(temporary, rows, order))
    return _index(block, batch, day[order], evening[order], security[order])


def _securities(table: Table, rows: pa.Table) -> npt.NDArray[np.int64]:
    if table.security is None or table.security not in rows.column_names:
        return np.full(len(rows), ALL_SECURITIES, dtype=np.int64)
    known: npt.NDArray[np.int64] = pc.fill_null(rows[table.security], ALL_SECURITIES).to_numpy()
    return known


def _write_ipc(path: Path, rows: pa.Table, order: npt.NDArray[np.int64]) -> None:
    """Put rows in order some at a time: a whole copy would double what a block takes."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
        for start in range(0, order.size, _RECORD_BATCH_ROWS):
            taken = rows.take(pa.array(order[start : start + _RECORD_BATCH_ROWS]))
            writer.write_table(taken.combine_chunks())


def _index(
    block: int,
    batch: int,
    day: npt.NDArray[np.int64],
    evening: npt.NDArray[np.bool_],
    security: npt.NDArray[np.int64],
) -> SpillIndex:
    changes = (np.diff(day) != 0) | (np.diff(evening) != 0) | (np.diff(security) != 0)
    starts = np.concatenate(([0], np.flatnonzero(changes) + 1))
    index = np.empty(starts.size, INDEX_DTYPE)
    index["block"], index["batch"] = block, batch
    index["day"], index["evening"] = day[starts], evening[starts]
    index["security"], index["start"] = security[starts], starts
    index["rows"] = np.diff(starts, append=day.size)
    return index


def read_range(folder: Path, part: np.void) -> pa.Table:
    """The rows of an entry of the index; their bytes are mapped, not copied."""
    block, batch, _, _, _, start, rows = part.item()
    mapped = pa.memory_map(str(batch_path(folder, block, batch)))
    reader = pa.ipc.open_file(mapped)
    first, last = start // _RECORD_BATCH_ROWS, (start + rows - 1) // _RECORD_BATCH_ROWS
    batches = [reader.get_batch(number) for number in range(first, last + 1)]
    return pa.Table.from_batches(batches).slice(start - first * _RECORD_BATCH_ROWS, rows)
