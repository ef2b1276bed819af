"""What a file's header says: which field holds which column of the schema."""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.errors import InputError
from sweep_dask.schema import Column, Kind, Table
from sweep_dask.storage.cells import BYTE_ORDER_MARK, MAX_LINE_BYTES
from sweep_dask.storage.formats import open_text
from sweep_dask.storage.header_faults import refuse_other_delimiter, refuse_row
from sweep_dask.storage.parquet_text import require_types
from sweep_dask.storage.raw_files import open_raw
from sweep_dask.storage.units import unit_of
from sweep_dask.storage.unreadable import readable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.storage.raw_files import InputFile

_STEP_BYTES = 1 << 16

#: Blank lines above a header; a file that begins with more has none (arbitrary).
_MAX_BLANK_BYTES = 2 << 20

#: A hundred times the columns of the widest table of the exchange.
_MAX_FIELDS = 4_000
#: Of names in a message.
_SHOWN_NAMES, _SHOWN_CHARACTERS = 60, 60

#: What rows without a cell are made of (see `scan`): a tab may stand between two cells.
_BLANK = b" \r\n"

_NONE: Mapping[str, str] = MappingProxyType({})

#: Columns added to the rows of a file: their trading date, and their calendar day while they are
#: put in order.
OWN_COLUMNS = ("date", "_day")


@dataclass(frozen=True)
class Field:
    """One field of a file that is read."""

    position: int
    column: Column
    unit: str | None = None
    """Unit of the cells; None for that of the extracts."""


@dataclass(frozen=True)
class FileHeader:
    """Header of one file, matched with the schema."""

    fields: tuple[Field, ...]
    """Fields that are read, in the order of `Table.in_order`."""
    n_fields: int
    """How many fields every line must have."""
    body_offset: int
    """Byte at which the first row begins (0 for Parquet)."""
    has_rows: bool
    delimiter: str = ","
    line: int = 1
    """Physical line of the header: lines that are blank may stand above it."""
    n_rows: int | None = None
    """How many rows there are, where the file says so (Parquet)."""

    def position_of(self, name: str) -> int:
        """Field number of a column that is certain to be there."""
        return next(field.position for field in self.fields if field.column.name == name)


class EmptyFileError(Exception):
    """A file without a single byte, or without a header."""


def read_header(
    file: InputFile,
    table: Table,
    mapping: Mapping[str, str],
    units: Mapping[str, str] = _NONE,
    delimiter: str = ",",
) -> FileHeader:
    """Header of `file`, its names matched with the columns of `table`.

    Parameters
    ----------
    mapping
        Logical column name to the name it has in the user's files.
    units
        Units of the table's cells, `time` and `price`, where they are not those of the extracts.
    delimiter
        What stands between two fields of a CSV file.

    Raises
    ------
    EmptyFileError
        There is no header.
    InputError
        The file cannot be read, lacks a required column, or names one twice.
    """
    if file.format == "parquet":
        return _parquet_header(file, table, mapping, units)
    first = _first_line(file)
    names = _split_header(first, file, delimiter)
    _refuse_no_header(names, first, file, table, mapping, delimiter)
    fields = with_units(match_columns(names, table, mapping, file), units)
    return FileHeader(fields, len(names), first.end, first.has_rows, delimiter, first.number)


def with_units(fields: Sequence[Field], units: Mapping[str, str]) -> tuple[Field, ...]:
    """Fields that know in which unit their cells are."""
    return tuple(replace(field, unit=unit_of(field.column, units)) for field in fields)


def _parquet_header(
    file: InputFile, table: Table, mapping: Mapping[str, str], units: Mapping[str, str]
) -> FileHeader:
    if file.bytes == 0:
        raise EmptyFileError(file.name)
    with readable(file), open_raw(file) as stream:
        metadata = pq.read_metadata(stream)
        schema = metadata.schema.to_arrow_schema()
        groups = range(metadata.num_row_groups)
        rows = sum(metadata.row_group(group).num_rows for group in groups)
    fields = match_columns(schema.names, table, mapping, file)
    require_types(schema, fields, table, file)
    # A timestamp says itself what it is, and so does a date.
    fields = tuple(
        field
        if pa.types.is_temporal(schema.types[field.position])
        else replace(field, unit=unit_of(field.column, units))
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


def _first_line(file: InputFile) -> _FirstLine:
    with readable(file), open_text(file) as stream:
        line = stream.readline(MAX_LINE_BYTES)
        number, end = 1, len(line)
        text = line.removeprefix(BYTE_ORDER_MARK)
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
        pieces = iter(lambda: stream.read(_STEP_BYTES), b"")
        has_rows = any(piece.strip(_BLANK) for piece in pieces)
    return _FirstLine(text, number, end, has_rows)


def _split_header(line: _FirstLine, file: InputFile, delimiter: str) -> list[str]:
    try:
        text = line.text.decode("utf-8")
        return next(csv.reader([text.rstrip("\r\n")], skipinitialspace=True, delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{file.name} is not CSV: its header is not one line of text.",
            where=f"{file.name}, line {line.number}",
            cure="Remove the file or export it again as UTF-8 CSV.",
        ) from error


def _refuse_no_header(
    names: Sequence[str],
    line: _FirstLine,
    file: InputFile,
    table: Table,
    mapping: Mapping[str, str],
    delimiter: str,
) -> None:
    """Lines that have another fault than a missing column are told of that one."""
    known = _accepted_names(table, mapping)
    required = [column.name for column in table.columns if column.required]
    found = {known[_plain(name)].name for name in names if _plain(name) in known}
    if found.issuperset(required):
        return
    where = f"{file.name}, line {line.number}"
    refuse_other_delimiter(
        lambda other: _split_header(line, file, other),
        delimiter,
        lambda name: _plain(name) in known,
        where,
        table.name,
    )
    if not found:
        refuse_row(names, required, where)


def _plain(name: str) -> str:
    """Spelling that case, blanks and underscores do not change."""
    return "".join(name.split()).casefold().replace("_", "")


def match_columns(
    names: Sequence[str], table: Table, mapping: Mapping[str, str], file: InputFile
) -> tuple[Field, ...]:
    """Fields to read, in the order of `Table.in_order`.

    Raises
    ------
    InputError
        A required column is missing, or two fields claim the same column.
    """
    _refuse_too_many(names, file)
    _refuse_taken_names(table, mapping, file)
    wanted = _accepted_names(table, mapping)
    fields: dict[str, Field] = {}
    for position, name in enumerate(names):
        column = wanted.get(_plain(name))
        if column is None and table.keeps_other_columns and _can_be_kept(name):
            column = Column(name.strip(), Kind.TEXT, required=False)
        if column is None:
            continue
        if column.name in fields:
            raise InputError(
                f"Two fields of {file.name} claim the column {column.name}: "
                f"{names[fields[column.name].position].strip()} and {name.strip()}.",
                where=f"{file.name}, line 1",
                cure=f"Name the right one under columns.{table.name}.{column.name} in config.yaml.",
            )
        fields[column.name] = Field(position, column)
    _require(fields, names, table, mapping, file)
    return tuple(fields[c.name] for c in table.in_order(f.column for f in fields.values()))


def _refuse_too_many(names: Sequence[str], file: InputFile) -> None:
    if len(names) > _MAX_FIELDS:
        raise InputError(
            f"{file.name} has {len(names):,} columns; a table may have {_MAX_FIELDS:,}.",
            where=f"{file.name}, line 1",
            value=_shown(names),
            cure="Export the columns that docs/input.md lists.",
        )


def _shown(names: Sequence[str]) -> str:
    """The first of the names, as far as a reader can use them."""
    shown = [name.strip()[:_SHOWN_CHARACTERS] for name in names[:_SHOWN_NAMES]]
    return ", ".join(shown) + (", …" if len(names) > _SHOWN_NAMES else "")


def _can_be_kept(name: str) -> bool:
    """Whether a column not of the schema has a name, and none that this package gives."""
    return name.strip().casefold() not in {"", *OWN_COLUMNS}


def _refuse_taken_names(table: Table, mapping: Mapping[str, str], file: InputFile) -> None:
    """A name that is another column's own, or is given twice, would leave one of two without."""
    taken = {
        _plain(name): column.name
        for column in table.columns
        if column.name not in mapping
        for name in (column.name, *column.aliases)
    }
    for column, name in mapping.items():
        other = taken.setdefault(_plain(name), column)
        if other != column:
            raise InputError(
                f"{name!r} cannot be the column {column}: it is the column {other}.",
                where=f"columns.{table.name}.{column} in config.yaml, for {file.name}",
                value=name,
                cure=f"Give {column} the name it has in the file.",
            )


def _accepted_names(table: Table, mapping: Mapping[str, str]) -> dict[str, Column]:
    accepted: dict[str, Column] = {}
    for column in table.columns:
        if column.name in mapping:
            accepted[_plain(mapping[column.name])] = column
        else:
            for name in (column.name, *column.aliases):
                accepted.setdefault(_plain(name), column)
    return accepted


def _require(
    fields: Mapping[str, Field],
    names: Sequence[str],
    table: Table,
    mapping: Mapping[str, str],
    file: InputFile,
) -> None:
    missing = [c.name for c in table.columns if c.required and c.name not in fields]
    if not missing:
        return
    claimed = {field.position for field in fields.values()}
    free = [name.strip() for position, name in enumerate(names) if position not in claimed]
    nearest = {name: difflib.get_close_matches(name, free, n=3, cutoff=0.4) for name in missing}
    hints = [f"{name} (nearest: {', '.join(near)})" for name, near in nearest.items() if near]
    expected = [f"{n} (mapped to {mapping[n]})" if n in mapping else n for n in missing]
    raise InputError(
        f"Required column{'s' * (len(missing) > 1)} missing from {file.name}: "
        f"{', '.join(expected)}.",
        where=f"{file.name}, line 1",
        value=_shown(names),
        cure=f"Map {hints[0] if hints else missing[0]} under columns.{table.name} in config.yaml, "
        f"as in `columns: {{{table.name}: {{{missing[0]}: "
        f"{(nearest[missing[0]] or ['my_name'])[0]}}}}}`.",
    )
