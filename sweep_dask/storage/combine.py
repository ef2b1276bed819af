"""Results of partitions: written as CSV, and combined into the rows of a piece, or of a replay."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from sweep_dask.analysis.tables import ARROW_TYPES
from sweep_dask.locations import location_of
from sweep_dask.storage.atomic import write_and_digest
from sweep_dask.storage.frames import ROW_GROUP_ROWS, RowsFile, gathered, to_frame
from sweep_dask.storage.parquet_files import open_parquet, readable_by_arrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

#: How a text begins that spreadsheets take for a formula, which may run programs.
_FORMULA = "^([=+@\t\r-])"

#: Columns every combined table begins with.
KEY_COLUMNS = pa.schema(
    [
        ("date", pa.string()),
        ("security", pa.int32()),
        ("model", pa.string()),
        ("scenario", pa.string()),
    ]
)


def csv_bytes(table: pa.Table, *, safe_text: bool = False) -> bytes:
    """A table with its header as the text of a file; also a table without rows.

    Floats are written in the shortest form that reads back as the same double, with `.0` if
    they are whole, so that a reader infers the same types from every partition's file.

    `safe_text`: whether a text that a spreadsheet takes for a formula gets an apostrophe before it.
    """
    header = (",".join(table.column_names) + "\n").encode("utf-8")
    if not len(table):
        return header
    printable = _printable(table, safe_text=safe_text)
    try:
        return header + _rows(printable, "none")
    except pa.ArrowInvalid:
        # Some text holds a comma, a quote or a line break.
        return header + _rows(printable, "needed")


def _rows(table: pa.Table, quoting: str) -> bytes:
    sink = pa.BufferOutputStream()
    options = pacsv.WriteOptions(include_header=False, quoting_style=quoting, batch_size=1 << 14)
    pacsv.write_csv(table, sink, options)
    return bytes(sink.getvalue())


def as_read(table: pa.Table, schema: pa.Schema, *, safe_text: bool = False) -> pa.Table:
    """The rows that the file of `csv_bytes` holds, in these columns and types.

    A column that the table lacks is missing in every row, and so is a text without characters.
    """
    present = set(table.column_names)
    columns = [
        _typed(table[field.name], field.type, safe_text=safe_text)
        if field.name in present
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _typed(column: pa.ChunkedArray, kind: pa.DataType, *, safe_text: bool) -> pa.ChunkedArray:
    if not pa.types.is_string(kind):
        return column if column.type == kind else column.cast(kind)
    text = _safe(column) if safe_text else column
    return pc.if_else(pc.equal(text, ""), None, text)


def _printable(table: pa.Table, *, safe_text: bool) -> pa.Table:
    """The same columns as they are written, all numbers with a point at once: most are few."""
    columns = table.columns
    floats = [
        position for position, column in enumerate(columns) if pa.types.is_floating(column.type)
    ]
    for position, column in enumerate(columns):
        if pa.types.is_string(column.type) and safe_text:
            columns[position] = _safe(column)
        elif pa.types.is_boolean(column.type):
            columns[position] = pc.if_else(column, "True", "False")
    if floats:
        chunks = [chunk for position in floats for chunk in columns[position].chunks]
        text = _float_text(pa.concat_arrays(chunks))
        for number, position in enumerate(floats):
            columns[position] = text.slice(number * len(table), len(table))
    return pa.Table.from_arrays(columns, names=table.column_names)


def _safe(text: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(text, _FORMULA, r"'\1")


def _float_text(values: pa.Array) -> pa.Array:
    # Values repeat, and to write one out is dear: each is, once. As bits, since -0.0 equals 0.0.
    bits = values.view(pa.int64()).dictionary_encode()
    text = pc.cast(bits.dictionary.view(values.type), pa.string())
    # A point, an exponent, inf: each says float already.
    whole = pc.match_substring_regex(text, "^-?[0-9]+$")
    text = pc.if_else(whole, pc.binary_join_element_wise(text, ".0", ""), text)
    return text.take(bits.indices)


@dataclass(frozen=True)
class ResultFile:
    """One result file, CSV or Parquet, of one partition."""

    date: str
    security: int
    path: str
    scenario: str | None = None


class Rows(NamedTuple):
    """The rows of a combined table."""

    schema: pa.Schema
    parts: Iterator[pa.Table]
    """In the order of the table; one in memory at a time."""


def table_schema(columns: Mapping[str, str]) -> pa.Schema:
    """Arrow schema of a table from its pandas types."""
    return pa.schema([(name, ARROW_TYPES[kind]) for name, kind in columns.items()])


def result_schema(columns: Mapping[str, str]) -> pa.Schema:
    """Arrow schema of a result table from its pandas types, without the key columns."""
    keys = KEY_COLUMNS.names
    return table_schema({name: kind for name, kind in columns.items() if name not in keys})


def combined(
    files: Iterable[ResultFile], columns: Mapping[str, str], model: str | None = None
) -> Rows:
    """The rows of files of one table, in the order given, with what they are of.

    `columns`: the table's columns and their pandas types; the key columns are put ahead of them.
    `model`: None if the rows tell it themselves, and their partition and scenario.
    """
    read = table_schema(columns) if model is None else result_schema(columns)
    return Rows(
        keyed_schema(columns, model),
        (keyed(rows, file, model, read) for file in files for rows in _read(file, read)),
    )


def keyed_schema(columns: Mapping[str, str], model: str | None) -> pa.Schema:
    """What `combined` gives."""
    if model is None:
        return table_schema(columns)
    return pa.schema([*KEY_COLUMNS, *result_schema(columns)])


def concatenate(target: str, paths: Iterable[str], columns: Mapping[str, str]) -> str:
    """Write the rows of Parquet files of the same columns, one after the other.

    Returns the digest.
    """
    rows = combined([ResultFile("", 0, path) for path in paths], columns)
    path = location_of(target)

    def write(temporary: Path) -> None:
        file = RowsFile(temporary, rows.schema, path.stem)
        for part in rows.parts:
            file.add(part)
        file.close()

    return write_and_digest(path, write)


def holds(path: Path, rows: Rows) -> bool:
    """Whether a Parquet file has these rows and columns, however it is encoded.

    Raises OSError, pyarrow.ArrowException: it is damaged, or a file that the rows are of is.
    """
    with open_parquet(path) as file:
        if not file.schema_arrow.equals(rows.schema):
            return False
        there = (pa.Table.from_batches([batch]) for batch in file.iter_batches(ROW_GROUP_ROWS))
        return all(
            one is not None
            and other is not None
            # To Arrow no NaN is equal to another.
            and bool(one.equals(other) or to_frame(one).equals(to_frame(other)))
            for one, other in zip_longest(gathered(there), gathered(rows.parts))
        )


def _read(file: ResultFile, results: pa.Schema) -> Iterator[pa.Table]:
    if file.path.endswith(".csv"):
        yield _read_csv(location_of(file.path), results)
        return
    with open_parquet(location_of(file.path)) as opened:
        for batch in opened.iter_batches(ROW_GROUP_ROWS, columns=results.names):
            yield pa.Table.from_batches([batch]).cast(results)


def _read_csv(path: Path, results: pa.Schema) -> pa.Table:
    options = pacsv.ConvertOptions(
        column_types=results,
        include_columns=results.names,
        include_missing_columns=True,
        strings_can_be_null=True,
        null_values=[""],
    )
    # Text may hold a carriage return, in quotes.
    lines = pacsv.ParseOptions(newlines_in_values=True)
    return pacsv.read_csv(readable_by_arrow(path), parse_options=lines, convert_options=options)


def keyed(rows: pa.Table, of: ResultFile, model: str | None, kept: pa.Schema) -> pa.Table:
    """Rows of a result as they are in a combined table: with the key columns ahead of them.

    `model`: None if the rows have these columns themselves.
    `kept`: what is taken of the rows, in the types of the table.
    """
    rows = rows.select(kept.names)
    if rows.schema != kept:
        rows = rows.cast(kept)
    if model is None:
        return rows
    values = (of.date, of.security, model, of.scenario)
    keys = [
        pa.repeat(pa.scalar(value, field.type), len(rows))
        for value, field in zip(values, KEY_COLUMNS, strict=True)
    ]
    names = [*KEY_COLUMNS.names, *kept.names]
    return pa.Table.from_arrays([*keys, *rows.columns], names=names)
