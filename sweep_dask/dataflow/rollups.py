"""The roll-ups of the sweeps of all partitions: a tree of merges over their summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dask import delayed

from sweep_dask.analysis.rollups.summary import Summary, added, summary_of
from sweep_dask.analysis.rollups.sweeps import CATEGORIES, COLUMNS, Sweeps
from sweep_dask.analysis.rollups.tables import TABLES, tables_of
from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.errors import ResourceError
from sweep_dask.storage.atomic import write_bytes
from sweep_dask.storage.frames import bytes_digest, parquet_bytes, to_table
from sweep_dask.storage.sweep_rows import whole_partitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from dask.delayed import Delayed
    from distributed import Client

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.storage.layout import OutputLayout

#: Names of all roll-ups.
ROLLUPS = tuple(TABLES)

#: Bytes of sweeps that a task reads, worth some seconds; a task has one row group in memory.
_TASK_BYTES = 32 * 1024**2
#: Summaries that are added up at a time: the more, the more memory, and few are no slower.
_FAN_IN = 2


def write_rollups(
    client: Client | None, staging: OutputLayout, paths: Sequence[Path], lines: Sequence[Line]
) -> dict[str, str]:
    """Write `tables/rollups/*.parquet` below `staging`; returns path to digest.

    The parameters are those of `rollups`.

    Raises
    ------
    ResourceError
        Workers died over it.
    """
    tables = rollups(client, paths, lines)
    staging.rollups.mkdir(parents=True, exist_ok=True)
    digests = {}
    for name in sorted(tables):
        path = staging.rollups / f"{name}.parquet"
        body = parquet_bytes(to_table(tables[name]))
        write_bytes(path, body)
        digests[staging.relative(path)] = bytes_digest(body)
    return digests


def rollups(
    client: Client | None, paths: Sequence[Path], lines: Sequence[Line]
) -> dict[str, pd.DataFrame]:
    """Every roll-up of some sweeps, by its name.

    Parameters
    ----------
    client
        None computes in this process.
    paths
        Files of sweeps (`SWEEP_TABLE`), each of whole partitions; how these lie in files, and in
        which order, changes nothing.
    lines
        Those of the sweeps, in their order.
    """
    summarise = delayed(summary_of_files, pure=False, traverse=False)
    found = [summarise(task, tuple(lines)) for task in _tasks(paths)]
    return tables_of(_sum_of(client, found), lines)


def summary_of_files(paths: Sequence[str], lines: Sequence[Line]) -> Summary:
    """The summary of the sweeps in some files; what a task does."""
    found: list[Summary] = []
    for rows in whole_partitions(paths, COLUMNS, CATEGORIES):
        found.append(summary_of(Sweeps(rows, lines)))
        if len(found) == _FAN_IN:
            found = [added(found)]
    return added(found)


def _tasks(paths: Iterable[Path]) -> Iterator[list[str]]:
    """Files in their order, together of about so many bytes."""
    files: list[str] = []
    held = 0
    for path in paths:
        files.append(str(path))
        held += path.stat().st_size
        if held >= _TASK_BYTES:
            yield files
            files, held = [], 0
    if files:
        yield files


def _sum_of(client: Client | None, summaries: Sequence[Delayed]) -> Summary:
    add = delayed(added, pure=False)
    while len(summaries) > 1:
        firsts = range(0, len(summaries), _FAN_IN)
        summaries = [add(summaries[first : first + _FAN_IN]) for first in firsts]
    results: dict[int, Summary] = {}

    def lost(_: int, reason: str) -> None:
        raise ResourceError(
            f"Rolling up the sweeps failed: {reason}.",
            cure="Raise --memory-limit; the results of the partitions are complete.",
        )

    run_tasks(client, summaries, results.__setitem__, lost)
    return added(results.values())
