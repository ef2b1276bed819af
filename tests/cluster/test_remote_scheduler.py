"""Runs on somebody else's scheduler: the same bytes, and a refusal of workers that would fail."""

import socket

import pytest
from distributed import Client
from running import result_files, run_here, run_program
from schedulers import address_in, remote_cluster

from sweep_dask.dataflow import remote_cluster as connecting
from sweep_dask.dataflow import remote_workers
from sweep_dask.errors import ResourceError
from sweep_dask.version import VERSION

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scheduler_file(tmp_path_factory):
    with remote_cluster(tmp_path_factory.mktemp("scheduler"), 2) as file:
        yield file


@pytest.fixture(scope="module")
def client(scheduler_file):
    with Client(address_in(scheduler_file)) as client:
        yield client


def test_an_address_gives_the_same_bytes(plain_input, plain_result, scheduler_file, tmp_path):
    address = address_in(scheduler_file)
    result = run_here(plain_input, tmp_path / "output", scheduler=address)
    assert result.exit_code == 0
    assert result_files(result.output) == result_files(plain_result.output)
    assert result.manifest["settings"]["scheduler"]["value"] == address


def test_a_scheduler_file_gives_the_same_bytes(plain_input, plain_result, scheduler_file, tmp_path):
    done = run_program(
        *("run", plain_input, "-o", "output", "--scheduler-file", scheduler_file), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert result_files(tmp_path / "output") == result_files(plain_result.output)
    assert not list((tmp_path / "output").glob(".scratch*"))


def test_the_cluster_outlives_the_run(plain_input, client, scheduler_file, tmp_path):
    run_here(plain_input, tmp_path / "output", scheduler_file=str(scheduler_file))
    assert len(client.scheduler_info()["workers"]) == 2


def test_workers_of_another_version_are_refused(client, tmp_path, monkeypatch):
    monkeypatch.setattr(remote_workers, "VERSION", "99.0")
    with pytest.raises(ResourceError) as caught:
        remote_workers.check_workers(client, tmp_path, needed_bytes=0)
    assert "sweep_dask 99.0" in caught.value.what
    # The scheduler and both workers are named, each with what it runs.
    assert caught.value.where.count(f"({VERSION})") == 3
    assert "sweep-dask==99.0" in caught.value.cure


def test_workers_with_too_little_memory_are_refused(client, tmp_path):
    with pytest.raises(ResourceError, match="less memory than the largest task") as caught:
        remote_workers.check_workers(client, tmp_path, needed_bytes=2**60)
    assert caught.value.where.count("tcp://127.0.0.1") == 2
    assert "--blocksize" in caught.value.cure


def test_workers_that_do_not_see_the_output_are_refused(client, tmp_path, monkeypatch):
    describe = remote_workers._describe_worker
    monkeypatch.setattr(
        remote_workers, "_describe_worker", lambda probe: describe(f"{probe}-elsewhere")
    )
    with pytest.raises(ResourceError, match="do not see the output folder") as caught:
        remote_workers.check_workers(client, tmp_path / "scratch", needed_bytes=0)
    assert str(tmp_path) in caught.value.what


def test_a_refusal_leaves_no_output_folder(plain_input, scheduler_file, tmp_path, monkeypatch):
    monkeypatch.setattr(remote_workers, "VERSION", "99.0")
    with pytest.raises(ResourceError):
        run_here(plain_input, tmp_path / "output", scheduler_file=str(scheduler_file))
    assert not (tmp_path / "output").exists()


def test_workers_without_the_package_are_refused(tmp_path):
    preload = tmp_path / "without_sweep_dask.py"
    # None in sys.modules makes every import of the name fail.
    preload.write_text("import sys\nsys.modules['sweep_dask'] = None\n")
    with (
        remote_cluster(tmp_path, 1, "--preload", preload) as file,
        Client(address_in(file)) as client,
        pytest.raises(ResourceError, match=f"do not run sweep_dask {VERSION}") as caught,
    ):
        remote_workers.check_workers(client, tmp_path / "scratch", needed_bytes=0)
    assert "(not installed)" in caught.value.where


def test_a_scheduler_without_workers_is_exit_4(plain_input, tmp_path):
    with remote_cluster(tmp_path, 0) as file:
        done = run_program(
            *("run", plain_input, "-o", "output", "--scheduler", address_in(file)), cwd=tmp_path
        )
    assert done.returncode == 4, done.stderr
    assert "has no workers" in done.stderr
    assert f"dask worker {address_in_text(done.stderr)}" in done.stderr
    assert not (tmp_path / "output").exists()


def address_in_text(text):
    return next(word for word in text.split() if word.startswith("tcp://"))


def test_nobody_listening_is_refused_in_time(plain_input, tmp_path, monkeypatch):
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 1)
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # and does not listen
        address = f"tcp://127.0.0.1:{unheard.getsockname()[1]}"
        with pytest.raises(ResourceError, match="did not answer within 1 s") as caught:
            run_here(plain_input, tmp_path / "output", scheduler=address)
    assert caught.value.exit_code == 4
    assert caught.value.where == address
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1:1", "tcp://127.0.0.1:notaport"])
def test_an_address_that_is_none_is_refused(plain_input, tmp_path, monkeypatch, address):
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 1)
    with pytest.raises(ResourceError) as caught:
        run_here(plain_input, tmp_path / "output", scheduler=address)
    assert address in str(caught.value)


@pytest.mark.parametrize("content", [None, "", "{}", "{'address'"])
def test_a_scheduler_file_that_says_nothing_is_refused(plain_input, tmp_path, monkeypatch, content):
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 1)
    file = tmp_path / "scheduler.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ResourceError) as caught:
        run_here(plain_input, tmp_path / "output", scheduler_file=str(file))
    assert str(file) in str(caught.value)
    assert caught.value.exit_code == 4
