"""What a run puts in place, and when: where it will is told first, and it removes its own alone.

A document is what the manifest of the run says at that moment.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sweep_dask.dataflow.progress import counted
from sweep_dask.locations import location_of
from sweep_dask.partition import finished_summary
from sweep_dask.report.run import profile_page
from sweep_dask.schema import TABLES
from sweep_dask.storage.atomic import file_digest, make_folders, write_text
from sweep_dask.storage.history import moved_rejects
from sweep_dask.storage.layout import REJECTS, OutputLayout, Partition, partition_of
from sweep_dask.storage.no_follow import copy_file, files_below, move_to
from sweep_dask.study.answer import answer_files, files_of_pieces
from sweep_dask.terms.arms import SCENARIOS
from sweep_dask.terms.files import RECEIPT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from sweep_dask.partition import PartitionSummary, PieceJob
    from sweep_dask.settings import Settings
    from sweep_dask.storage.partition_index import PartitionSource
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)


def announce_run(space: Workspace, document: Mapping[str, Any], settings: Settings) -> None:
    """Say in the manifest that a run is at work, before anything is put in place.

    Raises
    ------
    UsageError
        Something that is not of this package stands where a result belongs.
    """
    layout = space.layout
    certain = map(layout.relative, (layout.report, *_logs(layout, settings)))
    rejects = [layout.relative(layout.rejects(table.name)) for table in TABLES]
    names = {*answer_files(layout, document), *certain, *filter(space.folder.is_free, rejects)}
    space.announce_beside(names, document)


def _logs(layout: OutputLayout, settings: Settings) -> list[Path]:
    """The logs that a run with these settings leaves."""
    return [
        layout.run_log,
        *([layout.resources_log] if settings.monitoring else []),
        *(layout.profile_files if settings.profile else []),
    ]


def announce_pieces(
    space: Workspace, document: Mapping[str, Any], whole: Iterable[str], jobs: Iterable[PieceJob]
) -> None:
    """Say where the results of pieces may be put, and those of the `whole` input.

    From here on the ledger tells of the partitions that are put in place one by one.
    """
    layout = space.layout
    tables = files_of_pieces(layout, document)
    names = {name for job in jobs for name in tables(job.piece.name)}
    names |= {layout.relative(layout.day_summary(job.piece.date)) for job in jobs}
    space.announce(document, {*space.announced, *whole, *names})


def announce_answer(space: Workspace, document: Mapping[str, Any]) -> None:
    """Say where what follows from the tables may be put."""
    space.announce(document, {*space.announced, *answer_files(space.layout, document)})


def require_plain_folders(space: Workspace, partitions: Iterable[PartitionSource]) -> None:
    """Refuse, by a UsageError, links where results of partitions belong, before the work."""
    layout = space.layout
    keys = [Partition(source.date, source.security) for source in partitions]
    space.folder.require_plain(folder for key in keys for folder in _folders(layout, key))


def _folders(layout: OutputLayout, partition: Partition) -> list[str]:
    """The innermost folders in which results of a partition may lie."""
    scenarios = (layout.centre_point(*partition) / scenario for scenario in SCENARIOS)
    return [layout.relative(path) for path in (layout.processed(*partition), *scenarios)]


def place_partition(space: Workspace, partition: PartitionSummary) -> None:
    """Put the results of a partition in place, unless they are there."""
    if partition.staged is not None:
        key = Partition(partition.date, partition.security)
        space.folder.place_partition(location_of(partition.staged), key, partition.files)


def staged_by_unfinished_tasks(
    space: Workspace, known: Collection[Partition]
) -> list[PartitionSummary]:
    """Partitions that are finished although the task that runs them and others is not."""
    finished: dict[Partition, PartitionSummary] = {}
    for path in sorted(space.scratch.glob(f"staged/*/processed/*/*/{RECEIPT}")):
        staging = OutputLayout(path.parents[3])
        key = partition_of(staging.relative(path))
        if key is not None and key not in known:
            summary = finished_summary(staging, key)
            if summary is not None:
                finished[key] = summary
    return list(finished.values())


def place_whole(space: Workspace, document: Mapping[str, Any], files: Iterable[str]) -> None:
    """Put those of the run's own files in place that are staged and not of one partition."""
    keep_rejects(space, document)
    staging = space.staging.root
    there = files_below(staging)
    whole = (name for name in files if partition_of(name) is None)
    space.folder.place(staging, [name for name in whole if name in there])


def keep_rejects(space: Workspace, document: Mapping[str, Any]) -> None:
    """Copy rejected rows of earlier runs to where those of this run do not take their place.

    The manifest of before tells of them by their old names, and is right until the next one is.
    """
    if not any(name.startswith(f"{REJECTS}/") for name in space.earlier.files):
        return
    moves = moved_rejects(document["earlier_runs"], space.earlier).items()
    has = space.folder.has
    there = {after: before for before, after in moves if has(before) and not has(after)}
    if not there:
        return
    space.announce_beside({*space.announced, *there}, document)
    for after, before in there.items():
        copy = space.staging.root / after
        make_folders(space.staging.root, copy.parent)
        copy_file(space.layout.root / before, copy)
    space.folder.place(space.staging.root, there)


def settle(space: Workspace, document: Mapping[str, Any], files: Iterable[str]) -> None:
    """Put in place what is of all partitions together, and remove what it takes the place of."""
    place_whole(space, document, files)
    space.folder.remove_but(document["files"])
    gone = space.folder.removed.difference(space.announced)
    if gone:
        logger.info("removed %s of earlier results", counted(len(gone), "file"))


def staged_logs(space: Workspace, document: Mapping[str, Any]) -> dict[str, str]:
    """Name to digest of the logs of a command whose work is done, which are staged now."""
    logs = space.logs
    if logs.profile.is_dir():
        write_text(logs.profile_index, profile_page(logs, document))
    digests = {logs.relative(path): file_digest(path) for path in logs.logs if path.exists()}
    if logs.root != space.staging.root:
        move_to(logs.root, space.staging.root, list(digests))
    return digests
