"""The stages of a run, in their order, on a client."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.dataflow.ingest import STAGE_OF_TABLE
from sweep_dask.dataflow.interrupts import signals_wait
from sweep_dask.dataflow.progress import Progress, counted, stage_label
from sweep_dask.dataflow.simulate import simulate
from sweep_dask.errors import SweepError
from sweep_dask.partition import finished_summary, run_piece
from sweep_dask.schema import TABLES
from sweep_dask.storage.folder_lock import FolderLostError
from sweep_dask.storage.history import moved_rejects
from sweep_dask.storage.layout import REJECTS, OutputLayout, Partition, partition_of
from sweep_dask.storage.pieces import PIECE_ROWS
from sweep_dask.study.answer import (
    Tables,
    answer_files,
    asked_of,
    earlier_pieces,
    files_of_pieces,
    write_answer,
    write_tables,
)
from sweep_dask.study.prepare import (
    note_partition,
    partition_jobs,
    piece_jobs,
    prepare,
    write_dated,
)
from sweep_dask.study.rollups import ROLLUPS
from sweep_dask.terms.arms import CENTRE_POINT, SCENARIOS
from sweep_dask.terms.files import RECEIPT
from sweep_dask.terms.stages import STAGES

if TYPE_CHECKING:
    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.dataflow.execute import Client
    from sweep_dask.partition import MadePiece, PartitionJob, PartitionSummary, PieceJob
    from sweep_dask.settings import Settings
    from sweep_dask.storage.catalogue import Catalogue
    from sweep_dask.study.document import RunRecord
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)

_TABLES_LABEL = "combine tables"
_ROLLUPS_LABEL = "roll up sweeps"


def announce_run(record: RunRecord, space: Workspace) -> None:
    """Say in the manifest that a run is at work, before anything is put in place.

    Raises
    ------
    UsageError
        Something that is not of this package stands where a result belongs.
    """
    layout = space.layout
    document = record.as_json()
    certain = map(layout.relative, (layout.report, *_logs(layout, record.plan.settings)))
    rejects = [layout.relative(layout.rejects(table.name)) for table in TABLES]
    names = {*answer_files(layout, document), *certain, *filter(space.folder.is_free, rejects)}
    space.announce_beside(names, document)


def _logs(layout: OutputLayout, settings: Settings) -> list[Path]:
    """The logs that a run with these settings leaves."""
    alone = layout.profile_report if settings.enable_parallel else layout.profile_statistics
    return [
        layout.run_log,
        *([layout.resources_log] if settings.monitoring else []),
        *([alone] if settings.profile else []),
    ]


def execute(workers: Workers, record: RunRecord, space: Workspace, progress: Progress) -> None:
    """Ingest, run all partitions and combine their tables; fills in `record`."""
    client = workers.client
    try:
        catalogue = prepare(workers, record, space, progress)
        try:
            with record.timed("partitions"):
                made = _run_partitions(client, record, space, catalogue, progress)
            with record.timed("tables"):
                tables = _combine(client, record, space, made, progress)
            with record.timed("rollups"):
                _roll_up(client, record, space, tables, progress)
            record.status = "partial" if record.failed() else "done"
        except KeyboardInterrupt:
            logger.warning("interrupted; finished partitions are kept")
            record.status = "interrupted"
        settle(record, space)
    finally:
        progress.close()


def settle(record: RunRecord, space: Workspace) -> None:
    """Put in place what is of all partitions together, and remove what it takes the place of."""
    document = record.as_json()
    place_whole(record, space)
    space.folder.remove_but(document["files"])
    gone = space.folder.removed.difference(space.announced)
    if gone:
        logger.info("removed %s of earlier results", counted(len(gone), "file"))


def place_whole(record: RunRecord, space: Workspace) -> None:
    """Put staged files in place that are not of one partition."""
    _keep_rejects(record, space)
    staging = space.staging.root
    whole = (name for name in record.files if partition_of(name) is None)
    space.folder.place(staging, [name for name in whole if (staging / name).is_file()])


def _run_partitions(
    client: Client | None,
    record: RunRecord,
    space: Workspace,
    catalogue: Catalogue,
    progress: Progress,
) -> list[MadePiece]:
    """Run all partitions; returns the pieces of tables that were made on the way."""
    jobs = _jobs(record, space, catalogue)
    label = _partitions_label(record)
    count = len(catalogue.partitions)
    progress.start(label, count, "partitions")
    made: list[MadePiece] = []

    def done(partition: PartitionSummary) -> None:
        _place_partition(record, space, partition)
        progress.advance(label)

    try:
        simulate(client, jobs, done, made.append, run_piece)
    except BaseException:
        for partition in _staged_by_unfinished_tasks(record, space):
            _place_if_possible(record, space, partition)
        raise
    finally:
        record.partitions.sort(key=lambda partition: (partition.date, partition.security))
    progress.finish(label, counted(count, "partition"))
    _warn_of_unmatched_trades(record)
    _tell_times(record, progress)
    return made


def _place_partition(record: RunRecord, space: Workspace, partition: PartitionSummary) -> None:
    with signals_wait():  # a partition is there and known, or neither
        if partition.staged is not None:
            key = Partition(partition.date, partition.security)
            space.folder.place_partition(Path(partition.staged), key, partition.files)
        note_partition(record, partition)
    if partition.staged is not None:
        shutil.rmtree(partition.staged, ignore_errors=True)


def _place_if_possible(record: RunRecord, space: Workspace, partition: PartitionSummary) -> None:
    """Of a run that ends already: another error is not why."""
    try:
        _place_partition(record, space, partition)
    except FolderLostError:
        raise
    except (SweepError, OSError) as error:
        logger.warning("%s %s is not kept: %s", partition.date, partition.security, error)


def _staged_by_unfinished_tasks(record: RunRecord, space: Workspace) -> list[PartitionSummary]:
    """Partitions that are finished although the task that runs them and others is not."""
    known = {Partition(partition.date, partition.security) for partition in record.partitions}
    found: dict[Partition, PartitionSummary] = {}
    for path in sorted(space.scratch.glob(f"staged/*/processed/*/*/{RECEIPT}")):
        staging = OutputLayout(path.parents[3])
        key = partition_of(staging.relative(path))
        if key is not None and key not in known:
            summary = finished_summary(staging, key)
            if summary is not None:
                found[key] = summary
    return list(found.values())


def _jobs(record: RunRecord, space: Workspace, catalogue: Catalogue) -> list[PieceJob]:
    """The jobs of all pieces, each of which may keep what an earlier run left."""
    layout = space.layout
    keys = [Partition(source.date, source.security) for source in catalogue.partitions]
    space.folder.require_plain(folder for key in keys for folder in _folders(layout, key))
    record.files |= write_dated(record, catalogue, space, space.staging)
    if record.ingest is None:
        files = dict(record.files)
        record.ingest = {"run": record.run, "started": record.started, "files": files}
    whole = tuple(record.files)
    _keep_rejects(record, space)
    # From here on the ledger tells of the partitions that are put in place one by one.
    document = record.as_json()
    jobs = piece_jobs(partition_jobs(record, catalogue, space, layout, whole), PIECE_ROWS)
    tables = files_of_pieces(layout, document)
    names = {name for job in jobs for name in tables(job.piece.name)}
    names |= {layout.relative(layout.day_summary(job.piece.date)) for job in jobs}
    space.announce(document, {*space.announced, *whole, *names})
    place_whole(record, space)
    asked, earlier = asked_of(document), earlier_pieces(space.earlier)
    return [
        replace(
            job,
            partitions=tuple(_that_may_keep(one, record, layout) for one in job.partitions),
            asked=asked,
            made_of=earlier.get(job.piece.name),
            files={name: space.earlier.files.get(name, "") for name in tables(job.piece.name)},
        )
        for job in jobs
    ]


def _that_may_keep(job: PartitionJob, record: RunRecord, layout: OutputLayout) -> PartitionJob:
    """Whether there is something to keep, a look here tells at less cost than one there."""
    receipt = layout.receipt(job.source.date, job.source.security)
    return replace(job, may_keep=not record.plan.settings.fresh and receipt.exists())


def _keep_rejects(record: RunRecord, space: Workspace) -> None:
    """Copy rejected rows of earlier runs to where those of this run do not take their place.

    The manifest of before tells of them by their old names, and is right until the next one is.
    """
    if not any(name.startswith(f"{REJECTS}/") for name in space.earlier.files):
        return
    document = record.as_json()
    moves = moved_rejects(document["earlier_runs"], space.earlier).items()
    has = space.folder.has
    there = {after: before for before, after in moves if has(before) and not has(after)}
    if not there:
        return
    space.announce_beside({*space.announced, *there}, document)
    for after, before in there.items():
        copy = space.staging.root / after
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(space.layout.root / before, copy, follow_symlinks=False)
    space.folder.place(space.staging.root, there)


def _folders(layout: OutputLayout, partition: Partition) -> list[str]:
    """The innermost folders in which results of a partition may lie."""
    scenarios = (layout.centre_point(*partition) / scenario for scenario in SCENARIOS)
    return [layout.relative(path) for path in (layout.processed(*partition), *scenarios)]


def _partitions_label(record: RunRecord) -> str:
    """As the stages are numbered; those of ingest have labels of their own."""
    return f"[3,6-11/{len(STAGES)}] partitions" if record.has_time_priority else "partitions"


def _tell_times(record: RunRecord, progress: Progress) -> None:
    for stage, seconds in record.model_stage_seconds().items():
        if stage not in STAGE_OF_TABLE.values():
            progress.line(stage_label(stage), "in all tasks", seconds)
    for name, seconds in record.centre_point_seconds().items():
        progress.line(f"[{CENTRE_POINT}] {name}", "in all tasks", seconds)


def _warn_of_unmatched_trades(record: RunRecord) -> None:
    assert record.ledger is not None
    trades = record.ledger.total("trades")
    if trades.read and not trades.kept:
        logger.warning(
            "none of %s trade rows belongs to a Centre Point order; are the order ids right?",
            f"{trades.read:,}",
        )


def _combine(
    client: Client | None,
    record: RunRecord,
    space: Workspace,
    made: list[MadePiece],
    progress: Progress,
) -> Tables:
    progress.start(_TABLES_LABEL, 1, "step")
    tables = write_tables(client, space, record.as_json(), made)
    with signals_wait():  # a piece that is told of has its files
        record.files |= tables.files
        record.pieces = tables.pieces
    progress.finish(_TABLES_LABEL, counted(len(tables.files), "file"))
    return tables


def _roll_up(
    client: Client | None,
    record: RunRecord,
    space: Workspace,
    tables: Tables,
    progress: Progress,
) -> None:
    progress.start(_ROLLUPS_LABEL, 1, "step")
    document = record.as_json()
    space.announce(document, {*space.announced, *answer_files(space.layout, document)})
    record.files |= write_answer(client, space, document, tables.made)
    progress.finish(_ROLLUPS_LABEL, f"{len(ROLLUPS)} tables")
