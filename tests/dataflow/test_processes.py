"""What the processes of a run are called in the resource log."""

import subprocess
import sys

import psutil
import pytest
from distributed import Client, LocalCluster

from sweep_dask.dataflow.monitor import ResourceMonitor, named, names_of, remote_workers


@pytest.fixture
def child():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield psutil.Process(process.pid)
        process.communicate(b"\n")


def test_helpers_are_called_what_they_are(child):
    with named(child.pid, "compiler"):
        assert names_of([child]) == {child.pid: "compiler"}
    assert names_of([child]) == {child.pid: f"process-{child.pid}"}


def test_workers_of_somebody_are_called_as_their_scheduler_calls_them(tmp_path):
    cluster = {"n_workers": 2, "processes": False, "dashboard_address": None}
    with LocalCluster(**cluster) as theirs:
        with Client(theirs.scheduler_address) as client:
            seen = remote_workers(client)
            monitor = ResourceMonitor(tmp_path / "resources.csv")
            with monitor.watching(client):
                sampled = [found for _ in range(5) for found in monitor._used_elsewhere()]
        assert remote_workers(client) == {}
    assert seen.keys() == {"worker-0", "worker-1"} == {name for name, *_ in sampled}
    assert len(sampled) == 2
    assert all(rss > 0 for *_, rss in sampled)
