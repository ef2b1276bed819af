"""Benchmarks still run: nobody calls them between two measurements."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from running import program_environment

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
#: Of those that take a size, one that takes a moment.
SMALL = {
    "bench_answers.py": ["--sweeps", "400", "--days", "2", "--securities", "2"],
    "bench_pipeline.py": ["--runs", "1", "--events", "200", "--securities", "1", "--workers", "1"],
    "bench_scaling.py": [
        *("--runs", "1", "--events", "200", "--securities", "1", "--workers", "1"),
        *("--chunks", "1000", "--model", "time-priority"),
    ],
    "bench_scheduler.py": ["--partitions", "60"],
    "bench_truth.py": ["--days", "3", "--worlds", "2", "--size", "3", "--events", "200"],
}

pytestmark = pytest.mark.slow


def python(*arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        env=program_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("script", SMALL)
def test_it_measures_something_small(script):
    assert python(BENCHMARKS / script, *SMALL[script]).startswith("machine: ")


def test_each_kind_of_task_of_the_memory_benchmark(tmp_path):
    market = tmp_path / "market"
    size = ("--securities", "1", "--dates", "2024-10-04", "--events", "100")
    python("-m", "sweep_dask", "synth", market, *size)
    for kind in ("time-priority", "both", "replay"):
        told = json.loads(
            python(BENCHMARKS / "bench_memory.py", kind, market, "100", tmp_path / kind)
        )
        assert told["rows"]["orders"] == 100
        assert told["peak_bytes"] > 0
