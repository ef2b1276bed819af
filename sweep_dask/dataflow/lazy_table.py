"""Parquet files as a `dask.dataframe`: a partition a row group, read when it is computed."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.locations import location_of
from sweep_dask.storage.frames import to_frame
from sweep_dask.storage.parquet_files import open_parquet, parquet_metadata, parquet_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def lazy_table(name: str, files: Sequence[Path]) -> Any:
    """The `dask.dataframe` of files of the same columns, at least one, one after the other.

    Computed, its numbers are what `to_frame` makes of them. `dask.dataframe.read_parquet` would
    make a column of integers a float wherever a value is missing, and two order ids of 19 digits
    one. Here a column with a missing value in any row group is Int64 in all of them. The index
    numbers the rows, so that `.loc` reads only what it needs; choosing columns reads only these.
    """
    schema = parquet_schema(files[0])
    row_groups: list[tuple[str, int]] = []
    rows: list[int] = []
    gaps: set[str] = set()
    for file in files:
        metadata = parquet_metadata(file)
        groups = range(metadata.num_row_groups)
        row_groups += [(str(file), group) for group in groups]
        rows += [metadata.row_group(group).num_rows for group in groups]
        gaps.update(_integers_with_gaps(metadata, schema))
    meta = _like(to_frame(_without_rows(files[0], schema)), gaps)
    if not sum(rows):
        return dd.from_pandas(meta, npartitions=1)
    starts = [0, *accumulate(rows)]
    return dd.from_map(
        _read_rows,
        row_groups,
        starts[:-1],
        gaps=sorted(gaps),
        meta=meta,
        divisions=(*starts[:-1], starts[-1] - 1),
        label=f"read-{name.rpartition('/')[2].replace('_', '-')}",
    )


def _without_rows(file: Path, schema: pa.Schema) -> pa.Table:
    """A table of these columns; the values that categories have are told by rows alone."""
    empty = schema.empty_table()
    names = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    with open_parquet(file) as opened:
        groups = range(min(1, opened.num_row_groups))
        rows = opened.read_row_groups(list(groups), columns=names)
    for name in names if len(rows) else ():
        empty = empty.set_column(schema.get_field_index(name), name, rows[name].slice(0, 0))
    return empty


def _read_rows(
    row_group: tuple[str, int], start: int, gaps: Sequence[str], columns: list[str] | None = None
) -> pd.DataFrame:
    """One row group; Dask hands in `columns` when not all are needed."""
    path, group = row_group
    with open_parquet(location_of(path)) as file:
        frame = _like(to_frame(file.read_row_group(group, columns=columns)), gaps)
    frame.index = pd.RangeIndex(start, start + len(frame))
    return frame if columns is None else frame[columns]


def _like(frame: pd.DataFrame, gaps: Iterable[str]) -> pd.DataFrame:
    return frame.astype({name: "Int64" for name in gaps if name in frame.columns})


def _integers_with_gaps(metadata: pq.FileMetaData, schema: pa.Schema) -> list[str]:
    """Columns of int64 in which a value is missing, or may be."""
    return [
        name
        for position, (name, kind) in enumerate(zip(schema.names, schema.types, strict=True))
        if kind == pa.int64() and _may_have_gaps(metadata, position)
    ]


def _may_have_gaps(metadata: pq.FileMetaData, position: int) -> bool:
    groups = (metadata.row_group(group) for group in range(metadata.num_row_groups))
    chunks = (group.column(position).statistics for group in groups if group.num_rows)
    return any(found is None or not found.has_null_count or found.null_count for found in chunks)
