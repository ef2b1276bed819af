"""Runs on somebody else's scheduler: the same bytes, and a refusal of workers that would fail."""

import json
import re
import socket

import pytest
from cluster.schedulers import address_in, remote_cluster
from distributed import Client
from running import result_files, run_here, run_program

from sweep_dask.dataflow import remote_cluster as connecting
from sweep_dask.dataflow import remote_workers
from sweep_dask.dataflow.remote_workers import survey
from sweep_dask.errors import ResourceError
from sweep_dask.memory import format_bytes
from sweep_dask.settings import load_settings
from sweep_dask.study.run import run

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


def test_workers_with_too_little_memory_are_refused(client):
    with pytest.raises(ResourceError, match="less memory than the largest task") as caught:
        survey(client).require_memory(2**60)
    assert caught.value.where.count("tcp://127.0.0.1") == 2
    assert "--blocksize" in caught.value.cure


def test_workers_that_do_not_see_the_output_are_refused(client, tmp_path, monkeypatch):
    look = remote_workers._looks_for
    monkeypatch.setattr(remote_workers, "_looks_for", lambda path: look(f"{path}-elsewhere"))
    with pytest.raises(ResourceError, match="do not see the folder") as caught:
        remote_workers.require_folders_seen(client, tmp_path)
    assert str(tmp_path.parent) in caught.value.what
    assert caught.value.where.count("(not visible)") == 2


def test_header_and_plan_are_about_the_workers(plain_input, scheduler_file, client, tmp_path):
    """Two workers of one thread each, and the memory limits that Dask has given them."""
    limits = {w["memory_limit"] for w in client.scheduler_info()["workers"].values()}
    given = {"output": str(tmp_path / "output"), "scheduler_file": str(scheduler_file)}
    lines = []
    run(load_settings(given, {}, tmp_path), str(plain_input), announce=lines.append)
    (memory,) = map(format_bytes, limits)
    for label, value in {
        "Scheduler": address_in(scheduler_file),
        "Workers": "2 on 1 host",
        "Threads": "2 (1 each)",
        "Memory per Worker": memory,
    }.items():
        assert re.search(rf"^  {label}: +{re.escape(value)}$", lines[1], re.MULTILINE)
    done = run_program(
        *("plan", plain_input, "--scheduler-file", scheduler_file, "--json"), cwd=tmp_path
    )
    plan = json.loads(done.stdout)
    assert plan["cluster"]["workers"] == plan["machine"]["cpu_count"] == 2
    assert plan["cluster"]["hosts"] == 1
    assert plan["machine"]["available_memory_bytes"] == 2 * limits.pop()
    assert plan["derived"]["workers"]["reason"] == f"those of {address_in(scheduler_file)}"
    text = run_program("plan", plain_input, "--scheduler-file", scheduler_file, cwd=tmp_path)
    assert "\nCluster\n" in text.stdout
    assert "\nMachine\n" not in text.stdout


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
    assert "did not answer" not in str(caught.value)


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
