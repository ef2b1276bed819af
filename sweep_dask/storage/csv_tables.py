"""Result tables as CSV: integers as integers, floats with a point, missing as nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

if TYPE_CHECKING:
    import pandas as pd


#: How a text begins that spreadsheets take for a formula, which may run programs.
_FORMULA = "^([=+@\t\r-])"


def csv_bytes(frame: pd.DataFrame, *, safe_text: bool = False) -> bytes:
    """A frame with its header as the text of a file; also a frame without rows.

    Floats are written in the shortest form that reads back as the same double, with `.0` if
    they are whole, so that a reader infers the same types from every partition's file.

    Parameters
    ----------
    safe_text
        Whether a text that a spreadsheet takes for a formula gets an apostrophe before it.
    """
    columns = [_printable(values, safe_text=safe_text) for _, values in frame.items()]
    table = pa.table(columns, names=list(frame.columns))
    header = (",".join(frame.columns) + "\n").encode("utf-8")
    if not len(table):
        return header
    try:
        return header + _rows(table, "none")
    except pa.ArrowInvalid:
        # Some text holds a comma, a quote or a line break.
        return header + _rows(table, "needed")


def _rows(table: pa.Table, quoting: str) -> bytes:
    sink = pa.BufferOutputStream()
    options = pacsv.WriteOptions(include_header=False, quoting_style=quoting, batch_size=1 << 14)
    pacsv.write_csv(table, sink, options)
    return bytes(sink.getvalue())


def as_read(frame: pd.DataFrame, schema: pa.Schema, *, safe_text: bool = False) -> pa.Table:
    """The rows that the file of `csv_bytes` holds, in these columns and types.

    A column that the frame lacks is missing in every row, and so is a text without characters.
    """
    columns = [
        _typed(frame[field.name], field.type, safe_text=safe_text)
        if field.name in frame.columns
        else pa.nulls(len(frame), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _typed(values: pd.Series, kind: pa.DataType, *, safe_text: bool) -> pa.Array:
    array = pa.array(values, from_pandas=True)
    if pa.types.is_string(kind):
        text = _printable(values, safe_text=safe_text).cast(kind)
        return pc.if_else(pc.equal(text, ""), None, text)
    return array.cast(kind)


def _printable(values: pd.Series, *, safe_text: bool) -> pa.Array:
    array = pa.array(values.values, from_pandas=True)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return pc.replace_substring_regex(array, _FORMULA, r"'\1") if safe_text else array
    if pa.types.is_boolean(array.type):
        return pc.if_else(array, "True", "False")
    if not pa.types.is_floating(array.type):
        return array
    # Values repeat, and to write one out is dear: each is, once. As bits, since -0.0 equals 0.0.
    bits = array.view(pa.int64()).dictionary_encode()
    return _float_text(bits.dictionary.view(array.type)).take(bits.indices)


def _float_text(values: pa.Array) -> pa.Array:
    text = pc.cast(values, pa.string())
    # A point, an exponent, inf: each says float already.
    whole = pc.match_substring_regex(text, "^-?[0-9]+$")
    return pc.if_else(whole, pc.binary_join_element_wise(text, ".0", ""), text)
