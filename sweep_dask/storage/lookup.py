"""A few rows of a Parquet file, found by the bounds that the file keeps of each of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweep_dask.storage.parquet_files import open_parquet

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path


def rows_with(
    path: Path, column: str, values: Collection[int], columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows that have one of some numbers in a column of integers, in the order of the file.

    Parameters
    ----------
    columns
        What is read of them; those that the file lacks are passed over. None: all.

    Raises
    ------
    OSError, pyarrow.ArrowException
        The file is not there, or is damaged.
    LookupError
        It has no such column.
    """
    with open_parquet(path) as file:
        names = file.schema_arrow.names
        position = _position(names, column)
        read = names if columns is None else [name for name in columns if name in names]
        groups = _groups(file.metadata, position, [(value, value) for value in values])
        rows = file.read_row_groups(groups, columns=[*{*read, column}])
    return rows.filter(is_among(rows[column], values)).select(read)


def is_among(numbers: pa.ChunkedArray, values: Collection[int]) -> pa.ChunkedArray:
    """bool[n], which of some integers are among a few values."""
    return pc.is_in(numbers, pa.array(sorted(values), numbers.type))


def numbers_between(path: Path, column: str, low: int, high: int) -> set[int]:
    """The numbers of a column of integers from `low` to `high`, both included.

    Raises
    ------
    OSError, pyarrow.ArrowException, LookupError
        As `rows_with`.
    """
    with open_parquet(path) as file:
        position = _position(file.schema_arrow.names, column)
        groups = _groups(file.metadata, position, [(low, high)])
        numbers = file.read_row_groups(groups, columns=[column])[column]
    return {number for number in pc.unique(numbers).to_pylist() if low <= number <= high}


def bounds(path: Path, column: str) -> tuple[int, int] | None:
    """The least and the largest number of a column of integers, as far as the file tells them.

    Raises
    ------
    OSError, pyarrow.ArrowException, LookupError
        As `rows_with`.
    """
    with open_parquet(path) as file:
        position = _position(file.schema_arrow.names, column)
        of_groups = [
            _bounds(file.metadata, group, position) for group in range(file.num_row_groups)
        ]
    known = [one for one in of_groups if one is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def _position(names: Sequence[str], column: str) -> int:
    if column not in names:
        raise LookupError(column)
    return names.index(column)


def _groups(
    metadata: pq.FileMetaData, position: int, ranges: Sequence[tuple[int, int]]
) -> list[int]:
    """Row groups whose bounds leave room for a number of one of the ranges."""
    groups = []
    for group in range(metadata.num_row_groups):
        known = _bounds(metadata, group, position)
        if known is None or any(low <= known[1] and known[0] <= high for low, high in ranges):
            groups.append(group)
    return groups


def _bounds(metadata: pq.FileMetaData, group: int, position: int) -> tuple[int, int] | None:
    known = metadata.row_group(group).column(position).statistics
    return (known.min, known.max) if known is not None and known.has_min_max else None
