"""Partitions as delayed tasks: packed into bins, the largest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dask import delayed

from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.errors import ResourceError
from sweep_dask.partition import PartitionJob, PartitionSummary, run_partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distributed import Client

#: Rows of all tables worth about a second of a task that runs both models, reading and writing
#: included: a partition of 200,000 order and 106,000 trade rows takes 3 s, 1 s of it for the model
#: of time priority. An empty Dask task costs milliseconds, and a market has thousands of
#: partitions of a few rows.
BIN_ROWS = 100_000

#: The same of a replay, most of which is the replays without each rule: that partition takes 20 s.
REPLAY_BIN_ROWS = 15_000

#: So many partitions one after the other that each end every worker they are given are no fault of
#: the partitions. Arbitrary; each costs four workers.
DEADLY_IN_A_ROW = 5

#: What is done with a partition: `run_partition` or `replay_partition`.
Work = Callable[[PartitionJob], PartitionSummary]


def simulate_partitions(
    jobs: Sequence[PartitionJob], work: Work = run_partition
) -> list[PartitionSummary]:
    """Run the partitions of one bin; what a task does."""
    return [work(job) for job in jobs]


def pack(jobs: Sequence[PartitionJob], bin_rows: int = BIN_ROWS) -> list[list[PartitionJob]]:
    """Bins of partitions, the ones with most rows first.

    Large partitions stay alone; small ones share a bin until it holds `bin_rows` rows.
    Sorting makes the bins fall in size, so that the last ones to run are the smallest and
    workers end together.
    """
    bins: list[list[PartitionJob]] = []
    held = bin_rows
    for job in sorted(jobs, key=_largest_first):
        rows = _rows(job)
        if held + rows > bin_rows:
            bins.append([])
            held = 0
        bins[-1].append(job)
        held += rows
    return bins


def _largest_first(job: PartitionJob) -> tuple[int, int, int]:
    return (-_rows(job), job.source.day, job.source.security)


def _rows(job: PartitionJob) -> int:
    return sum(job.source.rows.values())


def simulate(
    client: Client | None,
    jobs: Sequence[PartitionJob],
    on_done: Callable[[PartitionSummary], None],
    work: Work = run_partition,
    bin_rows: int = BIN_ROWS,
) -> None:
    """Run all partitions; every one is reported once, in no particular order.

    A refusal of the machine, such as a full disk, ends them: the others would only fail as well.

    A worker that dies takes with it the bin it works on and others that wait for it. Their
    partitions are run again one at a time: only one that ends its worker alone has failed.
    """
    suspects: list[PartitionJob] = []
    _run_bins(client, pack(jobs, bin_rows), work, on_done, lambda jobs, _: suspects.extend(jobs))

    in_a_row = 0

    def succeeded(partition: PartitionSummary) -> None:
        nonlocal in_a_row
        in_a_row = 0
        on_done(partition)

    def failed(jobs: Sequence[PartitionJob], reason: str) -> None:
        nonlocal in_a_row
        in_a_row += len(jobs)
        for job in jobs:
            on_done(PartitionSummary(job.source.date, job.source.security, reason=reason))
        if in_a_row >= DEADLY_IN_A_ROW:
            raise ResourceError(
                f"Workers died over {in_a_row} partitions in a row: {reason}.",
                cure="Raise --memory-limit or use fewer --workers; the same command keeps the "
                "partitions that are finished.",
            )

    for job in suspects:
        _run_bins(client, [[job]], work, succeeded, failed)


def _run_bins(
    client: Client | None,
    bins: Sequence[Sequence[PartitionJob]],
    work: Work,
    on_done: Callable[[PartitionSummary], None],
    on_lost: Callable[[Sequence[PartitionJob], str], None],
) -> None:
    task = delayed(simulate_partitions, pure=False, traverse=False)

    def done(_: int, summaries: list[PartitionSummary]) -> None:
        for summary in summaries:
            if summary.refused is None:
                on_done(summary)
        # After what else the bin has finished.
        refused = [summary.refused for summary in summaries if summary.refused is not None]
        if refused:
            raise refused[0]

    def lost(position: int, reason: str) -> None:
        on_lost(bins[position], reason)

    tasks = [task(jobs_of_bin, work) for jobs_of_bin in bins]
    run_tasks(client, tasks, done, lost, first_ones_first=True)
