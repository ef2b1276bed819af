"""One partition replayed: its predicted matches on disk, its score sent home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point import replay
from sweep_dask.analysis.centre_point.fidelity import Score
from sweep_dask.analysis.centre_point.match_table import (
    MISSES,
    REPLAY_MATCHES,
    left_out_table,
)
from sweep_dask.analysis.centre_point.score_detail import Detail
from sweep_dask.analysis.tables import empty_table
from sweep_dask.partition.centre_point import input_gaps, read_input
from sweep_dask.partition.continuous import continuous_trading
from sweep_dask.partition.guard import guarded
from sweep_dask.partition.job import PartitionJob, PartitionSummary, PieceJob, ReplayOutcome
from sweep_dask.partition.rows import merge_tables, new_staging, write_table
from sweep_dask.partition.tables import LEFT_OUT
from sweep_dask.storage.layout import OutputLayout

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.centre_point.inputs import PartitionInput

#: File stem of the predicted matches.
MATCHES = "replay_matches"


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
    result = _result(job, partition, date, security)
    summary.counts["centre_point_events"] = result.event_count
    summary.counts["centre_point_steps"] = result.step_count
    staging = new_staging(job, summary)
    write_table(staging, summary, part_path(summary, MATCHES), result.matches)
    left_out = left_out_table(partition.log, partition.left_out, date, security)
    write_table(staging, summary, part_path(summary, LEFT_OUT), left_out)
    summary.replay = ReplayOutcome(
        left_out=partition.left_out.counts(),
        gaps=input_gaps(partition, merged, trading),
        scores=result.scores,
        ablations=result.ablations,
        misses=_plain(result.misses),
        hidden=result.hidden,
    )
    # Parts are no results of their own.
    summary.files = {}
    summary.state = "computed"


def _result(
    job: PartitionJob, partition: PartitionInput, date: str, security: int
) -> replay.ReplayResult:
    if partition.tape is not None:
        return replay.replay_partition(
            partition, date, security, ablations=job.centre_point.ablations
        )
    # Without a tape there is nothing to replay against, and that is no failure.
    scores = {mode: Score(detail=Detail()) for mode in (replay.RESYNC, replay.FREE)}
    nothing = (empty_table(REPLAY_MATCHES), empty_table(MISSES), None)
    return replay.ReplayResult(scores, {}, *nothing, event_count=0, step_count=0)


def _plain(misses: pa.Table) -> list[dict[str, object]]:
    """Rows as Python values, none by way of a float."""
    rows: list[dict[str, object]] = misses.to_pylist()
    return rows
