"""`doctor` on somebody else's scheduler."""

import json

import pytest
from running import invoke
from schedulers import remote_cluster

pytestmark = pytest.mark.slow


def look(*arguments):
    """The line about the cluster, and the exit code."""
    done = invoke("doctor", *arguments, "--json")
    checks = {check["about"]: check for check in json.loads(done.stdout)["checks"]}
    return checks["cluster"], done.exit_code


def test_workers_that_can_do_the_work_and_a_folder_they_do_not_see(plain_input, tmp_path):
    with remote_cluster(tmp_path, 2) as file:
        found, code = look(plain_input, "--scheduler-file", file, "-o", tmp_path / "out")
        assert (found["state"], code) == ("ok", 0)
        assert "workers 2 on 1 host, threads 2 (1 each)" in found["found"]
        assert "dashboard http://" in found["found"]
    assert not (tmp_path / "out").exists()
