"""An input folder as its file system shows it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.errors import InputError
from sweep_dask.schema import TABLES
from sweep_dask.storage.file_version import file_version
from sweep_dask.storage.formats import FORMATS
from sweep_dask.storage.raw_files import InputFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from fsspec import AbstractFileSystem

    from sweep_dask.storage.address import InputAddress


class Listing(NamedTuple):
    """What lies in the folders of tables."""

    files: list[InputFile]
    unread: list[str]
    """Paths below the input folder of what cannot be read."""


@dataclass(frozen=True)
class InputFolder:
    """An input folder, as its file system shows it."""

    address: InputAddress
    filesystem: AbstractFileSystem
    root: str
    ignore: tuple[str, ...]
    """Patterns of paths below it that are not looked at."""

    @classmethod
    def at(cls, address: InputAddress, ignore: Collection[str]) -> InputFolder:
        """The folder at an address, nothing of it remembered; errors are those of fsspec."""
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

    def listing(self) -> Listing:
        """All tables in the order of `schema.TABLES`, files of a table by name."""
        if not self.filesystem.isdir(self.root):
            raise InputError(
                "The input folder does not exist.",
                where=str(self.address),
                cure="Name a folder that holds orders/ and trades/, "
                "or leave INPUT out to use the built-in sample.",
            )
        _require_text("The name of the input folder", str(self.address))
        found = Listing([], [])
        for table in TABLES:
            if self.filesystem.isdir(self._path(table.name)):
                self._add(table.name, found)
        return found

    def _add(self, table: str, found: Listing) -> None:
        for shown, entry in self.entries(table):
            file_format = _format_of(shown)
            if entry["type"] == "directory":
                found.unread.extend([f"{shown}/"] if self._holds_something(shown) else [])
            elif file_format is None or not self._is_file(entry):
                found.unread.append(shown)
            else:
                found.files.append(self._file(table, shown, entry["name"], file_format))

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
