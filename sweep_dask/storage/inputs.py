"""All files of an input, by table, with their headers; `input_faults` tells what is wrong."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from fsspec.implementations.local import LocalFileSystem

from sweep_dask.errors import InputError
from sweep_dask.printable import printable
from sweep_dask.schema import BY_NAME, TABLES
from sweep_dask.storage.address import InputAddresses
from sweep_dask.storage.header import EmptyFileError, FileHeader, Writing, read_header
from sweep_dask.storage.input_faults import (
    passed_over,
    raise_all,
    refuse_several_forms,
    refuse_unclear,
    refuse_unread,
    require_mapped,
    require_rows,
    require_tables,
)
from sweep_dask.storage.input_folder import InputFolder, Listing
from sweep_dask.storage.input_places import Place, places_of, prefixes
from sweep_dask.storage.merge import TableColumns
from sweep_dask.storage.raw_files import InputChangedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_dask.storage.raw_files import InputFile

Mapped = Mapping[str, Mapping[str, str]]

_NONE: Mapping[str, Any] = MappingProxyType({})


class Taken(NamedTuple):
    """What was taken for a table."""

    input: str
    """What was given as INPUT."""
    table: str
    form: str
    """How its files lie: `orders/*`; digits of dates are `#` in `####-##-##/Orders/*`."""
    files: int


@dataclass(frozen=True)
class Discovery:
    """All files of an input."""

    address: InputAddresses
    ignore: tuple[str, ...]
    places: tuple[Place, ...]
    files: tuple[InputFile, ...]
    """Tables in the order of `schema.TABLES`; of a table by INPUT as given, then by name: this
    order decides which of two repeated rows is the first."""
    taken: tuple[Taken, ...]
    notes: tuple[str, ...]
    """What was taken for what, where that is not as it was written; files given twice."""
    strangers: tuple[str, ...]
    """Names of folders (with `/`) and of files that belong to no table."""


def discover(address: InputAddresses, ignore: Collection[str] = ()) -> Discovery:
    """All input files of what was given as INPUT.

    `ignore`: patterns, as in a shell, of names of files and folders that are not looked at; `*`
    also stands for `/`. Names that begin with `.` or `_` never are.
    Raises InputError: something given, or every file of a required table, is missing; it cannot be
    reached; a table holds what cannot be read, or lies in several forms. All of it is listed.
    """
    with _reaching(address):
        places, listings = _listings(address, ignore)
        refuse_unread(address, [name for listing in listings for name in listing.unread])
        refuse_unclear(address, [name for listing in listings for name in listing.unclear])
        for place, listing in zip(places, listings, strict=True):
            refuse_several_forms(place, listing)
        files, twice = _each_once(listings)
        require_tables(address, places, files, listings)
    taken = [
        Taken(str(place.address), table.name, form, count)
        for place, listing in zip(places, listings, strict=True)
        for table in TABLES
        for form, count in sorted(listing.forms[table.name].items())
    ]
    notes = [*(place.note for place in places if place.note), *twice]
    strangers = tuple(name for listing in listings for name in listing.strangers)
    return Discovery(
        address, tuple(ignore), tuple(places), tuple(files), tuple(taken), tuple(notes), strangers
    )


def _listings(
    address: InputAddresses, ignore: Collection[str]
) -> tuple[list[Place], list[Listing]]:
    places = places_of(address)
    pairs = zip(places, prefixes(places), strict=True)
    return places, [InputFolder(place, prefix, tuple(ignore)).listing() for place, prefix in pairs]


def _each_once(listings: Sequence[Listing]) -> tuple[list[InputFile], list[str]]:
    """Files in order, and a note on each that was given before."""
    order = {table.name: number for number, table in enumerate(TABLES)}
    in_order = [
        file for listing in listings for file in sorted(listing.files, key=lambda file: file.path)
    ]
    in_order.sort(key=lambda file: order[file.table])
    files: dict[str, InputFile] = {}
    twice = []
    for file in in_order:
        first = files.setdefault(_place_of(file), file)
        if first is not file:
            also = f", also as {file.name}" * (first.name != file.name)
            twice.append(f"{first.name} is there twice{also}: it is read once.")
    return list(files.values()), twice


def _place_of(file: InputFile) -> str:
    """Where a file really is: links are followed on this machine."""
    if isinstance(file.filesystem, LocalFileSystem):
        return os.path.realpath(file.path)
    return f"{type(file.filesystem).__name__} {file.path}"


@contextmanager
def _reaching(address: InputAddresses) -> Iterator[None]:
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


def require_unchanged(discovery: Discovery) -> None:
    """List the input again and refuse it if it is not what it was.

    Raises InputChangedError: names every file that is new, gone or another one.
    """
    with _reaching(discovery.address):
        _, listings = _listings(discovery.address, discovery.ignore)
        files, _ = _each_once(listings)
    unread = [name for listing in listings for name in (*listing.unread, *listing.unclear)]
    now = {file.name: file.version for file in files}
    before = {file.name: file.version for file in discovery.files}
    changes = [
        *(f"{name} is new" for name in (*now, *unread) if name not in before),
        *(f"{name} is gone" for name in before if name not in now),
        *(f"{name} was changed" for name in now if now[name] != before.get(name, now[name])),
    ]
    if changes:
        raise InputChangedError(
            "The input changed during the run.",
            where=str(discovery.address),
            value=", ".join(changes),
        )


@dataclass(frozen=True)
class Inputs:
    """An input, opened."""

    discovery: Discovery
    headers: Mapping[str, FileHeader]
    """By file name, for files that have rows."""
    warnings: tuple[str, ...]

    @property
    def address(self) -> InputAddresses:
        """What was given as INPUT."""
        return self.discovery.address

    @property
    def files(self) -> tuple[InputFile, ...]:
        """Every file found, also those without rows."""
        return self.discovery.files

    @property
    def readable(self) -> list[InputFile]:
        """Files that have rows."""
        return [file for file in self.files if file.name in self.headers]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files)

    def columns(self) -> dict[str, TableColumns]:
        """Columns of each table over all of its files, in the order of everything written.

        A table without rows has the columns of its schema.
        """
        return {table.name: self._columns_of(table.name) for table in TABLES}

    def _columns_of(self, table: str) -> TableColumns:
        columns = {
            field.column.name: field.column
            for file in self.readable
            if file.table == table
            for field in self.headers[file.name].fields
        }
        known = BY_NAME[table].in_order(columns.values() or BY_NAME[table].columns)
        return TableColumns(
            tuple(column.name for column in known), tuple(column.kind.value for column in known)
        )


def open_inputs(
    inputs: str | Sequence[str],
    mapping: Mapped,
    units: Mapped = _NONE,
    delimiters: Mapping[str, str] = _NONE,
    ignore: Collection[str] = (),
    names: Mapping[str, Sequence[str]] = _NONE,
) -> Inputs:
    """Find all files of an input and read their headers.

    Parameters
    ----------
    inputs
        Local paths or fsspec URLs, of folders, of files or with patterns; see `input_places`.
    mapping
        Table to logical column name to the name in the user's files.
    units
        Table to the units of its times and prices, where they are not those of the extracts.
    delimiters
        Table to what stands between two fields of its CSV files, where it is no comma.
    ignore
        Patterns of names of files that are not looked at.
    names
        Table to the names of all fields of its CSV files, where these have no header.

    Raises
    ------
    InputError
        Something given or a required table is missing, a required table has no rows, or some files
        cannot be used; then all of them are listed.
    """
    discovery = discover(InputAddresses.of(inputs), ignore)
    headers: dict[str, FileHeader] = {}
    errors: list[InputError] = []
    writing = {
        table: Writing(
            mapping.get(table, {}),
            units.get(table, {}),
            delimiters.get(table, ","),
            names.get(table, ()),
        )
        for table in BY_NAME
    }
    warnings = [*map(printable, discovery.notes), *passed_over(discovery.strangers)]
    for file in discovery.files:
        try:
            header = read_header(file, BY_NAME[file.table], writing[file.table])
        except EmptyFileError:
            warnings.append(f"{file.name} is empty.")
        except InputError as error:
            errors.append(error)
        else:
            if header.has_rows:
                headers[file.name] = header
            else:
                warnings.append(f"{file.name} has a header and no rows.")
    raise_all(errors)
    require_rows(discovery, headers)
    require_mapped(discovery.files, headers, mapping)
    return Inputs(discovery, headers, tuple(warnings))
