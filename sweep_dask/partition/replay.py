"""One partition replayed: its predicted matches on disk, its score sent home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.order_checks import left_out_table
from sweep_dask.analysis.metrics.dual_posted import dual_posted
from sweep_dask.analysis.metrics.partition_sweeps import read_sweeps
from sweep_dask.locations import location_of
from sweep_dask.partition.centre_point import input_gaps, read_input
from sweep_dask.partition.job import (
    PartitionJob,
    PartitionSummary,
    PieceJob,
    ReplayOutcome,
    guarded,
)
from sweep_dask.partition.measures import replayed, score_of
from sweep_dask.partition.piece import StagedFiles
from sweep_dask.partition.rows import RowsRead, continuous_trading, merge_tables
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.terms.files import LEFT_OUT, REPLAY_MATCHES

if TYPE_CHECKING:
    from pathlib import Path


def replay_piece(job: PieceJob) -> tuple[list[PartitionSummary], None]:
    """Replay partitions; a failure is a partition's own and is reported, not raised.

    The tables are left where the summaries say they are staged: parts of one file each.
    """
    return [guarded(one, _read, _replay) for one in job.partitions], None


def part_path(summary: PartitionSummary, table: str) -> Path:
    """Where a task has left its part of a table."""
    assert summary.staged is not None
    return _part(OutputLayout(location_of(summary.staged)), summary, table)


def _part(layout: OutputLayout, summary: PartitionSummary, table: str) -> Path:
    return layout.outputs(summary.date, summary.security) / f"{table}.parquet"


def _read(job: PartitionJob) -> RowsRead:
    merged = merge_tables(job, with_dark_trades=True)
    return RowsRead(merged, continuous_trading(job, merged["orders"].rows))


def _replay(job: PartitionJob, rows: RowsRead) -> PartitionSummary:
    partition = read_input(job, rows.merged, rows.trading)
    date, security = key = Partition(job.source.date, job.source.security)
    result = replayed(partition, key, ablations=job.centre_point.ablations)
    partition_sweeps = read_sweeps(partition, rows.merged["nbbo"].rows, *key)
    dual = dual_posted(partition, partition_sweeps, job.centre_point.choices)
    with StagedFiles(job) as staged:
        summary = PartitionSummary(
            *(date, security, "computed"),
            counts={
                **rows.counts,
                "centre_point_orders": int(partition.is_in.sum()),
                "centre_point_events": result.event_count,
                "centre_point_steps": result.step_count,
            },
            replay=ReplayOutcome(
                left_out=partition.left_out.counts(),
                gaps=input_gaps(partition, rows.merged, rows.trading),
                score=score_of(result, dual),
                ablations=result.ablations,
            ),
            # No files: parts are no results of their own.
            staged=str(staged.folder.left_at),
            removed=rows.removed,
        )
        staged.write_table(_part(staged.layout, summary, REPLAY_MATCHES), result.matches)
        left_out = left_out_table(partition.log, partition.left_out, date, security)
        staged.write_table(_part(staged.layout, summary, LEFT_OUT), left_out)
    return summary
