"""Partitions as delayed tasks: a task a piece, the largest first."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from dask import delayed

from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.errors import ResourceError
from sweep_dask.partition import MadePiece, PartitionSummary, PieceJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distributed import Client

#: So many partitions one after the other that each end every worker they are given are no fault of
#: the partitions. Arbitrary; each costs four workers.
DEADLY_IN_A_ROW = 5

#: What a task sends home.
Done = tuple[list[PartitionSummary], MadePiece | None]
#: What a task does: `run_piece` or `replay_piece`.
Work = Callable[[PieceJob], Done]


def simulate_partitions(packed: bytes, work: Work) -> Done:
    """What a task does with a pickled `PieceJob`, by the name that the dashboard shows."""
    return work(pickle.loads(packed))  # noqa: S301 - the client's, as all that Dask sends


def largest_first(jobs: Sequence[PieceJob]) -> list[PieceJob]:
    """In falling order of rows: the last ones to run are the smallest, and workers end together."""
    return sorted(jobs, key=lambda job: (-job.rows, job.piece))


def simulate(
    client: Client | None,
    jobs: Sequence[PieceJob],
    on_done: Callable[[PartitionSummary], None],
    on_piece: Callable[[MadePiece], None],
    work: Work,
) -> None:
    """Run all partitions; every one is reported once, in no particular order.

    A refusal of the machine, such as a full disk, ends them: the others would only fail as well.

    A worker that dies takes with it the piece it works on and others that wait for it. Their
    partitions are run again one at a time: only one that ends its worker alone has failed.
    """
    suspects: list[PieceJob] = []
    told = (on_done, on_piece)
    _run(client, largest_first(jobs), work, *told, lambda job, _: suspects.append(job))

    in_a_row = 0

    def succeeded(partition: PartitionSummary) -> None:
        nonlocal in_a_row
        in_a_row = 0
        on_done(partition)

    def failed(job: PieceJob, reason: str) -> None:
        nonlocal in_a_row
        in_a_row += 1
        date, security = job.piece.partitions[0]
        on_done(PartitionSummary(date, security, reason=reason))
        if in_a_row >= DEADLY_IN_A_ROW:
            raise ResourceError(
                f"Workers died over {in_a_row} partitions in a row: {reason}.",
                cure="Raise --memory-limit or use fewer --workers; the same command keeps the "
                "partitions that are finished.",
            )

    for job in suspects:
        for one in job.partitions:
            _run(client, [job.alone(one)], work, succeeded, on_piece, failed)


def _run(
    client: Client | None,
    jobs: Sequence[PieceJob],
    work: Work,
    on_done: Callable[[PartitionSummary], None],
    on_piece: Callable[[MadePiece], None],
    on_lost: Callable[[PieceJob, str], None],
) -> None:
    task = delayed(simulate_partitions, pure=False, traverse=False)

    def done(_: int, result: Done) -> None:
        summaries, piece = result
        for summary in summaries:
            if summary.refused is None:
                on_done(summary)
        # After what else the task has finished.
        refused = [summary.refused for summary in summaries if summary.refused is not None]
        if refused:
            raise refused[0]
        if piece is not None:
            on_piece(piece)

    def lost(position: int, reason: str) -> None:
        on_lost(jobs[position], reason)

    # Names of one group: the scheduler keeps something of each group as well.
    group = f"{simulate_partitions.__name__}-{uuid4().hex}"
    # Packed, as the scheduler would keep it unpacked, which takes ten times the memory.
    tasks = (
        task(pickle.dumps(job), work, dask_key_name=(group, place))
        for place, job in enumerate(jobs)
    )
    run_tasks(client, tasks, done, lost, first_ones_first=True)
