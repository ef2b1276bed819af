"""Arrow tables to frames and to Parquet, without a detour that loses an integer.

Fields of files say in their metadata what columns are: `unit`, `description`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.terms.columns.ours import column_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

#: Columns of integers that hardly repeat and mostly grow: as differences they take two thirds of
#: the space and time of a dictionary.
GROWING = {
    *("order_id", "orderid", "sequence", "row_num", "matchgroupid", "arrival_ns"),
    *("buy_order_id", "sell_order_id", "first_fill_ns", "last_fill_ns"),
    *("timestamp", "tradetime", "creationtime", "first_trade_time", "last_trade_time"),
    *("first_execution_time", "last_execution_time"),
}

#: Rows of a row group where rows are gathered; many small ones are slow to read.
ROW_GROUP_ROWS = 1 << 17


def described(schema: pa.Schema, file: str) -> pa.Schema:
    """The schema with unit and description of each column.

    `file`: the stem of the file, or the name of the combined table.
    Raises KeyError: nothing is known of a column.
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


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A frame whose integers are int64, or Int64 where a value is missing - never float."""
    columns = {name: _to_series(table[name]) for name in table.column_names}
    return pd.DataFrame(columns, copy=False)


def _to_series(column: pa.ChunkedArray) -> pd.Series:
    # A mapper that maps nothing has text pass through Python, fifty times as slow.
    is_nullable = pa.types.is_int64(column.type) and column.null_count
    mapper = {pa.int64(): pd.Int64Dtype()}.get if is_nullable else None
    series: pd.Series = column.to_pandas(types_mapper=mapper)
    return series


def parquet_bytes(table: pa.Table, file: str) -> bytes:
    """A Parquet file in memory; the same rows give the same bytes.

    `file`: its stem, by which its columns are described.
    """
    sink = pa.BufferOutputStream()
    schema = described(table.schema, file)
    with pq.ParquetWriter(sink, schema, **_encodings(schema)) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def gathered(tables: Iterable[pa.Table], group_rows: int = ROW_GROUP_ROWS) -> Iterator[pa.Table]:
    """The rows of tables in tables of `group_rows` rows, and a last one of the rest.

    Less than a row group and a table are held in memory. A group depends on the rows
    alone, not on the tables they come in.
    """
    gathering = Gathering(group_rows)
    for table in tables:
        yield from gathering.add(table)
    yield from gathering.rest()


class Gathering:
    """Rows on their way into row groups."""

    def __init__(self, group_rows: int = ROW_GROUP_ROWS) -> None:
        self._group_rows = group_rows
        self._held: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> Iterator[pa.Table]:
        """The row groups that are full with this table."""
        self._held.append(table)
        self._rows += len(table)
        if self._rows >= self._group_rows:
            joined = pa.concat_tables(self._held).combine_chunks()
            whole = self._rows - self._rows % self._group_rows
            self._held, self._rows = [joined.slice(whole)], self._rows - whole
            yield from (
                joined.slice(at, self._group_rows) for at in range(0, whole, self._group_rows)
            )

    def rest(self) -> Iterator[pa.Table]:
        """The last row group, or none."""
        if self._rows:
            yield pa.concat_tables(self._held).combine_chunks()


class RowsFile:
    """A Parquet file that rows are added to; its bytes depend on the rows and columns alone.

    `file`: the stem or table by which its columns are described.
    """

    def __init__(self, target: Path, schema: pa.Schema, file: str) -> None:
        self._writer = pq.ParquetWriter(target, described(schema, file), **_encodings(schema))
        self._gathering = Gathering()

    def add(self, rows: pa.Table) -> None:
        """Add rows, which have the columns of the file."""
        self._write(self._gathering.add(rows))

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._write(self._gathering.rest())
        self._writer.close()

    def _write(self, groups: Iterable[pa.Table]) -> None:
        for group in groups:
            self._writer.write_table(group, row_group_size=ROW_GROUP_ROWS)


def _encodings(schema: pa.Schema) -> dict[str, Any]:
    names = schema.names
    growing = {
        name: "DELTA_BINARY_PACKED"
        for name in names
        if name in GROWING and pa.types.is_integer(schema.field(name).type)
    }
    return {
        "compression": "zstd",
        "use_dictionary": [name for name in names if name not in growing],
        "column_encoding": growing or None,
    }
