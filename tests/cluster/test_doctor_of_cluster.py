"""`doctor` on somebody else's scheduler."""

import json

import pytest
from cluster.schedulers import remote_cluster
from running import invoke

from sweep_dask.dataflow import remote_workers

pytestmark = pytest.mark.slow


def look(*arguments):
    """The line about the cluster, and the exit code."""
    done = invoke("doctor", *arguments, "--json")
    checks = {check["about"]: check for check in json.loads(done.stdout)["checks"]}
    return checks["cluster"], done.exit_code


def test_workers_that_can_do_the_work(plain_input, tmp_path):
    with remote_cluster(tmp_path, 2) as file:
        found, code = look(plain_input, "--scheduler-file", file, "-o", tmp_path / "out")
        assert (found["state"], code) == ("ok", 0)
        assert "workers 2 on 1 host, threads 2 (1 each)" in found["found"]
        assert "dashboard http://" in found["found"]
    assert not (tmp_path / "out").exists()


def test_a_folder_that_workers_do_not_see(plain_input, tmp_path, monkeypatch):
    see = remote_workers._looks_for
    monkeypatch.setattr(remote_workers, "_looks_for", lambda path: see(f"{path}-elsewhere"))
    with remote_cluster(tmp_path, 1) as file:
        found, code = look(plain_input, "--scheduler-file", file, "-o", tmp_path / "out")
    assert (found["state"], code) == ("error", 4)
    assert "do not see the folder" in found["found"]
