"""Part of an input as its file system shows it: a folder, or some of the files below one."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import InputError
from sweep_dask.storage.input_places import (
    form_of,
    format_of,
    leads_to_tables,
    table_above,
    tables_in_name,
)
from sweep_dask.storage.raw_files import InputFile, file_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_dask.storage.input_places import Place


@dataclass
class Listing:
    """What was found in one place."""

    files: list[InputFile] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Names of what cannot be read and lies where files of tables do."""
    unclear: list[str] = field(default_factory=list)
    """Names of files that belong to no table or to several, as far as names tell."""
    strangers: list[str] = field(default_factory=list)
    """Names of folders (with `/`) and of files that belong to no table and are passed over."""
    forms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By table, how its files lie (`form_of`), and how many of them lie so."""
    loose: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By table, names of files that lie flat and cannot be read."""


@dataclass(frozen=True)
class InputFolder:
    """A place of the input; names are paths below what all places have in common."""

    place: Place
    prefix: str
    """What stands before the path below `place.root` in the name of a file; ends with `/`."""
    ignore: tuple[str, ...]
    """Patterns of names that are not looked at."""

    def listing(self) -> Listing:
        """All files of tables; errors are those of the file system.

        Raises InputError: a name is not UTF-8, or the size of a file is not known.
        """
        _require_text("The name of the input folder", str(self.place.address))
        listing = Listing()
        for start in self.place.starts:
            if not start or self.place.filesystem.isdir(self._path(start)):
                self._walk(start, listing)
            elif not self._is_ignored(start, is_folder=False):
                entry = self.place.filesystem.info(self._path(start))
                self._add_file(start, entry, listing, is_given=True)
        # Beside files of a table that lie flat, others of its name are data that would be missing.
        for table, names in listing.loose.items():
            flat = any(f"*{table}*" in form for form in listing.forms[table])
            (listing.unread if flat else listing.strangers).extend(names)
        return listing

    def entries(self, below: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Path below the root and what is known of it, by name; hidden ones left out."""
        folder, files = self._path(below), self.place.filesystem
        for entry in sorted(files.ls(folder, detail=True), key=lambda e: e["name"]):
            path = entry["name"].rstrip("/")
            name = path.rsplit("/", 1)[-1]
            # An object store may list a folder among what is in it.
            if path == folder or name.startswith((".", "_")):
                continue
            inner = f"{below}/{name}".lstrip("/")
            if not self._is_ignored(inner, is_folder=entry["type"] == "directory"):
                yield inner, entry

    def shown(self, inner: str) -> str:
        """The name of a path below the root."""
        return self.place.address.hide(self.prefix + inner)

    def _path(self, inner: str) -> str:
        root = self.place.root
        return f"{root.rstrip('/')}/{inner}".rstrip("/") or root

    def _is_ignored(self, inner: str, *, is_folder: bool) -> bool:
        shown = self.shown(inner)
        names = [shown, f"{shown}/"] if is_folder else [shown]
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.ignore)

    def _walk(self, below: str, listing: Listing) -> None:
        for inner, entry in self.entries(below):
            if self._is_folder(entry):
                self._add_folder(inner, entry, listing)
            else:
                self._add_file(inner, entry, listing)

    def _add_folder(self, inner: str, entry: Mapping[str, Any], listing: Listing) -> None:
        folders = inner.split("/")
        if leads_to_tables(folders):
            self._walk(inner, listing)
        elif self._table_above(folders) is None:
            listing.strangers.append(f"{self.shown(inner)}/")
        elif entry["type"] != "directory":
            listing.unread.append(self.shown(inner))
        elif self._holds_something(inner):
            listing.unread.append(f"{self.shown(inner)}/")

    def _add_file(
        self,
        inner: str,
        entry: Mapping[str, Any],
        listing: Listing,
        *,
        is_given: bool = False,
    ) -> None:
        *folders, name = inner.split("/")
        table, file_format = self._table_above(folders), format_of(name)
        tables = {table} if table else tables_in_name(name)
        if file_format is None or not self._is_file(entry):
            if table or is_given:
                listing.unread.append(self.shown(inner))
            elif len(tables) == 1:
                listing.loose[next(iter(tables))].append(self.shown(inner))
        elif len(tables) == 1:
            self._take(next(iter(tables)), inner, entry["name"], file_format, listing)
        elif tables or is_given:
            listing.unclear.append(self.shown(inner))
        else:
            listing.strangers.append(self.shown(inner))

    def _take(self, table: str, inner: str, path: str, file_format: str, listing: Listing) -> None:
        listing.files.append(self._file(table, inner, path, file_format))
        form = f"{table}=" if self.place.table else form_of(inner.split("/")[:-1], table)
        listing.forms[table][form] += 1

    def _table_above(self, folders: list[str]) -> str | None:
        return self.place.table or table_above(folders)

    def _holds_something(self, below: str) -> bool:
        return any(
            entry["type"] != "directory" or self._holds_something(inner)
            for inner, entry in self.entries(below)
        )

    def _is_folder(self, entry: Mapping[str, Any]) -> bool:
        """Also a link to a folder is one; fsspec lists links as `other`."""
        if entry.get("islink"):
            return bool(self.place.filesystem.isdir(entry["name"]))
        return bool(entry["type"] == "directory")

    def _is_file(self, entry: Mapping[str, Any]) -> bool:
        if entry.get("islink"):
            return bool(self.place.filesystem.isfile(entry["name"]))
        return bool(entry["type"] == "file")

    def _file(self, table: str, inner: str, path: str, file_format: str) -> InputFile:
        shown = self.shown(inner)
        _require_text("The name of a file", shown)
        version = file_version(self.place.filesystem, path)
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
            self.place.filesystem,
            path,
            self.place.address,
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
