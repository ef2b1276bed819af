"""`doctor`: each thing that can be wrong is a line of its own, with its cure; it never raises."""

import errno
import json
import re
import socket
import sys
import zoneinfo
from types import SimpleNamespace

import psutil
import pytest
from running import invoke

from sweep_dask.dataflow import remote_cluster as connecting
from sweep_dask.study import doctor_checks, needs
from sweep_dask.study.doctor_checks import ERROR, OK, WARNING


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def checks_of(*arguments, code=0):
    """Its lines by what they are about; of several, the last."""
    done = invoke("doctor", *arguments, "--json")
    assert done.exit_code == code, done.output
    document = json.loads(done.stdout)
    assert document["ok"] == (code == 0)
    for check in document["checks"]:
        assert check["state"] != ERROR or check["cure"]
    return {check["about"]: check for check in document["checks"]}


def test_nothing_is_wrong_where_runs_go_well(plain_input, tmp_path):
    found = checks_of(plain_input, "-o", "out")
    assert {check["state"] for check in found.values()} <= {OK, WARNING}
    assert "pyarrow" in found["versions"]["found"]
    assert re.search(r"os\.cpu_count \d+, affinity .* -> \d+ \(.*\)", found["CPU"]["found"])
    assert "psutil available" in found["memory"]["found"]
    assert "3 files" in found["input"]["found"]
    assert "the run takes about" in found["disk"]["found"]
    assert list(tmp_path.iterdir()) == []


def test_without_an_input_there_is_none_to_look_at():
    found = checks_of()
    assert found["input"]["state"] == found["disk"]["state"] == OK
    assert "what a run takes follows from its input" in found["disk"]["found"]


def test_every_line_begins_with_ok_warning_or_error(plain_input):
    done = invoke("doctor", plain_input, "-o", "out", "--dashboard-address", "192.0.2.1:8787")
    assert done.exit_code == 4
    *lines, empty, last = done.stdout.splitlines()
    assert empty == ""
    assert last.startswith("Found: 1 error")
    assert all(re.match(r"(ok|warning|error) |        ", line) for line in lines)
    # A path is not broken.
    assert max(len(line) for line in lines if "/" not in line) <= 80


def test_an_input_that_is_not_there():
    found = checks_of("nowhere", code=4)
    assert found["input"]["found"].startswith("The input folder does not exist. (nowhere")
    assert found["versions"]["state"] == OK


def test_a_store_that_cannot_be_reached(monkeypatch):
    found = checks_of("http://127.0.0.1:1/market", code=4)
    assert found["input"]["state"] == ERROR
    assert "127.0.0.1" in found["input"]["found"]


def test_a_package_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "bokeh", None)
    done = json.loads(invoke("doctor", "--json").stdout)
    (missing,) = (check for check in done["checks"] if check["state"] == ERROR)
    assert missing["found"].startswith("bokeh cannot be imported")
    assert "pip install bokeh" in missing["cure"]


def test_time_zone_data_that_are_not_there(monkeypatch):
    def none(name):
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", none)
    found = checks_of(code=4)["time zones"]
    assert found["found"] == "there are no data on Australia/Sydney"
    assert "tzdata" in found["cure"]


def test_time_zone_data_without_the_change_of_october(monkeypatch):
    import datetime as dt

    monkeypatch.setattr(zoneinfo, "ZoneInfo", lambda name: dt.timezone(dt.timedelta(hours=10)))
    assert "wrong for October 2024" in checks_of(code=4)["time zones"]["found"]


def test_code_that_is_not_compiled_is_a_warning(monkeypatch):
    monkeypatch.setattr("sweep_dask.partition.ahead.is_compiled", lambda book: False)
    found = checks_of()["compiled code"]
    assert found["state"] == WARNING
    assert "the first run compiles" in found["cure"]


def test_a_machine_that_cannot_be_asked_is_a_warning(monkeypatch):
    def fail():
        raise RuntimeError("no /proc")

    monkeypatch.setattr(psutil, "virtual_memory", fail)
    lines = invoke("doctor").stdout.splitlines()
    assert any(
        line.startswith("warning machine: psutil available: psutil failed") for line in lines
    )
    assert "not every source could be asked" in " ".join(" ".join(lines).split())


def test_too_little_memory(monkeypatch):
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: SimpleNamespace(available=300 * 1024**2, total=1 << 30)
    )
    found = checks_of(code=4)["memory"]
    assert "300.00 MiB (psutil available)" in found["found"]
    assert "a run may use 270.00 MiB of it, and the smallest takes 480.25 MiB" in found["found"]


def test_a_disk_without_room(plain_input, monkeypatch):
    monkeypatch.setattr(needs, "free_disk_bytes", lambda folder: 1)
    found = checks_of(plain_input, code=4)["disk"]
    assert "there are 1 bytes" in found["found"]
    assert "Make room" in found["cure"]


def test_an_output_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    found = checks_of("-o", "file/out", code=4)["output folder"]
    assert found["state"] == ERROR
    refused = OSError(errno.EROFS, "Read-only file system", "/out")

    def refuse(*args, **kwargs):
        raise refused

    monkeypatch.setattr(doctor_checks.tempfile, "TemporaryFile", refuse)
    assert "read-only" in checks_of("-o", "out", code=4)["output folder"]["found"]


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        found = checks_of("--dashboard-address", address)["dashboard"]
    assert found["state"] == WARNING
    assert f"{address} is taken" in found["found"]


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyError("broken"), MemoryError()])
@pytest.mark.parametrize("check", ["versions", "compiled_code", "machine", "cluster"])
def test_a_check_that_fails_is_told_and_the_others_go_on(check, error, monkeypatch):
    def fail(*args):
        raise error

    monkeypatch.setattr(doctor_checks, check, fail)
    document = json.loads(invoke("doctor", "--json").stdout)
    (failed,) = (check for check in document["checks"] if check["state"] == ERROR)
    assert failed["cure"]
    assert document["checks"][-1]["about"] == "disk"


def test_a_scheduler_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 1)
    found = checks_of("--scheduler", "tcp://127.0.0.1:1", code=4)
    assert found["cluster"]["found"].startswith("The Dask scheduler did not answer")
    assert found["dashboard"]["found"] == "none of ours"
