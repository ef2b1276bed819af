"""Result tables as CSV: integers as integers, floats with a point, missing as nothing."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

#: How a text begins that spreadsheets take for a formula, which may run programs.
_FORMULA = "^([=+@\t\r-])"


def csv_bytes(table: pa.Table, *, safe_text: bool = False) -> bytes:
    """A table with its header as the text of a file; also a table without rows.

    Floats are written in the shortest form that reads back as the same double, with `.0` if
    they are whole, so that a reader infers the same types from every partition's file.

    Parameters
    ----------
    safe_text
        Whether a text that a spreadsheet takes for a formula gets an apostrophe before it.
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
