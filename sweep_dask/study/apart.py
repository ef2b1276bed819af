"""Input and output apart: no command writes among what it reads."""

from __future__ import annotations

import os
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import UsageError
from sweep_dask.locations import is_object
from sweep_dask.storage.layout import RESULT_FOLDERS, OutputLayout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.storage.inputs import Discovery


def require_apart(discovery: Discovery, layout: OutputLayout) -> None:
    """Refuse, by a UsageError, output among the input, and input among results.

    Links are followed on both sides: what counts is where the files are. What is of another machine
    or store is never below the output folder.
    """
    look = _in_store if is_object(layout.root) else _here
    target, sources = look(discovery, layout)
    results = [target / name for name in (*RESULT_FOLDERS, layout.replay().root.name)]
    if not sources.isdisjoint({target, *target.parents}) or any(
        source.is_relative_to(path) for source in sources for path in results
    ):
        raise UsageError(
            "Input and output overlap: results would lie among the files they are made from.",
            where=str(layout.root),
            value=str(discovery.address),
            cure="Name another folder for the output.",
        )


def _here(discovery: Discovery, layout: OutputLayout) -> tuple[PurePath, set[PurePath]]:
    """The output folder, and where input lies on this machine."""
    # Folders and files of tables may be links, too.
    places = [f"{place.root}/{start}" for place in discovery.places for start in place.starts]
    files = [file.path for file in discovery.files if file.address.local is not None]
    folders = _read_folders(discovery, files)
    local = [path for path in places if Path(path).exists()]
    return layout.root.resolve(), {
        Path(os.path.realpath(path)) for path in (*local, *folders, *files)
    }


def _in_store(discovery: Discovery, layout: OutputLayout) -> tuple[PurePath, set[PurePath]]:
    """The output's name in its store, and those of input there."""
    root: Any = layout.root
    places = [(p.filesystem, f"{p.root}/{start}") for p in discovery.places for start in p.starts]
    files = [f.path for f in discovery.files if root.protocol in f.filesystem.protocol]
    paths = [path for system, path in places if root.protocol in system.protocol]
    return PurePosixPath(root.path), {
        PurePosixPath(path) for path in (*paths, *_read_folders(discovery, files))
    }


def _read_folders(discovery: Discovery, files: Iterable[str]) -> set[str]:
    """Folders of files; not one around folders of tables of which files were named alone."""
    named = {place.root for place in discovery.places if "" not in place.starts}
    return {path.rpartition("/")[0] for path in files} - named
