"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_READ_BYTES = 1 << 20

#: Names of files that are being written.
TEMPORARY = ".*.tmp"


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it to `path`.

    No two temporary names are the same: two workers that run the same task by chance cannot see
    each other's halves, and the last rename wins with the same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        if error.filename is None:  # a full disk is met in the middle of a write
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, document: object) -> None:
    """Write a JSON document atomically, keys in the order given."""
    write_text(path, json.dumps(document, indent=1) + "\n")


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes atomically."""
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def remove_files(folder: Path) -> None:
    """Remove every file below `folder`, and the folders that are empty then.

    Temporary files stay: a second copy of a task may be about to rename them.
    """
    # A path comes before what is below it; the other way round empties a folder before itself.
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            remove_if_empty(path)
        elif not path.match(TEMPORARY):
            path.unlink(missing_ok=True)
    remove_if_empty(folder)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder unless it holds something or is not there."""
    with suppress(OSError):
        folder.rmdir()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as `sha256:<hex>`."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_READ_BYTES):
            digest.update(piece)
    return f"sha256:{digest.hexdigest()}"
