"""Make the n-th change of files below a folder fail, in this process, once.

Every file opened for writing, every rename, removal, truncation, folder made and flush to disk is a
step; they are counted as they come. A fault is one of two:

`step`    the n-th step itself fails;
`writes`  what is written after the n-th step fails, until the next step. It is the system that
          refuses, by a limit on the size of files, so this is also true for compiled code.

Python tells an audit hook of each step before it is taken, whoever takes it and however it was
imported. A hook cannot be removed: there is one, which does nothing unless a fault is wanted.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
from contextlib import contextmanager
from pathlib import Path

KINDS = ("step", "writes")

#: What needs room fails for want of it, what frees some as on a disk that breaks.
_ERRORS = {
    "open": errno.ENOSPC,
    "os.rename": errno.ENOSPC,
    "os.mkdir": errno.ENOSPC,
    "os.fsync": errno.EIO,
    "os.remove": errno.EIO,
    "os.rmdir": errno.EIO,
    "os.truncate": errno.EIO,
}
_WRITING = os.O_WRONLY | os.O_RDWR


class NthFailure:
    """A fault at step `nth` below `folder`; without one, steps are only counted."""

    def __init__(self, folder: Path, kind: str = "step", nth: int | None = None):
        self.folder = folder.resolve()
        self.steps = 0
        self.failed = "nothing"
        self._kind = kind
        self._nth = nth
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def step(self, event, path):
        self.end_of_writes()
        self.steps += 1
        if self.steps != self._nth:
            return
        self.failed = f"{self._kind} {self._nth}: {event} {path.relative_to(self.folder)}"
        if self._kind == "step":
            number = _ERRORS[event]
            raise OSError(number, os.strerror(number), str(path))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def end_of_writes(self):
        if resource.getrlimit(resource.RLIMIT_FSIZE) != self._limits:
            resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)


_wanted: list[NthFailure] = []
_hooked: list[bool] = []


@contextmanager
def failing(fault: NthFailure):
    """Let the fault happen in this context."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    fsync, os.fsync = os.fsync, _audited_fsync(os.fsync)
    _wanted.append(fault)
    try:
        yield fault
    finally:
        _wanted.clear()
        os.fsync = fsync
        fault.end_of_writes()


def _audited_fsync(fsync):
    def audited(descriptor):
        _hook("os.fsync", (descriptor,))
        fsync(descriptor)

    return audited


def _hook(event, arguments):
    if _wanted and event in _ERRORS:
        for path in _changed(event, arguments):
            if path.is_relative_to(_wanted[0].folder):
                _wanted[0].step(event, path)
                return


def _changed(event, arguments):
    """The paths that a step changes, links on the way resolved as far as the folder goes."""
    if event == "open":
        path, _, flags = arguments
        return [_located(path)] if flags & _WRITING and not isinstance(path, int) else []
    if event == "os.rename":
        source, target, source_folder, target_folder = arguments
        return [_located(target, target_folder), _located(source, source_folder)]
    if event in ("os.truncate", "os.fsync"):
        return [_located(arguments[0])]
    return [_located(arguments[0], arguments[-1])]  # the descriptor of a folder is last


def _located(path, folder=-1):
    if isinstance(path, int):
        return Path(f"/proc/self/fd/{path}").readlink()
    path = Path(os.fsdecode(path))
    if folder != -1:
        path = Path(f"/proc/self/fd/{folder}").readlink() / path
    return Path(os.path.realpath(path.parent)) / path.name
