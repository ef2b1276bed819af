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
from sweep_dask.storage.address import InputAddress
from sweep_dask.storage.discovery import discover, unknown_folders
from sweep_dask.storage.header import EmptyFileError, FileHeader, read_header
from sweep_dask.storage.merge import TableColumns

if TYPE_CHECKING:
    from sweep_dask.storage.raw_files import InputFile

Mapped = Mapping[str, Mapping[str, str]]

_NONE: Mapped = MappingProxyType({})
_NO_DELIMITERS: Mapping[str, str] = MappingProxyType({})


class SeveralFilesError(InputError):
    """Several files that cannot be used."""

    errors: tuple[InputError, ...] = ()

    def of(self, errors: Sequence[InputError]) -> SeveralFilesError:
        """Itself, with one error for each of the files."""
        self.errors = tuple(errors)
        return self


@dataclass(frozen=True)
class Inputs:
    """An input folder, opened."""

    address: InputAddress
    files: tuple[InputFile, ...]
    """Every file found, also those without rows."""
    headers: Mapping[str, FileHeader]
    """By file name, for files that have rows."""
    warnings: tuple[str, ...]

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
    folder: str,
    mapping: Mapped,
    units: Mapped = _NONE,
    delimiters: Mapping[str, str] = _NO_DELIMITERS,
    ignore: Collection[str] = (),
) -> Inputs:
    """Find all files below `folder` and read their headers.

    Parameters
    ----------
    folder
        A local path or an fsspec URL.
    mapping
        Table to logical column name to the name in the user's files.
    units
        Table to the units of its times and prices, where they are not those of the extracts.
    delimiters
        Table to what stands between two fields of its CSV files, where it is no comma.
    ignore
        Patterns of paths below the folder that are not looked at.

    Raises
    ------
    InputError
        The folder or a required table is missing, a required table has no rows, or some files
        cannot be used; then all of them are listed.
    """
    address = InputAddress(folder)
    files = discover(address, ignore)
    headers: dict[str, FileHeader] = {}
    errors: list[InputError] = []
    warnings = [
        f"{printable(name)}/ in the input is no table and is not read."
        for name in unknown_folders(address, ignore)
    ]
    for file in files:
        try:
            header = read_header(
                file,
                BY_NAME[file.table],
                mapping.get(file.table, {}),
                units.get(file.table, {}),
                delimiters.get(file.table, ","),
            )
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
    _require_rows(address, files, headers)
    _require_mapped(files, headers, mapping)
    return Inputs(address, files, headers, tuple(warnings))


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


def _require_rows(
    address: InputAddress, files: Iterable[InputFile], headers: Mapping[str, FileHeader]
) -> None:
    with_rows = {file.table for file in files if file.name in headers}
    for table in TABLES:
        if table.required and table.name not in with_rows:
            raise InputError(
                f"The {table.name} files hold no rows.",
                where=f"{address}/{table.name}",
                value=", ".join(file.name for file in files if file.table == table.name),
                cure=f"Put {table.name} files that have rows below their header into this folder.",
            )


def _require_mapped(
    files: Iterable[InputFile], headers: Mapping[str, FileHeader], mapping: Mapped
) -> None:
    """A column mapped to a name that no file has is a mistake, also if it is not required."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in files:
        if file.name in headers:
            found[file.table].update(field.column.name for field in headers[file.name].fields)
    for table, columns in found.items():
        for column, name in mapping.get(table, {}).items():
            if column not in columns:
                raise InputError(
                    f"None of the {table} files has a column {name!r}.",
                    where=f"columns.{table}.{column} in config.yaml",
                    value=name,
                    cure="Correct the name, or remove it from the configuration.",
                )
