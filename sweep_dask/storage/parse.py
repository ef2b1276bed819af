"""Text of whole lines to a typed Arrow table, all or nothing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sweep_dask.schema import MISSING_INTEGER, Column, Kind
from sweep_dask.storage.cells import (
    BYTE_ORDER_MARK,
    MAX_PRICE,
    UnparsableError,
    integers_from_text,
    prices_from_text,
    trimmed_texts,
)
from sweep_dask.storage.units import standard_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sweep_dask.storage.header import Field, FileHeader

#: Arrow types of the three kinds of columns, everywhere in this package.
ARROW_TYPES = {Kind.INTEGER: pa.int64(), Kind.PRICE: pa.float64(), Kind.TEXT: pa.string()}


def parse_lines(
    text: bytes,
    header: FileHeader,
    has_odd: npt.NDArray[np.bool_],
) -> pa.Table:
    """Typed columns of lines that already have the right number of fields.

    Parameters
    ----------
    has_odd
        bool[fields], as in `LineScan`; where it is not set, the column is read as plain 64-bit
        integers, which is several times faster. (Where it is, pandas would take a column with
        a `1e3` through floats and make different ids equal.)

    Returns
    -------
    pyarrow.Table
        One row a line, in order; columns in the order of `header.fields`, named and typed by
        the schema, null where a value is missing.

    Raises
    ------
    UnparsableError
        Some cell is not what its column holds.
    """
    schema = arrow_schema(field.column for field in header.fields)
    if not text:  # of which pandas can make no columns
        return schema.empty_table()
    as_text = {
        field.position: field.column.kind is Kind.TEXT
        or field.unit is not None
        or bool(has_odd[field.position])
        for field in header.fields
    }
    frame = _read_csv(text, header, as_text)
    columns = [_convert(frame[f.position], f, as_text[f.position]) for f in header.fields]
    return pa.table(columns, schema=schema)


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """Arrow schema of schema columns."""
    return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in columns])


def _read_csv(text: bytes, header: FileHeader, as_text: dict[int, bool]) -> pd.DataFrame:
    # Of a byte order mark at the beginning pandas would see nothing; in a row it is text.
    is_marked = text.startswith(BYTE_ORDER_MARK)
    try:
        return pd.read_csv(
            io.BytesIO(b"\n" + text if is_marked else text),
            skiprows=int(is_marked),
            engine="c",
            sep=header.delimiter,
            header=None,
            names=range(header.n_fields),
            usecols=list(as_text),
            dtype={position: str if text else "int64" for position, text in as_text.items()},
            na_filter=False,
            skipinitialspace=True,
            skip_blank_lines=False,
            lineterminator="\n",
            low_memory=True,  # in chunks that fit the cache: nearly twice as fast as in one go
        )
    except (ValueError, OverflowError) as error:
        raise UnparsableError from error


def _convert(values: pd.Series, field: Field, as_text: bool) -> pa.Array:
    column = field.column
    if not as_text and values.dtype != np.int64:
        raise UnparsableError  # pandas below 3 takes integers beyond 63 bits as unsigned
    array = pa.array(values, type=pa.string() if as_text else pa.int64(), from_pandas=True)
    if column.kind is Kind.TEXT:
        return trimmed_texts(array)
    if column.kind is Kind.PRICE:
        if as_text:
            return _spelled(array, field, prices_from_text)
        return _prices_from_integers(array)
    numbers = _spelled(array, field, integers_from_text) if as_text else array
    return _checked_integers(numbers, column)


def _spelled(array: pa.Array, field: Field, convert: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Numbers of cells, converting each spelling once: prices repeat."""
    text = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    encoded = text.dictionary_encode()
    spellings = encoded.dictionary
    if field.unit is not None:
        spellings = standard_cells(spellings, field.column, field.unit)
    return convert(spellings).take(encoded.indices)


def _prices_from_integers(array: pa.Array) -> pa.Array:
    numbers = array.to_numpy(zero_copy_only=False)
    missing = numbers == MISSING_INTEGER
    if np.any((np.abs(numbers) > MAX_PRICE) & ~missing):
        raise UnparsableError
    return pa.array(numbers.astype(np.float64), mask=missing if missing.any() else None)


def _checked_integers(array: pa.Array, column: Column) -> pa.Array:
    if column.required and array.null_count:
        raise UnparsableError
    # An empty table has no extremes; nor has a column of nulls.
    extremes = pc.min_max(array)
    lowest, highest = extremes["min"].as_py(), extremes["max"].as_py()
    if lowest is None:
        return array
    if lowest == MISSING_INTEGER:
        if column.required:
            raise UnparsableError
        return _checked_integers(
            pc.if_else(pc.equal(array, MISSING_INTEGER), pa.scalar(None, pa.int64()), array),
            column,
        )
    if lowest < column.minimum or highest > column.maximum:
        raise UnparsableError
    return array
