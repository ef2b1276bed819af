"""A scheduler that goes away in the middle of a run."""

import json
import os
import signal

import pytest
from cluster.schedulers import address_in, remote_cluster
from distributed import Client
from faults.held_runs import holding
from running import run_program, started, wait_until


@pytest.mark.slow
def test_a_lost_scheduler_is_exit_4_and_finished_partitions_are_kept(plain_input, tmp_path):
    marks = tmp_path / "marks"
    with remote_cluster(tmp_path, 1, **holding(marks)) as file:
        address = address_in(file)
        with Client(address) as client:
            scheduler = client.run_on_scheduler(os.getpid)
        run = ["-m", "sweep_dask", "run", plain_input, "-o", "out", "--scheduler", address]
        with started(run, tmp_path, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="3s") as process:
            wait_until((marks / "reached").exists, process)
            os.kill(scheduler, signal.SIGKILL)
            _, errors = process.communicate(timeout=100)
    assert process.returncode == 4, errors
    assert "connection to the Dask scheduler was lost" in errors
    assert "Traceback" not in errors
    again = run_program("run", plain_input, "-o", "out", "--no-parallel", "--json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    states = [partition["state"] for partition in json.loads(again.stdout)["partitions"]]
    assert set(states) == {"computed", "kept"}
