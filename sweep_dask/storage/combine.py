"""Per-partition results combined into one Parquet file a table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sweep_dask.storage.atomic import file_digest, write_atomically
from sweep_dask.storage.frames import ROW_GROUP_ROWS, gathered, to_frame, write_gathered

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


class Rows(NamedTuple):
    """The rows of a combined table."""

    schema: pa.Schema
    pieces: Iterator[pa.Table]
    """In the order of the table; one in memory at a time."""


def table_schema(columns: Mapping[str, str]) -> pa.Schema:
    """Arrow schema of a table from its pandas types."""
    return pa.schema([(name, _ARROW_TYPES[kind]) for name, kind in columns.items()])


def result_schema(columns: Mapping[str, str]) -> pa.Schema:
    """Arrow schema of a result table from its pandas types, without the key columns."""
    keys = KEY_COLUMNS.names
    return table_schema({name: kind for name, kind in columns.items() if name not in keys})


def combined(files: Iterable[ResultFile], columns: Mapping[str, str], model: str) -> Rows:
    """The rows of files of one table, in the order given, with what they are of.

    Parameters
    ----------
    columns
        The table's columns and their pandas types; the key columns are put ahead of them.
    """
    results = result_schema(columns)
    schema = pa.schema([*KEY_COLUMNS, *results])
    pieces = (
        _with_keys(rows, file, model, schema) for file in files for rows in _read(file, results)
    )
    return Rows(schema, pieces)


def concatenated(paths: Iterable[str], columns: Mapping[str, str]) -> Rows:
    """The rows of Parquet files of the same columns, one after the other."""
    schema = table_schema(columns)
    return Rows(schema, (rows for path in paths for rows in _read_parquet(path, schema)))


def combine_results(
    target: str, files: Iterable[ResultFile], columns: Mapping[str, str], model: str
) -> str:
    """Write the rows of `combined`; returns the digest."""
    return _write_table(Path(target), combined(files, columns, model))


def concatenate(target: str, paths: Iterable[str], columns: Mapping[str, str]) -> str:
    """Write the rows of `concatenated`; returns the digest."""
    return _write_table(Path(target), concatenated(paths, columns))


def holds(path: Path, rows: Rows) -> bool:
    """Whether a Parquet file has these rows and columns, however it is encoded.

    Raises
    ------
    OSError, pyarrow.ArrowException
        It is damaged, or a file that the rows are of is.
    """
    with pq.ParquetFile(path) as file:
        if not file.schema_arrow.equals(rows.schema):
            return False
        there = (pa.Table.from_batches([batch]) for batch in file.iter_batches(ROW_GROUP_ROWS))
        return all(
            one is not None and other is not None and _are_equal(one, other)
            for one, other in zip_longest(gathered(there), gathered(rows.pieces))
        )


def _are_equal(one: pa.Table, other: pa.Table) -> bool:
    # To Arrow no NaN is equal to another.
    return bool(one.equals(other) or to_frame(one).equals(to_frame(other)))


def _write_table(path: Path, rows: Rows) -> str:
    write_atomically(path, lambda temporary: _write(temporary, rows))
    return file_digest(path)


def _write(path: Path, rows: Rows) -> None:
    with pq.ParquetWriter(path, rows.schema, compression="zstd") as writer:
        write_gathered(writer, rows.pieces)


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
