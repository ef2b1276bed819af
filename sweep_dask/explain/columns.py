"""Columns of a table that may be absent or have gaps, as Python's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def values(rows: pa.Table, name: str) -> list[Any]:
    """A column, None where there is no value; all None without the column."""
    return rows[name].to_pylist() if name in rows.column_names else [None] * len(rows)


def doubled(price: float | None) -> int | None:
    """A price in the unit of the input as a doubled whole number; prices are multiples of a half.

    NaN and 0 are no price.
    """
    return round(2 * price) if price is not None and price > 0 else None
