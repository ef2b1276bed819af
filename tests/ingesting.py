"""Raw files through the storage room and `run_partition`, without Dask, for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from markets import write_files

from sweep_dask.partition import PartitionJob
from sweep_dask.partition.piece import PieceTables
from sweep_dask.partition.run import run_partition
from sweep_dask.partition.tables import TablesSpec
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.blocks import cut_file, read_chunks
from sweep_dask.storage.ingest import ingest_block, read_block_stats, write_rejects
from sweep_dask.storage.inputs import open_inputs
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.ledger import Ledger
from sweep_dask.storage.merge import write_dated_tables
from sweep_dask.storage.partition_index import build_partition_index
from sweep_dask.storage.pieces import Piece
from sweep_dask.storage.result_folder import ResultFolder
from sweep_dask.storage.spill import INDEX_DTYPE, index_of
from sweep_dask.storage.validate import validate_chunk
from sweep_dask.terms.arms import SCENARIOS

CENTRE_POINT_BITS = 64 + 256 + 2048 + 4096


def is_balanced(entry):
    """Whether every row of a file is in exactly one place."""
    return entry.read == entry.kept + entry.filtered.total() + entry.rejected.total()


def open_file(folder: Path, name: str, data: bytes):
    """One input file and its header."""
    inputs = open_inputs(write_files(folder, {name: data}), {})
    file = next(file for file in inputs.files if file.name == name)
    return file, inputs.headers[name]


def validated_chunks(file, header, blocksize_bytes):
    """Every chunk of a file, validated, in order, with its text."""
    table = BY_NAME[file.table]
    return [
        (chunk, validate_chunk(chunk, header, table, CENTRE_POINT_BITS))
        for block in cut_file(file, header, blocksize_bytes, 0)
        for chunk in read_chunks(block)
    ]


def everything(validated):
    """Rows, counts and rejects of chunks, with lines counted from the file's first row."""
    rows, rejects, filtered, lines_before, n_read = [], [], {}, 0, 0
    for _, chunk in validated:
        positions = [lines_before + int(line) for line in chunk.lines]
        rows += list(zip(positions, chunk.rows.to_pylist(), strict=True))
        rejects += [replace(reject, line=lines_before + reject.line) for reject in chunk.rejects]
        for reason, count in chunk.filtered.items():
            filtered[reason] = filtered.get(reason, 0) + count
        lines_before += chunk.n_lines
        n_read += chunk.n_read
    return rows, rejects, filtered, lines_before, n_read


def row_range(rows, security=501, day=20_000) -> np.ndarray:
    """An index of one entry: the first rows of the first block."""
    return np.array([(0, 0, day, False, security, 0, 0, rows)], INDEX_DTYPE)


@dataclass
class Outcome:
    """What a whole run without Dask came to."""

    layout: OutputLayout
    ledger: Ledger
    partition_index: object
    partitions: list
    files: dict
    errors: list

    def rows(self, stem) -> pa.Table | None:
        """Rows of one table of the partition store, all partitions one below the other."""
        paths = sorted((self.layout.root / "processed").rglob(f"{stem}.parquet"))
        tables = [pq.read_table(path, partitioning=None) for path in paths]
        return pa.concat_tables(tables) if tables else None

    def count(self, stem) -> int:
        rows = self.rows(stem)
        return 0 if rows is None else len(rows)

    def rejects(self, table) -> list:
        path = self.layout.rejects(table)
        return pq.read_table(path).to_pylist() if path.exists() else []

    def file(self, name):
        return next(entry for entry in self.ledger.files if entry.file == name)


def _run(job, spec):
    """Run a partition; combined tables are not looked at."""
    piece = Piece(job.source.date, (job.source.security,))
    tables = PieceTables(OutputLayout(Path(job.output)), Path(job.scratch), piece, spec)
    summary = run_partition(job, tables)
    tables.discard()
    return summary


def run_everything(
    folder: str,
    output: Path,
    blocksize_bytes: int = 1 << 20,
    *,
    by_session: bool = False,
    fresh: bool = False,
    dates=(),
    securities=(),
) -> Outcome:
    """Ingest, merge and simulate every partition; the steps of a run in their order."""
    layout = OutputLayout(output)
    scratch = output / f"scratch-{blocksize_bytes}"
    scratch.mkdir(parents=True, exist_ok=True)
    inputs = open_inputs(folder, {})
    blocks = []
    for file in inputs.readable:
        blocks += cut_file(file, inputs.headers[file.name], blocksize_bytes, len(blocks))
    index = index_of(ingest_block(block, str(scratch)) for block in blocks)
    block_stats = [read_block_stats(scratch, block.number) for block in blocks]
    ledger = Ledger(inputs.files, block_stats)
    written = write_rejects(layout, scratch, block_stats)
    partition_index = build_partition_index(
        index,
        {block.number: block.file.table for block in blocks},
        by_session=by_session,
        dates=dates,
        securities=securities,
    )
    ledger.remove(partition_index.removed)
    columns = inputs.columns()
    files = {layout.relative(path): None for path in written}
    for day, ranges in partition_index.dated.items():
        files |= write_dated_tables(layout, scratch, day, ranges, columns)
    jobs = [
        PartitionJob(source, str(output), str(scratch), columns, may_keep=not fresh)
        for source in partition_index.partitions
    ]
    names = tuple(columns["orders"].names)
    spec = TablesSpec(("centre-point", "time-priority"), tuple(SCENARIOS), names)
    partitions = [_run(job, spec) for job in jobs]
    # As a manifest would, it lists what is there.
    there = [layout.relative(path) for path in layout.root.rglob("*") if path.is_file()]
    results = ResultFolder(layout, there, lambda: None)
    for partition in partitions:
        if partition.staged is not None:
            key = Partition(partition.date, partition.security)
            results.place_partition(Path(partition.staged), key, partition.files)
        files |= partition.files
        ledger.remove(partition.removed)
    errors = [stats.error for stats in block_stats if stats.error]
    return Outcome(layout, ledger, partition_index, partitions, files, errors)
