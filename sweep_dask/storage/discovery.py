"""Which files an input folder holds, by table."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError
from sweep_dask.schema import TABLES
from sweep_dask.storage.formats import FORMATS
from sweep_dask.storage.input_folder import InputFolder
from sweep_dask.storage.raw_files import InputChangedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sweep_dask.storage.address import InputAddress
    from sweep_dask.storage.raw_files import InputFile


def discover(address: InputAddress, ignore: Collection[str] = ()) -> tuple[InputFile, ...]:
    """All input files below a folder.

    Parameters
    ----------
    ignore
        Patterns, as in a shell, of paths below the folder that are not looked at; `*` also stands
        for `/`. Names that begin with `.` or `_` never are.

    Returns
    -------
    tuple of InputFile
        Tables in the order of `schema.TABLES`, files of a table by name: this order decides
        which of two repeated rows is the first.

    Raises
    ------
    InputError
        The folder, or every file of a required table, is missing, it cannot be reached, or a
        table holds what cannot be read; then all of it is listed.
    """
    with _reaching(address):
        folder = InputFolder.at(address, ignore)
        files, unread = folder.listing()
        _refuse_unread(address, unread)
        _require_tables(folder, files)
    return tuple(files)


@contextmanager
def _reaching(address: InputAddress) -> Iterator[None]:
    """Errors of file systems as ours, without the credentials that their texts may hold."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  each file system has errors of its own
        reason = address.hide(str(error) or type(error).__name__)
        raise InputError(
            "The input cannot be reached.", where=str(address), value=reason, cure=_cure(error)
        ) from address.cause(error)


def _cure(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "Install the package that is named."
    if isinstance(error, ValueError):
        return "Use a local path, or a URL of a protocol that fsspec knows, such as s3://."
    return "Check the address, the connection and your permission to list the folder."


def unknown_folders(address: InputAddress, ignore: Collection[str] = ()) -> list[str]:
    """Folders in the input that are no table, such as a misspelt one."""
    known = {table.name for table in TABLES}
    with _reaching(address):
        return [
            name
            for name, entry in InputFolder.at(address, ignore).entries("")
            if entry["type"] == "directory" and name not in known
        ]


def require_unchanged(files: Sequence[InputFile], ignore: Collection[str]) -> None:
    """List the input again and refuse it if it is not what it was.

    Raises
    ------
    InputChangedError
        Names every file that is new, gone or another one.
    """
    address = files[0].address
    with _reaching(address):
        listed, unread = InputFolder.at(address, ignore).listing()
    now = {file.name: file.version for file in listed}
    before = {file.name: file.version for file in files}
    changes = [
        *(f"{name} is new" for name in (*now, *unread) if name not in before),
        *(f"{name} is gone" for name in before if name not in now),
        *(f"{name} was changed" for name in now if now[name] != before.get(name, now[name])),
    ]
    if changes:
        raise InputChangedError(
            "The input changed during the run.",
            where=str(address),
            value=", ".join(changes),
        )


def _require_tables(folder: InputFolder, files: Sequence[InputFile]) -> None:
    found = {file.table for file in files}
    missing = [table.name for table in TABLES if table.required and table.name not in found]
    if missing:
        raise InputError(
            f"The input has no {' and no '.join(missing)} files.",
            where=str(folder.address),
            value=", ".join(name for name, _ in folder.entries("")) or "an empty folder",
            cure=f"Put files ending in {', '.join(FORMATS)} into "
            + " and ".join(f"{name}/" for name in missing)
            + ".",
        )


def _refuse_unread(address: InputAddress, unread: Sequence[str]) -> None:
    """What lies beside files that are read, and is not read, is data that would be missing."""
    if unread:
        raise InputError(
            f"{len(unread)} of what lies in the folders of tables cannot be read.",
            where=str(address),
            value=", ".join(unread),
            cure=f"Files end in {', '.join(FORMATS)} and lie in the folder of their table. Take "
            "others away, or leave them out with --ignore PATTERN (select.ignore).",
        )
