"""Tables with fixed columns: the same names, order and types with and without rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Columns of one length by name: a frame, or arrays that need not be one.
Columns = Mapping[str, Any] | pd.DataFrame

#: Column name -> pandas type, in the order of the table.
Schema = Mapping[str, str]


def schema(types: str) -> Schema:
    """The schema written as `"orderid:int64 price:float64 group:str"`."""
    return dict(column.split(":") for column in types.split())


def table(columns: Schema, values: Columns) -> pd.DataFrame:
    """A table of exactly these columns from equally long arrays or series, in their row order.

    Raises
    ------
    KeyError
        A column has no values.
    """
    arrays = {name: _column(values[name], dtype) for name, dtype in columns.items()}
    return pd.DataFrame(arrays, copy=False)


def table_of_rows(columns: Schema, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A table of exactly these columns from one mapping per row."""
    return table(columns, {name: [row[name] for row in rows] for name in columns})


def empty_table(columns: Schema) -> pd.DataFrame:
    """The header of a table, with its types."""
    return table_of_rows(columns, [])


def whole_numbers(rows: Columns, name: str) -> IntArray:
    """A column that has a value in every row, as int64, never by way of a float."""
    return np.asarray(rows[name], dtype=np.int64)


def prices(rows: pd.DataFrame, name: str) -> FloatArray:
    """A price column as float64, NaN where missing; multiples of 0.5 are exact."""
    return rows[name].to_numpy(dtype=np.float64, na_value=np.nan)


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


def labels(names: Sequence[str | None], codes: IntArray) -> Any:
    """A column of text, the name of each code; names may be missing."""
    return _text(names).take(codes)


def constant(name: str | None, size: int) -> Any:
    """A column of one text all the way down."""
    return labels((name,), np.zeros(size, dtype=np.int64))


def _text(values: Any) -> Any:
    """Text, of which some may be missing: pandas before 3 would write out `nan`."""
    if getattr(values, "dtype", None) == "str":
        return pd.array(values, copy=False)
    text = pd.Series(values, dtype="str").array
    missing = pd.isna(np.asarray(values, dtype=object))
    if missing.any():
        text[missing] = None
    return text


def _column(values: Any, dtype: str) -> Any:
    """The values without an index: numpy for the plain types, an extension array for others."""
    if dtype == "str":
        return _text(values)
    if dtype == "Int64":
        return pd.array(values, dtype=dtype, copy=False)
    return np.asarray(values, dtype=dtype)
