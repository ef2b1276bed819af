"""Workers that are asked for: counted, told of, and waited for no longer than is configured."""

from types import SimpleNamespace

import pytest
from cluster.schedulers import address_in, remote_cluster
from running import invoke, run_program

from sweep_dask.dataflow import remote_workers
from sweep_dask.dataflow.remote_workers import RemoteWorker, RemoteWorkers, wait_for_workers
from sweep_dask.errors import ResourceError


def seeing(*counts):
    """A client that sees so many workers, one number after the other."""
    left = iter(counts)
    return SimpleNamespace(
        scheduler=SimpleNamespace(address="tcp://10.0.0.9:8786"),
        scheduler_info=lambda n_workers: {"n_workers": next(left)},
    )


@pytest.fixture
def lines(monkeypatch):
    monkeypatch.setattr(remote_workers, "_LOOK_SECONDS", 0)
    return []


def test_a_line_for_each_number_of_workers(lines):
    wait_for_workers(seeing(0, 0, 1, 1, 3), 3, 60, lines.append)
    assert lines == [
        "Waiting for workers: 0 of 3, 60 s at most",
        "Waiting for workers: 1 of 3, 60 s at most",
        "Workers: 3, after 0 s",
    ]


def test_nothing_is_said_if_they_are_there(lines):
    wait_for_workers(seeing(4), 3, 60, lines.append)
    wait_for_workers(seeing(1), None, 60, lines.append)
    assert lines == []


def test_it_ends_after_the_configured_time(lines):
    with pytest.raises(ResourceError, match="has 2 of 3 workers after 0 s") as caught:
        wait_for_workers(seeing(*[2] * 10**6), 3, 0, lines.append)
    assert caught.value.where == "tcp://10.0.0.9:8786"
    assert "cluster.worker_wait_seconds" in caught.value.cure
    assert caught.value.exit_code == 4


def test_there_has_to_be_one_if_none_is_asked_for(lines):
    with pytest.raises(ResourceError, match="has no workers") as caught:
        wait_for_workers(seeing(0), None, 60, lines.append)
    assert "--wait-for-workers" in caught.value.cure


@pytest.mark.slow
def test_on_the_command_line(plain_input, tmp_path):
    with remote_cluster(tmp_path, 1) as file:
        command = ("plan", plain_input, "--scheduler", address_in(file), "--wait-for-workers")
        late = run_program(*command, "2", cwd=tmp_path, SWEEP_WORKER_WAIT_SECONDS="1")
        there = run_program(*command, "1", cwd=tmp_path)
    assert late.returncode == 4, late.stderr
    assert late.stdout == "Waiting for workers: 1 of 2, 1 s at most\n"
    assert "has 1 of 2 workers after 1 s" in late.stderr
    assert there.returncode == 0, there.stderr
    assert "Waiting" not in there.stdout


def test_a_cluster_of_this_machine_is_not_waited_for(plain_input):
    result = invoke("run", plain_input, "-o", "out", "--wait-for-workers", "2")
    assert result.exit_code == 2
    assert "--workers says how many" in result.output
    assert invoke("plan", plain_input, SWEEP_WAIT_FOR_WORKERS="2").exit_code == 0


def test_workers_in_words_and_numbers():
    """By hand: 1 + 4 threads; tasks share 4 GiB among 1 thread, or 8 of 10 GiB among 4."""
    gib = 2**30
    small, large = RemoteWorker("a", 1, 4 * gib, 4 * gib), RemoteWorker("b", 4, 10 * gib, 8 * gib)
    workers = RemoteWorkers("tcp://s:1", {"1": small, "2": large, "3": large})
    assert workers.as_lines() == {
        "Scheduler": "tcp://s:1",
        "Workers": "3 on 2 hosts",
        "Threads": "9 (1 to 4 each)",
        "Memory per Worker": "4.00 GiB to 10.00 GiB",
        "Memory per Task": "2.00 GiB",
    }
    assert workers.as_json() == {
        "scheduler": "tcp://s:1",
        "workers": 3,
        "hosts": 2,
        "threads": 9,
        "least_worker_memory_bytes": 4 * gib,
        "largest_worker_memory_bytes": 10 * gib,
        "task_memory_bytes": 2 * gib,
    }
    workers.require_memory(2 * gib)
    with pytest.raises(ResourceError) as caught:
        workers.require_memory(2 * gib + 1)
    assert caught.value.where == "2 (2.00 GiB for each thread), 3 (2.00 GiB for each thread)"
