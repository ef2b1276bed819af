"""Files and folders below one folder, reached without following any symbolic link.

Somebody else may be able to put a link where a result belongs. Every step down is therefore a
descriptor of a real folder, and what is changed is a name in it: a link on the way is an error,
and one at the end is never opened.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from sweep_dask.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What opening a link as a folder fails with, on Linux and elsewhere.
_NO_FOLDER = (errno.ENOTDIR, errno.ELOOP)


@contextmanager
def folder_of(root: Path, name: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
    """Descriptor of the folder that holds `name`, and the last part of the name.

    Parameters
    ----------
    name
        Path below `root`, with `/`.
    create
        Whether folders that are missing are made.

    Raises
    ------
    FileNotFoundError
        A folder on the way is missing.
    UsageError
        What stands on the way is a link, or no folder.
    """
    *folders, last = PurePosixPath(name).parts
    assert ".." not in (*folders, last), name
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for depth, folder in enumerate(folders, start=1):
            if create:
                with suppress(FileExistsError):
                    os.mkdir(folder, dir_fd=descriptor)
            below = _open_folder(folder, descriptor, root.joinpath(*folders[:depth]))
            os.close(descriptor)
            descriptor = below
        yield descriptor, last
    finally:
        os.close(descriptor)


def _open_folder(name: str, parent: int, shown: Path) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except OSError as error:
        if error.errno in _NO_FOLDER:
            raise in_the_way(shown) from error
        raise


def is_plain(path: str) -> bool:
    """Whether a folder, or nothing, stands there: a look ahead, on which nothing else may rely."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return True


def in_the_way(path: Path) -> UsageError:
    """The error for something that is not ours and stands where a result belongs."""
    kind = "a symbolic link, which is not followed" if path.is_symlink() else "not of sweep_dask"
    return UsageError(
        f"Something stands where results belong: it is {kind}.",
        where=str(path),
        cure="Move it away, or name another folder with --output.",
    )


def status_of(root: Path, name: str) -> os.stat_result | None:
    """Status of what is at `name`, a link's own; None if there is nothing."""
    try:
        with folder_of(root, name) as (folder, last):
            return os.stat(last, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def is_file(root: Path, name: str) -> bool:
    """Whether a regular file is at `name`, and no link on the way to it."""
    try:
        status = status_of(root, name)
    except UsageError:
        return False
    return status is not None and stat.S_ISREG(status.st_mode)


def move_to(source: Path, root: Path, name: str) -> None:
    """Rename a file or folder to `name`, in place of what is there."""
    with folder_of(root, name, create=True) as (folder, last):
        os.replace(source, last, dst_dir_fd=folder)


def remove_file(root: Path, name: str) -> bool:
    """Remove a regular file and the folders that are empty then; whether there was one."""
    status = status_of(root, name)
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    with folder_of(root, name) as (folder, last):
        os.unlink(last, dir_fd=folder)
    remove_empty_folders(root, PurePosixPath(name).parent)
    return True


def remove_empty_folders(root: Path, path: PurePosixPath) -> None:
    """Remove the folder at `path`, and those above it, as far as they are empty."""
    with suppress(OSError, UsageError):
        while path.name:
            with folder_of(root, path.as_posix()) as (folder, last):
                os.rmdir(last, dir_fd=folder)
            path = path.parent


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading if it is a regular one, not a link, a pipe or a device.

    Raises
    ------
    OSError
        There is none, or it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(descriptor, "rb")
