"""A block of raw text becomes a spill file, counts and rejects; and the rejects of all blocks."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweep_dask.analysis.data_checks.counting import COLUMNS, MISSING, count_rows
from sweep_dask.analysis.data_checks.tally import Tally
from sweep_dask.locations import location_of
from sweep_dask.market.order_codes import CENTRE_POINT_BITS
from sweep_dask.market.ticks import DEFAULT_TICKS, TickTable
from sweep_dask.memory import memory_bytes, peak_memory_bytes
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.atomic import make_folders, write_atomically, write_json
from sweep_dask.storage.blocks import Block, Chunk, read_chunks
from sweep_dask.storage.frames import described, gathered
from sweep_dask.storage.layout import REJECTS
from sweep_dask.storage.no_follow import read_regular
from sweep_dask.storage.parquet_files import read_parquet
from sweep_dask.storage.raw_files import UnreadableFileError
from sweep_dask.storage.spill import index_frame, write_batch
from sweep_dask.storage.validate import Reject, ValidatedChunk, validate_chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from sweep_dask.analysis.tables import IntArray
    from sweep_dask.schema import Table
    from sweep_dask.storage.layout import OutputLayout

#: Rejects of one batch; `line` counts from the block's first line.
REJECT_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("byte_offset", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.string()),
    ]
)

_REJECTS_SCHEMA = pa.schema([("file", pa.string()), *REJECT_SCHEMA])

#: A row may hold a thousand characters of text; this many are in memory at a time (arbitrary).
_REJECTS_AT_A_TIME = 1 << 14


@dataclass
class BlockStats:
    """Counts of one ingested block; travels as JSON beside the spill files."""

    block: int
    file: str
    table: str
    header_line: int = 1
    """Physical line of the file's header."""
    n_lines: int = 0
    """All lines, blank ones included; gives later blocks their line numbers."""
    n_batches: int = 0
    n_read: int = 0
    n_rows: int = 0
    """Rows that can be used, before repeats are found."""
    filtered: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    """Highest resident memory of the process so far."""
    held_memory_bytes: int = 0
    """Resident memory while rows were held, the most of all batches."""
    error: str | None = None
    """Why the rest of the file could not be read."""
    tally: dict[str, Any] = field(default_factory=dict)
    """Sums of its rows for the checks of the input (`Tally.as_json`)."""


def ingest_block(block: Block, scratch: str, ticks: TickTable = DEFAULT_TICKS) -> pd.DataFrame:
    """Read, validate, count and spill one block; safe to run twice.

    Returns the index of the block's spill files (`spill.INDEX_DTYPE`). Counts and rejects are left
    in files (`block_stats_path`, `rejects_path`).
    """
    began = time.perf_counter()
    folder = location_of(scratch)
    stats = BlockStats(block.number, block.file.name, block.file.table, block.header.line)
    table = BY_NAME[block.file.table]
    indexes, tally = [], Tally()
    for batch in _batches(block, table, stats):
        rows = pa.concat_tables(batch.rows)
        number = stats.n_batches
        tally.add(tally_of(stats.file, table.name, rows, ticks))
        indexes.append(write_batch(folder, block.number, number, table, rows))
        stats.held_memory_bytes = max(stats.held_memory_bytes, memory_bytes())
        _write_rejects(rejects_path(folder, block.number, number), batch.rejects)
        stats.n_batches += 1
        del batch, rows  # before the next ones are read
    stats.tally = tally.as_json()
    stats.seconds = time.perf_counter() - began
    stats.peak_memory_bytes = peak_memory_bytes()
    write_json(block_stats_path(folder, block.number), vars(stats))
    return index_frame(indexes)


@dataclass
class _Batch:
    """What is held of the text of a block until it is written."""

    rows: list[pa.Table] = field(default_factory=list)
    rejects: list[pa.Table] = field(default_factory=list)
    text_bytes: int = 0


def _batches(block: Block, table: Table, stats: BlockStats) -> Iterator[_Batch]:
    """Rows and rejects of about so much text as the block allows, counted in its stats."""
    batch = _Batch()
    for chunk in _chunks_up_to_an_error(block, stats):
        validated = validate_chunk(chunk, block.header, table, CENTRE_POINT_BITS)
        batch.rows.append(validated.rows)
        if validated.rejects:
            batch.rejects.append(_reject_table(validated.rejects, stats.n_lines))
        batch.text_bytes += len(chunk.text)
        _count(stats, validated)
        if batch.text_bytes >= block.batch_bytes:
            yield batch
            batch = _Batch()
    if batch.text_bytes:
        yield batch


def _chunks_up_to_an_error(block: Block, stats: BlockStats) -> Iterator[Chunk]:
    """The chunks that can be read; why there are no more goes into the stats of the block.

    Only reading is guarded: an error of writing, such as a full disk, is not the file's.
    """
    chunks = read_chunks(block)
    while True:
        try:
            chunk = next(chunks, None)
        except UnreadableFileError as error:
            stats.error = str(error.value)
            return
        if chunk is None:
            return
        yield chunk


def _count(stats: BlockStats, validated: ValidatedChunk) -> None:
    stats.n_lines += validated.n_lines
    stats.n_read += validated.n_read
    stats.n_rows += len(validated.rows)
    for reason, count in validated.filtered.items():
        stats.filtered[reason] = stats.filtered.get(reason, 0) + count
    for reject in validated.rejects:
        stats.rejected[reject.reason] = stats.rejected.get(reject.reason, 0) + 1


def _write_rejects(path: Path, rejects: Sequence[pa.Table]) -> None:
    if rejects:
        table = pa.concat_tables(rejects)
        write_atomically(path, lambda temporary: pq.write_table(table, temporary))


def _reject_table(rejects: Sequence[Reject], lines_before: int) -> pa.Table:
    rows = ((lines_before + r.line, r.byte_offset, r.column, r.reason, r.raw) for r in rejects)
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=REJECT_SCHEMA)


def block_stats_path(folder: Path, block: int) -> Path:
    """Counts of a block."""
    return folder / f"{block:07d}.json"


def rejects_path(folder: Path, block: int, batch: int) -> Path:
    """Rejects of one batch of a block; absent when it has none."""
    return folder / f"{block:07d}-{batch:05d}.rejects.parquet"


def read_block_stats(folder: Path, block: int) -> BlockStats:
    """Counts of a block that has been ingested."""
    return BlockStats(**json.loads(read_regular(block_stats_path(folder, block))))


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


def write_rejects(
    layout: OutputLayout, scratch: Path, block_stats: Iterable[BlockStats]
) -> list[Path]:
    """Write the rejects of every table that has some, in file order.

    `block_stats`: by block number.
    Returns the files written.
    """
    by_table: dict[str, list[BlockStats]] = defaultdict(list)
    for stats in block_stats:
        by_table[stats.table].append(stats)
    written = []
    for table, its_stats in by_table.items():
        if any(stats.rejected for stats in its_stats):
            path = layout.rejects(table)
            make_folders(layout.root, path.parent)
            write_atomically(path, partial(_write_table, parts=_located(scratch, its_stats)))
            written.append(path)
    return written


def _write_table(path: Path, parts: Iterable[pa.Table]) -> None:
    with pq.ParquetWriter(path, described(_REJECTS_SCHEMA, REJECTS), compression="zstd") as writer:
        for group in gathered(parts, _REJECTS_AT_A_TIME):
            writer.write_table(group, row_group_size=_REJECTS_AT_A_TIME)


def _located(scratch: Path, block_stats: Iterable[BlockStats]) -> Iterable[pa.Table]:
    """Rejects of each batch, with line numbers that count from the file's beginning."""
    lines_before: dict[str, int] = defaultdict(int)
    for stats in block_stats:
        for batch in range(stats.n_batches if stats.rejected else 0):
            path = rejects_path(scratch, stats.block, batch)
            if path.exists():
                first = stats.header_line + 1 + lines_before[stats.file]
                yield _as_written(read_parquet(path), stats.file, first)
        lines_before[stats.file] += stats.n_lines


def _as_written(rows: pa.Table, file: str, first_line: int) -> pa.Table:
    columns = {
        "file": pa.array([file] * len(rows), pa.string()),
        "line": pc.add(rows["line"], first_line),
        **{name: rows[name] for name in ("byte_offset", "column", "reason", "raw")},
    }
    return pa.table(columns, schema=_REJECTS_SCHEMA)
