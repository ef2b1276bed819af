"""Workers that are killed in the middle of a partition."""

import json
from pathlib import Path

import pytest
from running import result_files, run_program

HELD_PARTITIONS = Path(__file__).with_name("held_partitions.py")


def run_with_deaths(plain_input, cwd, manner):
    marks = cwd / "marks"
    marks.mkdir()
    return run_program(
        *("run", plain_input, "-o", "out", "--workers", "2", "--json"),
        cwd=cwd,
        DASK_DISTRIBUTED__WORKER__PRELOAD=str(HELD_PARTITIONS),
        # Dask gives up on a task sooner than it would: each death costs seconds.
        DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="2",
        HELD_FOLDER=str(marks),
        HELD_PARTITION="2024-10-07/101",
        HELD_BY=manner,
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

    verified = run_program("verify", "out", cwd=tmp_path)
    assert verified.returncode == 1
    assert "partial" in verified.stdout
    again = run_program("run", plain_input, "-o", "out", "--no-parallel", "--json", cwd=tmp_path)
    states = [partition["state"] for partition in json.loads(again.stdout)["partitions"]]
    assert states == ["kept", "kept", "computed", "kept"]
