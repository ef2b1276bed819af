"""Commands that change a folder of results without reading input: `report` and `forget`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.dataflow.cluster import HERE
from sweep_dask.errors import UsageError
from sweep_dask.report.page import report_page
from sweep_dask.storage.atomic import write_text
from sweep_dask.storage.history import without_partitions
from sweep_dask.storage.layout import partition_of
from sweep_dask.storage.manifest import read_manifest
from sweep_dask.storage.no_follow import files_below
from sweep_dask.storage.tickers import tickers_in
from sweep_dask.study.answer import answer_files, write_answer, write_tables
from sweep_dask.study.document import totals
from sweep_dask.study.selection import security_ids
from sweep_dask.study.workspace import workspace
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout, Partition
    from sweep_dask.study.workspace import Workspace


def rebuild_report(layout: OutputLayout) -> Path:
    """Write the report of an output folder again, and its digest into the manifest; its path.

    Of a folder that another version wrote tables and roll-ups are made again, too: the page is
    made of those of this version.

    Raises
    ------
    InputError
        The manifest or a roll-up is missing or cannot be read.
    UsageError
        A run works in the folder.
    """
    read_manifest(layout)
    with workspace(layout) as space:
        document = read_manifest(layout)
        if document["version"] != VERSION and space.earlier.partitions:
            # In the form of this version: the first manifests do not say what an answer is made of.
            _remake(space, without_partitions(space.earlier, ()))
        else:
            files = document["files"] | place_report(space, document)
            space.write_manifest(document | {"files": dict(sorted(files.items()))})
    return layout.report


def place_report(space: Workspace, document: Mapping[str, Any]) -> dict[str, str]:
    """Draw the report of what is in place; returns its name and digest."""
    path = space.staging.report
    written = {space.staging.relative(path): write_text(path, report_page(space.layout, document))}
    space.folder.place(space.staging.root, written)
    return written


class Forgotten(NamedTuple):
    """What `forget` has done."""

    partitions: list[Partition]
    removed_files: int
    left: int
    """Partitions that stay."""
    absent: tuple[str, ...]
    """Dates and securities named of which there was nothing, in words."""


def forget(
    layout: OutputLayout, dates: Collection[str], securities: Collection[int | str]
) -> Forgotten:
    """Remove the results of dates and securities; tables and report cover what is left.

    Parameters
    ----------
    dates, securities
        Results of these dates, of these securities (ids or tickers) on them; empty: of any.

    Raises
    ------
    InputError
        The folder has no manifest that can be read.
    UsageError
        Nothing is named, the folder holds no such results, or a run works in it.
    """
    if not dates and not securities:
        raise UsageError(
            "Nothing is named that could be forgotten.",
            where="command line",
            cure="Give --dates, --securities or both; of both, results of these securities on "
            "these dates are removed.",
        )
    read_manifest(layout)
    with workspace(layout) as space:
        ids = _security_ids(space, securities)
        # Of a partition that is half gone only files are left.
        of_files = (key for key in map(partition_of, space.earlier.files) if key is not None)
        named = [
            key
            for key in sorted({*space.earlier.partitions, *of_files})
            if (not dates or key.date in dates) and (not ids or key.security in ids)
        ]
        if not named:
            raise UsageError(
                "The folder holds no results of the dates and securities named.",
                where=str(layout.root),
                cure="`manifest.json` lists its partitions.",
            )
        return _forget(space, named, _absent(named, dates, ids))


def _absent(
    named: Collection[Partition], dates: Collection[str], ids: Collection[int]
) -> tuple[str, ...]:
    there = {key.date for key in named} | {key.security for key in named}
    asked = [("date", date) for date in dates] + [("security", security) for security in ids]
    absent = [f"{what} {name}" for what, name in asked if name not in there]
    return tuple(f"The folder holds no such results of {name}." for name in absent)


def _security_ids(space: Workspace, securities: Collection[int | str]) -> tuple[int, ...]:
    tickers: dict[str, list[int]] = defaultdict(list)
    for security, ticker in tickers_in(space.layout, space.earlier.partitions.values()).items():
        tickers[ticker].append(security)
    return security_ids(securities, tickers, "folder")


def _forget(space: Workspace, named: list[Partition], absent: tuple[str, ...]) -> Forgotten:
    folder = space.folder
    folder.require_plain(name for key in named for name in folder.folders_of(key))
    document = _remake(space, without_partitions(space.earlier, named))
    return Forgotten(named, len(folder.removed), len(document["partitions"]), absent)


def _remake(space: Workspace, document: dict[str, Any]) -> dict[str, Any]:
    """Make tables, roll-ups and report of what a manifest tells of; everything else of ours goes.

    Returns the manifest, which is in place.
    """
    folder, staging = space.folder, space.staging
    document |= totals(document["partitions"])
    # Until the end the manifest tells of what is about to go, too.
    assert space.earlier.document is not None
    before = space.earlier.document | {"status_before": space.earlier.document["status"]}
    space.announce(before, answer_files(space.layout, document))
    if document["partitions"]:
        tables = write_tables(HERE, space, document, ())
        document["pieces"] = tables.pieces
        answer = tables.files | write_answer(HERE, space, document, tables.made)
        there = files_below(staging.root)
        folder.place(staging.root, [name for name in answer if name in there])
        document["files"] |= answer
    folder.remove(space.earlier.names - document["files"].keys())
    if document["partitions"]:
        document["files"] |= place_report(space, document)
    document["files"] = dict(sorted(document["files"].items()))
    space.write_manifest(document)
    return document
