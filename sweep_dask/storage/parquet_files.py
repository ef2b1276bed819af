"""Parquet files of results, wherever they lie: of an object only the parts that are needed.

A few rows are found by the bounds that a file keeps of each of its parts; of large tables a bounded
number is read at a time; files of `processed/` are one data set.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from sweep_dask.errors import InputError
from sweep_dask.locations import is_object, location_of
from sweep_dask.storage.frames import ROW_GROUP_ROWS
from sweep_dask.storage.layout import Partition, partition_of
from sweep_dask.storage.objects import open_object
from sweep_dask.terms.files import ROW_FILES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

#: What the folders say.
_OF_FOLDERS = pa.schema([("date", pa.string()), ("security", pa.int32())])


def readable_by_arrow(path: Path) -> Path | IO[bytes]:
    """A path or, of an object, a stream that fetches what is read of it."""
    return open_object(path) if is_object(path) else path


def open_parquet(path: Path, **options: Any) -> pq.ParquetFile:
    """One file; of an object neighbouring parts come in one request."""
    return pq.ParquetFile(readable_by_arrow(path), pre_buffer=is_object(path), **options)


def parquet_schema(path: Path) -> pa.Schema:
    """The columns of a file."""
    return pq.read_schema(readable_by_arrow(path))


def parquet_metadata(path: Path) -> pq.FileMetaData:
    """What stands at the end of a file."""
    return pq.read_metadata(readable_by_arrow(path))


def read_parquet(
    files: Path | list[Path], columns: Sequence[str] | None = None, filters: Any = None
) -> pa.Table:
    """Rows of one file or several, which have no other columns than stand in them.

    `filters`: as of `pyarrow.parquet.read_table`.
    """
    source: Any
    if isinstance(files, list):
        source, system = _paths_and_system(files)
    else:
        source, system = readable_by_arrow(files), None
    return pq.read_table(
        source, columns=columns, filters=filters, partitioning=None, filesystem=system
    )


def _paths_and_system(files: Sequence[Path]) -> tuple[list[str], Any]:
    """As Arrow takes several files; its own ways to a store know other settings than fsspec's."""
    first: Any = files[0]
    if not is_object(first):
        return [str(file) for file in files], None
    return [file.path for file in files], first.fs  # type: ignore[attr-defined]


def rows_with(
    path: Path, column: str, values: Collection[int], columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows that have one of some numbers in a column of integers, in the order of the file.

    `columns`: what is read of them; those that the file lacks are passed over. None: all.
    Raises OSError, pyarrow.ArrowException: the file is not there, or is damaged.
    Raises LookupError: it has no such column.
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

    Raises OSError, pyarrow.ArrowException, LookupError: as `rows_with`.
    """
    with open_parquet(path) as file:
        position = _position(file.schema_arrow.names, column)
        groups = _groups(file.metadata, position, [(low, high)])
        numbers = file.read_row_groups(groups, columns=[column])[column]
    return {number for number in pc.unique(numbers).to_pylist() if low <= number <= high}


def bounds(path: Path, column: str) -> tuple[int, int] | None:
    """The least and the largest number of a column of integers, as far as the file tells them.

    Raises OSError, pyarrow.ArrowException, LookupError: as `rows_with`.
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


def whole_partitions(
    paths: Iterable[str], columns: Sequence[str], categories: Sequence[str]
) -> Iterator[pa.Table]:
    """Read files one after the other, in tables of whole partitions of about a row group.

    `paths`: their rows stand by `date` and `security`, which are among the columns; a partition may
    go on in the next file.
    `categories`: columns of text that become dictionaries: few values, millions of rows.
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


def row_dataset(layout: OutputLayout, manifest: Mapping[str, Any], name: str) -> pads.Dataset:
    """The files of one name that the manifest lists, by date and security.

    Rows stand in engine order within a file. `date` and `security` come first, and a column that
    files of only some runs have is null in the others.

    `name`: the stem of the files, or the input table that they are of (`orders`, `trades`, `nbbo`).
    Raises InputError: there is no such file.
    """
    files = _files(manifest)
    paths = files.get(ROW_FILES.get(name, name), {})
    if not paths:
        raise InputError(
            f"There are no rows called {name!r}.",
            where=str(layout.root / "processed"),
            cure=f"One of: {', '.join(sorted(files))}." if files else "Run the same command again.",
        )
    ordered = [layout.root / paths[key] for key in sorted(paths)]
    (*sources, base), system = _paths_and_system([*ordered, layout.root / "processed"])
    return pads.dataset(
        sources,
        schema=_schema(layout.root, manifest, paths),
        format="parquet",
        filesystem=system,
        partitioning=pads.partitioning(_OF_FOLDERS),
        partition_base_dir=base,
    )


def _files(manifest: Mapping[str, Any]) -> dict[str, dict[Partition, str]]:
    """By stem, and then by partition, the files in `processed/` that a manifest lists."""
    found: dict[str, dict[Partition, str]] = {}
    for name in manifest["files"]:
        key = partition_of(name)
        if key is not None and name.startswith("processed/") and name.endswith(".parquet"):
            stem = name.rpartition("/")[2].removesuffix(".parquet")
            found.setdefault(stem, {})[key] = name
    return found


def _schema(root: Path, manifest: Mapping[str, Any], paths: Mapping[Partition, str]) -> pa.Schema:
    """All columns: files of one run have the same ones, those of its input."""
    run_of = {Partition(p["date"], p["security"]): p.get("run") for p in manifest["partitions"]}
    one_a_run = {run_of.get(key): paths[key] for key in sorted(paths, reverse=True)}
    schemas = (parquet_schema(root / name) for name in one_a_run.values())
    columns = pa.unify_schemas(list(schemas))
    others = (field for field in columns if field.name not in _OF_FOLDERS.names)
    return pa.schema([*_OF_FOLDERS, *others])
