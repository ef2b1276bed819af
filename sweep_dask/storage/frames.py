"""Arrow tables to frames and to Parquet, without a detour that loses an integer."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Columns of integers that hardly repeat and mostly grow: as differences they take two thirds of
#: the space and time of a dictionary.
GROWING = {
    *("order_id", "orderid", "sequence", "row_num", "matchgroupid", "entry_timestamp"),
    *("buy_order_id", "sell_order_id", "first_fill_timestamp", "last_fill_timestamp"),
    *("timestamp", "tradetime", "creationtime", "first_trade_time", "last_trade_time"),
    *("first_execution_time", "last_execution_time"),
}


#: Rows of a row group where rows are gathered; many small ones are slow to read.
ROW_GROUP_ROWS = 1 << 17


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A frame whose integers are int64, or Int64 where a value is missing - never float."""
    columns = {name: _to_series(table[name]) for name in table.column_names}
    return pd.DataFrame(columns, copy=False)


def _to_series(column: pa.ChunkedArray) -> pd.Series:
    nullable = {pa.int64(): pd.Int64Dtype()} if column.null_count else {}
    series: pd.Series = column.to_pandas(types_mapper=nullable.get)
    return series


def to_table(frame: pd.DataFrame) -> pa.Table:
    """An Arrow table without an index and without notes for pandas.

    A column without any value and without a type of its own is one of text.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    text = [pa.string() if _is_text(kind) else kind for kind in table.schema.types]
    schema = pa.schema(list(zip(table.column_names, text, strict=True)))
    return table.cast(schema).replace_schema_metadata(None)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(kind) or pa.types.is_null(kind))


def parquet_bytes(table: pa.Table) -> bytes:
    """A Parquet file in memory; the same rows give the same bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, **_encodings(table.schema))
    return bytes(sink.getvalue())


def joined_parquet_bytes(tables: Iterable[pa.Table], schema: pa.Schema) -> bytes:
    """One Parquet file of several tables of these columns, about a row group of them at a time."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema, **_encodings(schema)) as writer:
        write_gathered(writer, (table.cast(schema) for table in tables))
    return bytes(sink.getvalue())


def write_gathered(
    writer: pq.ParquetWriter, tables: Iterable[pa.Table], group_rows: int = ROW_GROUP_ROWS
) -> None:
    """Write tables one after the other, in row groups of `group_rows` and a last one of the rest.

    The bytes depend on the rows alone, not on the tables they come in.
    """
    for group in gathered(tables, group_rows):
        writer.write_table(group, row_group_size=group_rows)


def gathered(tables: Iterable[pa.Table], group_rows: int = ROW_GROUP_ROWS) -> Iterator[pa.Table]:
    """The rows of tables in tables of `group_rows` rows, and a last one of the rest.

    Less than a row group and a table are held in memory.
    """
    held: list[pa.Table] = []
    rows = 0
    for table in tables:
        held.append(table)
        rows += len(table)
        if rows >= group_rows:
            joined = pa.concat_tables(held).combine_chunks()
            whole = rows - rows % group_rows
            yield from (joined.slice(at, group_rows) for at in range(0, whole, group_rows))
            held, rows = [joined.slice(whole)], rows - whole
    if rows:
        yield pa.concat_tables(held).combine_chunks()


def _encodings(schema: pa.Schema) -> dict[str, Any]:
    growing = {
        column.name: "DELTA_BINARY_PACKED"
        for column in schema
        if column.name in GROWING and pa.types.is_integer(column.type)
    }
    return {
        "compression": "zstd",
        "use_dictionary": [name for name in schema.names if name not in growing],
        "column_encoding": growing or None,
    }


def bytes_digest(data: bytes) -> str:
    """SHA-256 as `sha256:<hex>`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
