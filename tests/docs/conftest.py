"""One run for all pages: every page gets a copy of the folder in which its reader sits."""

import os
import shutil

import pytest
from reader_folder import make_reader_folder


@pytest.fixture(scope="session")
def reader_folder(tmp_path_factory):
    """See `make_reader_folder`; not to be changed."""
    folder = tmp_path_factory.mktemp("reader")
    make_reader_folder(folder)
    return folder


@pytest.fixture
def in_copy(reader_folder, tmp_path, monkeypatch):
    """A copy of the reader's folder, which is the current one; runs are in this process."""
    shutil.copytree(reader_folder, tmp_path / "reader")
    monkeypatch.chdir(tmp_path / "reader")
    for name in os.environ:
        if name.startswith(("SWEEP_", "DASK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SWEEP_NO_PARALLEL", "1")
    monkeypatch.setenv("SWEEP_PROGRESS", "0")
    return tmp_path / "reader"
