"""Tables with fixed columns: the same names, order and types with and without rows.

Rows come and go as Arrow tables, which are what is written; in between, columns are numpy arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from sweep_dask.terms.dimensions import CATEGORIES
from sweep_dask.terms.sides import SIDES

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Columns of one length by name: a table, or arrays that need not be one.
Columns: TypeAlias = Mapping[str, Any] | pa.Table

#: Column name -> type by its pandas name, in the order of the table.
Schema = Mapping[str, str]

#: Arrow's types of those.
ARROW_TYPES = {
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "str": pa.string(),
    #: Text that has one of the values of `CATEGORIES`.
    "category": pa.dictionary(pa.int8(), pa.string()),
}
#: Of which an array may have gaps; the others come as numpy arrays, in which NaN is one.
_WITH_GAPS = ("Int64", "str")


def schema(types: str) -> Schema:
    """The schema written as `"orderid:int64 price:float64 group:str"`."""
    return dict(column.split(":") for column in types.split())


def table(columns: Schema, values: Columns) -> pa.Table:
    """A table of exactly these columns from equally long arrays, in their row order.

    Raises
    ------
    KeyError
        A column has no values.
    ValueError
        A category has a value that is none of its own.
    """
    arrays = [
        _category(name, values[name]) if kind == "category" else _column(values[name], kind)
        for name, kind in columns.items()
    ]
    return pa.Table.from_arrays(arrays, names=list(columns))


def table_of_rows(columns: Schema, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A table of exactly these columns from one mapping per row."""
    return table(columns, {name: [row[name] for row in rows] for name in columns})


def empty_table(columns: Schema) -> pa.Table:
    """The header of a table, with its types."""
    return table_of_rows(columns, [])


def whole_numbers(rows: Columns, name: str) -> IntArray:
    """A column that has a value in every row, as int64, never by way of a float.

    Raises
    ------
    ValueError
        A value is missing.
    """
    column = rows[name]
    if getattr(column, "null_count", 0):
        raise ValueError(f"{name} has rows without a value")
    return np.asarray(column, dtype=np.int64)


def whole_numbers_or(rows: pa.Table, name: str, missing: int) -> IntArray:
    """A column of whole numbers that may be absent or have gaps, with a value for those."""
    if name not in rows.column_names:
        return np.full(len(rows), missing, dtype=np.int64)
    column = rows[name]
    return np.asarray(column.fill_null(missing) if column.null_count else column, dtype=np.int64)


def prices(rows: pa.Table, name: str) -> FloatArray:
    """A price column as float64, NaN where missing; multiples of 0.5 are exact."""
    return np.asarray(rows[name], dtype=np.float64)


def sums_at(positions: IntArray, amounts: IntArray, size: int) -> IntArray:
    """int64[size]: the sum of the amounts that fall on each position."""
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, positions, amounts)
    return total


def ratio(part: IntArray, whole: IntArray) -> FloatArray:
    """`part / whole`, and 0 where the whole is not above zero."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)


def over(part: ArrayLike, whole: ArrayLike) -> FloatArray:
    """`part / whole`, NaN where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    shares = np.full(part.shape, np.nan)
    np.divide(part, whole, out=shares, where=whole != 0)
    return shares


def labels(names: Sequence[str | None], codes: IntArray) -> pa.Array:
    """A column of text, the name of each code; names may be missing."""
    return _names(tuple(names)).take(pa.array(codes))


@cache
def _names(names: tuple[str | None, ...]) -> pa.Array:
    return pa.array(names, pa.string())


def category(name: str, codes: IntArray) -> pa.DictionaryArray:
    """A column of a category, by the position of each text among its values; -1: missing."""
    known = pa.array(np.asarray(codes, np.int8), mask=np.asarray(codes) < 0)
    return pa.DictionaryArray.from_arrays(known, _names(CATEGORIES[name]))


def constant_category(name: str, text: str, size: int) -> pa.DictionaryArray:
    """A column of a category, one text all the way down."""
    return category(name, np.full(size, CATEGORIES[name].index(text)))


def side_names(sides: IntArray) -> pa.DictionaryArray:
    """The category `side`, from the numbers of sides."""
    return category("side", np.asarray(sides) - min(SIDES.values()))


def coded(column: pa.ChunkedArray) -> tuple[IntArray, list[str]]:
    """The number of each text, and the texts in order of first appearance."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def constant(name: str | None, size: int) -> pa.Array:
    """A column of one text all the way down."""
    return pa.repeat(pa.scalar(name, pa.string()), size)


def _category(name: str, values: Any) -> pa.Array:
    """A column of text as a category: all files have the same values in the same order."""
    if getattr(values, "type", None) == ARROW_TYPES["category"]:
        return values
    texts = _column(values, "str")
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    known = _names(CATEGORIES[name])
    codes = pc.index_in(texts, known).cast(pa.int8())
    if codes.null_count != texts.null_count:
        raise ValueError(f"{name} has a value that is none of {', '.join(CATEGORIES[name])}")
    return pa.DictionaryArray.from_arrays(codes, known)


def _column(values: Any, kind: str) -> pa.Array | pa.ChunkedArray:
    of_arrow = ARROW_TYPES[kind]
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values if values.type == of_arrow else values.cast(of_arrow)
    if kind not in _WITH_GAPS:
        values = np.asarray(values, dtype=kind)
    return pa.array(values, of_arrow, from_pandas=True)
