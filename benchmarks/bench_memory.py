"""Peak memory of the two kinds of large tasks, against what the plan projects.

    python benchmarks/bench_memory.py

Every measurement is a process of its own that does one task. The constants of the projection
(`BASE_PROCESS_BYTES`, `BLOCK_MEMORY_FACTOR`, `PARTITION_BYTES_PER_ROW`) must keep it above what
is measured here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from measure import describe_machine, make_market, own_peak_bytes, run_json, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1024**2
BLOCKSIZES = (8 * MIB, 32 * MIB, 128 * MIB)
PARTITION_ROWS = (50_000, 200_000, 800_000)


class Task(NamedTuple):
    """One task in a process of its own."""

    kind: str
    """`block`, or what a partition went through: `time-priority`, `both`, `replay`."""
    name: str
    peak_bytes: int
    projected_bytes: int

    @property
    def ratio(self) -> float:
        """Projected over measured: above 1, or the projection is too low."""
        return self.projected_bytes / self.peak_bytes


def main() -> None:
    """Measure and print."""
    print(f"machine: {describe_machine()}")
    for task in measure():
        print(
            f"{task.name:<28} measured {task.peak_bytes / MIB:7,.0f} MiB, projected "
            f"{task.projected_bytes / MIB:7,.0f} MiB, ratio {task.ratio:.2f}",
            flush=True,
        )


def measure() -> Iterator[Task]:
    """Partitions of each size, and blocks of each size from the largest market."""
    from sweep_dask.memory import projected_block_task_bytes
    from sweep_dask.study.needs import projected_partition_task_bytes

    with scratch_folder() as folder:
        for rows in PARTITION_ROWS:
            market = folder / f"market-{rows}"
            make_market(market, rows, securities=1)
            for table in ("orders", "trades") if rows == PARTITION_ROWS[-1] else ():
                for size in BLOCKSIZES:
                    found = _child("block", market, size, folder / f"{table}-{size}", table)
                    name = f"{table} block of {size // MIB} MiB"
                    projected = projected_block_task_bytes(size)
                    yield Task("block", name, found["peak_bytes"], projected)
            for kind in ("time-priority", "both", "replay"):
                found = _child(kind, market, rows, folder / f"{kind}-{rows}")
                projected = projected_partition_task_bytes(found["rows"])
                yield Task(kind, f"{rows:,} rows, {kind}", found["peak_bytes"], projected)


def _child(kind: str, market: Path, size: int, output: Path, *more: str) -> dict[str, Any]:
    return run_json([__file__, kind, str(market), str(size), str(output), *more])


def _read_block(market: str, blocksize: int, output: str, table: str) -> dict[str, int]:
    """Read one block; no rows are told of."""
    import dask.dataframe  # noqa: F401  a worker has it loaded

    from sweep_dask.storage.blocks import cut_file
    from sweep_dask.storage.ingest import ingest_block
    from sweep_dask.storage.inputs import open_inputs

    inputs = open_inputs(market, {})
    file = next(file for file in inputs.readable if file.table == table)
    Path(output).mkdir()
    ingest_block(cut_file(file, inputs.headers[file.name], blocksize, 0)[0], output)
    return {}


def _run_partition(market: str, output: str, kind: str) -> dict[str, int]:
    """Ingest in other processes, so that this one's peak is the partition's; its rows by table."""
    import multiprocessing

    import dask.dataframe  # noqa: F401  a worker has it loaded

    from sweep_dask.partition import CentrePointJob, PartitionJob, PieceJob, replay_piece, run_piece
    from sweep_dask.partition.tables import TablesSpec
    from sweep_dask.storage.blocks import cut_file
    from sweep_dask.storage.ingest import ingest_block
    from sweep_dask.storage.inputs import open_inputs
    from sweep_dask.storage.partition_index import build_partition_index
    from sweep_dask.storage.spill import index_of
    from sweep_dask.terms.arms import CENTRE_POINT, TIME_PRIORITY

    inputs = open_inputs(market, {})
    blocks = []
    for file in inputs.readable:
        blocks += cut_file(file, inputs.headers[file.name], 32 * MIB, len(blocks))
    scratch = Path(output) / "scratch"
    scratch.mkdir(parents=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        index = index_of(pool.starmap(ingest_block, [(block, str(scratch)) for block in blocks]))
    tables = {block.number: block.file.table for block in blocks}
    (source,) = build_partition_index(index, tables, by_session=True).partitions
    centre_point = CentrePointJob(scenarios=()) if kind == "time-priority" else CentrePointJob()
    columns = inputs.columns()
    job = PartitionJob(source, output, str(scratch), columns, centre_point=centre_point)
    models = (TIME_PRIORITY, *(() if kind == "time-priority" else (CENTRE_POINT,)))
    spec = TablesSpec(models, centre_point.scenarios, tuple(columns["orders"].names))
    work = replay_piece if kind == "replay" else run_piece
    (summary,), _ = work(PieceJob((job,), spec))
    assert summary.state == "computed", summary.reason
    return dict(source.rows)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        kind, market, size, output, *more = sys.argv[1:]
        if kind == "block":
            rows = _read_block(market, int(size), output, *more)
        else:
            rows = _run_partition(market, output, kind)
        print(json.dumps({"peak_bytes": own_peak_bytes(), "rows": rows}))
