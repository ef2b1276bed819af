"""The roll-ups of the sweeps of all partitions: a tree of merges over their summaries.

The task of a piece of partitions leaves the summary of its sweeps, and a day the sum of those: that
is a file beside the tables, so that a day that is added later costs that day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.analysis.rollups.summary import Summary, added
from sweep_dask.analysis.rollups.tables import ROLLUP_TABLES, tables_of
from sweep_dask.dataflow.execute import gather, gather_sum
from sweep_dask.locations import location_of
from sweep_dask.partition.piece import FAN_IN, added_in_turn, summary_of_files
from sweep_dask.storage.atomic import make_folders, write_bytes
from sweep_dask.storage.frames import parquet_bytes
from sweep_dask.storage.summaries import read_summary, write_summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sweep_dask.analysis.tables import FloatArray
    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.partition.tables import TablesSpec
    from sweep_dask.storage.layout import OutputLayout

#: Names of all roll-ups.
ROLLUPS = tuple(ROLLUP_TABLES)

_WHAT = "Rolling up the sweeps"
_CURE = "Raise --memory-limit; the results of the partitions are complete."


class Source(NamedTuple):
    """Where the sweeps of a piece are."""

    sweeps: str
    """Their file."""
    sensitivity: str | None = None
    """That of their sums under every choice, if there is one."""
    summary: str | None = None
    """That of their summary, if there is one."""


class Day(NamedTuple):
    """The sweeps of a date."""

    date: str
    sources: tuple[Source, ...]


def summarise_days(
    workers: Workers, staging: OutputLayout, days: Sequence[Day], spec: TablesSpec
) -> dict[str, str]:
    """Write the summaries of days below `staging`; path to digest. Errors as of `gather`."""
    targets = [staging.day_summary(day.date) for day in days]
    make_folders(staging.root, staging.day_summary("").parent)
    given = ((day.sources, spec, str(to)) for day, to in zip(days, targets, strict=True))
    digests = gather(workers, summarise_day, given, _WHAT, _CURE)
    return dict(zip(map(staging.relative, targets), digests, strict=True))


def summarise_day(sources: Sequence[Source], spec: TablesSpec, target: str) -> str:
    """Write what the sweeps of a day leave; what a task does. Returns the digest."""
    return write_summary(location_of(target), _summary_of(sources, spec))


def _summary_of(sources: Iterable[Source], spec: TablesSpec) -> Summary:
    return added_in_turn(
        summary_of_files(
            [source.sweeps], [] if source.sensitivity is None else [source.sensitivity], spec
        )
        if source.summary is None
        else read_summary(location_of(source.summary))
        for source in sources
    )


def write_rollups(
    workers: Workers,
    staging: OutputLayout,
    summaries: Sequence[Path],
    spec: TablesSpec,
    errors: FloatArray | None = None,
) -> dict[str, str]:
    """Write `tables/rollups/*.parquet` below `staging`; path to digest. Errors as of `gather`.

    Parameters
    ----------
    summaries
        Files of summaries; how the sweeps are divided among them changes nothing.
    spec
        Whose arms and choices the tables have.
    errors
        Of the book; None: they are not known.
    """
    tables = tables_of(_sum_of(workers, summaries), spec.arms, spec.choices, errors)
    make_folders(staging.root, staging.rollups)
    digests = {}
    for name in sorted(tables):
        path = staging.rollups / f"{name}.parquet"
        digests[staging.relative(path)] = write_bytes(path, parquet_bytes(tables[name], name))
    return digests


def _sum_of(workers: Workers, paths: Sequence[Path]) -> Summary:
    if workers.client is None:
        return added_in_turn(map(read_summary, paths))
    return gather_sum(workers, read_summary, paths, added, FAN_IN, _WHAT, _CURE)
