"""The jobs of tasks: what each of them is told of its partitions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.choices import choices_of
from sweep_dask.analysis.metrics.records import fees_of
from sweep_dask.dataflow.listeners import Done
from sweep_dask.partition import CentrePointJob, PartitionJob, PieceJob
from sweep_dask.schema import SESSION
from sweep_dask.storage.layout import Partition
from sweep_dask.storage.merge import write_dated_tables
from sweep_dask.storage.pieces import PIECE_ROWS, ROWS_WORTH_OF_A_PARTITION, pieces_of, rows_of
from sweep_dask.storage.receipts import finished_partitions
from sweep_dask.study.answer import earlier_pieces, files_of_pieces, spec_of
from sweep_dask.study.book import book_of, in_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from sweep_dask.partition import PartitionSummary
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.partition_index import PartitionIndex, PartitionSource
    from sweep_dask.study.document import RunRecord
    from sweep_dask.study.plan import Plan
    from sweep_dask.study.workspace import Workspace


def write_dated(plan: Plan, partition_index: PartitionIndex, space: Workspace) -> dict[str, str]:
    """Stage the tables that belong to a date; returns path to digest."""
    columns = plan.inputs.columns()
    digests: dict[str, str] = {}
    for day, ranges in partition_index.dated.items():
        digests |= write_dated_tables(space.staging, space.scratch, day, ranges, columns)
    return digests


def partition_jobs(
    record: RunRecord,
    partition_index: PartitionIndex,
    space: Workspace,
    dated: OutputLayout,
    written: Collection[str],
) -> list[PartitionJob]:
    """A job for every partition, in the order of the partition index; nothing is kept.

    Parameters
    ----------
    dated
        Where the tables of dates lie.
    written
        Those that this run has written, paths below it: no others are of its input.
    """
    columns = record.plan.inputs.columns()
    return [
        PartitionJob(
            source,
            str(space.layout.root),
            str(space.scratch),
            columns,
            may_keep=False,
            time_priority=record.has_time_priority,
            csv_safe_text=record.plan.settings.csv_safe_text,
            centre_point=_centre_point_job(record, source, dated, written),
            signature=record.signature,
        )
        for source in partition_index.partitions
    ]


def _centre_point_job(
    record: RunRecord, source: PartitionSource, dated: OutputLayout, written: Collection[str]
) -> CentrePointJob:
    settings = record.plan.settings
    session = dated.processed_date(source.date) / f"{SESSION.name}.parquet"
    return CentrePointJob(
        book_of(record.plan.book, settings, source.security, source.date),
        in_order(settings.scenarios) if record.has_scenarios else (),
        str(session) if dated.relative(session) in written else None,
        is_scored=settings.replay,
        choices=choices_of(vars(settings)),
        fees=fees_of(vars(settings)),
    )


def piece_jobs(jobs: Iterable[PartitionJob], piece_rows: int) -> list[PieceJob]:
    """Neighbouring partitions put together, so that a task has about so many rows."""
    by_key = {Partition(job.source.date, job.source.security): job for job in jobs}
    pieces = pieces_of({key: rows_of(job.source.rows) for key, job in by_key.items()}, piece_rows)
    return [PieceJob(tuple(by_key[key] for key in piece.partitions)) for piece in pieces]


def rows_by_partition(jobs: Iterable[PieceJob]) -> dict[Partition, int]:
    """Rows of all tables, as ingested; with what a partition takes however few it has."""
    return {
        Partition(job.source.date, job.source.security): ROWS_WORTH_OF_A_PARTITION
        + sum(job.source.rows.values())
        for piece in jobs
        for job in piece.partitions
    }


def what_is_done(partition: PartitionSummary, rows: Mapping[Partition, int]) -> Done:
    """How much of the work of all partitions this one was."""
    work = rows[Partition(partition.date, partition.security)]
    return Done(work, work - ROWS_WORTH_OF_A_PARTITION, is_kept=partition.state == "kept")


def run_jobs(
    record: RunRecord,
    partition_index: PartitionIndex,
    space: Workspace,
    document: Mapping[str, Any],
) -> list[PieceJob]:
    """The jobs of a run, each of which may keep what an earlier one left.

    The document is the record as a manifest, with the tables of dates, which will be in place.
    """
    layout = space.layout
    there = set() if record.plan.settings.fresh else set(finished_partitions(layout))
    spec, earlier = spec_of(document), earlier_pieces(space.earlier)
    tables = files_of_pieces(layout, document)
    jobs = (
        # Whether there is something to keep, a look here tells at less cost than one there.
        replace(job, may_keep=Partition(job.source.date, job.source.security) in there)
        for job in partition_jobs(record, partition_index, space, layout, record.files)
    )
    return [
        replace(
            job,
            spec=spec,
            made_of=earlier.get(job.piece.name),
            files={name: space.earlier.files.get(name, "") for name in tables(job.piece.name)},
        )
        for job in piece_jobs(jobs, PIECE_ROWS)
    ]
