"""The lock of a folder of this machine; that of a store is among the tests of objects."""

import os

import pytest

from sweep_dask.errors import UsageError
from sweep_dask.storage.folder_lock import lock_folder


def test_a_lock_that_its_owner_removes_as_it_is_opened_is_that_of_a_run(tmp_path, monkeypatch):
    with lock_folder(tmp_path):
        said = (tmp_path / ".lock").read_bytes()
    (tmp_path / ".lock").write_bytes(said)
    opened = os.open

    def open_and_lose(path, *arguments):
        descriptor = opened(path, *arguments)
        (tmp_path / ".lock").unlink()
        return descriptor

    monkeypatch.setattr("sweep_dask.storage.folder_lock.os.open", open_and_lose)
    with pytest.raises(UsageError, match="Another run is working"), lock_folder(tmp_path):
        pass
