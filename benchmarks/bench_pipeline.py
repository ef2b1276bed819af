"""The whole pipeline on 1.6 M Centre Point rows in 2.7 M order rows, with two workers.

    python benchmarks/bench_pipeline.py [--runs 3] [--events 200000] [--securities 8] [--workers 2]

Three kinds of runs take turns: both models under all choices, under one, and time priority alone.
Printed are rows per second end to end (from the start of the process to its end, cluster start-up
included), the time of every stage and the peak memory of the largest process. Medians over the
runs; the first of each only fills the caches and is not counted.
"""

from __future__ import annotations

import argparse
import statistics
from typing import TYPE_CHECKING, NamedTuple

from measure import (
    Run,
    describe_machine,
    make_market,
    median_seconds,
    scratch_folder,
    side_by_side,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Centre Point rows per second of the pipeline this one takes the place of, measured on its own
#: machine: with one process, and with a pool of two.
SEED_ROWS_PER_SECOND = {"one process": 4_600, "pool of two": 8_000}

#: One choice, all sweeps at once: no answer, and no replays besides the scenarios themselves.
ONE_CHOICE = (
    "choices: {lifetimes: [clock:5min], adoption_groups: 1, adoption_shares: [], switches: []}"
)


class Measured(NamedTuple):
    """Runs of one market."""

    rows: dict[str, int]
    """Of the market, by table."""
    runs: dict[str, list[Run]]
    """By kind."""

    @property
    def centre_point_rows(self) -> int:
        """Order rows that every run keeps."""
        return self.runs["all"][0].centre_point_rows

    def rows_per_second(self, kind: str) -> float:
        """Centre Point rows."""
        return self.centre_point_rows / median_seconds(self.runs[kind])

    def peak_mib(self, kind: str) -> float:
        """Of the largest process in any run."""
        return max(run.peak_bytes for run in self.runs[kind]) / 1024**2


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    measured = measure(arguments.runs, arguments.events, arguments.securities, arguments.workers)
    print(f"machine: {describe_machine()}")
    print(
        f"input: {measured.centre_point_rows:,} Centre Point rows in {measured.rows['orders']:,} "
        f"order rows, {measured.rows['trades']:,} trade rows; {arguments.workers} workers, "
        f"medians of {arguments.runs} runs"
    )
    for kind, runs in measured.runs.items():
        _report(kind, measured, runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--securities", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def measure(runs: int, events: int, securities: int, workers: int) -> Measured:
    """All kinds of runs on a market that is made for it."""
    with scratch_folder() as folder:
        rows = make_market(folder / "market", events, securities)
        return Measured(rows, side_by_side(folder / "market", _kinds(folder, workers), runs))


def _kinds(folder: Path, workers: int) -> dict[str, Sequence[str]]:
    config = folder / "one-choice.yaml"
    config.write_text(f"{ONE_CHOICE}\n", encoding="utf-8")
    asked = ("--workers", str(workers))
    return {
        "all": asked,
        "one-choice": (*asked, "--config", str(config)),
        "time-priority": (*asked, "--model", "time-priority"),
    }


def _report(kind: str, measured: Measured, runs: Sequence[Run]) -> None:
    seconds = median_seconds(runs)
    print(
        f"{kind}: {seconds:.1f} s, {measured.rows_per_second(kind):,.0f} Centre Point rows/s, "
        f"{sum(measured.rows.values()) / seconds:,.0f} rows/s of all tables; "
        f"peak memory of the largest process {measured.peak_mib(kind):,.0f} MiB"
    )
    if kind == "time-priority":
        for name, seed in SEED_ROWS_PER_SECOND.items():
            times = measured.rows_per_second(kind) / seed
            print(f"  that is {times:.1f} times the seed pipeline ({name})")
    for stage in runs[0].manifest["stages"]:
        spent = statistics.median(run.stage_seconds(stage["name"]) for run in runs)
        print(f"  stage {stage['name']:<12} {spent:6.2f} s")
    for number, stage in enumerate(runs[0].manifest["model_stages"]):
        spent = [run.manifest["model_stages"][number]["task_seconds"] for run in runs]
        print(
            f"  [{stage['stage']:>2}/11] {stage['name']:<28} "
            f"{statistics.median(spent):6.2f} s in all tasks"
        )


if __name__ == "__main__":
    main()
