"""Every error a user can cause or meet: what happened, where, and the cure.

One base class; the exit code of the process belongs to the class. What the operating system refuses
is put in words here, too, each cause with its own cure.
"""

from __future__ import annotations

import errno
from typing import ClassVar, NamedTuple, TypeGuard

from sweep_dask.printable import printable, printable_lines


class SweepError(Exception):
    """Base of all errors this package raises on purpose.

    Parameters
    ----------
    what
        The fact, in one sentence.
    where
        File, line, option or partition it concerns.
    value
        The offending value, if there is one.
    cure
        What the user can do about it.
    """

    #: That of an internal error, as `EX_SOFTWARE` of sysexits.h: classes for users have their own.
    exit_code: ClassVar[int] = 70
    #: What programs that read the document of an error know it by.
    kind: ClassVar[str] = "internal"

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        value: object | None = None,
        cure: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.value = value
        self.cure = cure

    def __str__(self) -> str:
        lines = [printable_lines(self.what)]
        if self.where is not None:
            lines.append(f"  where: {printable(self.where)}")
        if self.value is not None:
            lines.append(f"  value: {self.value!r}")
        if self.cure is not None:
            lines.append(f"  cure:  {printable_lines(self.cure)}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The document that `--json` prints in place of a result."""
        is_plain = isinstance(self.value, bool | int | float | str | None)
        error = {
            "kind": self.kind,
            "message": self.what,
            "where": self.where,
            "value": self.value if is_plain else str(self.value),
            "cure": self.cure,
        }
        return {"error": error, "exit_code": self.exit_code}

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions travel from workers to the client; keyword-only fields need help.
        fields = {"where": self.where, "value": self.value, "cure": self.cure}
        return (_rebuild, (type(self), self.what, fields))


def _rebuild(kind: type[SweepError], what: str, fields: dict[str, object]) -> SweepError:
    return kind(what, **fields)  # type: ignore[arg-type]


class UsageError(SweepError):
    """A command line, a setting or a configuration file that cannot be used."""

    exit_code = 2
    kind = "usage"


class InputError(SweepError):
    """Input that is missing, unreadable, has wrong columns or too many bad rows."""

    exit_code = 3
    kind = "input"


class ResourceError(SweepError):
    """A cluster that cannot be reached or work that does not fit the machine."""

    exit_code = 4
    kind = "resource"


class InterruptedRunError(SweepError):
    """A command that a signal has ended before there was a result."""

    #: 128 + SIGINT, as shells count, whatever the signal was.
    exit_code = 130
    kind = "interrupted"


class InternalError(SweepError):
    """Something that no user can cause: a defect of this package."""


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
    **dict.fromkeys((errno.EACCES, errno.EPERM), _PERMISSION),
    errno.EROFS: _READ_ONLY,
    **dict.fromkeys((errno.ENOENT, errno.ESTALE), _VANISHED),
    **dict.fromkeys((errno.ENOTDIR, errno.EISDIR, errno.EEXIST), _NOT_A_FOLDER),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), _FILES),
    errno.ENAMETOOLONG: _NAME,
    errno.ELOOP: _LINKS,
    errno.EAGAIN: _PROCESSES,
    errno.ENOMEM: _MEMORY,
    errno.EIO: _DEVICE,
    **dict.fromkeys((errno.EBUSY, errno.ETXTBSY), _BUSY),
    **dict.fromkeys((errno.EPIPE, errno.ECONNREFUSED, errno.ECONNRESET), _CONNECTION),
    **dict.fromkeys((errno.ECONNABORTED, errno.ETIMEDOUT), _CONNECTION),
    **dict.fromkeys((errno.EHOSTUNREACH, errno.ENETUNREACH), _CONNECTION),
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
    own_words = getattr(error, "strerror", None) or str(error) or None
    return ResourceError(cause.what, where=where or None, value=own_words, cure=cure)


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
