"""One program at a time changes an output folder.

The lock is a file whose lock the system releases however its process ends. What is written in it
serves where that is not enough: on a file system without locks, and when somebody removes the file
and a second program takes the folder. The first one then notices before its next change.

In an object store the lock is an object that only one of several programs can make. It stays when a
process is killed: the next run on that machine takes it over, and on another one it is removed by
hand.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import stat
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil

from sweep_dask.errors import ResourceError, UsageError
from sweep_dask.locations import OBJECT_STORES, is_object
from sweep_dask.storage import objects
from sweep_dask.storage.no_follow import in_the_way, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Longer than anything this package writes into its lock.
_MOST_BYTES = 4096
#: What marks a lock file as one of this package.
_OWNER = "sweep_dask"


class FolderLostError(ResourceError):
    """The folder is no longer held: nothing in it may be changed."""


class FolderLock:
    """A folder that is held by this process."""

    def __init__(self, path: Path, token: str) -> None:
        self._path = path
        self.token = token

    def require_held(self) -> None:
        """Check that nobody else has taken the folder.

        Raises FolderLostError: the lock file is gone, or is somebody else's.
        """
        if _content(self._path).get("token") != self.token:
            raise FolderLostError(
                "The output folder is no longer this run's: its lock file was removed or replaced.",
                where=str(self._path),
                cure="Let the other run end; then the same command goes on from what is finished.",
            )


@contextmanager
def lock_folder(folder: Path) -> Iterator[FolderLock]:
    """Hold a folder until the context ends, or the process, however it ends.

    Raises UsageError: another program holds it, it cannot be written, or the lock file is not of
    this package.
    """
    path = folder / ".lock"
    lock = FolderLock(path, uuid.uuid4().hex)
    with _object_held(lock, path) if is_object(path) else _file_held(lock, path):
        try:
            yield lock
        finally:
            if _content(path).get("token") == lock.token:
                path.unlink(missing_ok=True)


@contextmanager
def _file_held(lock: FolderLock, path: Path) -> Iterator[None]:
    try:
        descriptor = _open(path)
    except OSError as error:
        raise not_writable(path.parent, error) from error
    try:
        _take(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _owner(lock.token), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _object_held(lock: FolderLock, path: Path) -> Iterator[None]:
    """Two that take over the same dead process's lock at once have one of them notice."""
    try:
        try:
            objects.create(path, _owner(lock.token))
        except FileExistsError:
            owner = _content(path)
            if _OWNER not in owner:
                raise in_the_way(path) from None
            if owner.get("token") != lock.token:  # else it was told of a first attempt of ours
                if _is_alive(owner):
                    raise _in_use(path) from None
                objects.remove(path)
                objects.create(path, _owner(lock.token))
    except FileExistsError:
        raise _in_use(path) from None
    except OSError as error:
        raise not_writable(path.parent, error) from error
    yield


def not_writable(folder: Path, error: OSError, name: str = "output") -> UsageError:
    """The error for a folder, of the option of this name, in which nothing can be written."""
    cure = f"Name another folder with --{name}."
    if is_object(folder):
        package = OBJECT_STORES[str(folder).partition("://")[0]]
        cure = (
            f"Check that the bucket is there, that {package} is installed, and that the "
            f"environment has credentials that may write there; or name another place with "
            f"--{name}."
        )
    return UsageError(
        f"The {name} folder cannot be written.", where=str(folder), value=str(error), cure=cure
    )


def _open(path: Path) -> int:
    """Open without truncating, which would empty what somebody linked here."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise in_the_way(path) from error
        raise
    status = os.fstat(descriptor)
    is_ours = stat.S_ISREG(status.st_mode) and status.st_nlink <= 1
    # Not by its name, as its owner may remove it meanwhile.
    said = os.pread(descriptor, _MOST_BYTES, 0) if is_ours else b""
    if not is_ours or (said and _OWNER not in _parsed(said)):
        os.close(descriptor)
        raise in_the_way(path)
    return descriptor


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _in_use(path) from error
    except OSError as error:  # a file system without locks
        if _is_alive(_content(path)):
            raise _in_use(path) from error
    # The run before may have removed the file between our opening and our locking it.
    if os.fstat(descriptor).st_nlink == 0:
        raise _in_use(path)


def _owner(token: str) -> bytes:
    process = psutil.Process()
    owner = {
        _OWNER: "the run that works in this folder",
        "token": token,
        "host": socket.gethostname(),
        "process": process.pid,
        "started": process.create_time(),
    }
    return json.dumps(owner).encode()


def _content(path: Path) -> dict[str, Any]:
    """What a lock file says; nothing if it is none."""
    try:
        with open_regular(path) as stream:
            return _parsed(stream.read(_MOST_BYTES))
    except OSError:
        return {}


def _parsed(said: bytes) -> dict[str, Any]:
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_alive(owner: dict[str, Any]) -> bool:
    """Whether the process that wrote a lock may still run; of another machine nobody can tell."""
    if not owner:
        return False
    if owner.get("host") != socket.gethostname():
        return True
    try:
        return bool(psutil.Process(owner["process"]).create_time() == owner["started"])
    except (psutil.Error, LookupError, TypeError, ValueError):
        return False


def _in_use(path: Path) -> UsageError:
    owner = _content(path)
    by = f"process {owner['process']} on {owner['host']}" if "process" in owner else None
    return UsageError(
        "Another run is working in this output folder.",
        where=str(path.parent),
        value=by,
        cure="Wait for it to end, or name another folder with --output. If that process is gone, "
        f"remove {path.name} there.",
    )
