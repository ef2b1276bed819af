"""`rejects/{table}.parquet`: every row that could not be read, with its place and its text."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweep_dask.storage.atomic import make_folders, write_atomically
from sweep_dask.storage.frames import described, write_gathered
from sweep_dask.storage.ingest import BlockStats, rejects_path
from sweep_dask.storage.layout import REJECTS
from sweep_dask.storage.parquet_files import read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("byte_offset", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.string()),
    ]
)

#: A row may hold a thousand characters of text; this many are in memory at a time (arbitrary).
_GROUP_ROWS = 1 << 14


def write_rejects(
    layout: OutputLayout, scratch: Path, block_stats: Iterable[BlockStats]
) -> list[Path]:
    """Write the rejects of every table that has some, in file order.

    Parameters
    ----------
    block_stats
        By block number.

    Returns
    -------
    list of Path
        The files written.
    """
    by_table: dict[str, list[BlockStats]] = defaultdict(list)
    for stats in block_stats:
        by_table[stats.table].append(stats)
    written = []
    for table, its_stats in by_table.items():
        if any(stats.rejected for stats in its_stats):
            path = layout.rejects(table)
            make_folders(layout.root, path.parent)
            write_atomically(path, partial(_write, parts=_located(scratch, its_stats)))
            written.append(path)
    return written


def _write(path: Path, parts: Iterable[pa.Table]) -> None:
    with pq.ParquetWriter(path, described(SCHEMA, REJECTS), compression="zstd") as writer:
        write_gathered(writer, parts, _GROUP_ROWS)


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
    return pa.table(columns, schema=SCHEMA)
