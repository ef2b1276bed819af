"""What the columns of Parquet files are, in the metadata of their fields: `unit`, `description`."""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa

from sweep_dask.terms.columns.lookup import column_of


def described(schema: pa.Schema, file: str) -> pa.Schema:
    """The schema with unit and description of each column.

    Parameters
    ----------
    file
        The stem of the file, or the name of the combined table.

    Raises
    ------
    KeyError
        Nothing is known of a column.
    """
    # To describe a schema takes as long as to write a small file; to compare two, no time.
    held = _held(file, tuple(schema.names))
    if not held or not held[0].equals(schema):
        held[:] = [pa.schema([_described(field, file) for field in schema])]
    return held[0]


@lru_cache(maxsize=256)
def _held(file: str, names: tuple[str, ...]) -> list[pa.Schema]:  # noqa: ARG001  they are the key
    """Room for the last schema of these columns."""
    return []


def _described(field: pa.Field, file: str) -> pa.Field:
    column = column_of(file, field.name)
    return field.with_metadata({"unit": column.unit, "description": column.meaning})
