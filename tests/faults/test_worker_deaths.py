"""Workers that are killed in the middle of a partition."""

import json

import pytest
from faults.held_runs import holding
from markets import plain_market
from running import invoke, result_files, run_here, run_program

from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.verify import verify_output

#: The program that takes two deadly partitions for too many: each more would cost seconds.
IMPATIENT = (
    "import sweep_dask.dataflow.simulate as simulate; simulate.DEADLY_IN_A_ROW = 2; "
    "from sweep_dask.cli import main; main()"
)


def run_with_deaths(
    plain_input, cwd, manner, *options, failures="2", program=("-m", "sweep_dask"), **held
):
    return run_program(
        *("run", plain_input, "-o", "out", "--workers", "2", "--json", *options),
        cwd=cwd,
        program=program,
        # Dask gives up on a task sooner than it would: each death costs seconds.
        DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=failures,
        **holding(cwd / "marks", manner, **held),
    )


@pytest.mark.slow
def test_a_worker_killed_once_changes_nothing(plain_input, plain_result, tmp_path):
    done = run_with_deaths(plain_input, tmp_path, "dying-once")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["status"] == "done"
    assert result_files(tmp_path / "out") == result_files(plain_result.output)


@pytest.mark.slow
def test_a_partition_that_kills_every_worker_fails_alone(plain_input, tmp_path):
    done = run_with_deaths(plain_input, tmp_path, "dying")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    manifest = json.loads(done.stdout)
    assert manifest["status"] == "partial"
    failed = [p for p in manifest["partitions"] if p["state"] == "failed"]
    assert [(p["date"], p["security"]) for p in failed] == [("2024-10-07", 101)]
    assert "worker died" in failed[0]["reason"]
    assert "memory limit" in failed[0]["reason"]

    verified = invoke("verify", tmp_path / "out")
    assert verified.exit_code == 1
    assert "partial" in verified.stdout
    again = run_here(plain_input, tmp_path / "out", enable_parallel=False)
    states = [partition["state"] for partition in again.manifest["partitions"]]
    assert states == ["kept", "kept", "computed", "kept"]


@pytest.mark.slow
def test_workers_that_die_over_every_partition_end_the_run(tmp_path):
    """It is no fault of the partitions: one after the other would cost hours of a real market."""
    source = plain_market(securities=range(101, 104), dates=["2024-10-04"]).write(tmp_path / "in")
    options, output = ("--model", "time-priority"), tmp_path / "out"
    impatient = {"failures": "0", "program": ("-c", IMPATIENT)}
    done = run_with_deaths(source, tmp_path, "dying", *options, **impatient, partition="any")
    assert done.returncode == 4, done.stderr
    assert "Workers died over 2 partitions in a row: its worker died 1 time over" in done.stderr
    assert "Raise --memory-limit or use fewer --workers" in done.stderr
    assert "Traceback" not in done.stderr
    manifest = json.loads((output / "manifest.json").read_text())
    assert [p["state"] for p in manifest["partitions"]] == ["failed"] * 2
    assert manifest["status"] == "failed"
    assert not list(output.glob(".scratch*"))

    again = run_here(source, output, enable_parallel=False, models="time-priority")
    assert again.exit_code == 0
    assert not verify_output(OutputLayout(output))[1]
