"""Rows of a batch of a block, sorted by partition, in one file that a merge can read ranges of.

One file a batch, never one a batch and partition: 1,600 blocks times 2,000 securities would be
three million files. The rows of each partition are an Arrow IPC stream of their own, without
compression: in a file of this machine they are mapped, not read, and of an object no other bytes
are fetched.
"""

from __future__ import annotations

from itertools import groupby
from mmap import ACCESS_READ, mmap
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sweep_dask.locations import is_object
from sweep_dask.market.trading_day import calendar_days, is_evening
from sweep_dask.storage.atomic import write_atomically
from sweep_dask.storage.objects import read_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sweep_dask.schema import Table

#: Security of a row that concerns no single one (reference data, market-wide session states).
ALL_SECURITIES = -1

#: Rows that are put in order at a time (arbitrary).
_RECORD_BATCH_ROWS = 1 << 17

#: Of objects so much is fetched at a time, and as much held as it is; more goes through a file of
#: this machine without a name. Arbitrary.
_FETCHED_BYTES = 1 << 25
_HELD_BYTES = 1 << 20

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
        ("bytes", np.int64),
        ("rows", np.int32),
    ]
)

#: Of `INDEX_DTYPE`. Days are local calendar days; `security` is `ALL_SECURITIES` for rows that
#: concern no single one; `start` and `bytes` say where in the file their stream lies.
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
    index = _index(block, batch, day[order], evening[order], security[order])
    path = batch_path(folder, block, batch)
    write_atomically(path, lambda temporary: _write_streams(temporary, rows, order, index))
    return index


def _securities(table: Table, rows: pa.Table) -> npt.NDArray[np.int64]:
    if table.security is None or table.security not in rows.column_names:
        return np.full(len(rows), ALL_SECURITIES, dtype=np.int64)
    known: npt.NDArray[np.int64] = pc.fill_null(rows[table.security], ALL_SECURITIES).to_numpy()
    return known


def _write_streams(
    path: Path, rows: pa.Table, order: npt.NDArray[np.int64], index: SpillIndex
) -> None:
    """Write a stream an entry of the index, and in the entry where it lies.

    Rows are put in order some at a time: a whole copy would double what a block takes.
    """
    with pa.OSFile(str(path), "wb") as sink:
        starts = range(0, order.size, _RECORD_BATCH_ROWS)
        parts = (pa.array(order[start : start + _RECORD_BATCH_ROWS]) for start in starts)
        ordered = (rows.take(part).combine_chunks() for part in parts)
        held = next(ordered)
        for entry in index:
            entry["start"] = sink.tell()
            missing = int(entry["rows"])
            with pa.ipc.new_stream(sink, rows.schema) as writer:
                while missing:
                    held = held if len(held) else next(ordered)
                    writer.write_table(held.slice(0, missing))
                    missing, held = max(0, missing - len(held)), held.slice(missing)
            entry["bytes"] = sink.tell() - entry["start"]


def _index(
    block: int,
    batch: int,
    day: npt.NDArray[np.int64],
    evening: npt.NDArray[np.bool_],
    security: npt.NDArray[np.int64],
) -> SpillIndex:
    changes = (np.diff(day) != 0) | (np.diff(evening) != 0) | (np.diff(security) != 0)
    starts = np.concatenate(([0], np.flatnonzero(changes) + 1))
    index = np.zeros(starts.size, INDEX_DTYPE)
    index["block"], index["batch"] = block, batch
    index["day"], index["evening"] = day[starts], evening[starts]
    index["security"] = security[starts]
    index["rows"] = np.diff(starts, append=day.size)
    return index


class SpilledRows:
    """The rows of entries of the index, read as often as they are asked for.

    Of files of this machine they are mapped, not copied; of objects their bytes are fetched, once.
    """

    def __init__(self, folder: Path, ranges: SpillIndex) -> None:
        self._folder = folder
        self._ranges = ranges
        self._fetched = _fetched(folder, ranges) if is_object(folder) and ranges.size else None

    def tables(self) -> Iterator[pa.Table]:
        """Those of each entry, mapped anew: what one use of them touched goes with it."""
        if self._fetched is None:
            for path, start, end in _places(self._folder, self._ranges):
                mapped = pa.memory_map(str(path))
                mapped.seek(start)
                yield pa.ipc.open_stream(mapped.read_buffer(end - start)).read_all()
            return
        held = self._fetched if isinstance(self._fetched, bytes) else _mapped(self._fetched)
        whole, start = pa.py_buffer(held), 0
        for size_bytes in self._ranges["bytes"].tolist():
            yield pa.ipc.open_stream(whole[start : start + size_bytes]).read_all()
            start += size_bytes


def _places(folder: Path, ranges: SpillIndex) -> Iterator[tuple[Path, int, int]]:
    """File, first byte and the byte behind the last of each entry."""
    for block, batch, start, size_bytes in ranges[["block", "batch", "start", "bytes"]].tolist():
        yield batch_path(folder, block, batch), start, start + size_bytes


def _fetched(folder: Path, ranges: SpillIndex) -> bytes | IO[bytes]:
    """The bytes of all entries, one after the other."""
    places = list(_places(folder, ranges))
    is_large = ranges["bytes"].sum() > _HELD_BYTES
    file = TemporaryFile() if is_large else None  # noqa: SIM115  it lives as long as its rows
    parts: list[bytes] = []
    # So many entries at a time that they have about as many bytes as may be held.
    portions = (np.cumsum(ranges["bytes"]) - ranges["bytes"]) // _FETCHED_BYTES
    for _, group in groupby(zip(portions.tolist(), places, strict=True), key=itemgetter(0)):
        parts += read_ranges([place for _, place in group])
        if file is not None:
            file.writelines(parts)
            parts = []
    if file is None:
        return b"".join(parts)
    file.flush()
    return file


def _mapped(file: IO[bytes]) -> mmap:
    return mmap(file.fileno(), 0, access=ACCESS_READ)
