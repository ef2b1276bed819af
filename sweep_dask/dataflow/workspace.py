"""The output folder while a run works in it: one run at a time, scratch that is gone afterwards."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from sweep_dask.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_dask.storage.layout import OutputLayout


@contextmanager
def workspace(layout: OutputLayout) -> Iterator[None]:
    """The output folder with an empty scratch folder in it.

    Afterwards the scratch folder is gone, and so is an output folder that was made for this run
    and stayed empty.

    Raises
    ------
    UsageError
        The folder cannot be written, or another run works in it.
    """
    is_new = not layout.root.exists()
    _make(layout)
    try:
        with locked(layout):
            _clear(layout)
            layout.scratch.mkdir()
            try:
                yield
            finally:
                shutil.rmtree(layout.scratch, ignore_errors=True)
    finally:
        if is_new and not any(layout.root.iterdir()):
            layout.root.rmdir()


def _make(layout: OutputLayout) -> None:
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(layout, error) from error


@contextmanager
def locked(layout: OutputLayout) -> Iterator[None]:
    """An output folder that no run works in meanwhile; nothing in it is touched.

    Raises
    ------
    UsageError
        The folder cannot be written, or a run works in it.
    """
    try:
        lock = layout.lock.open("w", encoding="utf-8")
    except OSError as error:
        raise _not_writable(layout, error) from error
    with lock:
        _take(lock, layout)
        try:
            yield
        finally:
            layout.lock.unlink(missing_ok=True)


def _not_writable(layout: OutputLayout, error: OSError) -> UsageError:
    return UsageError(
        "The output folder cannot be written.",
        where=str(layout.root),
        value=str(error),
        cure="Name another folder with --output.",
    )


def _take(lock: IO[str], layout: OutputLayout) -> None:
    """Lock the folder until this process ends, however it ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _folder_in_use(layout) from error
    except OSError:  # a file system without locks: there is nothing to hold on to
        return
    # The run before may have removed the file between our opening and our locking it.
    if os.fstat(lock.fileno()).st_nlink == 0:
        raise _folder_in_use(layout)


def _folder_in_use(layout: OutputLayout) -> UsageError:
    return UsageError(
        "Another run is working in this output folder.",
        where=str(layout.root),
        cure="Wait for it to end, or name another folder with --output.",
    )


def _clear(layout: OutputLayout) -> None:
    """Remove what a run that was killed left half-written."""
    shutil.rmtree(layout.scratch, ignore_errors=True)
    for folder in (*layout.flat, layout.root):
        for path in folder.glob(".*.tmp"):
            path.unlink(missing_ok=True)
