"""What the benchmarks share: the machine, child processes and their memory, runs side by side."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: The programs import the package of this checkout, whatever is installed.
_ROOT = Path(__file__).parents[1]


class Run(NamedTuple):
    """One run of the pipeline."""

    seconds: float
    """From the start of the process to its end."""
    manifest: dict[str, Any]

    def stage_seconds(self, name: str) -> float:
        """Of one stage."""
        return next(it["seconds"] for it in self.manifest["stages"] if it["name"] == name)

    @property
    def peak_bytes(self) -> int:
        """Of the largest process."""
        return self.manifest["peak_memory"]["largest_process_bytes"]

    @property
    def centre_point_rows(self) -> int:
        """Order rows that were kept."""
        return sum(it["kept"] for it in self.manifest["ledger"] if it["table"] == "orders")


def describe_machine() -> str:
    """CPU, cores, memory and versions, for the line that says where a number was measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            s.split(":", 1)[1].strip()
            for s in cpuinfo.read_text().splitlines()
            if "model name" in s
        ]
        model = names[0] if names else model
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {memory_gib:.0f} GiB, Python {platform.python_version()}"


def run_json(arguments: Sequence[str]) -> dict[str, Any]:
    """Run `python ARGUMENTS` and read the JSON document it prints; its messages pass through."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    return json.loads(done.stdout)


def make_market(folder: Path, events: int, securities: int) -> dict[str, int]:
    """A synthetic market of one date; its rows by table."""
    size = ("--events", str(events), "--securities", str(securities), "--dates", "2024-10-04")
    return run_json(["-m", "sweep_dask", "synth", str(folder), *size, "--json"])["rows"]


def timed_run(market: Path | None, output: Path, options: Iterable[str]) -> Run:
    """Run the pipeline on a market, or on the sample without one."""
    given = [] if market is None else [str(market)]
    began = time.perf_counter()
    command = ["run", *given, "--output", str(output), *options, "--no-progress", "--json"]
    manifest = run_json(["-m", "sweep_dask", *command])
    return Run(time.perf_counter() - began, manifest)


def side_by_side(
    market: Path, settings: Mapping[str, Sequence[str]], rounds: int
) -> dict[str, list[Run]]:
    """Runs by the name of their settings, of which each has its turn in every round.

    So that a machine that becomes slower does so for all. The first round only fills the caches and
    is not counted.
    """
    runs: dict[str, list[Run]] = {name: [] for name in settings}
    for _ in range(rounds + 1):
        for name, options in settings.items():
            with scratch_folder() as folder:
                runs[name].append(timed_run(market, folder / "results", options))
    return {name: of_name[1:] for name, of_name in runs.items()}


def median_seconds(runs: Iterable[Run]) -> float:
    """From the start of the process to its end."""
    return statistics.median(run.seconds for run in runs)


def own_peak_bytes() -> int:
    """Highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sweep-dask-bench-") as folder:
        yield Path(folder)
