"""Rows from every spill file that holds some, in engine order: of a partition, or of a date.

Merged columns lie in a file without a name. What a reader touches of a mapped column takes memory
for as long as the reader keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweep_dask.market.trading_day import day_to_date
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.atomic import make_folders, write_bytes
from sweep_dask.storage.cells import INPUT_TYPES
from sweep_dask.storage.frames import parquet_bytes
from sweep_dask.storage.objects import near
from sweep_dask.storage.spill import SpilledRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sweep_dask.schema import Table
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.spill import SpillIndex

#: Calendar day of a row while rows are put in order.
_DAY = "_day"

#: Cells that are mapped and copied at a time: 8 MiB of numbers. Files are opened once for each
#: group, and most partitions are one.
_GROUP_CELLS = 1 << 20

#: So many bytes are held as they are: of most partitions all, and a file costs more than they do.
HELD_BYTES = 1 << 20


@dataclass(frozen=True)
class TableColumns:
    """Columns of one table over all files of the input: the schema of everything written."""

    names: tuple[str, ...]
    types: tuple[str, ...]

    def schema(self) -> pa.Schema:
        """As Arrow schema, without the date."""
        by_kind = {kind.value: arrow_type for kind, arrow_type in INPUT_TYPES.items()}
        return pa.schema(
            [(name, by_kind[t]) for name, t in zip(self.names, self.types, strict=True)]
        )


@dataclass
class MergedRows:
    """Rows of one table and partition."""

    columns: ColumnFile
    """Engine order; the schema's columns, then `date` (string)."""
    count: int = 0
    """Number of rows."""
    removed: dict[int, dict[str, int]] = field(default_factory=dict)
    """Block number to reason to number of rows that were filtered here."""

    @property
    def rows(self) -> pa.Table:
        """Mapped anew each time: what one use of them touched goes with it."""
        return self.columns.read()


def merge_rows(
    folder: Path,
    ranges: SpillIndex,
    table: Table,
    columns: TableColumns,
    day: int,
    *,
    keep: Callable[[pa.Table], npt.NDArray[np.bool_]] | None = None,
) -> MergedRows:
    """Merge the ranges of one partition: first their keys, then a few columns at a time.

    What it takes is a few numbers a row, however many columns there are.

    `ranges`: in file order (block, then batch): of two repeats the first stays. The evening before
    comes before the day itself.
    `day`: trading day, for the column `date`.
    `keep`: tells of rows, in file order, which of them stay (trades of orders that are merged).
    """
    schema = columns.schema()
    merged = MergedRows(ColumnFile(near(folder)))
    spilled = SpilledRows(folder, ranges)
    rows = _mapped(spilled, schema)
    order = pa.array(_kept_in_order(rows, ranges, table, merged, keep))
    merged.count = len(order)
    groups = list(_groups(schema, len(rows)))
    for group in groups:
        if len(groups) > 1:  # anew: what was touched before goes
            rows = _mapped(spilled, group)
        parts = [rows[name].combine_chunks() for name in group.names]
        merged.columns.add(pa.record_batch(parts, group.names).take(order))
    dates = pa.repeat(pa.scalar(day_to_date(day), pa.string()), len(order))
    merged.columns.add(pa.record_batch([dates], ["date"]))
    return merged


def merged_before(folder: Path, body: bytes) -> MergedRows:
    """The rows of a Parquet file that merging has given before, a few columns at a time."""
    merged = MergedRows(ColumnFile(near(folder)))
    with pq.ParquetFile(pa.BufferReader(body)) as file:
        merged.count = file.metadata.num_rows
        for group in _groups(file.schema_arrow, merged.count):
            rows = file.read(group.names)
            parts = [rows[name].combine_chunks() for name in group.names]
            merged.columns.add(pa.record_batch(parts, group.names))
    return merged


def _kept_in_order(
    rows: pa.Table,
    ranges: SpillIndex,
    table: Table,
    merged: MergedRows,
    keep: Callable[[pa.Table], npt.NDArray[np.bool_]] | None,
) -> npt.NDArray[np.int64]:
    """Positions of the rows that stay, in engine order; the others are counted in `merged`."""
    blocks = np.repeat(ranges["block"], ranges["rows"])
    kept = np.ones(len(rows), dtype=bool)
    if keep is not None:
        kept = keep(rows)
        _count_removed(merged, blocks[~kept], "no_centre_point_order")
    if table.identity:
        first = _first_of_repeats(rows, table, kept)
        _count_removed(merged, blocks[kept & ~first], "duplicate")
        kept &= first
    order = _engine_order(rows, table, np.repeat(ranges["day"], ranges["rows"]))
    return order[kept[order]]


def _mapped(spilled: SpilledRows, schema: pa.Schema) -> pa.Table:
    """These columns of all ranges, one below the other; what is not touched is not read."""
    parts = [_aligned(rows, schema) for rows in spilled.tables()]
    return pa.concat_tables([schema.empty_table(), *parts])


def _groups(schema: pa.Schema, rows: int) -> Iterator[pa.Schema]:
    """The columns, so many at a time that what is mapped of them stays small."""
    step = max(1, _GROUP_CELLS // max(1, rows))
    for first in range(0, len(schema), step):
        yield pa.schema(list(schema)[first : first + step])


def _aligned(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Columns a file lacks become nulls."""
    return pa.table(
        [
            rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type)
            for field in schema
        ],
        schema=schema,
    )


def _first_of_repeats(
    rows: pa.Table, table: Table, keep: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Rows that are the first, in file order, among the kept rows of their identity."""
    keys = [rows[name].to_numpy() for name in table.identity]
    candidates = np.flatnonzero(keep)
    order = candidates[np.lexsort([key[candidates] for key in reversed(keys)])]
    same = np.ones(max(order.size - 1, 0), dtype=bool)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    first = np.ones(len(rows), dtype=bool)
    first[order[1:][same]] = False
    return first


def _engine_order(
    rows: pa.Table, table: Table, days: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """Permutation by (calendar day, engine order); nulls last.

    Rows that are never compared as repeats can tie (two quotes at one instant). Their other
    values decide, so that the order of files and rows in the input does not.
    """
    names = [name for name in table.engine_order if name in rows.column_names]
    if not table.identity:
        names += [name for name in rows.column_names if name not in names]
    keyed = rows.select(names).append_column(_DAY, pa.array(days))
    keys = [(name, "ascending") for name in (_DAY, *names)]
    order: npt.NDArray[np.uint64] = pc.sort_indices(keyed, sort_keys=keys).to_numpy()
    return order.view(np.int64)


def _count_removed(merged: MergedRows, blocks: npt.NDArray[np.int32], reason: str) -> None:
    for block, count in zip(*np.unique(blocks, return_counts=True), strict=True):
        merged.removed.setdefault(int(block), {})[reason] = int(count)


class ColumnFile:
    """A table that is written some columns at a time and read as often as it is asked for.

    The file is gone when nobody holds it, also if its process was killed. There is none before the
    columns are worth one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[pa.RecordBatch] = []
        self._file: IO[bytes] | None = None
        self._ends = [0]

    def add(self, columns: pa.RecordBatch) -> None:
        """Write the next columns; all have the same number of rows.

        Raises FileNotFoundError: the folder is gone: the run has ended.
        """
        self._held.append(columns)
        if self._file is None and sum(part.nbytes for part in self._held) > HELD_BYTES:
            self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115  it lives as long as self
        if self._file is not None:
            for part in self._held:
                self._write(self._file, part)
            self._held = []

    def _write(self, file: IO[bytes], columns: pa.RecordBatch) -> None:
        try:
            with pa.ipc.new_stream(file, columns.schema) as writer:
                writer.write_batch(columns)
            file.flush()
        except OSError as error:  # a full disk, which knows no name
            error.filename = str(self._folder)
            raise
        self._ends.append(file.tell())

    def read(self) -> pa.Table:
        """All columns, each in one piece; their bytes are those held or mapped, not copied."""
        parts = self._held if self._file is None else list(self._mapped(self._file))
        columns = [column for part in parts for column in part.columns]
        return pa.table(columns, names=[name for part in parts for name in part.schema.names])

    def _mapped(self, file: IO[bytes]) -> Iterator[pa.Table]:
        mapped = pa.py_buffer(mmap(file.fileno(), 0, access=ACCESS_READ))
        for start, end in pairwise(self._ends):
            yield pa.ipc.open_stream(mapped[start:end]).read_all()


def write_dated_tables(
    layout: OutputLayout,
    scratch: Path,
    day: int,
    ranges: Mapping[str, SpillIndex],
    columns: Mapping[str, TableColumns],
) -> dict[str, str]:
    """Write the tables of one date that have rows; returns path below the output to digest."""
    digests = {}
    for name, parts in ranges.items():
        if not parts.size:
            continue
        # Participants may be those of another day; their date says so.
        merged = merge_rows(scratch, parts, BY_NAME[name], columns[name], int(parts["day"][0]))
        path = layout.processed_date(day_to_date(day)) / f"{name}.parquet"
        make_folders(layout.root, path.parent)
        digests[layout.relative(path)] = write_bytes(path, parquet_bytes(merged.rows, name))
    return digests
