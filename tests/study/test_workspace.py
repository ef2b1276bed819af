"""The output folder of a run: one run at a time, and nothing of it left behind."""

import json
import os
import socket
import subprocess
import sys

import pytest

from sweep_dask.errors import UsageError
from sweep_dask.storage.folder_lock import FolderLostError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.workspace import workspace


def test_a_second_run_in_the_same_folder_is_refused_until_the_first_ends(tmp_path):
    layout = OutputLayout(tmp_path / "results")
    with (
        workspace(layout),
        pytest.raises(UsageError, match="Another run is working"),
        workspace(layout),
    ):
        pass
    with workspace(layout) as space:
        assert space.scratch.is_dir()


def test_the_refused_run_leaves_the_scratch_of_the_first_alone(tmp_path):
    layout = OutputLayout(tmp_path)
    with workspace(layout) as space:
        spilled = space.scratch / "0000000-00000.arrow"
        spilled.write_text("rows", encoding="utf-8")
        with pytest.raises(UsageError), workspace(layout):
            pass
        assert spilled.read_text(encoding="utf-8") == "rows"


def test_a_new_folder_that_stays_empty_is_removed(tmp_path):
    layout = OutputLayout(tmp_path / "results")
    with workspace(layout):
        pass
    assert not layout.root.exists()


def test_what_a_killed_run_left_is_cleared(tmp_path):
    half_written = tmp_path / f".manifest.json.{7:032x}.tmp"
    half_written.write_text("half", encoding="utf-8")
    scratch = tmp_path / f".scratch-{7:032x}"
    scratch.mkdir()
    (scratch / "old").write_text("spill", encoding="utf-8")
    (scratch / ".sweep_dask").touch()
    with workspace(OutputLayout(tmp_path)) as space:
        assert not half_written.exists()
        assert not scratch.exists()
        assert {path.name for path in space.scratch.iterdir()} == {".sweep_dask", "whole"}
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path):
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"), workspace(OutputLayout(file / "x")):
        pass


def test_a_scratch_folder_that_cannot_be_made_is_told_as_one(tmp_path):
    (tmp_path / "file").touch()
    layout = OutputLayout(tmp_path / "out")
    with (
        pytest.raises(UsageError, match="The scratch folder cannot be written") as caught,
        workspace(layout, tmp_path / "file" / "x"),
    ):
        pass
    assert caught.value.cure == "Name another folder with --scratch."
    assert not layout.root.exists()


def test_a_run_whose_lock_was_removed_changes_nothing_any_more(tmp_path):
    layout = OutputLayout(tmp_path)
    with workspace(layout) as first:
        (tmp_path / ".lock").unlink()
        with pytest.raises(FolderLostError):
            first.write_manifest({})
        with workspace(layout) as second:
            with pytest.raises(FolderLostError):
                first.folder.remove([])
            second.write_manifest({"status": "of the second"})
        assert json.loads(layout.manifest.read_text())["status"] == "of the second"


@pytest.fixture
def _no_locks(monkeypatch):
    """A file system without locks, as some network mounts are."""

    def unsupported(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", unsupported)


@pytest.mark.usefixtures("_no_locks")
def test_without_locks_a_second_run_is_refused_all_the_same(tmp_path):
    layout = OutputLayout(tmp_path)
    with (
        workspace(layout),
        pytest.raises(UsageError, match="Another run is working") as caught,
        workspace(layout),
    ):
        pass
    assert f"process {os.getpid()}" in str(caught.value)


@pytest.mark.usefixtures("_no_locks")
def test_without_locks_the_lock_of_a_process_that_is_gone_is_taken_over(tmp_path):
    command = [sys.executable, "-c", "import os; print(os.getpid())"]
    gone = int(subprocess.run(command, capture_output=True, check=True).stdout)
    owner = {"sweep_dask": "", "token": "x", "process": gone, "started": 0.0}
    (tmp_path / ".lock").write_text(json.dumps(owner | {"host": socket.gethostname()}))
    with workspace(OutputLayout(tmp_path)):
        pass
    (tmp_path / ".lock").write_text(json.dumps(owner | {"host": "elsewhere"}))
    with pytest.raises(UsageError, match="Another run"), workspace(OutputLayout(tmp_path)):
        pass
