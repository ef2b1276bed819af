"""Workers that outlive their run: nothing of what they do later reaches the results."""

import shutil
import signal

import psutil
import pytest
from cluster.schedulers import address_in, remote_cluster
from distributed import Client
from faults.held_runs import PATCHED, PROGRAM, held, holding, reached
from running import is_alive, result_files, run_here, started, wait_until

from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.verify import verify_output

pytestmark = pytest.mark.slow

MODEL = ("--model", "time-priority")


def everything(folder):
    """Names below a folder, of folders too, to bytes; but for logs, which a run at work writes."""
    paths = (path for path in sorted(folder.rglob("*")) if path.parent.name != "logs")
    return {path: path.is_file() and path.read_bytes() for path in paths}


def run_alone(source, output):
    return run_here(source, output, enable_parallel=False, models="time-priority")


def let_go(marks, scheduler_file):
    """Let the held partition go on, and wait until no worker of the cluster is in a task."""

    def is_idle(dask_worker):
        return not dask_worker.active_threads

    (marks / "go").touch()
    with Client(address_in(scheduler_file)) as client:
        wait_until(lambda: all(client.run(is_idle).values()))


def test_a_stopped_worker_of_a_killed_run(plain_input, time_priority_result, tmp_path):
    """The usual case, on this machine: the worker notices, but its task may be faster."""
    arguments, output = [plain_input, "-o", "out", *MODEL, "--workers", "1"], tmp_path / "out"
    with held(PROGRAM, arguments, tmp_path) as process:
        worker = psutil.Process(reached(tmp_path / "marks", process))
        worker.suspend()
        process.kill()
        process.wait()
        assert run_alone(plain_input, output).exit_code == 0
        finished = everything(output)
        (tmp_path / "marks/go").touch()
        worker.resume()
        wait_until(lambda: not is_alive(worker))
        assert everything(output) == finished
    assert result_files(output) == result_files(time_priority_result.output)


def test_a_stopped_worker_of_a_cluster(plain_input, time_priority_result, tmp_path):
    """It does not depend on who asked for the task, and goes through with it."""
    marks, output = tmp_path / "marks", tmp_path / "out"
    command = ["run", plain_input, "-o", "out", *MODEL]
    with (
        remote_cluster(tmp_path, 1, **holding(marks)) as file,
        started([*PROGRAM, *command, "--scheduler-file", file], tmp_path) as run,
    ):
        worker = psutil.Process(reached(marks, run))
        worker.suspend()
        run.kill()
        run.wait()
        assert run_alone(plain_input, output).exit_code == 0
        finished = everything(output)
        worker.resume()
        let_go(marks, file)
        assert everything(output) == finished
    assert result_files(output) == result_files(time_priority_result.output)


def test_a_worker_that_goes_on_while_the_next_run_works(
    plain_input, time_priority_result, tmp_path
):
    marks, output = tmp_path / "marks", tmp_path / "out"
    command = ["run", plain_input, "-o", "out", *MODEL]
    with (
        remote_cluster(tmp_path, 1, **holding(marks)) as file,
        started([*PROGRAM, *command, "--scheduler-file", file], tmp_path) as run,
    ):
        reached(marks, run)
        run.kill()
        run.wait()
        arguments = [plain_input, "-o", "out", *MODEL, "--no-parallel"]
        with held(PATCHED, arguments, tmp_path, marks="later-marks") as later:
            meanwhile = everything(output)
            let_go(marks, file)
            assert everything(output) == meanwhile
            (tmp_path / "later-marks/go").touch()
            _, errors = later.communicate(timeout=120)
            assert later.returncode == 0, errors
    assert result_files(output) == result_files(time_priority_result.output)
    assert not list(output.glob(".scratch*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_again_on_a_cluster_is_interrupted(
    plain_input, time_priority_result, tmp_path, number
):
    """Its tasks go on, as the cluster is not its own; what was finished before is all there."""
    marks, output = tmp_path / "marks", tmp_path / "out"
    shutil.copytree(time_priority_result.output, output)
    whole = result_files(output)
    command = ["run", plain_input, "-o", "out", *MODEL, "--fresh"]
    with (
        remote_cluster(tmp_path, 2, **holding(marks)) as file,
        started([*PROGRAM, *command, "--scheduler-file", file], tmp_path) as run,
    ):
        reached(marks, run)
        run.send_signal(number)
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 130, errors
        assert "Traceback" not in errors
        assert result_files(output) == whole
        left = everything(output)
        let_go(marks, file)
        assert everything(output) == left
    (finding,) = verify_output(OutputLayout(output))[1]
    assert finding.what == "the run's status is interrupted"
    assert run_alone(plain_input, output).exit_code == 0
    assert result_files(output) == whole
    assert not list(output.glob(".scratch*"))
