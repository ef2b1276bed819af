"""Files and folders below one folder, reached without following any symbolic link.

Somebody else may be able to put a link where a result belongs. Every step down is therefore a
descriptor of a real folder, and what is changed is a name in it: a link on the way is an error,
and one at the end is never opened.

In an object store (`objects`) there are no links.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING
from uuid import uuid4

from sweep_dask.errors import UsageError
from sweep_dask.locations import is_object
from sweep_dask.storage import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

#: What opening a link as a folder fails with, on Linux and elsewhere.
_NO_FOLDER = (errno.ENOTDIR, errno.ELOOP)


@contextmanager
def folder_of(root: Path, name: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
    """Descriptor of the folder that holds `name`, and the last part of the name.

    `name`: path below `root`, with `/`.
    `create`: whether folders that are missing are made.
    Raises FileNotFoundError: a folder on the way is missing.
    Raises UsageError: what stands on the way is a link, or no folder.
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


def kind_at(root: Path, name: str) -> str | None:
    """`file` of a regular file at `name`, another word of anything else; None if nothing is there.

    Raises UsageError: what stands on the way is a link, or no folder.
    """
    if is_object(root):
        return objects.kind_of(root / name)
    try:
        with folder_of(root, name) as (folder, last):
            status = os.stat(last, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return "file" if stat.S_ISREG(status.st_mode) else "other"


def is_there(path: Path) -> bool:
    """Whether something is there; of a store that does not say, nothing is."""
    if not is_object(path):
        return path.exists()
    with suppress(OSError):
        return objects.kind_of(path) is not None
    return False


def kinds_of(root: Path, names: Iterable[str]) -> Callable[[str], str | None]:
    """`kind_at` of some names; objects are looked up together, now."""
    return objects.kinds(root, names).get if is_object(root) else partial(kind_at, root)


def is_file(root: Path, name: str) -> bool:
    """Whether a regular file is at `name`, and no link on the way to it."""
    try:
        return kind_at(root, name) == "file"
    except UsageError:
        return False


def files_below(root: Path) -> set[str]:
    """Names of all files below a folder of ours; none if there is no such folder."""
    if is_object(root):
        return set(objects.sizes_below(root))
    return {
        f"{folder[len(str(root)) + 1 :]}/{name}".lstrip("/")
        for folder, _, names in os.walk(root)
        for name in names
    }


def batches(root: Path, names: Sequence[str]) -> list[Sequence[str]]:
    """Names that are moved together: files one by one, objects the first one and then the rest."""
    if not is_object(root):
        return [(name,) for name in names]
    return [part for part in (names[:1], names[1:]) if part]


def move_to(source: Path, root: Path, names: Sequence[str]) -> None:
    """Move files, or folders of one file system, from below `source` in place of what is there.

    `names`: some, of `batches`.
    """
    if is_object(root):
        objects.move_files(source, root, names)
        return
    for name in names:
        with folder_of(root, name, create=True) as (folder, last):
            if is_object(source) or not _renamed(source / name, folder, last):
                with _copied(source / name, root) as copy:
                    os.replace(copy, last, dst_dir_fd=folder)


def _renamed(source: Path, folder: int, last: str) -> bool:
    """Whether that can be done; not to another disk."""
    try:
        os.replace(source, last, dst_dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def copy_file(source: Path, target: Path) -> None:
    """Copy a result to where it waits; both are files of this machine, or in a store."""
    if is_object(target):
        objects.put(source, target)
    elif is_object(source):
        objects.download(source, target)
    else:
        shutil.copyfile(source, target, follow_symlinks=False)


@contextmanager
def _copied(source: Path, root: Path) -> Iterator[Path]:
    """A copy, in a folder, of what is on another disk or in a store, and is gone afterwards."""
    copy = root / f".{source.name}.{uuid4().hex}.tmp"
    try:
        if is_object(source):
            objects.download(source, copy)
        elif source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copyfile(source, copy)
        yield copy
    except BaseException:
        shutil.rmtree(copy) if copy.is_dir() else copy.unlink(missing_ok=True)
        raise
    remove_tree(source)


def remove_file(root: Path, name: str) -> bool:
    """Remove a regular file and the folders that are empty then; whether there was one."""
    if kind_at(root, name) != "file":
        return False
    with folder_of(root, name) as (folder, last):
        os.unlink(last, dir_fd=folder)
    remove_empty_folders(root, PurePosixPath(name).parent)
    return True


def remove_files(root: Path, names: Sequence[str]) -> list[str]:
    """Remove regular files, and folders that are empty then; which of them there were."""
    if not is_object(root):
        return [name for name in names if remove_file(root, name)]
    kinds = objects.kinds(root, names)
    there = [name for name in names if kinds.get(name) == "file"]
    objects.remove_all([root / name for name in there])
    return there


def remove_tree(folder: Path) -> None:
    """Remove a file of ours, or a folder and all in it, as far as that is possible."""
    if is_object(folder):
        with suppress(OSError):
            objects.remove(folder)
    elif folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def remove_empty_folders(root: Path, path: PurePosixPath) -> None:
    """Remove the folder at `path`, and those above it, as far as they are empty."""
    with suppress(OSError, UsageError):
        while path.name:
            with folder_of(root, path.as_posix()) as (folder, last):
                os.rmdir(last, dir_fd=folder)
            path = path.parent


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading if it is a regular one, not a link, a pipe or a device.

    Raises OSError: there is none, or it cannot be read.
    """
    if is_object(path):
        return objects.open_object(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path) -> bytes:
    """The bytes of a regular file; a link is not followed."""
    if is_object(path):
        return objects.read_object(path)
    with open_regular(path) as stream:
        return stream.read()
