"""A run beside a client of the caller: on its cluster, and as if it had never been there."""

import asyncio
import copy
import inspect
import json
import signal

import dask
import pytest
from cluster.schedulers import remote_cluster
from distributed import Client, LocalCluster
from faults.held_runs import holding, reached
from running import result_files, started

import sweep_dask
from sweep_dask.errors import ResourceError, SweepError, UsageError
from sweep_dask.storage.result_folder import ResultFolder

MEMORY_LIMIT = 2**31


@pytest.fixture(scope="module")
def theirs():
    """Somebody's client of somebody's cluster; not the one that Dask would use."""
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=MEMORY_LIMIT,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def on_scheduler(dask_scheduler):
    """What a client may leave behind."""
    return {
        "tasks": len(dask_scheduler.tasks),
        "clients": sorted(dask_scheduler.clients),
        "plugins": sorted(dask_scheduler.plugins),
        "worker plugins": sorted(dask_scheduler.worker_plugins),
        "published": sorted(dask_scheduler.extensions["publish"].datasets),
    }


@pytest.fixture
def untouched(theirs):
    """The scheduler, Dask's configuration and the client are the same before and after a test."""

    def state():
        found = theirs.run_on_scheduler(on_scheduler)
        return found, copy.deepcopy(dask.config.config), theirs.status, len(theirs.nthreads())

    before = state()
    assert before[0]["tasks"] == 0
    yield
    assert state() == before
    with pytest.raises(ValueError, match="No clients found"):
        Client.current()
    assert {*theirs.run(pow, 2, 3).values()} == {8}


@pytest.mark.slow
def test_the_same_bytes_and_nothing_left(theirs, untouched, plain_input, time_priority_result):
    """Also of a profile, for which Dask's scheduler gets a plugin."""
    result = sweep_dask.run(
        plain_input, client=theirs, output="out", models="time-priority", profile=True
    )
    assert result.exit_code == 0
    assert result_files(result.output) == result_files(time_priority_result.output)
    assert "task-stream" not in theirs.run_on_scheduler(on_scheduler)["plugins"]
    assert (result.output / "logs/profile/dask.html").stat().st_size
    address = theirs.scheduler.address
    assert result.manifest["settings"]["scheduler"] == {"value": address, "source": "client"}
    assert "<dd>2 workers on 1 host</dd>" in result.report.read_text(encoding="utf-8")
    cluster = result.manifest["machine"]["cluster"]
    assert (cluster["scheduler"], cluster["workers"], cluster["hosts"]) == (address, 2, 1)
    assert cluster["least_worker_memory_bytes"] == MEMORY_LIMIT


@pytest.mark.slow
def test_a_replay(theirs, untouched, plain_input, tmp_path):
    replayed = sweep_dask.replay(plain_input, client=theirs, output="out", ablations=False)
    assert replayed.exit_code == 0
    assert replayed.record.plan.remote.scheduler == theirs.scheduler.address


@pytest.mark.slow
def test_a_failure_leaves_nothing(theirs, untouched, plain_input, monkeypatch):
    """It comes with the first partition of several; the error, with its frames, is kept here."""

    def fail(*_):
        raise ResourceError("no room")

    monkeypatch.setattr(ResultFolder, "place_partition", fail)
    with pytest.raises(ResourceError, match="no room") as caught:
        sweep_dask.run(plain_input, client=theirs, output="out", models="time-priority")
    assert caught.traceback
    assert theirs.run_on_scheduler(on_scheduler)["tasks"] == 0


INTERRUPTED = """
import json, sys
import sweep_dask
from distributed import Client

{on_scheduler}
if __name__ == "__main__":
    with Client(scheduler_file=sys.argv[2]) as client:
        before = client.run_on_scheduler(on_scheduler)
        try:
            sweep_dask.run(sys.argv[1], client=client, output="out", models="time-priority")
        except KeyboardInterrupt:
            exit_code = sweep_dask.load("out").exit_code
        after = client.run_on_scheduler(on_scheduler)
        print(json.dumps([exit_code, client.status, before, after]))
"""


@pytest.mark.slow
def test_an_interrupt_leaves_nothing(plain_input, tmp_path):
    """Not even the task that a worker is in the middle of."""
    marks, program = tmp_path / "marks", tmp_path / "program.py"
    program.write_text(INTERRUPTED.format(on_scheduler=inspect.getsource(on_scheduler)))
    with (
        remote_cluster(tmp_path, 2, **holding(marks)) as file,
        started([program, plain_input, file], tmp_path) as run,
    ):
        reached(marks, run)
        run.send_signal(signal.SIGINT)
        answer, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
        (marks / "go").touch()
    exit_code, status, before, after = json.loads(answer.splitlines()[-1])
    assert (exit_code, status) == (130, "running")
    assert before["tasks"] == 0
    assert after == before


def test_plan_tells_of_its_workers(theirs, untouched, plain_input):
    plan = sweep_dask.plan(plain_input, client=theirs, wait_for_workers=2)
    assert plan.remote.scheduler == theirs.scheduler.address
    assert [w.memory_bytes for w in plan.remote.by_address.values()] == [MEMORY_LIMIT] * 2
    assert plan.system.num_workers == plan.system.cpu_count == 2
    assert plan.system.memory_limit_bytes == plan.remote.task_memory_bytes < MEMORY_LIMIT
    assert plan.total_bytes == 2 * plan.task_bytes
    assert plan.reasons["workers"] == f"those of {theirs.scheduler.address}"


def test_the_client_that_is_active(theirs, untouched, plain_input):
    with theirs.as_current():
        plan = sweep_dask.plan(plain_input, client="current")
        assert Client.current() is theirs
    assert plan.remote.scheduler == theirs.scheduler.address
    with pytest.raises(UsageError, match="No client is active"):
        sweep_dask.plan(plain_input, client="current")


def test_an_active_client_is_not_used_unless_told(theirs, plain_input):
    with theirs.as_current():
        assert sweep_dask.plan(plain_input).remote is None


def test_a_client_comes_before_environment_and_file(theirs, plain_input, monkeypatch):
    monkeypatch.setenv("SWEEP_SCHEDULER", "tcp://127.0.0.1:1")
    monkeypatch.setenv("SWEEP_NO_PARALLEL", "1")
    plan = sweep_dask.plan(plain_input, client=theirs)
    assert plan.remote.scheduler == theirs.scheduler.address


@pytest.mark.parametrize(
    "given", [{"scheduler": "tcp://127.0.0.1:1"}, {"enable_parallel": False}, {"workers": 2}]
)
def test_a_client_and_another_place_to_work(theirs, plain_input, given):
    with pytest.raises(UsageError, match="both say where the run works"):
        sweep_dask.plan(plain_input, client=theirs, **given)


def test_what_is_no_client(plain_input):
    for other in ("tcp://127.0.0.1:8786", object(), LocalCluster):
        with pytest.raises(UsageError, match="no client of a Dask cluster"):
            sweep_dask.run(plain_input, client=other)


def test_a_client_that_is_closed(theirs, plain_input):
    client = Client(theirs.scheduler.address, set_as_default=False)
    client.close()
    with pytest.raises(UsageError, match="not connected to its scheduler"):
        sweep_dask.run(plain_input, client=client)


def test_an_asynchronous_client(theirs, plain_input, untouched):
    """A run would block its loop. In a thread of its own it does not."""

    async def runs():
        options = {"asynchronous": True, "set_as_default": False}
        async with Client(theirs.scheduler.address, **options) as client:
            with pytest.raises(SweepError, match="asynchronous mode") as caught:
                sweep_dask.run(plain_input, client=client)
            assert "asyncio.to_thread" in caught.value.cure
            return await asyncio.to_thread(sweep_dask.plan, plain_input, client=client)

    assert asyncio.run(runs()).remote.threads == 2
