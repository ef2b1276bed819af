"""Files of `processed/` of all partitions as one data set, with date and security as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sweep_dask.errors import InputError
from sweep_dask.storage.layout import Partition, partition_of
from sweep_dask.storage.parquet_files import parquet_dataset, parquet_schema
from sweep_dask.terms.files import ROW_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow.dataset as pads

    from sweep_dask.storage.layout import OutputLayout

#: What the folders say.
_OF_FOLDERS = pa.schema([("date", pa.string()), ("security", pa.int32())])


def row_dataset(layout: OutputLayout, manifest: Mapping[str, Any], name: str) -> pads.Dataset:
    """The files of one name that the manifest lists, by date and security.

    Rows stand in engine order within a file. `date` and `security` come first, and a column that
    files of only some runs have is null in the others.

    Parameters
    ----------
    name
        The stem of the files, or the input table that they are of (`orders`, `trades`, `nbbo`).

    Raises
    ------
    InputError
        There is no such file.
    """
    files = _files(manifest)
    paths = files.get(ROW_FILES.get(name, name), {})
    if not paths:
        raise InputError(
            f"There are no rows called {name!r}.",
            where=str(layout.root / "processed"),
            cure=f"One of: {', '.join(sorted(files))}." if files else "Run the same command again.",
        )
    return parquet_dataset(
        [layout.root / paths[key] for key in sorted(paths)],
        layout.root / "processed",
        _schema(layout.root, manifest, paths),
        _OF_FOLDERS,
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
