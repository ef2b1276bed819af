"""All files of an input with their headers: what can be read, or a list of what cannot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from sweep_dask.errors import InputError
from sweep_dask.printable import printable
from sweep_dask.schema import BY_NAME, TABLES
from sweep_dask.storage.address import InputAddresses
from sweep_dask.storage.discovery import Discovery, discover
from sweep_dask.storage.header import EmptyFileError, FileHeader, Writing, read_header
from sweep_dask.storage.merge import TableColumns

if TYPE_CHECKING:
    from sweep_dask.storage.raw_files import InputFile

Mapped = Mapping[str, Mapping[str, str]]

_NONE: Mapped = MappingProxyType({})
_NO_DELIMITERS: Mapping[str, str] = MappingProxyType({})
_NO_NAMES: Mapping[str, Sequence[str]] = MappingProxyType({})

#: Of warnings of one kind.
_MOST_PASSED_OVER = 12


class SeveralFilesError(InputError):
    """Several files that cannot be used."""

    errors: tuple[InputError, ...] = ()

    def of(self, errors: Sequence[InputError]) -> SeveralFilesError:
        """Itself, with one error for each of the files."""
        self.errors = tuple(errors)
        return self


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
    delimiters: Mapping[str, str] = _NO_DELIMITERS,
    ignore: Collection[str] = (),
    names: Mapping[str, Sequence[str]] = _NO_NAMES,
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
    warnings = [*map(printable, discovery.notes), *_passed_over(discovery.strangers)]
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
    _require_rows(discovery, headers)
    _require_mapped(discovery.files, headers, mapping)
    return Inputs(discovery, headers, tuple(warnings))


def _passed_over(strangers: Sequence[str]) -> list[str]:
    shown = [f"{printable(name)} in the input is no table and is not read." for name in strangers]
    if len(shown) <= _MOST_PASSED_OVER:
        return shown
    more = f"{len(shown) - _MOST_PASSED_OVER:,} more in the input are no tables and are not read."
    return [*shown[:_MOST_PASSED_OVER], more]


def raise_all(errors: Sequence[InputError]) -> None:
    """Raise what is wrong with one file or another, if anything is, as one error."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralFilesError(
            f"{len(errors)} input files cannot be used:\n"
            + "\n".join(_indented(str(error)) for error in errors),
            cure="Each of them is described above.",
        ).of(errors)


def _indented(text: str) -> str:
    first, *rest = text.splitlines()
    return "\n".join([f"  - {first}", *(f"    {line}" for line in rest)])


def _require_rows(discovery: Discovery, headers: Mapping[str, FileHeader]) -> None:
    with_rows = {file.table for file in discovery.files if file.name in headers}
    for table in TABLES:
        if table.required and table.name not in with_rows:
            raise InputError(
                f"The {table.name} files hold no rows.",
                where=str(discovery.address),
                value=", ".join(file.name for file in discovery.files if file.table == table.name),
                cure=f"Give {table.name} files that have rows below their header.",
            )


def _require_mapped(
    files: Iterable[InputFile], headers: Mapping[str, FileHeader], mapping: Mapped
) -> None:
    """A column mapped to a name that no file has is a mistake, also if it is not required."""
    by_table: dict[str, set[str]] = defaultdict(set)
    for file in files:
        if file.name in headers:
            by_table[file.table].update(field.column.name for field in headers[file.name].fields)
    for table, columns in by_table.items():
        for column, name in mapping.get(table, {}).items():
            if column not in columns:
                raise InputError(
                    f"None of the {table} files has a column {name!r}.",
                    where=f"columns.{table}.{column} in config.yaml",
                    value=name,
                    cure="Correct the name, or remove it from the configuration.",
                )
