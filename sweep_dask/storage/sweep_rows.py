"""Rows of whole partitions from Parquet files, some columns and a bounded number at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sweep_dask.locations import location_of
from sweep_dask.storage.frames import ROW_GROUP_ROWS
from sweep_dask.storage.parquet_files import open_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def whole_partitions(
    paths: Iterable[str], columns: Sequence[str], categories: Sequence[str]
) -> Iterator[pa.Table]:
    """Read files one after the other, in tables of whole partitions of about a row group.

    Parameters
    ----------
    paths
        Their rows stand by `date` and `security`, which are among the columns; a partition may go
        on in the next file.
    categories
        Columns of text that become dictionaries: few values, millions of rows.
    """
    held: list[pa.Table] = []
    held_rows = 0
    for rows in _row_groups(paths, columns, categories):
        held.append(rows)
        held_rows += len(rows)
        if held_rows >= ROW_GROUP_ROWS:
            joined = pa.concat_tables(held)
            whole = _whole_rows(joined)
            if whole:
                yield _in_one(joined.slice(0, whole))
            held, held_rows = [joined.slice(whole)], held_rows - whole
    rest = pa.concat_tables(held) if held else None
    if rest:
        yield _in_one(rest)


def _row_groups(
    paths: Iterable[str], columns: Sequence[str], categories: Sequence[str]
) -> Iterator[pa.Table]:
    for path in paths:
        with open_parquet(location_of(path), read_dictionary=list(categories)) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number, columns=list(columns), use_threads=False)


def _whole_rows(rows: pa.Table) -> int:
    """Rows of all partitions but the last, which may go on."""
    security = rows["security"].to_numpy()
    date = rows["date"].unify_dictionaries().combine_chunks().indices.to_numpy()
    others = np.flatnonzero((security != security[-1]) | (date != date[-1]))
    return int(others[-1]) + 1 if others.size else 0


def _in_one(rows: pa.Table) -> pa.Table:
    return rows.unify_dictionaries().combine_chunks()
