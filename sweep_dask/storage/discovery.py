"""Which files an input folder holds, by table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import fsspec

from sweep_dask.errors import InputError
from sweep_dask.schema import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

#: Endings that are read, and the format each stands for.
FORMATS = {".csv": "csv", ".csv.gz": "csv.gz", ".parquet": "parquet"}

_DIGEST_BYTES = 1 << 20


@dataclass(frozen=True)
class InputFile:
    """One raw file."""

    table: str
    name: str
    """Path below the input folder, with `/`."""
    url: str
    """What fsspec opens."""
    bytes: int
    format: str
    """`csv`, `csv.gz` or `parquet`."""


def discover(folder: str) -> tuple[InputFile, ...]:
    """All input files below `folder` (a local path or an fsspec URL).

    Returns
    -------
    tuple of InputFile
        Tables in the order of `schema.TABLES`, files of a table by name: this order decides
        which of two repeated rows is the first.

    Raises
    ------
    InputError
        The folder, or every file of a required table, is missing, or it cannot be reached.
    """
    try:
        return _discover(folder)
    except ImportError as error:
        raise _unreachable(folder, error, "Install the package that is named.") from error
    except ValueError as error:
        cure = "Use a local path, or a URL of a protocol that fsspec knows, such as s3://."
        raise _unreachable(folder, error, cure) from error
    except OSError as error:
        cure = "Check the address, the connection and your permission to list the folder."
        raise _unreachable(folder, error, cure) from error


def _unreachable(folder: str, error: Exception, cure: str) -> InputError:
    reason = str(error) or type(error).__name__
    return InputError("The input cannot be reached.", where=folder, value=reason, cure=cure)


def _discover(folder: str) -> tuple[InputFile, ...]:
    filesystem, root = fsspec.core.url_to_fs(folder)
    if not filesystem.isdir(root):
        raise InputError(
            "The input folder does not exist.",
            where=folder,
            cure="Name a folder that holds orders/ and trades/, "
            "or leave INPUT out to use the built-in sample.",
        )
    found = {table.name: _files_of(filesystem, root, table) for table in TABLES}
    missing = [table.name for table in TABLES if table.required and not found[table.name]]
    if missing:
        below = sorted(entry.rsplit("/", 1)[-1] for entry in filesystem.ls(root, detail=False))
        raise InputError(
            f"The input has no {' and no '.join(missing)} files.",
            where=folder,
            value=", ".join(below) or "an empty folder",
            cure=f"Put files ending in {', '.join(FORMATS)} into "
            + " and ".join(f"{name}/" for name in missing)
            + ".",
        )
    return tuple(file for files in found.values() for file in files)


def unknown_folders(folder: str) -> list[str]:
    """Folders in the input that are no table, such as a misspelt one."""
    filesystem, root = fsspec.core.url_to_fs(folder)
    names = [
        entry["name"].rstrip("/").rsplit("/", 1)[-1]
        for entry in filesystem.ls(root, True)
        if entry["type"] == "directory"
    ]
    known = {table.name for table in TABLES}
    return sorted(name for name in names if name not in known and not name.startswith((".", "_")))


def _files_of(
    filesystem: fsspec.AbstractFileSystem, root: str, table: Table
) -> tuple[InputFile, ...]:
    folder = f"{root.rstrip('/')}/{table.name}"
    if not filesystem.isdir(folder):
        return ()
    entries = sorted(filesystem.ls(folder, detail=True), key=lambda entry: entry["name"])
    return tuple(
        InputFile(
            table=table.name,
            name=f"{table.name}/{entry['name'].rsplit('/', 1)[-1]}",
            url=filesystem.unstrip_protocol(entry["name"]),
            bytes=int(entry["size"]),
            format=file_format,
        )
        for entry in entries
        if (file_format := _format_of(entry["name"])) is not None and _is_file(filesystem, entry)
    )


def _is_file(filesystem: fsspec.AbstractFileSystem, entry: Mapping[str, Any]) -> bool:
    """Also a link to a file is one; fsspec lists links as `other`."""
    if entry.get("islink"):
        return bool(filesystem.isfile(entry["name"]))
    return bool(entry["type"] == "file")


def _format_of(name: str) -> str | None:
    lowered = name.rsplit("/", 1)[-1].lower()
    if lowered.startswith((".", "_")):
        return None
    return next((fmt for ending, fmt in FORMATS.items() if lowered.endswith(ending)), None)


def open_raw(file: InputFile) -> AbstractContextManager[IO[bytes]]:
    """The bytes of a raw file.

    Its name is taken as it is; `fsspec.open` of some versions would expand `*` and `[` in it.
    """
    filesystem, path = fsspec.core.url_to_fs(file.url)
    stream: AbstractContextManager[IO[bytes]] = filesystem.open(path, "rb")
    return stream


def input_digest(file: InputFile) -> str:
    """SHA-256 of a raw file's bytes, as `sha256:<hex>`."""
    digest = hashlib.sha256()
    with open_raw(file) as stream:
        while piece := stream.read(_DIGEST_BYTES):
            digest.update(piece)
    return f"sha256:{digest.hexdigest()}"
