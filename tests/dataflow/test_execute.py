"""Tasks on a cluster: how they are submitted, and what becomes of their results."""

from types import SimpleNamespace

import dask
import pytest
from dask import delayed
from distributed import Client, Future, LocalCluster, wait

from sweep_dask.dataflow import execute
from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.errors import ResourceError


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False}
    local = LocalCluster(**options, dashboard_address="127.0.0.1:0")
    with local as cluster, Client(cluster) as client:
        yield client


def results_of(client, tasks, **options):
    results = {}

    def lost(position, reason):
        raise AssertionError(reason)

    run_tasks(client, tasks, results.__setitem__, lost, **options)
    return [results[position] for position in range(len(tasks))]


@pytest.mark.parametrize("first_ones_first", [True, False])
def test_results_come_with_the_position_of_their_task(client, first_ones_first):
    tasks = [delayed(pow)(number, 2) for number in range(20)]
    expected = [number**2 for number in range(20)]
    assert results_of(client, tasks, first_ones_first=first_ones_first) == expected
    assert results_of(None, tasks, first_ones_first=first_ones_first) == expected


def test_no_more_than_some_tasks_and_results_are_on_the_cluster(client, monkeypatch):
    """However many partitions there are, neither the scheduler nor workers grow with them."""
    monkeypatch.setattr(execute, "SUBMITTED_TASKS", 7)
    monkeypatch.setattr(execute, "HELD_RESULTS", 3)
    known, results = [], {}

    def done(position, result):
        known.append(client.run_on_scheduler(count_of_tasks))
        results[position] = result

    tasks = [delayed(pow)(number, 2, dask_key_name=("p", number)) for number in range(40)]
    run_tasks(client, tasks, done, pytest.fail, first_ones_first=True)
    assert results == {number: number**2 for number in range(40)}
    # What is submitted, held, just handed over, and just let go of.
    assert max(known) <= 7 + 3 + 2


def count_of_tasks(dask_scheduler):
    return len(dask_scheduler.tasks)


def test_tasks_of_one_graph_are_submitted_together(client, monkeypatch):
    """One by one, each submission would carry the graph of all: quadratic in their number."""
    calls = []
    compute = client.compute
    monkeypatch.setattr(client, "compute", lambda *a, **k: calls.append(a) or compute(*a, **k))
    results_of(client, [delayed(pow)(number, 2) for number in range(20)])
    assert len(calls) == 1


def test_an_error_in_a_task_is_raised(client):
    with pytest.raises(ZeroDivisionError):
        results_of(client, [delayed(divmod)(1, 0)])


@pytest.fixture
def one_worker(monkeypatch):
    """A client of a cluster whose worker is not replaced, and that is not to wait for another."""
    monkeypatch.setattr(execute, "_LOOK_SECONDS", 0.01)
    configured = {execute.WORKER_WAIT_SECONDS: 0, "distributed.deploy.lost-worker-timeout": "1 day"}
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False}
    with (
        dask.config.set(configured),
        LocalCluster(**options, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize("first_ones_first", [True, False])
def test_results_that_went_with_the_last_worker_are_not_waited_for(one_worker, first_ones_first):
    """They are done, and the worker that had them is gone before they are fetched."""
    cluster = one_worker.cluster

    def done(position, result):
        wait([Future(key, client=one_worker) for key in one_worker.futures])
        for worker in cluster.workers.values():
            cluster.sync(worker.close)

    tasks = [delayed(pow)(number, 2) for number in range(20)]
    with pytest.raises(ResourceError, match="There has been no worker"):
        run_tasks(one_worker, tasks, done, pytest.fail, first_ones_first=first_ones_first)


def test_an_error_of_a_task_is_not_taken_for_a_slow_cluster(client):
    def too_late():
        raise TimeoutError("of the file system")

    with pytest.raises(TimeoutError, match="of the file system"):
        results_of(client, [delayed(too_late)()])


class Times:
    """In place of the clock: these, one after the other."""

    def __init__(self, *times):
        self.monotonic = iter(times).__next__


class Counted:
    """In place of a client: so many workers, one number after the other."""

    scheduler = SimpleNamespace(address="tcp://somewhere")

    def __init__(self, *counts):
        self._counts = iter(counts)

    def scheduler_info(self, n_workers):
        return {"n_workers": next(self._counts)}


def test_time_without_workers_begins_when_there_is_none(monkeypatch):
    """Not when workers were counted last: nobody does while results come."""
    watch = execute._Watch(Counted(1, 0, 0, 0, 0))
    monkeypatch.setattr(execute, "time", Times(0, 1000, 1059, 1100, 1161))
    watch.look()
    watch.look()  # the first without a worker, long after the last with one
    watch.look()
    watch.worker_seen()  # there was a result
    watch.look()
    with pytest.raises(ResourceError, match="There has been no worker for 60 s"):
        watch.look()
