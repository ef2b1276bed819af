"""Tasks on a cluster: how they are submitted, and what becomes of their results."""

import pytest
from dask import delayed
from distributed import Client, LocalCluster

from sweep_dask.dataflow import execute
from sweep_dask.dataflow.execute import run_tasks


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
