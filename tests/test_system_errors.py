"""What the operating system refuses, in words, from refusals that are real."""

import errno
import os
import pickle
import resource
import socket

import pytest

from sweep_dask.errors import explained, is_of_the_machine


def refused(action):
    with pytest.raises(OSError) as caught:
        action()
    return caught.value


def test_a_file_that_vanished(tmp_path):
    error = explained(refused((tmp_path / "gone").read_text))
    assert error.exit_code == 4
    assert "vanished" in error.what
    assert error.where == str(tmp_path / "gone")
    assert error.value == "No such file or directory"
    assert "Make room" not in error.cure


def test_both_names_of_a_rename(tmp_path):
    error = explained(refused(lambda: (tmp_path / "a").rename(tmp_path / "b")))
    assert error.where == f"{tmp_path / 'a'} -> {tmp_path / 'b'}"


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    error = explained(refused((tmp_path / "file/below").read_text))
    assert "where a folder is needed" in error.what


def test_a_name_that_is_too_long(tmp_path):
    assert "name is too long" in explained(refused((tmp_path / ("x" * 300)).read_text)).what


def test_links_in_a_circle(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert "circle" in explained(refused((tmp_path / "a").read_text)).what


def test_too_many_open_files(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        error = refused(lambda: os.open(tmp_path, os.O_RDONLY))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert is_of_the_machine(error)
    assert "ulimit -n" in explained(error).cure


def test_a_full_device():
    error = refused(lambda: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    assert is_of_the_machine(error)
    assert explained(error).what == "The disk is full."
    assert "Make room" in explained(error).cure


def test_a_connection_that_is_refused():
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        address = nobody_listens.getsockname()
        error = refused(lambda: socket.create_connection(address))
    assert "connection" in explained(error).what
    assert not is_of_the_machine(error)


def test_connections_that_dask_and_python_lose():
    from distributed.comm import CommClosedError

    for error in (CommClosedError("in <TCP>: Stream is closed"), TimeoutError("too slow")):
        assert "connection" in explained(error).what
        assert explained(error).value == str(error)


def test_memory():
    with pytest.raises(MemoryError) as caught:
        bytearray(1 << 62)
    assert "memory is used up" in explained(caught.value).what


def test_only_a_full_disk_is_told_to_make_room():
    told = {
        number: explained(OSError(number, os.strerror(number))).cure for number in errno.errorcode
    }
    assert {n for n, cure in told.items() if "Make room" in cure} == {errno.ENOSPC, errno.EDQUOT}


def test_they_travel_from_worker_to_client():
    error = OSError(errno.ENOSPC, "No space left on device", "/a/file")
    assert explained(pickle.loads(pickle.dumps(error))).where == "/a/file"
