"""Benchmarks still run: nobody calls them between two measurements."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from running import invoke, program_environment

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
#: Of those that take a size, one that takes a moment.
SMALL = {
    "bench_answers.py": ["--sweeps", "80", "--days", "2", "--securities", "1", "--workers", "1"],
    "bench_scheduler.py": ["--partitions", "60"],
    "bench_truth.py": ["--days", "3", "--worlds", "2", "--size", "3", "--events", "200"],
}

#: Of those that run the program.
SMALL_RUNS = {
    "bench_pipeline": ["--runs", "1", "--events", "200", "--securities", "1", "--workers", "1"],
    "bench_scaling": [
        *("--runs", "1", "--events", "200", "--securities", "1", "--workers", "1"),
        *("--chunks", "1000", "--model", "time-priority"),
    ],
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


def each_once():
    """The commands of a benchmark in this process; of one that comes again what it said before."""
    told = {}

    def run_json(arguments):
        command = arguments[arguments.index("sweep_dask") + 1 :]
        key = tuple(word for word in command if not Path(word).is_absolute())
        if key not in told:
            done = invoke(*command)
            assert done.exit_code == 0, done.output
            told[key] = json.loads(done.stdout)
        return told[key]

    return run_json


@pytest.mark.parametrize("name", SMALL_RUNS)
def test_it_measures_small_runs(name, monkeypatch, capsys):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr("measure.run_json", each_once())
    monkeypatch.setattr(sys, "argv", [name, *SMALL_RUNS[name]])
    importlib.import_module(name).main()
    assert capsys.readouterr().out.startswith("machine: ")


def test_tasks_of_the_memory_benchmark(tmp_path):
    """Time priority alone is a part of both."""
    market = tmp_path / "market"
    size = ("--securities", "1", "--dates", "2024-10-04", "--events", "100")
    assert invoke("synth", market, *size).exit_code == 0
    for kind in ("both", "replay"):
        told = json.loads(
            python(BENCHMARKS / "bench_memory.py", kind, market, "100", tmp_path / kind)
        )
        assert told["rows"]["orders"] == 100
        assert told["peak_bytes"] > 0
