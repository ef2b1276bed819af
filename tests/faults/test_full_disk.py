"""A disk that is really full, at each phase of a run; then there is room and the run goes on."""

import json
import threading
from contextlib import contextmanager

import pyarrow as pa
import pytest
from faults.small_disk import small_disk
from running import invoke, result_files

from sweep_dask.dataflow.listeners import Events
from sweep_dask.dataflow.monitor import ResourceMonitor
from sweep_dask.storage.merge import ColumnFile
from sweep_dask.study.document import RunRecord

PHASES = ("ingest", "partitions", "tables", "rollups", "report")


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def fills_at(disk, monkeypatch):
    """Lets the disk be full from the beginning of a phase on, or from its end."""
    timed = RunRecord.timed

    def fill_at(phase, *, at_end=False):
        @contextmanager
        def filling(record, name):
            if name == phase and not at_end:
                disk.fill()
            with timed(record, name):
                yield
            if name == phase:
                disk.fill()

        monkeypatch.setattr(RunRecord, "timed", filling)

    yield fill_at
    monkeypatch.setattr(RunRecord, "timed", timed)


def run(plain_input, disk, *options):
    return invoke("run", plain_input, "-o", disk.folder / "out", "--json", *options)


def told_of_the_full_disk(done):
    assert done.exit_code == 4, done.stderr
    assert done.stderr.count("Error: ") == 1
    assert "The disk is full." in done.stderr
    assert "Make room" in done.stderr
    assert "/out/" in done.stderr[done.stderr.index("where:") :]
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    return True


def goes_on(plain_input, plain_result, disk, monkeypatch, *options):
    """Makes room; the same command then leaves the bytes of a run that nothing disturbed."""
    monkeypatch.undo()
    disk.make_room()
    done = run(plain_input, disk, *options)
    assert done.exit_code == 0, done.stderr
    assert result_files(disk.folder / "out") == result_files(plain_result.output)
    verified = invoke("verify", disk.folder / "out")
    assert verified.exit_code == 0, verified.stdout
    return [partition["state"] for partition in json.loads(done.stdout)["partitions"]]


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_a_full_disk_ends_the_run_and_room_lets_it_go_on(
    plain_input, plain_result, disk, fills_at, monkeypatch, phase
):
    fills_at(phase)
    assert told_of_the_full_disk(run(plain_input, disk, "--no-parallel"))
    states = goes_on(plain_input, plain_result, disk, monkeypatch, "--no-parallel")
    if PHASES.index(phase) > PHASES.index("partitions"):
        assert states == ["kept"] * 4


@pytest.mark.slow
def test_a_full_disk_at_the_manifest(plain_input, plain_result, disk, fills_at, monkeypatch):
    fills_at("report", at_end=True)
    assert told_of_the_full_disk(run(plain_input, disk, "--no-parallel"))
    states = goes_on(plain_input, plain_result, disk, monkeypatch, "--no-parallel")
    assert states == ["kept"] * 4


@pytest.mark.slow
def test_a_full_disk_on_workers(plain_input, plain_result, disk, fills_at, monkeypatch):
    fills_at("partitions")
    assert told_of_the_full_disk(run(plain_input, disk, "--workers", "1"))
    goes_on(plain_input, plain_result, disk, monkeypatch, "--workers", "1")


def test_a_disk_without_room_is_refused_before_the_run(plain_input, disk):
    disk.fill()
    done = run(plain_input, disk, "--no-parallel")
    assert done.exit_code == 4
    assert "The run takes about" in done.stderr
    assert f"where: {disk.folder / 'out'}" in done.stderr
    assert "Make room" in done.stderr
    assert not (disk.folder / "out").exists()


def test_a_merge_on_a_full_disk_says_where(disk):
    columns = ColumnFile(disk.folder)
    disk.fill()
    with pytest.raises(OSError, match="No space left") as caught:
        columns.add(pa.record_batch([range(1_000_000)], ["id"]))
    assert caught.value.filename == str(disk.folder)


def test_the_monitor_on_a_full_disk_says_so_once(disk, monkeypatch, caplog):
    failed = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    disk.fill()
    monitor = ResourceMonitor(disk.folder / "resources.csv", interval_seconds=0.01)
    with Events(monitor):
        monitor._thread.join(timeout=60)
        assert not monitor._thread.is_alive()
    assert failed == []
    assert ["not recorded any more" in message for message in caplog.messages] == [True]
