"""What a run would do, worked out before anything runs: pure but for reading samples of files."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError, ResourceError
from sweep_dask.market.order_types import CENTRE_POINT_BITS
from sweep_dask.market.trading_day import calendar_days, is_evening
from sweep_dask.sample import sample_market_path
from sweep_dask.schema import ORDERS, TABLES
from sweep_dask.settings import Settings, require_known_columns, require_known_tables
from sweep_dask.storage.blocks import Block, Piece, cut_file, read_pieces
from sweep_dask.storage.formats import COMPRESSED
from sweep_dask.storage.frames import ROW_GROUP_ROWS
from sweep_dask.storage.inputs import Inputs, open_inputs, raise_all
from sweep_dask.storage.judged import judge_piece
from sweep_dask.storage.unreadable import UnreadableFileError
from sweep_dask.study.book import book_settings
from sweep_dask.study.disk import DiskSpace, projected_disk_space
from sweep_dask.system_config import (
    BASE_PROCESS_BYTES,
    SystemConfig,
    derive_blocksize,
    detect_system_config,
    format_bytes,
    memory_limit_per_worker,
    projected_block_task_bytes,
    require_block_fits,
    whole_run_limit,
    workers_that_fit,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.inputs import BookSettings
    from sweep_dask.storage.address import InputAddress
    from sweep_dask.storage.catalogue import PartitionSource
    from sweep_dask.storage.raw_files import InputFile

#: Where a user's raw files lie unless said otherwise (contract).
DEFAULT_INPUT = Path("data/raw")

#: Samples of the order files: enough rows for a stable mean, small enough to take no time.
_SAMPLE_BYTES = 1 << 17
_SAMPLES_PER_FILE = 4
_SAMPLED_FILES = 16

#: Memory of a task at the peak of one partition, per row of each table: merged columns, their
#: Parquet file and, for orders, states and results (measured: see benchmarks/; on the safe side).
PARTITION_BYTES_PER_ROW = {"orders": 2_600, "trades": 600, "nbbo": 400}

#: Memory of a task of the roll-ups for each row of sweeps that it has at a time, a row group at
#: most, with the two summaries that it adds up. A process that rolled up 119,000, 188,000 and
#: 905,000 rows had 310, 401 and 509 MiB more than it began with. A market of `synth` has, with all
#: lines, as many rows of sweeps as Centre Point rows; those of the built-in sample are in the base.
ROLLUP_BYTES_PER_ROW = 2_700
_ROLLUP_ROWS_IN_BASE = 16_384


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


@dataclass(frozen=True)
class Plan:
    """Everything a run needs to know beforehand."""

    input: InputAddress
    is_sample: bool
    """Whether the input is the built-in sample market."""
    settings: Settings
    book: BookSettings
    """The Centre Point book; how large a block has to be is each security's own."""
    system: SystemConfig
    """With workers, chunk size, memory limit and blocksize resolved."""
    inputs: Inputs
    blocks: tuple[Block, ...]
    sample: Sample
    reasons: dict[str, str]
    """Derived setting to why it has its value."""
    block_task_bytes: int
    """Projected peak memory of a worker that reads a block."""
    partition_task_bytes: int
    """Projected peak memory of a worker that merges and runs a partition of average size."""
    rollup_task_bytes: int
    """Projected peak memory of a worker that rolls up sweeps."""
    disk: DiskSpace
    """Projected disk space of the run."""
    warnings: tuple[str, ...]

    @property
    def total_bytes(self) -> int:
        """Projected peak memory of all workers together."""
        return self.system.num_workers * self.task_bytes

    @property
    def task_bytes(self) -> int:
        """Projected peak memory of the largest task."""
        return max(self.block_task_bytes, self.partition_task_bytes, self.rollup_task_bytes)


def choose_input(given: str | None) -> tuple[str, bool]:
    """The input folder, and whether it is the built-in sample market."""
    if given is not None:
        return given, False
    if DEFAULT_INPUT.is_dir():
        return str(DEFAULT_INPUT), False
    return str(sample_market_path()), True


def make_plan(settings: Settings, folder: str, *, is_sample: bool = False) -> Plan:
    """Open the input, look at the machine, and size the run.

    Raises
    ------
    InputError
        The input cannot be used.
    UsageError
        The column mapping, the units, the delimiters or the rules to switch off name what does not
        exist, or the tick table is none.
    ResourceError
        No block fits the memory there is.
    """
    book = book_settings(settings)
    inputs = open_as_set(settings, folder)
    sample = _sample(inputs)
    system, reasons = _size(settings, sample)
    assert system.blocksize_bytes is not None
    blocks = _cut(inputs, system.blocksize_bytes)
    rows_per_partition = sample.kept_rows / max(1, sample.partitions)
    rollup_bytes = projected_rollup_task_bytes(sample.kept_rows)
    return Plan(
        input=inputs.address,
        is_sample=is_sample,
        settings=settings,
        book=book,
        system=system,
        inputs=inputs,
        blocks=blocks,
        sample=sample,
        reasons=reasons,
        block_task_bytes=projected_block_task_bytes(_largest_block_bytes(blocks)),
        partition_task_bytes=projected_partition_task_bytes({"orders": int(rows_per_partition)}),
        rollup_task_bytes=rollup_bytes,
        disk=projected_disk_space(
            sample.kept_text_bytes, is_part=bool(settings.dates or settings.securities)
        ),
        warnings=(
            *settings.warnings,
            *system.warnings,
            *inputs.warnings,
            *_tight_rollups(rollup_bytes, system),
        ),
    )


def open_as_set(settings: Settings, folder: str) -> Inputs:
    """Open the input as the settings say that it is written.

    Raises
    ------
    InputError
        The input cannot be used.
    UsageError
        The column mapping, the units or the delimiters name what does not exist.
    """
    known = {table.name: [column.name for column in table.columns] for table in TABLES}
    require_known_columns(settings.columns, known)
    delimiters = settings.delimiters(known)
    require_known_tables("units", settings.units, known)
    require_known_tables("delimiter", delimiters, known)
    return open_inputs(folder, settings.columns, settings.units, delimiters, settings.ignore)


def projected_partition_task_bytes(rows: Mapping[str, int]) -> int:
    """Memory of a worker process at the peak of running one partition, in bytes.

    Parameters
    ----------
    rows
        Rows to merge, by table.
    """
    return BASE_PROCESS_BYTES + sum(PARTITION_BYTES_PER_ROW[t] * count for t, count in rows.items())


def projected_rollup_task_bytes(sweep_rows: int) -> int:
    """Memory of a worker process at the peak of rolling up sweeps, in bytes.

    Parameters
    ----------
    sweep_rows
        Of all partitions and lines.
    """
    more_rows = max(0, min(sweep_rows, ROW_GROUP_ROWS) - _ROLLUP_ROWS_IN_BASE)
    return BASE_PROCESS_BYTES + ROLLUP_BYTES_PER_ROW * more_rows


def _tight_rollups(needed_bytes: int, system: SystemConfig) -> list[str]:
    limit_bytes = system.memory_limit_bytes
    if limit_bytes is None or needed_bytes <= limit_bytes:
        return []
    needed, limit = format_bytes(needed_bytes), format_bytes(limit_bytes)
    warning = f"rolling up sweeps may take {needed} of a worker, whose memory limit is {limit}: "
    return [warning + "use fewer --workers or raise --memory-limit"]


def require_partitions_fit(partitions: Iterable[PartitionSource], task_memory_bytes: int) -> None:
    """Refuse partitions of which one would not fit the memory a task may use.

    Raises
    ------
    ResourceError
        Names the partition and the cure.
    """
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


def _size(settings: Settings, sample: Sample) -> tuple[SystemConfig, dict[str, str]]:
    """The machine with everything derived from it, and the reasons."""
    system = detect_system_config(settings.workers, settings.chunk_size)
    if not settings.enable_parallel:
        system = replace(system, num_workers=1, enable_parallel=False)
    limit_bytes = whole_run_limit(system.available_memory_bytes, settings.memory_limit_gb)
    if settings.workers is None and settings.memory_limit is None:
        system = _with_workers_that_fit(system, limit_bytes)
    per_worker = settings.memory_limit or memory_limit_per_worker(limit_bytes, system.num_workers)
    blocksize = settings.blocksize
    if blocksize is None:
        blocksize = derive_blocksize(system.chunk_size, sample.bytes_per_row, per_worker)
    else:
        require_block_fits(blocksize, per_worker)
    sized = replace(system, memory_limit_bytes=per_worker, blocksize_bytes=blocksize)
    return sized, _reasons(settings, sized, limit_bytes, sample)


def _with_workers_that_fit(system: SystemConfig, limit_bytes: int) -> SystemConfig:
    """Fewer workers where many CPUs share little memory."""
    fitting = workers_that_fit(system.num_workers, limit_bytes)
    if fitting == system.num_workers:
        return system
    warning = (
        f"{system.num_workers} workers would share {format_bytes(limit_bytes)}; using {fitting}."
    )
    return replace(
        system,
        num_workers=fitting,
        enable_parallel=fitting > 1,
        warnings=(*system.warnings, warning),
    )


def _reasons(
    settings: Settings, system: SystemConfig, limit_bytes: int, sample: Sample
) -> dict[str, str]:
    derived = {
        "workers": f"from {system.cpu_count} CPUs and {format_bytes(limit_bytes)} for the run"
        if settings.enable_parallel
        else "no cluster: this process alone",
        "chunk_size": f"from {format_bytes(system.available_memory_bytes)} of available memory",
        "memory_limit": f"{format_bytes(limit_bytes)} for the run "
        f"over {system.num_workers} worker{'s' * (system.num_workers > 1)}",
        "blocksize": f"{system.chunk_size:,} rows of {sample.bytes_per_row:.0f} bytes, "
        "reduced if a task would not fit the memory limit",
    }
    if system.defaults_used:
        derived["workers"] = derived["chunk_size"] = "default, as detection failed"
    # What the user has set needs no derivation.
    given = {name for name in derived if getattr(settings, name) is not None}
    return {
        name: f"set by {settings.sources[name]}" if name in given else reason
        for name, reason in derived.items()
    }


def _cut(inputs: Inputs, blocksize_bytes: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for file in inputs.readable:
        blocks += cut_file(file, inputs.headers[file.name], blocksize_bytes, len(blocks))
    return tuple(blocks)


def _largest_block_bytes(blocks: Sequence[Block]) -> int:
    """Most text a task holds at a time."""
    return max(
        (min(b.segment_bytes, b.file.bytes) if b.file.format == "csv" else b.segment_bytes)
        for b in blocks
    )


def _sample(inputs: Inputs) -> Sample:
    files = [file for file in inputs.readable if file.table == ORDERS.name]
    text_bytes = rows = kept = 0
    text_ratio = 1.0
    pairs: set[tuple[int, int]] = set()
    for file, piece in _sample_pieces(inputs, files):
        judged = judge_piece(piece, inputs.headers[file.name], ORDERS, CENTRE_POINT_BITS)
        text_bytes += len(piece.text)
        rows += judged.n_read
        kept += len(judged.rows)
        pairs |= _pairs(judged.rows)
        if file.format in COMPRESSED:
            text_ratio = max(text_ratio, len(piece.text) / max(1, len(zlib.compress(piece.text))))
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


def _sample_pieces(inputs: Inputs, files: Sequence[InputFile]) -> Iterator[tuple[InputFile, Piece]]:
    """A piece of each sampled block; at the end an error for all files that cannot be read."""
    errors: list[InputError] = []
    for file in _spread(files, _SAMPLED_FILES):
        try:
            for block in _sample_blocks(inputs, file):
                yield from ((file, piece) for piece in islice(read_pieces(block), 1))
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
