"""How well the book reproduces the tape of one partition, kept beside its other results."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point import replay
from sweep_dask.analysis.centre_point.fidelity import Score
from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders
from sweep_dask.analysis.centre_point.match_table import MISSES, REPLAY_MATCHES
from sweep_dask.analysis.centre_point.partition_score import PartitionScore
from sweep_dask.analysis.centre_point.score_detail import Detail
from sweep_dask.analysis.tables import empty_table
from sweep_dask.partition.rows import write_body
from sweep_dask.storage.atomic import read_regular

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.partition.job import PartitionSummary
    from sweep_dask.storage.layout import OutputLayout, Partition

#: What `centre_point_seconds` calls it.
SCORING = "score against the tape"


def replayed(
    partition: PartitionInput, key: Partition, *, ablations: bool = False
) -> replay.ReplayResult:
    """The recorded flow through the book; without a tape a score of nothing.

    Parameters
    ----------
    ablations
        Whether to replay once more without each rule.
    """
    if partition.tape is not None:
        return replay.replay_partition(partition, *key, ablations=ablations)
    # Without a tape there is nothing to replay against, and that is no failure.
    scores = {mode: Score(detail=Detail()) for mode in (replay.RESYNC, replay.FREE)}
    nothing = (empty_table(REPLAY_MATCHES), empty_table(MISSES), HiddenOrders())
    return replay.ReplayResult(scores, {}, *nothing, event_count=0, step_count=0)


def score_of(result: replay.ReplayResult) -> PartitionScore:
    """What a page shows of a replay, rows as Python values, none by way of a float."""
    return PartitionScore(result.scores, result.misses.to_pylist(), result.hidden)


def write_score(
    summary: PartitionSummary, layout: OutputLayout, key: Partition, partition: PartitionInput
) -> None:
    """Replay a partition and write its score."""
    began = perf_counter()
    score = score_of(replayed(partition, key))
    body = json.dumps(score.as_json(), separators=(",", ":")).encode()
    write_body(layout, summary, layout.score(*key), body)
    summary.centre_point_seconds[SCORING] = perf_counter() - began


def read_score(layout: OutputLayout, key: Partition) -> PartitionScore:
    """What `write_score` has written.

    Raises
    ------
    OSError
        There is none, or it cannot be read.
    KeyError, TypeError, ValueError
        It is of another form.
    """
    return PartitionScore.from_json(json.loads(read_regular(layout.score(*key))))
