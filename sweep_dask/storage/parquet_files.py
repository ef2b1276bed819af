"""Parquet files read by Arrow, wherever they lie: of an object only the parts that are needed."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from sweep_dask.locations import is_object
from sweep_dask.storage.objects import open_object

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


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

    Parameters
    ----------
    filters
        As of `pyarrow.parquet.read_table`.
    """
    source: Any
    if isinstance(files, list):
        source, system = _paths_and_system(files)
    else:
        source, system = readable_by_arrow(files), None
    return pq.read_table(
        source, columns=columns, filters=filters, partitioning=None, filesystem=system
    )


def parquet_dataset(
    files: Sequence[Path], base: Path, schema: pa.Schema, of_folders: pa.Schema
) -> pads.Dataset:
    """Files as one data set, which has columns of the names of the folders that they are in."""
    paths, system = _paths_and_system([*files, base])
    return pads.dataset(
        paths[:-1],
        schema=schema,
        format="parquet",
        filesystem=system,
        partitioning=pads.partitioning(of_folders),
        partition_base_dir=paths[-1],
    )


def _paths_and_system(files: Sequence[Path]) -> tuple[list[str], Any]:
    """As Arrow takes several files; its own ways to a store know other settings than fsspec's."""
    first: Any = files[0]
    if not is_object(first):
        return [str(file) for file in files], None
    return [file.path for file in files], first.fs  # type: ignore[attr-defined]
