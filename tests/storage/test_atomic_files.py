"""A file appears whole or not at all."""

from __future__ import annotations

import hashlib

import pytest

from sweep_dask.storage.atomic import (
    file_digest,
    make_folders,
    write_atomically,
    write_bytes,
    write_json,
)


def half_written(path):
    path.write_text("half")
    raise KeyboardInterrupt


def test_a_writer_that_raises_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", half_written)
    assert list(tmp_path.iterdir()) == []


def test_no_folder_is_made(tmp_path):
    # A task that outlives its run may not bring its scratch folder back.
    with pytest.raises(FileNotFoundError):
        write_bytes(tmp_path / "gone" / "file", b"x")
    with pytest.raises(FileNotFoundError):
        make_folders(tmp_path / "gone", tmp_path / "gone" / "a" / "b")
    make_folders(tmp_path, tmp_path / "a" / "b")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b"]


def test_a_writer_that_raises_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"earlier")
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, half_written)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"earlier")]


def test_a_writer_that_writes_nothing_fails(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "file", lambda path: None)
    assert list(tmp_path.iterdir()) == []


def test_the_target_is_not_there_while_it_is_written(tmp_path):
    path = tmp_path / "file"

    def write(temporary):
        assert temporary.parent == path.parent
        assert temporary.name.startswith(".")
        temporary.write_text("whole")
        assert not path.exists()

    write_atomically(path, write)
    assert path.read_text() == "whole"


def test_json_keeps_its_order_and_digests_are_of_the_bytes(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"b": 1, "a": [2**62]})
    assert path.read_text() == '{\n "b": 1,\n "a": [\n  4611686018427387904\n ]\n}\n'
    assert file_digest(path) == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def test_two_copies_of_a_task_in_one_process_do_not_share_a_temporary_file(tmp_path):
    def write_again_meanwhile(temporary):
        temporary.write_text("first")
        write_bytes(tmp_path / "a", b"second")
        assert temporary.read_text() == "first"

    write_atomically(tmp_path / "a", write_again_meanwhile)
    assert (tmp_path / "a").read_text() == "first"
