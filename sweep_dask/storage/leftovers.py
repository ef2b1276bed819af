"""Files among the results of an output folder that its manifest does not list.

A run that was killed leaves files and no manifest. Only places that hold nothing but results are
looked at: the output folder may be one that also holds the user's files, such as `data`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sweep_dask.storage.atomic import TEMPORARY, remove_if_empty

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def unlisted_files(layout: OutputLayout, listed: Container[str]) -> list[Path]:
    """Files among the results, also half-written ones, whose names are not in `listed`; sorted."""
    return sorted(path for path in _result_files(layout) if layout.relative(path) not in listed)


def remove_unlisted(layout: OutputLayout, listed: Container[str]) -> None:
    """Remove these files, and folders of results that are empty then."""
    for path in unlisted_files(layout, listed):
        path.unlink(missing_ok=True)
    for dated in _dated_folders(layout):
        # A path comes before what is below it; the other way round empties a folder before itself.
        for folder in sorted((path for path in dated.rglob("*") if path.is_dir()), reverse=True):
            remove_if_empty(folder)
        remove_if_empty(dated)
    for folder in (*layout.dated, *layout.flat):
        remove_if_empty(folder)


def _result_files(layout: OutputLayout) -> Iterator[Path]:
    for dated in _dated_folders(layout):
        yield from (path for path in dated.rglob("*") if path.is_symlink() or not path.is_dir())
    for folder in layout.flat:
        for pattern in ("*.parquet", TEMPORARY):
            yield from (path for path in folder.glob(pattern) if not path.is_dir())


def _dated_folders(layout: OutputLayout) -> list[Path]:
    """Folders of single dates, such as `processed/2024-10-04`."""
    return [
        path
        for folder in layout.dated
        for path in folder.glob("*")
        if _DATE.fullmatch(path.name) and path.is_dir()
    ]
