"""Per-partition results combined into one Parquet file a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sweep_dask.storage.atomic import file_digest, write_atomically
from sweep_dask.storage.frames import ROW_GROUP_ROWS, write_gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Columns every combined table begins with.
KEY_COLUMNS = pa.schema(
    [
        ("date", pa.string()),
        ("security", pa.int32()),
        ("model", pa.string()),
        ("scenario", pa.string()),
    ]
)

_ARROW_TYPES = {
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "Int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "str": pa.string(),
}


@dataclass(frozen=True)
class ResultFile:
    """One result file, CSV or Parquet, of one partition."""

    date: str
    security: int
    path: str
    scenario: str | None = None


def table_schema(columns: Mapping[str, str]) -> pa.Schema:
    """Arrow schema of a table from its pandas types."""
    return pa.schema([(name, _ARROW_TYPES[kind]) for name, kind in columns.items()])


def result_schema(columns: Mapping[str, str]) -> pa.Schema:
    """Arrow schema of a result table from its pandas types, without the key columns."""
    keys = KEY_COLUMNS.names
    return table_schema({name: kind for name, kind in columns.items() if name not in keys})


def combine_results(
    target: str, files: Iterable[ResultFile], columns: Mapping[str, str], model: str
) -> str:
    """Combine the files of one table, in the order given, a piece of one in memory at a time.

    Parameters
    ----------
    columns
        The table's columns and their pandas types; the key columns are put ahead of them.

    Returns
    -------
    str
        Digest of the file written.
    """
    results = result_schema(columns)
    schema = pa.schema([*KEY_COLUMNS, *results])
    parts = (
        _with_keys(rows, file, model, schema) for file in files for rows in _read(file, results)
    )
    return _write_table(Path(target), parts, schema)


def concatenate(target: str, paths: Iterable[str], columns: Mapping[str, str]) -> str:
    """Put Parquet files of the same columns one after the other; returns the digest."""
    schema = table_schema(columns)
    parts = (rows for path in paths for rows in _read_parquet(path, schema))
    return _write_table(Path(target), parts, schema)


def _write_table(path: Path, parts: Iterable[pa.Table], schema: pa.Schema) -> str:
    write_atomically(path, lambda temporary: _write(temporary, parts, schema))
    return file_digest(path)


def _write(path: Path, parts: Iterable[pa.Table], schema: pa.Schema) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        write_gathered(writer, parts)


def _read(file: ResultFile, results: pa.Schema) -> Iterator[pa.Table]:
    if file.path.endswith(".csv"):
        yield _read_csv(file.path, results)
    else:
        yield from _read_parquet(file.path, results)


def _read_parquet(path: str, results: pa.Schema) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROW_GROUP_ROWS, columns=results.names):
            yield pa.Table.from_batches([batch]).cast(results)


def _read_csv(path: str, results: pa.Schema) -> pa.Table:
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
        pa.repeat(pa.scalar(file.scenario, pa.string()), count),
    ]
    return pa.table([*keys, *rows.columns], schema=schema)
