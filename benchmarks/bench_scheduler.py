"""What a large market asks of client and scheduler: its tasks, with no work in them.

    python benchmarks/bench_scheduler.py [--partitions 100000] [--per-date 2000] [--rows 20]
                                         [--blocks 3] [--workers 2]

Jobs of partitions as a run makes them go through a scheduler, which is in the client's process as
in a run on one machine, and workers, which send home what a partition sends home. Printed are the
tasks, their bytes, the milliseconds that each takes, and the memory of client and scheduler before
and at most. A million partitions take some minutes and 3 GB.
"""

from __future__ import annotations

import argparse
import pickle
import time
from contextlib import ExitStack
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import psutil
from distributed import Client, LocalCluster
from measure import describe_machine

from sweep_dask.dataflow.cluster import Workers
from sweep_dask.dataflow.simulate import simulate
from sweep_dask.market.trading_day import date_to_day
from sweep_dask.partition import PartitionJob, PartitionSummary
from sweep_dask.storage.partition_index import PARTITIONED, PartitionSource
from sweep_dask.storage.pieces import PIECE_ROWS
from sweep_dask.storage.spill import INDEX_DTYPE
from sweep_dask.study.jobs import piece_jobs

if TYPE_CHECKING:
    from sweep_dask.partition import MadePiece, PieceJob

_MIB = 1024**2
_FIRST_DAY = date(2024, 1, 1)
#: Of one partition under both models.
_FILES = 31


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    print(f"machine: {describe_machine()}")
    partitions = [
        _partition(*divmod(number, arguments.per_date), arguments)
        for number in range(arguments.partitions)
    ]
    pieces = piece_jobs(partitions, PIECE_ROWS)
    job_bytes = sum(len(pickle.dumps(piece)) for piece in pieces[:100]) / min(len(pieces), 100)
    print(f"{len(partitions):,} partitions, {len(pieces):,} tasks of {job_bytes:,.0f} bytes")
    with ExitStack() as stack:
        cluster = stack.enter_context(
            LocalCluster(n_workers=arguments.workers, threads_per_worker=1, dashboard_address=None)
        )
        client = stack.enter_context(Client(cluster))
        _measure(client, pieces)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--partitions", type=int, default=100_000)
    parser.add_argument("--per-date", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--blocks", type=int, default=3, help="that have rows of a partition")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def _partition(day: int, security: int, arguments: argparse.Namespace) -> PartitionJob:
    ranges = np.zeros(arguments.blocks, INDEX_DTYPE)
    ranges["rows"] = arguments.rows // arguments.blocks
    source = PartitionSource(
        date_to_day((_FIRST_DAY + timedelta(day)).isoformat()),
        security,
        {table: ranges.copy() for table in PARTITIONED},
    )
    return PartitionJob(source, "results", "results/.scratch", {})


def nothing(job: PieceJob) -> tuple[list[PartitionSummary], MadePiece | None]:
    """What a task sends home of its partitions, without having done anything."""
    return [_summary(one.source.date, one.source.security) for one in job.partitions], None


def _summary(day: str, security: int) -> PartitionSummary:
    folder = f"outputs/{day}/{security}/centre-point/dual-post"
    files = {f"{folder}/order_summary_{k}.parquet": f"sha256:{k:064d}" for k in range(_FILES)}
    return PartitionSummary(day, security, "computed", files=files)


def _measure(client: Client, pieces: list[PieceJob]) -> None:
    process = psutil.Process()
    before_bytes, peak_bytes = process.memory_info().rss, 0
    done = 0

    def count(_: PartitionSummary) -> None:
        nonlocal done, peak_bytes
        done += 1
        if done % 1_000 == 0:
            peak_bytes = max(peak_bytes, process.memory_info().rss)

    began, began_cpu = time.perf_counter(), sum(process.cpu_times()[:2])
    simulate(Workers(client, 0), pieces, nothing, count, lambda _: None)
    wall, cpu = time.perf_counter() - began, sum(process.cpu_times()[:2]) - began_cpu
    print(
        f"{done:,} done: {wall / len(pieces) * 1e3:.1f} ms a task, {cpu / len(pieces) * 1e3:.1f} "
        f"ms of the processor of client and scheduler; {before_bytes / _MIB:,.0f} MiB with all "
        f"jobs, {peak_bytes / _MIB:,.0f} MiB at most"
    )


if __name__ == "__main__":
    main()
