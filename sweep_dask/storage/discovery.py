"""Which files an input folder holds, by table."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import InputError
from sweep_dask.schema import TABLES
from sweep_dask.storage.formats import FORMATS
from sweep_dask.storage.raw_files import InputChangedError, InputFile, file_version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from fsspec import AbstractFileSystem

    from sweep_dask.storage.address import InputAddress

#: How many unknown files a message names.
_SHOWN_FILES = 20


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
        folder = _Folder.at(address, ignore)
        found = _listed(folder)
        _refuse_unknown(folder)
        _require_tables(folder, found)
    return found


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
            for name, entry in _Folder.at(address, ignore).entries("")
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
        folder = _Folder.at(address, ignore)
        now = {file.name: file.version for file in _listed(folder)}
    before = {file.name: file.version for file in files}
    changes = [
        *(f"{name} is new" for name in (*now, *folder.unknown) if name not in before),
        *(f"{name} is gone" for name in before if name not in now),
        *(f"{name} was changed" for name in now if now[name] != before.get(name, now[name])),
    ]
    if changes:
        raise InputChangedError(
            "The input changed during the run.",
            where=str(address),
            value=", ".join(changes),
        )


@dataclass(frozen=True)
class _Folder:
    """An input folder, as its file system shows it."""

    address: InputAddress
    filesystem: AbstractFileSystem
    root: str
    ignore: tuple[str, ...]
    unknown: list[str] = field(default_factory=list)
    """Paths below it that stand among the files of a table and cannot be read."""

    @classmethod
    def at(cls, address: InputAddress, ignore: Collection[str]) -> _Folder:
        filesystem, root = address.connect()
        filesystem.invalidate_cache()
        return cls(address, filesystem, root, tuple(ignore))

    def entries(self, below: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Path below the folder and what is known of it, by name; hidden ones left out."""
        folder = self._path(below)
        for entry in sorted(self.filesystem.ls(folder, detail=True), key=lambda e: e["name"]):
            path = entry["name"].rstrip("/")
            name = path.rsplit("/", 1)[-1]
            # An object store may list a folder among what is in it.
            if path == folder or name.startswith((".", "_")):
                continue
            shown = f"{below}/{self.address.hide(name)}".lstrip("/")
            if not self._is_ignored(shown, entry):
                yield shown, entry

    def _path(self, below: str) -> str:
        return f"{self.root.rstrip('/')}/{below}".rstrip("/") or self.root

    def _is_ignored(self, shown: str, entry: Mapping[str, Any]) -> bool:
        names = [shown, f"{shown}/"] if entry["type"] == "directory" else [shown]
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.ignore)

    def files(self, table: str) -> list[InputFile]:
        """The files of a table; others are noted as unknown."""
        if not self.filesystem.isdir(self._path(table)):
            return []
        found = []
        for shown, entry in self.entries(table):
            file_format = _format_of(shown)
            if entry["type"] == "directory":
                self.unknown.extend([f"{shown}/"] if self._holds_something(shown) else [])
            elif file_format is None or not self._is_file(entry):
                self.unknown.append(shown)
            else:
                found.append(self._file(table, shown, entry["name"], file_format))
        return found

    def _holds_something(self, below: str) -> bool:
        return any(
            entry["type"] != "directory" or self._holds_something(shown)
            for shown, entry in self.entries(below)
        )

    def _is_file(self, entry: Mapping[str, Any]) -> bool:
        """Also a link to a file is one; fsspec lists links as `other`."""
        if entry.get("islink"):
            return bool(self.filesystem.isfile(entry["name"]))
        return bool(entry["type"] == "file")

    def _file(self, table: str, shown: str, path: str, file_format: str) -> InputFile:
        _require_text("The name of a file", shown)
        version = file_version(self.filesystem, path)
        size = version.facts[0]
        if not size.isdecimal():
            raise InputError(
                "The size of a file is not known.",
                where=shown,
                cure="Copy the input to a place that tells the size of its files.",
            )
        return InputFile(
            table,
            shown,
            int(size),
            file_format,
            version,
            self.filesystem,
            path,
            self.address,
        )


def _listed(folder: _Folder) -> tuple[InputFile, ...]:
    _require_text("The name of the input folder", str(folder.address))
    if not folder.filesystem.isdir(folder.root):
        raise InputError(
            "The input folder does not exist.",
            where=str(folder.address),
            cure="Name a folder that holds orders/ and trades/, "
            "or leave INPUT out to use the built-in sample.",
        )
    return tuple(file for table in TABLES for file in folder.files(table.name))


def _require_tables(folder: _Folder, files: Sequence[InputFile]) -> None:
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


def _refuse_unknown(folder: _Folder) -> None:
    """What lies beside files that are read, and is not read, is data that would be missing."""
    unknown = folder.unknown
    if unknown:
        more = len(unknown) - _SHOWN_FILES
        raise InputError(
            f"{len(unknown)} of what lies in the folders of tables cannot be read.",
            where=str(folder.address),
            value=", ".join(unknown[:_SHOWN_FILES]) + (f" and {more} more" if more > 0 else ""),
            cure=f"Files end in {', '.join(FORMATS)} and lie in the folder of their table. Take "
            "others away, or leave them out with --ignore PATTERN (select.ignore).",
        )


def _require_text(what: str, name: str) -> None:
    """Manifest, report and Parquet files hold names as UTF-8."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{what} is not UTF-8.",
            where=name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"),
            cure="Rename it.",
        ) from error


def _format_of(name: str) -> str | None:
    lowered = name.lower()
    return next((fmt for ending, fmt in FORMATS.items() if lowered.endswith(ending)), None)
