"""The sweeps of one partition, measured in every arm; how well the book reproduces its tape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point import replay
from sweep_dask.analysis.centre_point.choices import lifetime_of
from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders
from sweep_dask.analysis.centre_point.match_table import REPLAY_MATCH_COLUMNS
from sweep_dask.analysis.centre_point.partition_score import PartitionScore
from sweep_dask.analysis.centre_point.replay import MISSES
from sweep_dask.analysis.centre_point.score import Detail, Score
from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.analysis.metrics.dual_posted import dual_posted
from sweep_dask.analysis.metrics.partition_sweeps import fills_by_time_priority, fills_of_book
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE, Outcome, sweep_tables
from sweep_dask.analysis.tables import empty_table
from sweep_dask.storage.atomic import make_folders
from sweep_dask.storage.combine import table_schema
from sweep_dask.storage.frames import RowsFile
from sweep_dask.storage.no_follow import read_regular
from sweep_dask.terms.arms import ARMS, CENTRE_POINT, DUAL_POST, REAL, TIME_PRIORITY, Arm
from sweep_dask.terms.files import SWEEP_METRICS
from sweep_dask.terms.score import MODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.metrics.dual_posted import DualPosted
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.partition.job import PartitionJob
    from sweep_dask.partition.piece import PieceTables, StagedFiles
    from sweep_dask.storage.layout import OutputLayout, Partition


def write_sweeps(
    job: PartitionJob,
    staged: StagedFiles,
    partition: PartitionInput,
    partition_sweeps: PartitionSweeps,
    scenarios: Mapping[Arm, Outcome],
    time_priority: pa.Table | None,
    tables: PieceTables,
) -> None:
    """Measure the sweeps of every arm and write them.

    `scenarios`: what the Centre Point model says of them.
    `time_priority`: matches of the time-priority model, columns `MATCH_DETAILS`; None if it was not
    run.
    """
    real = fills_of_book(partition.log, real_fills(partition))
    outcomes = {REAL: Outcome(real), **scenarios}
    if time_priority is not None:
        outcomes[Arm(TIME_PRIORITY)] = Outcome(fills_by_time_priority(real, time_priority))
    arms = sweep_tables(
        partition_sweeps,
        {arm: outcomes[arm] for arm in ARMS if arm in outcomes},
        lifetime=lifetime_of(job.centre_point.choices.lifetime),
        ticks=partition.settings.ticks,
        fees=job.centre_point.fees,
    )
    path = staged.layout.outputs(*staged.key) / f"{SWEEP_METRICS}.parquet"
    make_folders(staged.layout.root, path.parent)
    schema = table_schema(SWEEP_TABLE)
    file = RowsFile(path, schema, SWEEP_METRICS)
    for rows in arms:
        file.add(rows)
        if not tables.is_alone:
            tables.add(SWEEP_METRICS, rows, staged.key)
    file.close()
    if tables.is_alone:
        tables.add_file(SWEEP_METRICS, path)
    staged.note(path)


def replayed(
    partition: PartitionInput, key: Partition, *, ablations: bool = False
) -> replay.ReplayResult:
    """The recorded flow through the book; without a tape a score of nothing.

    `ablations`: whether to replay once more without each rule.
    """
    if partition.tape is not None:
        return replay.replay_partition(partition, *key, ablations=ablations)
    # Without a tape there is nothing to replay against, and that is no failure.
    scores = {mode: Score(detail=Detail()) for mode in MODES}
    nothing = (empty_table(REPLAY_MATCH_COLUMNS), empty_table(MISSES), HiddenOrders())
    return replay.ReplayResult(scores, {}, *nothing, event_count=0, step_count=0)


def score_of(result: replay.ReplayResult, dual: DualPosted) -> PartitionScore:
    """What a page shows of a replay, rows as Python values, none by way of a float."""
    return PartitionScore(result.scores, result.misses.to_pylist(), result.hidden, dual)


def write_score(
    job: PartitionJob,
    staged: StagedFiles,
    partition: PartitionInput,
    partition_sweeps: PartitionSweeps,
    outcomes: Mapping[Arm, Outcome],
) -> None:
    """Replay a partition and write its score.

    `outcomes`: what became of its sweeps in the scenarios of the run.
    """
    arm = Arm(CENTRE_POINT, DUAL_POST)
    predicted = outcomes[arm].fills if arm in outcomes else None
    dual = dual_posted(partition, partition_sweeps, job.centre_point.choices, predicted)
    score = score_of(replayed(partition, staged.key), dual)
    body = json.dumps(score.as_json(), separators=(",", ":")).encode()
    staged.write(staged.layout.score(*staged.key), body)


def read_score(layout: OutputLayout, key: Partition) -> PartitionScore:
    """What `write_score` has written.

    Raises OSError: there is none, or it cannot be read.
    Raises KeyError, TypeError, ValueError: it is of another form.
    """
    return PartitionScore.from_json(json.loads(read_regular(layout.score(*key))))
