"""From the metrics of every sweep to the report: combining, roll-ups, the page; no matching.

    python benchmarks/bench_answers.py [--sweeps 200000] [--days 8] [--securities 50] [--workers 2]
                                       [--manifest OUTPUT/manifest.json]

Draws sweeps in six lines, a file for each day and security as a run leaves them, and measures a
quarter of the days, half of them and all: seconds of each step, and the most memory that any
process had. Twice the sweeps should take twice the time. `--sweeps 5000000 --days 20 --securities
250` is a large market for a month; it needs 5 GB of disk. The page is measured if the manifest of
any run is named, as it also tells of the run.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from distributed import Client, LocalCluster
from drawn_sweeps import write_partitions
from measure import describe_machine, own_peak_bytes, run_json, scratch_folder

from sweep_dask.analysis.metrics.lines import LINES
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.dataflow.rollups import write_rollups
from sweep_dask.dataflow.tables import SWEEPS_FILE
from sweep_dask.report.page import report_page
from sweep_dask.storage.combine import concatenate
from sweep_dask.storage.layout import OutputLayout

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Measure and print; with `--measure` one size, in a process of its own."""
    arguments = _arguments()
    if arguments.measure is not None:
        print(json.dumps(_measure(OutputLayout(arguments.measure), arguments)))
        return
    print(f"machine: {describe_machine()}")
    with scratch_folder() as folder:
        began = time.perf_counter()
        size = (arguments.sweeps, arguments.days, arguments.securities, arguments.workers)
        write_partitions(OutputLayout(folder), *size)
        print(f"drawing {arguments.sweeps:,} sweeps: {time.perf_counter() - began:.0f} s")
        for share in (4, 2, 1):
            _report(folder, max(arguments.days // share, 1), arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sweeps", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--securities", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--manifest", type=Path, help="of a run; its page is measured too")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _report(folder: Path, days: int, arguments: argparse.Namespace) -> None:
    options = ["--measure", str(folder), "--days", str(days), "--workers", str(arguments.workers)]
    if arguments.manifest is not None:
        options += ["--manifest", str(arguments.manifest.resolve())]
    found = run_json([__file__, *options])
    steps = ", ".join(f"{name} {spent:.1f} s" for name, spent in found["seconds"].items())
    seconds = sum(found["seconds"].values())
    print(
        f"{found['sweeps']:>10,} sweeps, {days} days: {steps}; {seconds:.1f} s, "
        f"{1e6 * seconds / found['sweeps']:.1f} s for each million; "
        f"largest process {found['peak_bytes'] / 1024**2:,.0f} MiB"
    )


def _measure(layout: OutputLayout, arguments: argparse.Namespace) -> dict[str, object]:
    """Seconds of each step and the peak of the largest process."""
    folders = sorted((layout.root / "outputs").iterdir())[: arguments.days]
    paths = [path for day in folders for path in sorted(day.glob("*/*.parquet"))]
    target = layout.tables / SWEEPS_FILE
    seconds: dict[str, float] = {}

    def timed(name: str, step: Callable[..., Any], *given: object) -> Any:
        began = time.perf_counter()
        result = step(*given)
        seconds[name] = time.perf_counter() - began
        return result

    with _cluster(arguments.workers) as cluster, Client(cluster) as client:
        timed(
            "combine",
            lambda: client.submit(_combine, str(target), [str(path) for path in paths]).result(),
        )
        files = timed("roll-ups", write_rollups, client, layout, paths, LINES)
        if arguments.manifest is not None:
            manifest = json.loads(arguments.manifest.read_text(encoding="utf-8"))
            timed("page", report_page, layout, manifest | {"files": files})
        peaks = [*client.run(own_peak_bytes).values(), own_peak_bytes()]
    sweeps = pq.read_metadata(target).num_rows // len(LINES)
    return {"sweeps": sweeps, "seconds": seconds, "peak_bytes": max(peaks)}


def _cluster(workers: int) -> LocalCluster:
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,
    )


def _combine(target: str, paths: list[str]) -> None:
    concatenate(target, paths, SWEEP_TABLE)


if __name__ == "__main__":
    main()
