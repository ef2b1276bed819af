"""Pieces of work as delayed tasks: a task a piece, the largest first; parts report one by one."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from dask import delayed

from sweep_dask.dataflow.execute import new_group, run_tasks
from sweep_dask.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from distributed import Client

    from sweep_dask.dataflow.cluster import Workers

#: So many parts one after the other that each end every worker they are given are no fault of
#: the parts. Arbitrary; each costs four workers.
DEADLY_IN_A_ROW = 5


class Summary(Protocol):
    """What became of a part of a piece."""

    @property
    def refused(self) -> ResourceError | None:
        """If it failed for what every other part will meet, such as a full disk."""


class Job(Protocol):
    """What a task is told; it travels pickled."""

    @property
    def rows(self) -> int:
        """How much work it is."""

    def divided(self) -> Sequence[Self]:
        """The same work, each part by itself."""

    def lost(self, reason: str) -> Any:
        """The summary of a part whose workers died."""


AnyJob = TypeVar("AnyJob", bound=Job)
AnySummary = TypeVar("AnySummary", bound=Summary)
Made = TypeVar("Made")


def unpack_and_work(packed: bytes, work: Callable[[Any], Any]) -> Any:
    """What a task does with a pickled job."""
    return work(pickle.loads(packed))  # noqa: S301 - the client's, as all that Dask sends


def largest_first(jobs: Sequence[AnyJob]) -> list[AnyJob]:
    """In falling order of rows: the last ones to run are the smallest, and workers end together."""
    return sorted(jobs, key=lambda job: -job.rows)


def simulate(
    workers: Workers,
    jobs: Sequence[AnyJob],
    work: Callable[[AnyJob], tuple[list[AnySummary], Made | None]],
    on_done: Callable[[AnySummary], None],
    on_made: Callable[[Made], None],
    kind: str = "simulate_partitions",
) -> None:
    """Run all jobs; every part is reported once, in no particular order.

    A refusal of the machine, such as a full disk, ends them: the others would only fail as well.

    A worker that dies takes with it the piece it works on and others that wait for it. Their
    parts are run again one at a time: only one that ends its worker alone has failed.

    `work`: what a task does: the summaries of the parts, and what they make together, if that is
    all there.
    `kind`: what Dask's pages call the tasks.
    """

    def run(
        jobs: Sequence[AnyJob],
        on_done: Callable[[AnySummary], None],
        on_lost: Callable[[AnyJob, str], None],
    ) -> None:
        _run(workers.client, kind, jobs, work, on_done, on_made, on_lost)

    suspects: list[AnyJob] = []
    run(largest_first(jobs), on_done, lambda job, _: suspects.append(job))

    in_a_row = 0

    def succeeded(summary: AnySummary) -> None:
        nonlocal in_a_row
        in_a_row = 0
        on_done(summary)

    def failed(job: AnyJob, reason: str) -> None:
        nonlocal in_a_row
        in_a_row += 1
        on_done(job.lost(reason))
        if in_a_row >= DEADLY_IN_A_ROW:
            raise ResourceError(
                f"Workers died over {in_a_row} partitions in a row: {reason}.",
                cure="Raise --memory-limit or use fewer --workers; the same command keeps the "
                "partitions that are finished.",
            )

    for job in suspects:
        for part in job.divided():
            run([part], succeeded, failed)


def _run(
    client: Client | None,
    kind: str,
    jobs: Sequence[AnyJob],
    work: Callable[[AnyJob], tuple[list[AnySummary], Made | None]],
    on_done: Callable[[AnySummary], None],
    on_made: Callable[[Made], None],
    on_lost: Callable[[AnyJob, str], None],
) -> None:
    task = delayed(unpack_and_work, pure=False, traverse=False)

    def done(_: int, result: tuple[list[AnySummary], Made | None]) -> None:
        summaries, made = result
        for summary in summaries:
            if summary.refused is None:
                on_done(summary)
        # After what else the task has finished.
        refused = [summary.refused for summary in summaries if summary.refused is not None]
        if refused:
            raise refused[0]
        if made is not None:
            on_made(made)

    def lost(position: int, reason: str) -> None:
        on_lost(jobs[position], reason)

    group = new_group(kind)
    # Packed, as the scheduler would keep it unpacked, which takes ten times the memory.
    tasks = (
        task(pickle.dumps(job), work, dask_key_name=(group, position))
        for position, job in enumerate(jobs)
    )
    run_tasks(client, tasks, done, lost, first_ones_first=True)
