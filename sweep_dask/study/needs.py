"""The memory and disk space a run takes, projected; and the refusal where there is less."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.errors import ResourceError
from sweep_dask.locations import is_object
from sweep_dask.memory import BASE_PROCESS_BYTES, format_bytes
from sweep_dask.storage.frames import ROW_GROUP_ROWS
from sweep_dask.storage.layout import RESULT_FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.partition_index import PartitionSource
    from sweep_dask.system_config import SystemConfig

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

    Parameters
    ----------
    is_part
        Whether dates or securities are selected. All rows are spilled even so; how much results
        take of them is not known before.
    """
    results_bytes = 0 if is_part else int(RESULTS_FACTOR * kept_text_bytes)
    return DiskSpace(int(SCRATCH_FACTOR * kept_text_bytes), RESULTS_BASE_BYTES + results_bytes)


def require_room(layout: OutputLayout, scratch: Path | None, needed: DiskSpace) -> None:
    """Refuse a run whose output or scratch folder lies on a disk with too little room.

    Results that are there already count as room: what is made again takes their place. An object
    store has room.

    Raises
    ------
    ResourceError
        Says how much there is and how much it takes.
    """
    if scratch is not None:
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
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free


def _result_sizes(root: Path) -> Iterator[int]:
    for name in RESULT_FOLDERS:
        yield from (path.lstat().st_size for path in (root / name).rglob("*"))


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
        Of all partitions and arms.
    """
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
