"""What the operating system refuses, in words: each cause with its own cure."""

from __future__ import annotations

import errno
from typing import NamedTuple, TypeGuard

from sweep_dask.errors import ResourceError


class _Cause(NamedTuple):
    what: str
    cure: str


_AGAIN = "The same command keeps the partitions that are finished."
_ROOM = f"Make room, or use another folder. {_AGAIN}"
_FULL = _Cause("The disk is full.", _ROOM)
_QUOTA = _Cause("The disk quota is used up.", _ROOM)
_LARGE = _Cause(
    "A file may not grow this large here.",
    f"Raise the limit (ulimit -f), or use another file system. {_AGAIN}",
)
_PERMISSION = _Cause(
    "Permission is denied.", "Give this user the permission, or use another folder."
)
_READ_ONLY = _Cause(
    "The file system is read-only.", "Mount it for writing, or name another folder with --output."
)
_VANISHED = _Cause(
    "A file or folder is not there, or has vanished.",
    f"Leave the folders of a run alone while it works. {_AGAIN}",
)
_NOT_A_FOLDER = _Cause(
    "A file is where a folder is needed, or a folder where a file is.",
    "Move it away, or use another folder.",
)
_FILES = _Cause(
    "Too many files are open.", f"Raise the limit (ulimit -n), or use fewer --workers. {_AGAIN}"
)
_NAME = _Cause("A name is too long for the file system.", "Use a folder with a shorter path.")
_LINKS = _Cause("Symbolic links lead in a circle.", "Correct the link.")
_PROCESSES = _Cause(
    "The system starts no more processes or threads.",
    f"Raise the limit (ulimit -u), or use fewer --workers. {_AGAIN}",
)
_MEMORY = _Cause(
    "The memory is used up.",
    f"Use fewer --workers or a smaller --blocksize, or give more memory. {_AGAIN}",
)
_DEVICE = _Cause(
    "The disk, or the network it is behind, fails.",
    f"Check the device, or use another folder. {_AGAIN}",
)
_BUSY = _Cause("A file or folder is in use by something else.", "Wait for it, and try again.")
_CONNECTION = _Cause(
    "A connection was refused or lost.",
    f"Check the network, and that the other side still runs. {_AGAIN}",
)
_STORE = _Cause(
    "The object store refuses something.",
    f"Its own words say what: look at the address, the credentials and the network. {_AGAIN}",
)
_OTHER = _Cause("The operating system refuses something.", f"Its own words say what. {_AGAIN}")

_CAUSES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _QUOTA,
    errno.EFBIG: _LARGE,
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EROFS: _READ_ONLY,
    errno.ENOENT: _VANISHED,
    errno.ESTALE: _VANISHED,
    errno.ENOTDIR: _NOT_A_FOLDER,
    errno.EISDIR: _NOT_A_FOLDER,
    errno.EEXIST: _NOT_A_FOLDER,
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ENAMETOOLONG: _NAME,
    errno.ELOOP: _LINKS,
    errno.EAGAIN: _PROCESSES,
    errno.ENOMEM: _MEMORY,
    errno.EIO: _DEVICE,
    errno.EBUSY: _BUSY,
    errno.ETXTBSY: _BUSY,
    errno.EPIPE: _CONNECTION,
    errno.ECONNREFUSED: _CONNECTION,
    errno.ECONNRESET: _CONNECTION,
    errno.ECONNABORTED: _CONNECTION,
    errno.ETIMEDOUT: _CONNECTION,
    errno.EHOSTUNREACH: _CONNECTION,
    errno.ENETUNREACH: _CONNECTION,
    errno.EREMOTE: _STORE,
}

#: Refusals that are not of one file but of the machine: the next partition would meet them too.
_OF_THE_MACHINE = {_FULL, _QUOTA, _LARGE, _READ_ONLY, _FILES, _PROCESSES, _DEVICE, _STORE}


def explained(error: OSError | MemoryError, *, keeps: bool = True) -> ResourceError:
    """The error in words, with the files it names; exit code 4.

    `keeps`: the same command keeps what is finished.
    """
    cause = _cause(error)
    names = [getattr(error, name, None) for name in ("filename", "filename2")]
    cure = cause.cure if keeps else cause.cure.removesuffix(_AGAIN).rstrip()
    where = " -> ".join(str(name) for name in names if name is not None)
    return ResourceError(cause.what, where=where or None, value=_own_words(error), cure=cure)


def is_of_the_machine(error: Exception) -> TypeGuard[OSError]:
    """Whether going on with other partitions is of no use: a full disk, no more open files."""
    return isinstance(error, OSError) and _cause(error) in _OF_THE_MACHINE


def _cause(error: OSError | MemoryError) -> _Cause:
    if isinstance(error, MemoryError):
        return _MEMORY
    if error.errno in _CAUSES:
        return _CAUSES[error.errno]
    # Dask's and Python's own, which have no number.
    is_connection = isinstance(error, ConnectionError | TimeoutError) or "Comm" in str(type(error))
    return _CONNECTION if is_connection else _OTHER


def _own_words(error: OSError | MemoryError) -> str | None:
    return getattr(error, "strerror", None) or str(error) or None
