"""Per-partition results combined into one Parquet file a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sweep_dask.storage.atomic import file_digest, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Columns every combined table begins with.
KEY_COLUMNS = pa.schema(
    [
        ("date", pa.string()),
        ("security", pa.int32()),
        ("model", pa.string()),
        ("scenario", pa.string()),
    ]
)

#: Rows gathered before they are written: a row group for each of many small partitions would make
#: the table slow to read.
_ROW_GROUP_ROWS = 1 << 17

_ARROW_TYPES = {
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "str": pa.string(),
}


@dataclass(frozen=True)
class ResultFile:
    """One CSV file of one partition."""

    date: str
    security: int
    path: str


def result_schema(columns: Mapping[str, str]) -> pa.Schema:
    """Arrow schema of a result table from its pandas types, without the key columns."""
    return pa.schema(
        [(name, _ARROW_TYPES[kind]) for name, kind in columns.items() if name != "date"]
    )


def combine_results(
    target: str, files: Iterable[ResultFile], columns: Mapping[str, str], model: str
) -> str:
    """Combine the CSV files of one table, in the order given, one in memory at a time.

    Returns
    -------
    str
        Digest of the file written.
    """
    path = Path(target)
    write_atomically(path, lambda temporary: _write(temporary, files, columns, model))
    return file_digest(path)


def _write(path: Path, files: Iterable[ResultFile], columns: Mapping[str, str], model: str) -> None:
    results = result_schema(columns)
    schema = pa.schema([*KEY_COLUMNS, *results])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        held: list[pa.Table] = []
        for file in files:
            held.append(_with_keys(_read(file.path, results), file, model, schema))
            if sum(map(len, held)) >= _ROW_GROUP_ROWS:
                writer.write_table(pa.concat_tables(held))
                held = []
        if held:
            writer.write_table(pa.concat_tables(held))


def _read(path: str, results: pa.Schema) -> pa.Table:
    options = pacsv.ConvertOptions(
        column_types=results,
        include_columns=results.names,
        include_missing_columns=True,
        strings_can_be_null=True,
        null_values=[""],
    )
    # Text may hold a carriage return, in quotes.
    lines = pacsv.ParseOptions(newlines_in_values=True)
    return pacsv.read_csv(path, parse_options=lines, convert_options=options)


def _with_keys(rows: pa.Table, file: ResultFile, model: str, schema: pa.Schema) -> pa.Table:
    count = len(rows)
    keys = [
        pa.repeat(pa.scalar(file.date), count),
        pa.repeat(pa.scalar(file.security, pa.int32()), count),
        pa.repeat(pa.scalar(model), count),
        pa.nulls(count, pa.string()),
    ]
    return pa.table([*keys, *rows.columns], schema=schema)
