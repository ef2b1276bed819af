"""Rows of Parquet files as CSV text, so that every format is validated by the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sweep_dask.errors import InputError
from sweep_dask.schema import MISSING_INTEGER, Kind, Table
from sweep_dask.storage.cells import MAX_LINE_BYTES
from sweep_dask.storage.units import is_trade_date

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Mapping, Sequence

    from sweep_dask.schema import Column
    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.header_columns import Field
    from sweep_dask.storage.raw_files import InputFile

#: About what a row of the extracts takes as text; only steers the size of a chunk.
_TEXT_BYTES_PER_ROW = 160
#: A date or a boolean; two quotes around a text.
_OTHER_BYTES, _QUOTES_BYTES = 10, 2


def texts_of_row_groups(
    stream: io.RawIOBase, header: FileHeader, groups: Sequence[int], chunk_bytes: int
) -> Iterator[bytes]:
    """Row groups as CSV text, in order, in chunks of about `chunk_bytes`.

    Text columns stay dictionaries until their cells are written: a few bytes of a file may stand
    for a million long cells.

    Raises OSError, pyarrow.ArrowException: the file is damaged, or its row groups have not as many
    rows as it says.
    """
    metadata = pq.read_metadata(stream)
    kinds = metadata.schema.to_arrow_schema()
    read = {kinds.names[field.position]: field.column for field in header.fields}
    texts = [name for name in read if _is_text(kinds.field(name).type)]
    file = pq.ParquetFile(stream, metadata=metadata, read_dictionary=texts)
    rows = max(1, chunk_bytes // _TEXT_BYTES_PER_ROW)
    missing = sum(metadata.row_group(group).num_rows for group in groups)
    for batch in file.iter_batches(rows, row_groups=list(groups), columns=list(read)):
        missing -= len(batch)
        cells = {name: _printable(batch[name], column) for name, column in read.items()}
        yield from _written(cells, kinds.names, chunk_bytes)
    if missing:
        raise OSError(f"{missing:,} rows fewer than its footer says")


def require_types(
    schema: pa.Schema, fields: Sequence[Field], table: Table, file: InputFile
) -> None:
    """Refuse columns whose type cannot hold what they are read for.

    Raises InputError: names the column, its type and the cure.
    """
    exact = {*table.identity, table.time, table.security}
    for field in fields:
        column, kind = field.column, schema.types[field.position]
        if column.name in exact and pa.types.is_floating(kind):
            raise InputError(
                f"Column {column.name} is stored as floating point, "
                "which has already made different numbers equal.",
                where=file.name,
                value=str(kind),
                cure="Export the column as a 64-bit integer.",
            )
        if not _can_hold(kind, column):
            raise InputError(
                f"Column {column.name} has a type that cannot be read as {_MEANT[column.kind]}.",
                where=file.name,
                value=str(kind)[:200],
                cure="Export the column as numbers or text.",
            )


_MEANT = {Kind.INTEGER: "integers", Kind.PRICE: "prices", Kind.TEXT: "text"}


def _can_hold(kind: pa.DataType, column: Column) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_boolean(kind) or pa.types.is_timestamp(kind):
        return column.kind is not Kind.PRICE
    if pa.types.is_date(kind):
        return column.kind is Kind.TEXT or is_trade_date(column)
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return bool(_is_text(kind) or pa.types.is_null(kind) or any(test(kind) for test in numbers))


def _is_text(kind: pa.DataType) -> bool:
    """Also bytes: whether they are text is validated row by row."""
    tests = (
        *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
        *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
    )
    return any(test(kind) for test in tests)


def _written(
    cells: Mapping[str, pa.Array], names: Sequence[str], chunk_bytes: int
) -> Iterator[bytes]:
    """All fields of the file, those that are not read empty; halved until it is no more text."""
    rows = len(next(iter(cells.values())))
    most_bytes = rows * len(names) + sum(map(_text_bytes, cells.values()))
    if rows > 1 and most_bytes > chunk_bytes:
        half = rows // 2
        for start, length in ((0, half), (half, rows - half)):
            part = {name: array.slice(start, length) for name, array in cells.items()}
            yield from _written(part, names, chunk_bytes)
        return
    empty = pa.nulls(rows, pa.string())
    columns = [cells.get(name, empty) for name in names]
    columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in columns]
    sink = pa.BufferOutputStream()
    options = pacsv.WriteOptions(include_header=False)
    pacsv.write_csv(pa.table(columns, names=[str(k) for k in range(len(names))]), sink, options)
    yield bytes(sink.getvalue())


def _text_bytes(array: pa.Array) -> int:
    """No less than the cells take as text."""
    if pa.types.is_integer(array.type):
        widest = max(len(str(value)) for value in pc.min_max(array).as_py().values())
        return len(array) * widest
    if pa.types.is_dictionary(array.type):
        lengths = pc.take(pc.binary_length(array.dictionary), array.indices)
    elif _is_text(array.type):
        lengths = pc.binary_length(array)
    else:
        return len(array) * _OTHER_BYTES
    return len(array) * _QUOTES_BYTES + int(pc.sum(lengths, min_count=0).as_py())


def _printable(array: pa.Array, column: Column) -> pa.Array:
    """Cells as Arrow writes them in CSV as an extract would; text as a dictionary."""
    kind = array.type
    if _is_text(kind):
        array = array.dictionary_encode()
        kind = array.type
    if pa.types.is_dictionary(kind):
        spellings = _printable_texts(array.dictionary) if _is_text(kind.value_type) else None
        if spellings is None:
            return _printable(array.dictionary_decode(), column)
        return pa.DictionaryArray.from_arrays(array.indices, spellings)
    if pa.types.is_date(kind) and column.kind is Kind.INTEGER:
        array = array.cast(pa.timestamp("s"))
        kind = array.type
    if pa.types.is_timestamp(kind):
        return _printable_times(array)
    if pa.types.is_boolean(kind) and column.kind is Kind.INTEGER:
        return array.cast(pa.int8())
    if pa.types.is_decimal(kind):
        return _printable_decimals(array)
    if pa.types.is_floating(kind):
        return _printable_floats(array)
    return array


def _printable_texts(array: pa.Array) -> pa.Array:
    """A row is one line. Of a cell that makes its line too long there is enough to show that."""
    texts = pc.binary_slice(array.cast(pa.large_binary()), 0, MAX_LINE_BYTES + 1)
    for line_break in (b"\r", b"\n"):
        texts = pc.replace_substring(texts, line_break, b" ")
    options = pc.CastOptions(pa.large_string(), allow_invalid_utf8=True)
    return pc.cast(texts, options=options)


def _printable_times(array: pa.Array) -> pa.Array:
    """Nanoseconds; text where 64 bits do not hold them, which is rejected as out of range."""
    try:
        return array.cast(pa.timestamp("ns", tz=array.type.tz)).cast(pa.int64())
    except pa.ArrowInvalid:
        zeros = {"s": "0" * 9, "ms": "0" * 6, "us": "0" * 3}[array.type.unit]
        digits = array.cast(pa.int64()).cast(pa.string())
        return pc.binary_join_element_wise(digits, zeros, "")


def _printable_decimals(array: pa.Array) -> pa.Array:
    """3330.0000 is as much an integer as the float 3330.0; a zero of many decimals is "0E-10"."""
    text = pc.replace_substring_regex(pc.cast(array, pa.string()), r"(\.[0-9]*?)0+$", r"\1")
    text = pc.replace_substring_regex(text, r"\.$", "")
    return pc.if_else(pc.equal(array, pa.scalar(0, array.type)), "0", text)


def _printable_floats(array: pa.Array) -> pa.Array:
    """Whole numbers as integers, for Arrow prints large ones as 1e+16, and others as they are."""
    if pa.types.is_float16(array.type):
        array = array.cast(pa.float32())
    missing = pc.or_(pc.is_nan(array), pc.equal(array, float(MISSING_INTEGER)))
    present = pc.if_else(missing, pa.scalar(None, array.type), array)
    whole = pc.and_(pc.equal(pc.floor(present), present), pc.less(pc.abs(present), 2.0**63))
    integers = pc.if_else(whole, present, pa.scalar(None, array.type)).cast(pa.int64())
    if pc.all(whole, min_count=0).as_py():
        return integers
    return pc.coalesce(integers.cast(pa.string()), present.cast(pa.string()))
