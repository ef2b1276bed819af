"""How large the work will be: samples of the order files; the memory and disk space a run takes,
projected; and the refusal where there is less.
"""

from __future__ import annotations

import shutil
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.errors import ResourceError
from sweep_dask.locations import is_object
from sweep_dask.market.order_codes import CENTRE_POINT_BITS
from sweep_dask.market.trading_day import calendar_days, is_evening
from sweep_dask.memory import BASE_PROCESS_BYTES, format_bytes
from sweep_dask.schema import ORDERS
from sweep_dask.storage.blocks import Block, Chunk, cut_file, read_chunks
from sweep_dask.storage.formats import COMPRESSED
from sweep_dask.storage.frames import ROW_GROUP_ROWS
from sweep_dask.storage.input_faults import raise_all
from sweep_dask.storage.layout import RESULT_FOLDERS
from sweep_dask.storage.raw_files import UnreadableFileError
from sweep_dask.storage.validate import validate_chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from sweep_dask.errors import InputError
    from sweep_dask.storage.inputs import Inputs
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.partition_index import PartitionSource
    from sweep_dask.storage.raw_files import InputFile
    from sweep_dask.system_config import SystemConfig


#: Enough rows for a stable mean, small enough to take no time.
_SAMPLE_BYTES = 1 << 17
_SAMPLES_PER_FILE = 4
_SAMPLED_FILES = 16


@dataclass(frozen=True)
class Sample:
    """What samples of the order files show."""

    bytes_per_row: float
    """Text of a row with its line ending."""
    rows: int
    """Estimated rows of all order files."""
    kept_rows: int
    """Estimated rows with a Centre Point or sweep bit."""
    partitions: int
    """Different (date, security) pairs seen; a run finds at least these."""
    kept_text_bytes: int
    """Estimated text of the rows that are kept, trades and quotes included."""


def sample_orders(inputs: Inputs) -> Sample:
    """What a run has to expect; an InputError lists the files, of those looked at, with faults."""
    files = [file for file in inputs.readable if file.table == ORDERS.name]
    text_bytes = rows = kept = 0
    text_ratio = 1.0
    pairs: set[tuple[int, int]] = set()
    for file, chunk in _sample_chunks(inputs, files):
        validated = validate_chunk(chunk, inputs.headers[file.name], ORDERS, CENTRE_POINT_BITS)
        text_bytes += len(chunk.text)
        rows += validated.n_read
        kept += len(validated.rows)
        pairs |= _pairs(validated.rows)
        if file.format in COMPRESSED:
            text_ratio = max(text_ratio, len(chunk.text) / max(1, len(zlib.compress(chunk.text))))
    bytes_per_row = text_bytes / max(1, rows)
    all_rows = 0
    for file in files:
        estimated_bytes = file.bytes * (text_ratio if file.format in COMPRESSED else 1.0)
        known_rows = inputs.headers[file.name].n_rows
        all_rows += (
            int(estimated_bytes / max(1.0, bytes_per_row)) if known_rows is None else known_rows
        )
    kept_rows = int(all_rows * kept / max(1, rows))
    order_bytes = sum(file.bytes for file in files)
    # As much text to a byte as order files have: others are mostly written in the same way.
    others = (inputs.bytes - order_bytes) * all_rows * bytes_per_row / max(1, order_bytes)
    kept_text_bytes = int(kept_rows * bytes_per_row + others)
    return Sample(bytes_per_row, all_rows, kept_rows, len(pairs), kept_text_bytes)


def _sample_chunks(inputs: Inputs, files: Sequence[InputFile]) -> Iterator[tuple[InputFile, Chunk]]:
    """A chunk of each sampled block; at the end an error for all files that cannot be read."""
    errors: list[InputError] = []
    for file in _spread(files, _SAMPLED_FILES):
        try:
            for block in _sample_blocks(inputs, file):
                yield from ((file, chunk) for chunk in islice(read_chunks(block), 1))
        except UnreadableFileError as error:
            errors.append(error)
    raise_all(errors)


def _pairs(rows: pa.Table) -> set[tuple[int, int]]:
    """Dates and securities of rows; evenings are left out, they may belong to the next day."""
    times = rows[ORDERS.time].to_numpy()
    by_day = ~is_evening(times)
    securities = rows[str(ORDERS.security)].to_numpy()[by_day].tolist()
    return set(zip(calendar_days(times[by_day]).tolist(), securities, strict=True))


def _spread(files: Sequence[InputFile], most: int) -> list[InputFile]:
    """At most so many of the files, evenly spread over all of them."""
    step = max(1, -(-len(files) // most))
    return list(files[::step])


def _sample_blocks(inputs: Inputs, file: InputFile) -> Iterator[Block]:
    header = inputs.headers[file.name]
    if file.format != "csv":
        yield from cut_file(file, header, _SAMPLE_BYTES, 0)[:1]
        return
    starts = range(header.body_offset, file.bytes, _SAMPLE_BYTES)
    for start in starts[:: max(1, len(starts) // _SAMPLES_PER_FILE)]:
        end = min(start + _SAMPLE_BYTES, file.bytes)
        yield Block(0, file, header, start, end, _SAMPLE_BYTES)


#: Memory of a task at the peak of one partition, per row of each table: merged columns, their
#: Parquet file and, for orders, states and results (measured: see benchmarks/; on the safe side).
PARTITION_BYTES_PER_ROW = {"orders": 2_600, "trades": 600, "nbbo": 400}

#: Memory of a task of the roll-ups for each row of sweeps that it has at a time, a row group at
#: most, with the two summaries that it adds up. A process that rolled up 119,000, 188,000 and
#: 905,000 rows had 310, 401 and 509 MiB more than it began with. A market of `synth` has, with all
#: arms, as many rows of sweeps as Centre Point rows; those of the built-in sample are in the base.
ROLLUP_BYTES_PER_ROW = 2_700
_ROLLUP_ROWS_IN_BASE = 16_384

#: Bytes of the scratch folder for each byte of the text of rows that are kept. Spilled rows take
#: 1.45 to 1.5 (the built-in sample, markets of `synth` of one and of eight securities), and
#: partitions that are merged the same again at most: all of them, if one holds all rows.
SCRATCH_FACTOR = 3.0

#: Bytes of results for the same: 1.6 for both models (`synth`), with a quarter on top. One model
#: takes less.
RESULTS_FACTOR = 2.0

#: What results take however small the input: report, logs, and tables of few rows. The built-in
#: sample has 2.5 MB of them.
RESULTS_BASE_BYTES = 8 * 1024**2


class DiskSpace(NamedTuple):
    """Bytes that a run takes on the disks of its output and scratch folder, mostly the same one."""

    scratch_bytes: int
    """While it runs."""
    results_bytes: int

    @property
    def total_bytes(self) -> int:
        """At most, at one time."""
        return self.scratch_bytes + self.results_bytes


def projected_disk_space(kept_text_bytes: int, *, is_part: bool = False) -> DiskSpace:
    """What a run takes that keeps so much text of its input.

    If dates or securities are selected (`is_part`) all rows are spilled even so; how much results
    take of them is not known before.
    """
    results_bytes = 0 if is_part else int(RESULTS_FACTOR * kept_text_bytes)
    return DiskSpace(int(SCRATCH_FACTOR * kept_text_bytes), RESULTS_BASE_BYTES + results_bytes)


def require_room(layout: OutputLayout, scratch: Path | None, needed: DiskSpace) -> None:
    """Refuse, by a ResourceError, a run whose output or scratch folder has too little room.

    Results that are there already count as room: what is made again takes their place. An object
    store has room.
    """
    if scratch is not None and not _share_a_disk(scratch, layout.root):
        if not is_object(scratch) and free_disk_bytes(scratch) < needed.scratch_bytes:
            raise ResourceError(
                f"The run takes about {format_bytes(needed.scratch_bytes)} of disk while it runs; "
                f"there are {format_bytes(free_disk_bytes(scratch))}.",
                where=str(scratch),
                cure="Make room, or name a folder on another disk with --scratch.",
            )
        needed = needed._replace(scratch_bytes=0)
    if is_object(layout.root):
        return
    free_bytes = free_disk_bytes(layout.root)
    if free_bytes >= needed.total_bytes:
        return
    free_bytes += min(needed.results_bytes, sum(_result_sizes(layout.root)))
    if free_bytes < needed.total_bytes:
        raise ResourceError(
            f"The run takes about {format_bytes(needed.total_bytes)} of disk "
            f"({format_bytes(needed.scratch_bytes)} of it while it runs); "
            f"there are {format_bytes(free_bytes)}.",
            where=str(layout.root),
            cure="Make room, name a folder on another disk with --output, or run on fewer of the "
            "input files at a time: results in the folder stay.",
        )


def free_disk_bytes(folder: Path) -> int:
    """What this user may still write on the disk of a folder, which may have to be made first."""
    return shutil.disk_usage(_nearest(folder)).free


def _share_a_disk(first: Path, second: Path) -> bool:
    if is_object(first) or is_object(second):
        return False
    return device(first) == device(second)


def device(folder: Path) -> int:
    """The number of the disk of a folder, which may have to be made first."""
    return _nearest(folder).stat().st_dev


def _nearest(folder: Path) -> Path:
    """The folder, or what it is to be made in."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _result_sizes(root: Path) -> Iterator[int]:
    for name in RESULT_FOLDERS:
        yield from (path.lstat().st_size for path in (root / name).rglob("*"))


def projected_partition_task_bytes(rows: Mapping[str, int]) -> int:
    """Bytes of a worker process at the peak of running a partition; rows to merge, by table."""
    return BASE_PROCESS_BYTES + sum(PARTITION_BYTES_PER_ROW[t] * count for t, count in rows.items())


def projected_rollup_task_bytes(sweep_rows: int) -> int:
    """Bytes of a worker process at the peak of rolling up; rows of all partitions and arms."""
    more_rows = max(0, min(sweep_rows, ROW_GROUP_ROWS) - _ROLLUP_ROWS_IN_BASE)
    return BASE_PROCESS_BYTES + ROLLUP_BYTES_PER_ROW * more_rows


def tight_rollups(needed_bytes: int, system: SystemConfig) -> list[str]:
    """A warning if roll-ups may take more than a worker's memory limit."""
    limit_bytes = system.memory_limit_bytes
    if limit_bytes is None or needed_bytes <= limit_bytes:
        return []
    needed, limit = format_bytes(needed_bytes), format_bytes(limit_bytes)
    warning = f"rolling up sweeps may take {needed} of a worker, whose memory limit is {limit}: "
    return [warning + "use fewer --workers or raise --memory-limit"]


def require_partitions_fit(partitions: Iterable[PartitionSource], task_memory_bytes: int) -> None:
    """Refuse, by a ResourceError, partitions of which one would not fit the memory of a task."""
    largest = max(partitions, key=lambda partition: projected_partition_task_bytes(partition.rows))
    projected_bytes = projected_partition_task_bytes(largest.rows)
    if projected_bytes > task_memory_bytes:
        rows = ", ".join(f"{count:,} {table} rows" for table, count in largest.rows.items())
        raise ResourceError(
            f"A partition with {rows} needs about {format_bytes(projected_bytes)}; "
            f"a worker may use {format_bytes(task_memory_bytes)} for a task.",
            where=f"{largest.date}/{largest.security}",
            cure="Use fewer workers (--workers) or raise --memory-limit, "
            "or leave this security out with --securities.",
        )
