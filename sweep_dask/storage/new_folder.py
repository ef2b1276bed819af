"""A folder that appears when all of it is written, for files that nobody has to merge."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from sweep_dask.errors import SweepError, UsageError, explained, is_of_the_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to write to, which becomes `target` when the context ends well.

    What stops before leaves nothing, or what the next one to the same folder takes away. A folder
    that is there stays the same one, as somebody may be in it, or a disk mounted there.

    Raises
    ------
    UsageError
        `target` is there and is no empty folder, or cannot be made.
    """
    _clear(target)
    require_new(target)
    is_there = target.exists()
    staging = (target if is_there else target.parent) / f".{target.name}.{uuid4().hex}.tmp"
    try:
        staging.mkdir(parents=True)
    except OSError as error:
        raise _not_made(target, error) from error
    try:
        with held(staging):
            yield staging
            require_new(target)
            if is_there:
                for path in staging.iterdir():
                    path.rename(target / path.name)
            else:
                staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold a folder until the context ends, or the process, however it ends.

    Yields
    ------
    bool
        Whether nobody else holds it; False also where the file system has no locks.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def require_new(target: Path) -> None:
    """Refuse what is there, but for a folder without anything that somebody else put there.

    Raises
    ------
    UsageError
        Says so.
    """
    try:
        is_new = (
            all(_is_ours(path, target) for path in target.iterdir())
            if target.exists()
            else not target.is_symlink()
        )
    except OSError as error:
        raise _not_made(target, error) from error
    if not is_new:
        raise UsageError(
            "OUT is there already, and nothing is overwritten.",
            where=str(target),
            cure="Name a folder that is new or empty.",
        )


def _is_ours(path: Path, target: Path) -> bool:
    """Whether it is what was, or is, to become `target`."""
    name = rf"\.{re.escape(target.absolute().name)}\.[0-9a-f]{{32}}\.tmp"
    is_named = re.fullmatch(name, path.name, re.ASCII) is not None
    return is_named and path.is_dir() and not path.is_symlink()


def _clear(target: Path) -> None:
    """Remove what was to become `target` and whose run was killed, as far as this user may."""
    for folder in (target.parent, target):
        # It may be somebody else's, or in a folder that cannot be listed.
        with suppress(OSError):
            for path in folder.iterdir() if folder.is_dir() else ():
                if _is_ours(path, target):
                    with held(path) as is_left:
                        if is_left:
                            shutil.rmtree(path, ignore_errors=True)


def _not_made(target: Path, error: OSError) -> SweepError:
    if is_of_the_machine(error):
        return explained(error, keeps=False)
    return UsageError(
        f"OUT cannot be made: {error.strerror or error}.",
        where=str(target),
        cure="Name a folder that can be made.",
    )
