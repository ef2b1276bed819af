"""Runs whose workers or scheduler are gone end and say so; a worker that is killed is replaced."""

import os
import signal

import psutil
import pytest
from cluster.schedulers import address_in, remote_cluster
from distributed import Client
from faults.held_runs import holding, reached
from running import children_of, result_files, run_here, run_program, started, wait_until

#: The program that waits less for a scheduler that does not answer.
IMPATIENT = (
    "import sweep_dask.dataflow.remote_cluster as connecting; connecting.CONNECT_SECONDS = 3; "
    "from sweep_dask.cli import main; main()"
)


def new_children(process, known):
    return [child for child in children_of(process) if child.pid not in known]


@pytest.mark.slow
def test_the_only_worker_of_a_cluster_is_killed(plain_input, tmp_path):
    marks = tmp_path / "marks"
    with remote_cluster(tmp_path, 1, **holding(marks)) as file:
        run = ["-m", "sweep_dask", "run", plain_input, "-o", "out", "--scheduler-file", file]
        with started(run, tmp_path, SWEEP_WORKER_WAIT_SECONDS="2") as process:
            os.kill(reached(marks, process), signal.SIGKILL)
            _, errors = process.communicate(timeout=100)
        assert process.returncode == 4, errors
        assert "There has been no worker for 2 s." in errors
        assert "Traceback" not in errors
        with Client(address_in(file)) as client:
            assert client.scheduler_info()["workers"] == {}
    assert run_here(plain_input, tmp_path / "out", enable_parallel=False).exit_code == 0


@pytest.mark.slow
def test_a_worker_killed_at_work_and_while_it_starts_again(plain_input, plain_result, tmp_path):
    """Of one worker: Dask's own nanny gives up after the second death."""
    marks = tmp_path / "marks"
    run = ["-m", "sweep_dask", "run", plain_input, "-o", "out", "--workers", "1"]
    with started(run, tmp_path, **holding(marks)) as process:
        first = reached(marks, process)
        before = {child.pid for child in children_of(process)}
        os.kill(first, signal.SIGKILL)
        for _ in range(2):
            started_again = wait_until(lambda: new_children(process, before), process)  # noqa: B023
            before |= {child.pid for child in started_again}
            for child in started_again:
                psutil.Process(child.pid).kill()
        (marks / "go").touch()
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert result_files(tmp_path / "out") == result_files(plain_result.output)


@pytest.mark.slow
def test_workers_of_this_machine_that_cannot_come_back(plain_input, tmp_path):
    held = holding(tmp_path / "marks", "dying-for-good", SWEEP_WORKER_WAIT_SECONDS="2")
    command = ["run", plain_input, "-o", "out", "--model", "time-priority"]
    done = run_program(*command, "--workers", "1", cwd=tmp_path, **held)
    assert done.returncode == 4, done.stderr
    assert "There has been no worker for 2 s." in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").glob(".scratch*"))
    again = run_here(plain_input, tmp_path / "out", enable_parallel=False, models="time-priority")
    assert again.exit_code == 0


@pytest.mark.slow
def test_a_killed_run_leaves_no_process(plain_input, tmp_path):
    marks = tmp_path / "marks"
    run = ["-m", "sweep_dask", "run", plain_input, "-o", "out", "--workers", "2"]
    with started(run, tmp_path, **holding(marks)) as process:
        reached(marks, process)
        children = children_of(process)
        assert len(children) >= 2
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []


@pytest.mark.slow
def test_a_lost_scheduler_is_exit_4_and_finished_partitions_are_kept(plain_input, tmp_path):
    marks = tmp_path / "marks"
    with remote_cluster(tmp_path, 1, **holding(marks)) as file:
        address = address_in(file)
        with Client(address) as client:
            scheduler = client.run_on_scheduler(os.getpid)
        run = ["-c", IMPATIENT, "run", plain_input, "-o", "out", "--scheduler", address]
        with started(run, tmp_path) as process:
            wait_until((marks / "reached").exists, process)
            os.kill(scheduler, signal.SIGKILL)
            _, errors = process.communicate(timeout=100)
    assert process.returncode == 4, errors
    assert "connection to the Dask scheduler was lost" in errors
    assert "Traceback" not in errors
    again = run_here(plain_input, tmp_path / "out", enable_parallel=False)
    assert again.exit_code == 0
    assert {entry["state"] for entry in again.manifest["partitions"]} == {"computed", "kept"}
