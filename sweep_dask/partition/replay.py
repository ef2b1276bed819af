"""One partition replayed: its predicted matches on disk, its score sent home."""

from __future__ import annotations

from pathlib import Path

from sweep_dask.analysis.centre_point.match_table import left_out_table
from sweep_dask.analysis.metrics.dual_posted import dual_posted
from sweep_dask.analysis.metrics.partition_sweeps import read_sweeps
from sweep_dask.partition.centre_point import input_gaps, read_input
from sweep_dask.partition.continuous import continuous_trading
from sweep_dask.partition.guard import guarded
from sweep_dask.partition.job import PartitionJob, PartitionSummary, PieceJob, ReplayOutcome
from sweep_dask.partition.rows import merge_tables, new_staging, write_table
from sweep_dask.partition.score import replayed, score_of
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.terms.files import LEFT_OUT, REPLAY_MATCHES


def replay_piece(job: PieceJob) -> tuple[list[PartitionSummary], None]:
    """Replay partitions; a failure is a partition's own and is reported, not raised.

    The tables are left where the summaries say they are staged: parts of one file each.
    """
    return [guarded(one, _replay) for one in job.partitions], None


def part_path(summary: PartitionSummary, table: str) -> Path:
    """Where a task has left its part of a table."""
    assert summary.staged is not None
    folder = OutputLayout(Path(summary.staged)).outputs(summary.date, summary.security)
    return folder / f"{table}.parquet"


def _replay(job: PartitionJob, summary: PartitionSummary) -> None:
    merged = merge_tables(job, summary, with_dark_trades=True)
    trading = continuous_trading(job, merged["orders"].rows)
    partition = read_input(job, merged, trading)
    date, security = summary.date, summary.security
    summary.counts = {f"{table}_rows": m.count for table, m in merged.items()}
    summary.counts["centre_point_orders"] = int(partition.is_in.sum())
    ablations = job.centre_point.ablations
    result = replayed(partition, Partition(date, security), ablations=ablations)
    summary.counts["centre_point_events"] = result.event_count
    summary.counts["centre_point_steps"] = result.step_count
    staging = new_staging(job, summary)
    write_table(staging, summary, part_path(summary, REPLAY_MATCHES), result.matches)
    left_out = left_out_table(partition.log, partition.left_out, date, security)
    write_table(staging, summary, part_path(summary, LEFT_OUT), left_out)
    found = read_sweeps(partition, merged["nbbo"].rows, date, security)
    summary.replay = ReplayOutcome(
        left_out=partition.left_out.counts(),
        gaps=input_gaps(partition, merged, trading),
        score=score_of(result, dual_posted(partition, found, job.centre_point.choices)),
        ablations=result.ablations,
    )
    # Parts are no results of their own.
    summary.files = {}
    summary.state = "computed"
