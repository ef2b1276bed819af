"""A run from its plan to its results: the stages in their order, and what each of them finds.

A stage is a function that returns what it found; this page alone puts the record of the run
together, and says what stays of a run that ends early.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sweep_dask.dataflow.interrupts import signals_wait
from sweep_dask.dataflow.listeners import Events
from sweep_dask.dataflow.progress import counted
from sweep_dask.dataflow.simulate import simulate
from sweep_dask.errors import SweepError
from sweep_dask.locations import location_of
from sweep_dask.partition import run_piece
from sweep_dask.storage.folder_lock import FolderLostError
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.no_follow import remove_tree
from sweep_dask.study.answer import write_answer, write_tables
from sweep_dask.study.apart import require_apart
from sweep_dask.study.book import signature
from sweep_dask.study.check import noted
from sweep_dask.study.command import at_work, beginning, tell_work, wait_for_book
from sweep_dask.study.document import RunRecord
from sweep_dask.study.jobs import rows_by_partition, run_jobs, what_is_done, write_dated
from sweep_dask.study.needs import require_partitions_fit, require_room
from sweep_dask.study.placing import (
    announce_answer,
    announce_pieces,
    announce_run,
    keep_rejects,
    place_partition,
    place_whole,
    require_plain_folders,
    settle,
    staged_by_unfinished_tasks,
    staged_logs,
)
from sweep_dask.study.reading import read_input, require_few_rejects, require_partitions
from sweep_dask.study.rebuild import place_report
from sweep_dask.study.results import FinishedRun
from sweep_dask.study.rollups import ROLLUPS
from sweep_dask.study.workspace import workspace
from sweep_dask.terms import stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sweep_dask.dataflow.listeners import Listener
    from sweep_dask.dataflow.remote_cluster import Client
    from sweep_dask.partition import MadePiece, PartitionSummary, PieceJob
    from sweep_dask.settings import Settings
    from sweep_dask.storage.partition_index import PartitionIndex
    from sweep_dask.study.answer import Tables
    from sweep_dask.study.command import AtWork, Begun
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)


def run(
    settings: Settings,
    folder: str | Sequence[str],
    *,
    is_sample: bool = False,
    announce: Callable[[str], None] = logger.info,
    client: Client | None = None,
    progress: Listener | None = None,
) -> FinishedRun:
    """Run everything on an input.

    An interrupt (Ctrl-C) ends the run early: partitions that are finished are kept, and the same
    call resumes.

    Parameters
    ----------
    folder
        What is given as INPUT, one or several.
    announce
        Receives the opening lines: the dashboard's address and the system configuration.
    client
        Of the caller, whose scheduler the settings name; it stays open.
    progress
        Hears of all stages; None: what the settings say, on standard error.

    Raises
    ------
    InputError, ResourceError, UsageError
        The run cannot be done. Partitions that were finished are in the output folder, and its
        manifest says so; if there were none, the folder is as it was, but for rejected rows in a
        folder without earlier results.
    """
    with beginning(settings, folder, client, announce, progress, is_sample=is_sample) as begun:
        return _run(begun)


def _run(begun: Begun) -> FinishedRun:
    plan, settings = begun.plan, begun.plan.settings
    layout = OutputLayout(settings.output.absolute())
    require_apart(plan.inputs.discovery, layout)
    require_room(layout, settings.scratch, plan.disk)
    signed, seconds = signature(plan.book, settings), {"plan": begun.seconds}
    with workspace(layout, settings.scratch) as space:
        record = RunRecord(plan, "run", space.token, signed, space.earlier, stage_seconds=seconds)
        announce_run(space, record.as_json(), settings)
        try:
            with at_work(begun, space, has_book=record.has_book) as work:
                _do(record, space, work)
        except FolderLostError:
            raise
        except BaseException:
            _end_early(record, space, begun.progress)
            raise
        try:
            _publish(record, space, begun.progress)
        except KeyboardInterrupt:
            record.status = "interrupted"
            place_whole(space, record.as_json(), record.files)
            conclude(record, space)
            raise
    return FinishedRun(layout.root, record)


def _do(record: RunRecord, space: Workspace, work: AtWork) -> None:
    """Ingest, run all partitions and combine their tables."""
    try:
        partition_index = take_input(record, space, work)
        try:
            with record.timed("partitions"):
                jobs = _begin_partitions(record, space, partition_index)
                made = _run_partitions(record, space, work, jobs)
            with record.timed("tables"):
                tables = _combine(record, space, work, made)
            with record.timed("rollups"):
                _roll_up(record, space, work, tables)
            record.status = "partial" if record.failed() else "done"
        except KeyboardInterrupt:
            logger.warning("interrupted; finished partitions are kept")
            record.status = "interrupted"
        settle(space, record.as_json(), record.files)
    finally:
        record.note_memory(work.monitor)


def take_input(record: RunRecord, space: Workspace, work: AtWork) -> PartitionIndex:
    """Read the input, check what it shows, and find the partitions.

    Raises
    ------
    InputError
        Files or too many rows cannot be read, the input changed meanwhile or contradicts itself,
        or there is no partition.
    ResourceError
        A partition would not fit the memory of a worker.
    """
    plan = record.plan
    with record.timed("ingest"):
        read = read_input(work.workers, plan, space, record.as_json(), work.events)
        record.take(read)
        require_few_rejects(read, plan.settings, space)
        record.checks = noted(read.findings, plan.settings)
        require_partitions(read, plan)
        read.ledger.remove(read.partition_index.removed)
        require_partitions_fit(read.partition_index.partitions, work.workers.task_memory_bytes)
    if record.has_book and work.compiler is not None:
        with record.timed("compile"):
            wait_for_book(work.compiler, work.events)
    return read.partition_index


def _begin_partitions(
    record: RunRecord, space: Workspace, partition_index: PartitionIndex
) -> list[PieceJob]:
    """Put what belongs to dates in place, and say where the results of partitions may be put."""
    require_plain_folders(space, partition_index.partitions)
    record.files |= write_dated(record.plan, partition_index, space)
    if record.ingest is None:
        files = dict(record.files)
        record.ingest = {"run": record.run, "started": record.started, "files": files}
    document = record.as_json()
    keep_rejects(space, document)
    jobs = run_jobs(record, partition_index, space, document)
    announce_pieces(space, document, record.files, jobs)
    place_whole(space, document, record.files)
    return jobs


def _run_partitions(
    record: RunRecord, space: Workspace, work: AtWork, jobs: list[PieceJob]
) -> list[MadePiece]:
    """Run all partitions; returns the pieces of tables that were made on the way."""
    rows, stage = rows_by_partition(jobs), stages.PARTITIONS
    work.events.start(stage, len(rows), "partitions", sum(rows.values()))
    made: list[MadePiece] = []

    def done(partition: PartitionSummary) -> None:
        _place_partition(record, space, partition)
        work.events.task_end(stage, what_is_done(partition, rows))

    try:
        simulate(work.workers, jobs, run_piece, done, made.append)
    except BaseException:
        known = {Partition(partition.date, partition.security) for partition in record.partitions}
        for partition in staged_by_unfinished_tasks(space, known):
            _place_if_possible(record, space, partition)
        raise
    finally:
        record.partitions.sort(key=lambda partition: (partition.date, partition.security))
    work.events.end(stage, counted(len(rows), "partition"))
    tell_work(record, work.events)
    return made


def _place_partition(record: RunRecord, space: Workspace, partition: PartitionSummary) -> None:
    with signals_wait():  # a partition is there and known, or neither
        place_partition(space, partition)
        record.note(partition)
    if partition.staged is not None:
        remove_tree(location_of(partition.staged))


def _place_if_possible(record: RunRecord, space: Workspace, partition: PartitionSummary) -> None:
    """Of a run that ends already: another error is not why."""
    try:
        _place_partition(record, space, partition)
    except FolderLostError:
        raise
    except (SweepError, OSError) as error:
        logger.warning("%s %s is not kept: %s", partition.date, partition.security, error)


def _combine(record: RunRecord, space: Workspace, work: AtWork, made: list[MadePiece]) -> Tables:
    work.events.start(stages.TABLES)
    tables = write_tables(work.workers, space, record.as_json(), made)
    with signals_wait():  # a piece that is told of has its files
        record.files |= tables.files
        record.pieces = tables.pieces
    work.events.end(stages.TABLES, counted(len(tables.files), "file"))
    return tables


def _roll_up(record: RunRecord, space: Workspace, work: AtWork, tables: Tables) -> None:
    work.events.start(stages.ROLLUPS)
    document = record.as_json()
    announce_answer(space, document)
    record.files |= write_answer(work.workers, space, document, tables.made)
    work.events.end(stages.ROLLUPS, f"{len(ROLLUPS)} tables")


def _end_early(record: RunRecord, space: Workspace, progress: Listener) -> None:
    """Say what a run that cannot go on leaves; if that is nothing, leave the folder as it was."""
    if space.folder.has_changed or record.partitions:
        settle(space, record.as_json(), record.files)
        _publish(record, space, progress)
    elif record.wrote_rejects and not space.earlier.partitions:
        place_whole(space, record.as_json(), record.files)
        conclude(record, space)
    else:
        space.withdraw_announcement()


def _publish(record: RunRecord, space: Workspace, progress: Listener) -> None:
    """Put logs and report in place, and last of all the manifest that lists everything."""
    record.files |= staged_logs(space, record.as_json())
    document = record.as_json()
    place_whole(space, document, record.files)
    with record.timed("report"), Events(progress) as events, events.step(stages.REPORT):
        try:
            record.files |= place_report(space, document)
        except FolderLostError:
            raise
        except Exception as error:  # noqa: BLE001  a chart may not cost the results
            logger.warning("the report could not be drawn (%s); `report` tries again", error)
    conclude(record, space)


def conclude(record: RunRecord, space: Workspace) -> None:
    """Put the manifest in place that tells of everything a command has done."""
    record.removed_files = len(space.folder.removed)
    space.write_manifest(record.as_json())
