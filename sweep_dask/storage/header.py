"""What a file's header says: which field holds which column of the schema."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.errors import InputError
from sweep_dask.storage.cells import BYTE_ORDER_MARK, MAX_LINE_BYTES
from sweep_dask.storage.formats import open_text
from sweep_dask.storage.header_columns import (
    Field,
    accepted_names,
    match_columns,
    plain_name,
    refuse_header,
    refuse_other_delimiter,
    refuse_other_number,
    refuse_row,
    with_units,
)
from sweep_dask.storage.parquet_text import require_types
from sweep_dask.storage.raw_files import open_raw, readable
from sweep_dask.storage.units import unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.schema import Table
    from sweep_dask.storage.raw_files import InputFile

_STEP_BYTES = 1 << 16

#: Blank lines above a header; a file that begins with more has none (arbitrary).
_MAX_BLANK_BYTES = 2 << 20

#: What rows without a cell are made of (see `scan`): a tab may stand between two cells.
_BLANK = b" \r\n"

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class FileHeader:
    """Header of one file, matched with the schema."""

    fields: tuple[Field, ...]
    """Fields that are read, in the order of `Table.in_order`."""
    n_fields: int
    """How many fields every line must have."""
    body_offset: int
    """Byte at which the first line behind the header begins (0 for Parquet)."""
    has_rows: bool
    delimiter: str = ","
    line: int = 1
    """Physical line of the header: lines that are blank may stand above it; 0 without one."""
    names: tuple[str, ...] = ()
    """Of all fields of a CSV file, as its header has them."""
    n_rows: int | None = None
    """How many rows there are, where the file says so (Parquet)."""

    def position_of(self, name: str) -> int:
        """Field number of a column that is certain to be there."""
        return next(field.position for field in self.fields if field.column.name == name)


class EmptyFileError(Exception):
    """A file without a single byte, or without a header."""


class Writing(NamedTuple):
    """How the files of a table are written, where that is not as in the extracts."""

    columns: Mapping[str, str] = _NONE
    """Logical column name to the name it has in the user's files."""
    units: Mapping[str, str] = _NONE
    """Units of cells, `time` and `price`."""
    delimiter: str = ","
    """What stands between two fields of a CSV file."""
    names: Sequence[str] = ()
    """What the fields of a CSV file are called that has no header itself; empty: it has one."""


def read_header(file: InputFile, table: Table, writing: Writing) -> FileHeader:
    """Header of `file`, its names matched with the columns of `table`.

    Raises EmptyFileError: there is no header or, where there need be none, no row.
    Raises InputError: the file cannot be read, lacks a required column, or names one twice; it has
    a header and names as well, or not as many fields as names.
    """
    if file.format == "parquet":
        return _parquet_header(file, table, writing)
    first = _first_line(file)
    where = f"{file.name}, line {first.number}"
    cells = _split(first, writing.delimiter, where)
    if writing.names:
        return _header_of_names(first, cells, file, table, writing, where)
    _refuse_no_header(cells, first, table, writing, where)
    fields = match_columns(cells, table, writing.columns, file, where)
    return FileHeader(
        *(with_units(fields, writing.units), len(cells), first.end, first.has_rows),
        *(writing.delimiter, first.number, tuple(cells)),
    )


def _header_of_names(
    first: _FirstLine,
    cells: Sequence[str],
    file: InputFile,
    table: Table,
    writing: Writing,
    where: str,
) -> FileHeader:
    """The header of a file that begins with a row."""
    known = accepted_names(table, writing.columns)
    refuse_header([cell for cell in cells if plain_name(cell) in known], where, table.name)
    refuse_other_number(cells, writing.names, where, table.name)
    named = f"header.{table.name} of the configuration, for {file.name}"
    fields = match_columns(writing.names, table, writing.columns, file, named)
    fields = with_units(fields, writing.units)
    return FileHeader(fields, len(cells), first.mark_bytes, True, writing.delimiter, 0)


def _parquet_header(file: InputFile, table: Table, writing: Writing) -> FileHeader:
    if file.bytes == 0:
        raise EmptyFileError(file.name)
    with readable(file), open_raw(file) as stream:
        metadata = pq.read_metadata(stream)
        schema = metadata.schema.to_arrow_schema()
        groups = range(metadata.num_row_groups)
        rows = sum(metadata.row_group(group).num_rows for group in groups)
    fields = match_columns(schema.names, table, writing.columns, file, file.name)
    require_types(schema, fields, table, file)
    # A timestamp says itself what it is, and so does a date.
    fields = tuple(
        field
        if pa.types.is_temporal(schema.types[field.position])
        else replace(field, unit=unit_of(field.column, writing.units))
        for field in fields
    )
    return FileHeader(fields, len(schema.names), 0, rows > 0, n_rows=rows)


class _FirstLine(NamedTuple):
    """The first line that is not blank."""

    text: bytes
    number: int
    """From 1."""
    end: int
    """Offset behind it."""
    has_rows: bool
    """Whether anything but blank follows."""
    mark_bytes: int
    """Length of the byte order mark at the beginning of the file, 0 or 3."""


def _first_line(file: InputFile) -> _FirstLine:
    with readable(file), open_text(file) as stream:
        line = stream.readline(MAX_LINE_BYTES)
        number, end = 1, len(line)
        text = line.removeprefix(BYTE_ORDER_MARK)
        mark_bytes = len(line) - len(text)
        while line and not text.strip() and end < _MAX_BLANK_BYTES:
            number += line.endswith(b"\n")
            text = line = stream.readline(MAX_LINE_BYTES)
            end += len(line)
        if not line:
            raise EmptyFileError(file.name)
        if len(line) == MAX_LINE_BYTES or not text.strip():
            raise InputError(
                f"{file.name} is not CSV: it begins with no header of up to 1 MiB.",
                where=file.name,
                cure="Remove the file or export it again as CSV.",
            )
        steps = iter(lambda: stream.read(_STEP_BYTES), b"")
        has_rows = any(step.strip(_BLANK) for step in steps)
    return _FirstLine(text, number, end, has_rows, mark_bytes)


def _split(line: _FirstLine, delimiter: str, where: str) -> list[str]:
    try:
        text = line.text.decode("utf-8")
        return next(csv.reader([text.rstrip("\r\n")], skipinitialspace=True, delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{where.rpartition(',')[0]} is not CSV: its header is not one line of text.",
            where=where,
            cure="Remove the file or export it again as UTF-8 CSV.",
        ) from error


def _refuse_no_header(
    names: Sequence[str], line: _FirstLine, table: Table, writing: Writing, where: str
) -> None:
    """Lines that have another fault than a missing column are told of that one."""
    known = accepted_names(table, writing.columns)
    required = [column.name for column in table.columns if column.required]
    found = {known[plain_name(name)].name for name in names if plain_name(name) in known}
    if found.issuperset(required):
        return
    refuse_other_delimiter(
        lambda other: _split(line, other, where),
        writing.delimiter,
        lambda name: plain_name(name) in known,
        where,
        table.name,
        len(required),
    )
    if not found:
        refuse_row(names, required, where, table.name)
