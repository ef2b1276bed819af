"""Who gets in while a run works on this machine: not other users, not pages of the web."""

import asyncio
import http.client
import logging
import os
import re
import socket
import tempfile
from contextlib import contextmanager
from dataclasses import replace

import dask
import psutil
import pytest
from distributed import Client
from distributed.security import Security
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from sweep_dask.dataflow.cluster import open_cluster
from sweep_dask.errors import ResourceError, UsageError
from sweep_dask.settings import load_settings
from sweep_dask.system_config import SystemConfig, detect_system_config

#: What an attempt to get in may take; it is refused long before.
SECONDS = 2


@contextmanager
def opened(folder, **settings):
    """A cluster of one worker, as a run opens it."""
    loaded = load_settings({"dashboard_address": "127.0.0.1:0", **settings}, {}, folder)
    system: SystemConfig = replace(detect_system_config(1), memory_limit_bytes=2**31)
    with open_cluster(loaded, system, folder / "scratch", needed_bytes=0) as workers:
        yield workers


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("doors")) as workers:
        yield workers


@pytest.fixture
def warned(monkeypatch):
    """Warnings of the program; an open cluster keeps them from pytest's own list."""
    found = []
    handler = logging.Handler(logging.WARNING)
    monkeypatch.setattr(handler, "emit", lambda record: found.append(record.getMessage()))
    logger = logging.getLogger("sweep_dask")
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


def ports_of_dask():
    """Every port that the scheduler, the nanny and the worker listen on."""
    me = psutil.Process()
    return {
        connection.laddr.port
        for process in [me, *me.children(recursive=True)]
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }


def submit_as_a_stranger(address, security=None):
    """Run code on somebody's cluster; the id of the process that ran it."""
    with Client(address, security=security, timeout=SECONDS, set_as_default=False) as client:
        return client.submit(os.getpid, pure=False).result(timeout=60)


def test_without_the_certificate_nobody_runs_code(workers):
    address = workers.client.scheduler.address
    assert address.startswith("tls://127.0.0.1:")
    plain = address.replace("tls://", "tcp://")
    with pytest.raises(OSError):
        submit_as_a_stranger(plain)
    with pytest.raises(OSError):
        submit_as_a_stranger(address, Security.temporary())


def greets(port):
    """Whether a Dask server on this port takes a plain connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as stranger:
        try:
            stranger.sendall(b"\r\n" * 8)  # nonsense, which TLS and HTTP refuse
            return b"pickle-protocol" in stranger.recv(10_000)
        except ConnectionError:
            return False


def test_no_port_greets_a_stranger(workers):
    """A nanny or a worker runs code as readily as a scheduler."""
    assert len(ports_of_dask()) >= 4
    assert not any(map(greets, ports_of_dask()))


def test_plain_tcp_lets_everybody_in_and_says_so(tmp_path, warned):
    with opened(tmp_path, plain_tcp=True) as workers:
        address = workers.client.scheduler.address
        assert sum(map(greets, ports_of_dask())) >= 3
        ran = submit_as_a_stranger(address)
        assert ran in [child.pid for child in psutil.Process().children(recursive=True)]
    (warning,) = warned
    assert "every user of this machine can run code as you" in warning


def port_of(link):
    return int(re.search(r":(\d+)/status$", link).group(1))


def page_status(port, path="/status", host="127.0.0.1", **headers):
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def websocket_status(port, **headers):
    """What the dashboard answers to a browser that opens the websocket of a page."""

    async def opened():
        url = f"ws://127.0.0.1:{port}/status/ws"
        try:
            # 101: the protocols are switched.
            (await websocket_connect(HTTPRequest(url, headers=headers))).close()
        except HTTPClientError as error:
            return error.code
        return 101

    return asyncio.run(opened())


def test_pages_are_answered_under_the_printed_address_only(workers):
    port = port_of(workers.dashboard)
    own = workers.dashboard.split("/")[2]
    assert page_status(port, Host=own) == 200
    for path in ("/status", "/sitemap.json", "/health", "/statics/css/base.css", "/nothing"):
        assert page_status(port, path, Host="rebound.example:80") == 403
    for host in (f"localhost:{port}", f"127.0.0.1.example:{port}", "", "["):
        assert page_status(port, Host=host) == 403


def test_websockets_are_for_pages_of_the_dashboard(workers):
    port = port_of(workers.dashboard)
    own = f"http://127.0.0.1:{port}"
    assert websocket_status(port, Origin=own) == 101
    assert websocket_status(port, Origin="http://example.com") == 403
    assert websocket_status(port, Origin="null") == 403
    assert websocket_status(port, Origin="http://127.0.0.1:1") == 403
    assert websocket_status(port, Origin=own, Host="rebound.example") == 403
    # A name that leads here: host and origin agree, and are still not the dashboard's.
    rebound = f"rebound.example:{port}"
    assert websocket_status(port, Origin=f"http://{rebound}", Host=rebound) == 403


def test_a_dashboard_on_ipv6(tmp_path):
    with opened(tmp_path, dashboard_address="[::1]:0") as workers:
        port = port_of(workers.dashboard)
        assert workers.dashboard == f"http://[::1]:{port}/status"
        assert page_status(port, host="::1") == 200
        assert page_status(port, host="::1", Host=f"127.0.0.1:{port}") == 403


def test_a_dashboard_on_the_network_is_warned_of(tmp_path, warned):
    with opened(tmp_path, dashboard_address="0.0.0.0:0") as workers:
        port = port_of(workers.dashboard)
        assert workers.dashboard.startswith("http://127.0.0.1:")
        assert page_status(port) == 200
        assert page_status(port, Host=f"rebound.example:{port}") == 403
    (warning,) = warned
    assert "whoever reaches it reads everything" in warning


def test_a_dashboard_elsewhere_is_refused(tmp_path):
    with (
        pytest.raises(UsageError, match="cannot listen"),
        opened(tmp_path, dashboard_address="no.such.host.invalid:0"),
    ):
        pass


def test_dask_leaves_nothing_in_the_temporary_folder_of_the_machine(tmp_path, monkeypatch):
    """Its name is known to all users: one may have put a link to somebody's files there."""
    shared, victim = tmp_path / "tmp", tmp_path / "victim"
    shared.mkdir()
    victim.mkdir()
    (victim / "global.lock").write_text("precious")
    (shared / "dask-scratch-space").symlink_to(victim)
    monkeypatch.setenv("TMPDIR", str(shared))
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = sorted(victim.iterdir())
    with opened(tmp_path) as workers:
        assert workers.client.submit(os.getpid).result()
        of_worker = workers.client.run(lambda dask_worker: dask_worker.local_directory)
        assert all(path.startswith(str(tmp_path / "scratch")) for path in of_worker.values())
        assert sorted(victim.iterdir()) == before
    assert sorted(victim.iterdir()) == before
    assert (victim / "global.lock").read_text() == "precious"
    assert [path.name for path in shared.iterdir()] == ["dask-scratch-space"]


def test_workers_that_do_not_start_are_exit_4(tmp_path, monkeypatch):
    preload = tmp_path / "ends_at_once.py"
    preload.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    with (
        dask.config.set({"distributed.worker.preload": [str(preload)]}),
        pytest.raises(ResourceError, match="do not start, though tried 5 times"),
        opened(tmp_path),
    ):
        pass


def test_a_worker_killed_while_it_starts_is_started_again(tmp_path, monkeypatch):
    marks = tmp_path / "started"
    preload = tmp_path / "ends_twice.py"
    preload.write_text(
        "import os, pathlib, signal\n"
        f"marks = pathlib.Path({str(marks)!r})\n"
        "marks.mkdir(exist_ok=True)\n"
        "(marks / str(os.getpid())).touch()\n"
        "if len(list(marks.iterdir())) < 3:\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with (
        dask.config.set({"distributed.worker.preload": [str(preload)]}),
        opened(tmp_path) as workers,
    ):
        assert workers.client.submit(pow, 2, 2).result() == 4
        assert len(list(marks.iterdir())) == 3
