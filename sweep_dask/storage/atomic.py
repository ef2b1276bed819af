"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

from sweep_dask.locations import is_object
from sweep_dask.storage.no_follow import open_regular
from sweep_dask.storage.objects import COPY_BYTES, upload

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_BYTES = 1 << 20

#: Names of files that are being written: ours are told from others' by the random part.
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{32}\.tmp", re.ASCII | re.DOTALL)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it to `path`.

    The folder must exist: a task that outlives its run finds its scratch folder gone and fails. No
    two temporary names are the same: two workers that run the same task by chance cannot see each
    other's halves, and the last rename wins with the same bytes.

    An object is filled on this machine, and appears whole.
    """
    if is_object(path):
        with TemporaryDirectory(prefix="sweep-dask-") as folder:
            write(Path(folder) / path.name)
            upload(Path(folder) / path.name, path)
        return
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        write(temporary)
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        # A full disk is met in the middle of a write.
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise


def is_temporary(name: str) -> bool:
    """Whether a file has the name of one that is being written."""
    return _TEMPORARY.fullmatch(name) is not None


def write_and_digest(path: Path, write: Callable[[Path], object]) -> str:
    """The same; returns the digest of what was written, which is not fetched again for that."""
    digests: list[str] = []

    def noted(temporary: Path) -> None:
        write(temporary)
        digests.append(file_digest(temporary))

    write_atomically(path, noted)
    return digests[0]


def write_text(path: Path, text: str) -> str:
    """Write UTF-8 text atomically; returns its digest."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, document: object) -> str:
    """Write a JSON document atomically, keys in the order given; returns its digest."""
    return write_text(path, json.dumps(document, indent=1) + "\n")


def write_bytes(path: Path, data: bytes) -> str:
    """Write bytes atomically; returns their digest."""
    write_atomically(path, lambda temporary: temporary.write_bytes(data))
    return bytes_digest(data)


def bytes_digest(data: bytes) -> str:
    """SHA-256 as `sha256:<hex>`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def write_durably(path: Path, data: bytes) -> None:
    """Write bytes atomically, and have them on the disk before the name shows them."""

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())

    write_atomically(path, write)


def make_folders(base: Path, folder: Path) -> None:
    """Make `folder` below `base`, which must exist; an object needs none."""
    if is_object(folder):
        return
    if folder != base and not folder.is_dir():
        make_folders(base, folder.parent)
        folder.mkdir(exist_ok=True)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder unless it holds something or is not there."""
    with suppress(OSError):
        if is_object(folder):
            return
        folder.rmdir()


def file_digest(path: Path) -> str:
    """SHA-256 of a regular file's bytes, as `sha256:<hex>`; a link is not followed."""
    digest = hashlib.sha256()
    step_bytes = COPY_BYTES if is_object(path) else _READ_BYTES
    with open_regular(path) as stream:
        while data := stream.read(step_bytes):
            digest.update(data)
    return f"sha256:{digest.hexdigest()}"
