"""The whole pipeline on 1.6 M Centre Point rows in 2.7 M order rows, with two workers.

    python benchmarks/bench_pipeline.py [--runs 3] [--events 200000] [--securities 8] [--workers 2]
                                        [--model time-priority]

Prints rows per second end to end (from the start of the process to its end, cluster start-up
included), the time of every stage, the peak memory of the largest process and the kernel's steps
per second. Medians over the runs; the first run only fills the caches and is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

from measure import describe_machine, run_json, scratch_folder

if TYPE_CHECKING:
    from pathlib import Path

#: Centre Point rows per second of the pipeline this one takes the place of, measured on its own
#: machine: with one process, and with a pool of two.
SEED_ROWS_PER_SECOND = {"one process": 4_600, "pool of two": 8_000}


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with scratch_folder() as folder:
        rows = _make_market(folder / "market", arguments)
        runs = [_run(folder, arguments, number) for number in range(arguments.runs + 1)][1:]
    _report(arguments, rows, runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--securities", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", action="append", default=[], help="all, if none is named")
    return parser.parse_args()


def _make_market(market: Path, arguments: argparse.Namespace) -> dict[str, int]:
    size = ["--securities", str(arguments.securities), "--events", str(arguments.events)]
    made = run_json(
        ["-m", "sweep_dask", "synth", str(market), *size, "--dates", "2024-10-04", "--json"]
    )
    return made["rows"]


def _run(folder: Path, arguments: argparse.Namespace, number: int) -> tuple[float, dict]:
    began = time.perf_counter()
    manifest = run_json(
        [
            *("-m", "sweep_dask", "run", str(folder / "market")),
            *("--output", str(folder / f"results-{number}")),
            *("--workers", str(arguments.workers), "--no-progress", "--json"),
            *(part for model in arguments.model for part in ("--model", model)),
        ]
    )
    return time.perf_counter() - began, manifest


def _report(
    arguments: argparse.Namespace, rows: dict[str, int], runs: list[tuple[float, dict]]
) -> None:
    manifests = [manifest for _, manifest in runs]
    seconds = statistics.median(spent for spent, _ in runs)
    kept = sum(e["kept"] for e in manifests[0]["ledger"] if e["table"] == "orders")
    print(f"machine: {describe_machine()}")
    print(
        f"input: {kept:,} Centre Point rows in {rows['orders']:,} order rows, "
        f"{rows['trades']:,} trade rows; {arguments.workers} workers, median of {len(runs)} runs"
    )
    print(
        f"end to end: {seconds:.1f} s, {kept / seconds:,.0f} Centre Point rows/s, "
        f"{sum(rows.values()) / seconds:,.0f} rows/s of all tables"
    )
    for name, seed in SEED_ROWS_PER_SECOND.items():
        print(f"  that is {kept / seconds / seed:.1f} times the seed pipeline ({name})")
    for stage in manifests[0]["stages"]:
        spent = [_stage(manifest, stage["name"]) for manifest in manifests]
        print(f"  stage {stage['name']:<12} {statistics.median(spent):6.2f} s")
    for stage in manifests[0]["model_stages"]:
        number = stage["stage"] - 1
        spent = [manifest["model_stages"][number]["task_seconds"] for manifest in manifests]
        print(
            f"  [{stage['stage']:>2}/11] {stage['name']:<28} "
            f"{statistics.median(spent):6.2f} s in all tasks"
        )
    peaks = [manifest["peak_memory"]["largest_process_bytes"] for manifest in manifests]
    print(f"peak memory of the largest process: {max(peaks) / 1024**2:,.0f} MiB")


def _stage(manifest: dict, name: str) -> float:
    return next(stage["seconds"] for stage in manifest["stages"] if stage["name"] == name)


if __name__ == "__main__":
    main()
