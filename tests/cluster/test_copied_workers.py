"""Workers are copies of a process that imported beforehand: the same code as the client's."""

import multiprocessing.forkserver
import os
import pickle
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import distributed.utils
import pytest
from distributed import Client
from running import ROOT, result_files, run_program

import sweep_dask
from sweep_dask.dataflow import cluster, forkserver, versions
from sweep_dask.dataflow.forkserver import UnguardedProgramError
from sweep_dask.dataflow.interrupts import environment
from sweep_dask.errors import ResourceError
from sweep_dask.settings import load_settings
from sweep_dask.study import TASK_MODULES
from sweep_dask.study.run import run

METHOD = "distributed.worker.multiprocessing-method"

#: Where a client has the package from that has a copy of it first on its path, and its worker.
WHOSE_CODE = """
import inspect, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import sweep_dask
from sweep_dask.dataflow.cluster import open_cluster
from sweep_dask.study.plan import make_plan
from sweep_dask.settings import load_settings
if __name__ == "__main__":
    settings = load_settings({"workers": 1}, {}, Path.cwd())
    plan = make_plan(settings, sys.argv[2])
    with open_cluster(settings, plan.system, Path.cwd(), 0) as workers:
        whose = workers.client.run(inspect.getfile, sweep_dask).values()
        print(inspect.getfile(sweep_dask), *whose)
"""


@pytest.mark.slow
@pytest.mark.parametrize("safe", ["", "1"])
def test_workers_run_the_code_of_the_client(plain_input, tmp_path, safe):
    """Another one is installed, or in PYTHONPATH, as when a clone is tried."""
    clone, program = tmp_path / "clone", tmp_path / "program.py"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "sweep_dask", clone / "sweep_dask", ignore=ignored)
    program.write_text(WHOSE_CODE)
    done = run_program(*(clone, plain_input), cwd=tmp_path, program=(program,), PYTHONSAFEPATH=safe)
    assert done.stdout.split() == [str(clone / "sweep_dask/__init__.py")] * 2, done.stderr


def test_the_current_folder_is_data(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), ".", "/code", str(ROOT), Path("/odd")])
    assert import_path_of_workers() == ["/code", str(ROOT)]


def test_the_current_folder_is_code_if_this_package_is_there(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", ["", "/code"])
    assert import_path_of_workers() == [str(ROOT), "/code"]


def import_path_of_workers():
    return forkserver._import_path.__wrapped__().split(os.pathsep)


def test_workers_with_other_code_are_refused():
    """A program may have started the process before, for work of its own."""
    ours = sweep_dask.__file__
    versions.require_same_code(SimpleNamespace(run=lambda *a, **k: {"a": ours, "b": ours}))
    with pytest.raises(ResourceError, match="do not run the code") as refused:
        versions.require_same_code(SimpleNamespace(run=lambda *a, **k: {"a": ours, "b": "/b.py"}))
    assert refused.value.where == ours
    assert refused.value.value == "/b.py"


@pytest.mark.slow
def test_workers_have_the_environment_of_their_run_and_it_stays_as_it_is(
    plain_input, tmp_path, monkeypatch
):
    forkserver.start_importing()
    monkeypatch.setenv("OF_THIS_RUN", "set after what workers are copies of has begun")
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    before, seen, of_workers = environment_here(), [], {}

    def look(line):
        seen.append(environment_here())
        of_workers.update(Client.current().run(os.getenv, "OF_THIS_RUN"))

    given = {"output": str(tmp_path / "out"), "workers": "1", "models": "time-priority"}
    run(load_settings(given, {}, tmp_path), str(plain_input), announce=look)
    assert set(of_workers.values()) == {os.environ["OF_THIS_RUN"]}
    assert [*seen, environment_here()] == [before] * (len(seen) + 1)


def environment_here():
    """What Dask and we give processes that begin; it is not this one's."""
    names = (*forkserver._ENVIRONMENT, "PYTHONPATH", "PYTHONHASHSEED")
    return {name: os.environ.get(name) for name in names}


def test_two_threads_may_start_workers_at_a_time(monkeypatch):
    """Whoever began first ends first, and what was before comes back."""
    monkeypatch.setenv("SET", "as it was")
    first, second = (environment({"SET": "", "NOT_SET": "now"}) for _ in range(2))
    first.__enter__()
    second.__enter__()
    assert (os.environ["SET"], os.environ["NOT_SET"]) == ("", "now")
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert (os.environ["SET"], os.environ.get("NOT_SET")) == ("as it was", None)


@pytest.mark.slow
def test_a_long_name_of_the_temporary_folder(plain_input, time_priority_result, tmp_path):
    """A socket in it would have a name that the system does not take."""
    long = tmp_path / ("long" * 25)
    long.mkdir()
    command = ("run", plain_input, "-o", "out", "--model", "time-priority", "--workers", "1")
    done = run_program(*command, cwd=tmp_path, TMPDIR=str(long))
    assert done.returncode == 0, done.stderr
    assert result_files(tmp_path / "out") == result_files(time_priority_result.output)
    assert "not copies of one process" in (tmp_path / "out/logs/run.log").read_text()


def test_what_is_imported_beforehand_is_what_tasks_are(monkeypatch):
    """Also if the process has to be started again: Dask sets a list of its own the first time."""
    monkeypatch.setattr(distributed.utils, "_forkserver_preload_set", False)
    forkserver.start_importing(*TASK_MODULES)
    assert cluster._start_method() == {METHOD: "forkserver"}
    beforehand = multiprocessing.forkserver._forkserver._preload_modules
    assert {"distributed", "sweep_dask.dataflow.ingest", *TASK_MODULES} <= {*beforehand}


UNGUARDED = """
import sys, sweep_dask
sweep_dask.run(sys.argv[1], output="out", workers=1)
"""


@pytest.mark.slow
def test_a_program_that_starts_its_run_in_each_worker(plain_input, tmp_path):
    """The client says what is wrong in two lines, and workers nothing."""
    program = tmp_path / "program.py"
    program.write_text(UNGUARDED)
    done = run_program(plain_input, cwd=tmp_path, program=(program,))
    stage, what, cure = done.stderr.splitlines()
    assert stage.startswith("look at the input ")
    assert 'outside `if __name__ == "__main__":`' in what
    assert cure.startswith("  cure:  Put the call under that line")
    assert (done.returncode, done.stdout) == (1, "")
    assert not (tmp_path / "out").exists()


def test_the_error_of_such_a_program_is_one_of_ours():
    """A program that catches errors gets it as well; one that does not ends without a traceback."""
    for kind in (ResourceError, SystemExit):
        with pytest.raises(kind) as caught:
            raise UnguardedProgramError
        assert caught.value.code == str(caught.value)
    assert str(pickle.loads(pickle.dumps(UnguardedProgramError()))) == str(UnguardedProgramError())


ENDED_EARLY = """
from multiprocessing import forkserver
from sweep_dask.cli import main
try:
    main(["run", "not-there"])
except SystemExit as end:
    print(end.code, forkserver._forkserver._forkserver_pid)
"""


def test_nothing_is_imported_any_more_for_a_run_that_has_ended(tmp_path):
    """Whoever reads its output, such as `tee`, would wait for that."""
    done = run_program(cwd=tmp_path, program=("-c", ENDED_EARLY))
    assert done.stdout.split() == ["3", "None"], done.stderr


FORKED = """
import os
from sweep_dask.dataflow.forkserver import start_importing
from sweep_dask.errors import SweepError
assert start_importing()
if child := os.fork():
    os.waitpid(child, 0)
else:
    try:
        start_importing()
    except SweepError as error:
        print(error, flush=True)
    os._exit(0)
"""


def test_a_process_that_was_forked_from_a_program_with_workers(tmp_path):
    done = run_program(cwd=tmp_path, program=("-c", FORKED))
    assert "forked from a program with workers" in done.stdout, done.stderr
    assert "enable_parallel=False" in done.stdout
