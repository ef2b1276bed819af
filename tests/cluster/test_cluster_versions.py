"""Versions of Python and of packages that a scheduler and its workers have."""

import logging
import sys

import pytest
from distributed.versions import get_versions
from running import run_program
from schedulers import remote_cluster

from sweep_dask.dataflow.remote_workers import EXACT, SIMILAR, check_versions
from sweep_dask.errors import ResourceError

WORKER = "tcp://10.0.0.1:1"


def found(who, **packages):
    """What a client, a scheduler and a worker answer, one of which has other packages."""
    answers = {name: get_versions(["pyarrow"]) for name in ("client", "scheduler", WORKER)}
    answers[who]["packages"] |= packages
    return {
        "client": answers["client"],
        "scheduler": answers["scheduler"],
        "workers": {WORKER: answers[WORKER]},
    }


@pytest.mark.parametrize("who", ["scheduler", WORKER])
@pytest.mark.parametrize("package", [name for name in EXACT if name != "python"])
def test_dask_is_that_of_the_client(who, package):
    with pytest.raises(ResourceError, match=f"does not run {package} ") as caught:
        check_versions(found(who, **{package: "1.0"}))
    assert caught.value.where == f"{who} (1.0)"
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("who", ["scheduler", WORKER])
def test_python_is_that_of_the_client_but_for_the_last_part(who, caplog):
    major, minor, micro = sys.version_info[:3]
    check_versions(found(who, python=f"{major}.{minor}.{micro + 1}.final.0"))
    assert caplog.records == []
    with pytest.raises(ResourceError, match=f"does not run Python {major}.{minor}, as this client"):
        check_versions(found(who, python=f"{major}.{minor + 1}.{micro}.final.0"))


@pytest.mark.parametrize("package", SIMILAR)
def test_another_version_of_a_package_is_a_warning_and_none_is_refused(package, caplog):
    check_versions(found(WORKER, **{package: "1.0"}))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"another {package} than this client" in record.getMessage()
    assert f"{WORKER} (1.0)" in record.getMessage()
    with pytest.raises(ResourceError, match=f"does not run {package} ") as caught:
        check_versions(found(WORKER, **{package: None}))
    assert "(not installed)" in caught.value.where


@pytest.mark.slow
def test_a_worker_that_calls_itself_another_python_is_refused_before_it_gets_a_task(
    plain_input, tmp_path
):
    """Only what it says of itself is another: a real one could not be told anything."""
    preload = tmp_path / "another_python.py"
    preload.write_text(
        "from distributed import versions\n"
        "answer = versions._version_cached\n"
        "other = {'python': '3.99.0.final.0'}\n"
        "versions.get_package_info = lambda names: {n: answer(n) for n in names} | other\n"
    )
    with remote_cluster(tmp_path, 1, "--preload", preload) as file:
        done = run_program(
            *("run", plain_input, "-o", "out", "--scheduler-file", file), cwd=tmp_path
        )
    assert done.returncode == 4, done.stderr
    assert "The cluster does not run Python 3." in done.stderr
    assert "(3.99)" in done.stderr
    assert not (tmp_path / "out").exists()
