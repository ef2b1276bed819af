"""From raw files to the jobs of partitions: what a run and a replay have in common."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.choices import choices_of
from sweep_dask.analysis.data_checks.findings import Finding
from sweep_dask.analysis.metrics.fees import fees_of
from sweep_dask.dataflow.execute import delayed, run_tasks
from sweep_dask.dataflow.ingest import ingest, tell_kept
from sweep_dask.errors import InputError, ResourceError
from sweep_dask.partition import CentrePointJob, PartitionJob, PieceJob
from sweep_dask.partition.ahead import is_book_compiled
from sweep_dask.schema import SESSION, TABLES
from sweep_dask.storage.catalogue import Catalogue, PartitionSource, build_catalogue
from sweep_dask.storage.dated import write_dated_tables
from sweep_dask.storage.discovery import require_unchanged
from sweep_dask.storage.layout import Partition
from sweep_dask.storage.ledger import Ledger
from sweep_dask.storage.pieces import pieces_of, rows_of
from sweep_dask.storage.processed import find_processed
from sweep_dask.storage.raw_files import input_digest
from sweep_dask.storage.receipts import can_be_kept
from sweep_dask.study.book import book_of, in_order
from sweep_dask.study.check import judged, look_before, noted
from sweep_dask.study.plan import require_partitions_fit
from sweep_dask.study.rejects import require_few_rejects, settle_rejects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from multiprocessing.process import BaseProcess

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.dataflow.execute import Client
    from sweep_dask.dataflow.ingest import Ingested
    from sweep_dask.dataflow.progress import Progress
    from sweep_dask.partition import PartitionSummary
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.processed import Processed
    from sweep_dask.study.document import RunRecord
    from sweep_dask.study.plan import Plan
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)

_COMPILE_LABEL = "compile the Centre Point book"

#: How often somebody looks whether it is done; arbitrary.
_LOOK_SECONDS = 0.1


def prepare(workers: Workers, record: RunRecord, space: Workspace, progress: Progress) -> Catalogue:
    """Spill all rows, settle rejects, and find the partitions; fills in `record`.

    A run whose files an earlier one has read under the same settings starts from what that left.

    Raises
    ------
    InputError
        Files or too many rows cannot be read, the input changed meanwhile, or there is no
        partition.
    ResourceError
        A partition would not fit the memory of a worker.
    """
    with record.timed("ingest"):
        catalogue = _ingest(workers, record, space, progress)
        require_partitions_fit(catalogue.partitions, workers.task_memory_bytes)
    if record.has_book and workers.compiler is not None:
        with record.timed("compile"):
            _wait_for_book(workers.compiler, progress)
    return catalogue


def _wait_for_book(compiler: BaseProcess, progress: Progress) -> None:
    """Workers would wait for it as well, and nobody would see for what."""
    progress.start(_COMPILE_LABEL, 1, "step")
    while compiler.is_alive() and not is_book_compiled():
        compiler.join(_LOOK_SECONDS)
    progress.finish(_COMPILE_LABEL, "begun before ingest; from now on it is read from disk")


def _ingest(workers: Workers, record: RunRecord, space: Workspace, progress: Progress) -> Catalogue:
    plan = record.plan
    client, memory_bytes = workers.client, workers.task_memory_bytes
    with _unchanged(plan):
        written = look_before(plan)
        found = _processed(client, record, space)
        if found is None:
            ticks = plan.book.ticks
            ingested = ingest(client, plan.blocks, space.scratch, ticks, progress, memory_bytes)
            _digest_inputs(client, record)
    if found is not None:
        return _start_from(found, record, space, progress)
    return _catalogue(ingested, written, record, space)


def _catalogue(
    ingested: Ingested, written: Sequence[Finding], record: RunRecord, space: Workspace
) -> Catalogue:
    """Settle rejects and judge the input, and find the partitions; fills in the record."""
    plan = record.plan
    record.receipts, record.block_sizes = ingested.receipts, ingested.size_changes
    record.ledger = Ledger(plan.inputs.files, ingested.receipts)
    settle_rejects(record, space)
    record.checks = judged(ingested.tally, written, plan.settings)
    catalogue = build_catalogue(
        ingested.index,
        {receipt.block: receipt.table for receipt in ingested.receipts},
        by_session=plan.settings.trading_day == "session",
        dates=plan.settings.dates,
        securities=plan.settings.securities,
    )
    _require_partitions(record, catalogue)
    record.ledger.remove(catalogue.removed)
    return catalogue


def _processed(client: Client | None, record: RunRecord, space: Workspace) -> Processed | None:
    """What the run can start from: nothing is believed that digests do not prove."""
    earlier = space.earlier
    if record.plan.settings.fresh or find_processed(earlier, record.as_json()) is None:
        return None
    _digest_inputs(client, record)
    found = find_processed(earlier, record.as_json())
    if found is None or not _are_there(client, space.layout, found.files()):
        return None
    return found


def _are_there(
    client: Client | None, layout: OutputLayout, portions: Iterable[Mapping[str, str]]
) -> bool:
    """Whether all files are there with their digests."""
    answers: list[bool] = []

    def done(_: int, is_there: bool) -> None:
        answers.append(is_there)

    def lost(_: int, reason: str) -> None:
        answers.append(False)
        logger.warning("results of an earlier run could not be read: %s", reason)

    look = delayed(can_be_kept, pure=False, traverse=False)
    tasks = (look(layout, files) for files in portions)
    run_tasks(client, tasks, done, lost, first_ones_first=True)
    return all(answers)


def _start_from(
    found: Processed, record: RunRecord, space: Workspace, progress: Progress
) -> Catalogue:
    """Fill in the record with what an earlier run has found, judged by the settings of this one."""
    record.ingest = found.run["ingest"]
    record.ledger = Ledger.restored(found.run["ledger"])
    record.files |= record.ingest["files"]
    rejects = [space.layout.rejects(table.name) for table in TABLES]
    listed = [path for path in rejects if space.layout.relative(path) in record.files]
    require_few_rejects(record, space, listed)
    checks = [Finding(**check) for check in found.run.get("checks", ())]
    record.checks = noted(checks, record.plan.settings)
    tell_kept(record.ledger, progress)
    return Catalogue(found.partitions, {})


@contextmanager
def _unchanged(plan: Plan) -> Iterator[None]:
    """Refuse an input that changes meanwhile; what else is found in it may come of that."""
    try:
        yield
    except InputError:
        require_unchanged(plan.inputs.files, plan.settings.ignore)
        raise
    require_unchanged(plan.inputs.files, plan.settings.ignore)


def _require_partitions(record: RunRecord, catalogue: Catalogue) -> None:
    plan = record.plan
    if not catalogue.partitions:
        selected = bool(plan.settings.dates or plan.settings.securities)
        raise InputError(
            "The input holds no Centre Point orders"
            + (" of the dates and securities asked for." if selected else "."),
            where=f"{plan.input}/orders",
            cure="Check --dates and --securities."
            if selected
            else "An order is one if its exchangeordertype has bit 64, 256, 2048 or 4096.",
        )


def _digest_inputs(client: Client | None, record: RunRecord) -> None:
    files = [f for f in record.plan.inputs.files if f.name not in record.input_digests]

    def done(position: int, digest: str) -> None:
        record.input_digests[files[position].name] = digest

    def lost(position: int, reason: str) -> None:
        raise ResourceError(f"The digest of {files[position].name} failed: {reason}.")

    run_tasks(client, [delayed(input_digest)(file) for file in files], done, lost)


def write_dated(
    record: RunRecord, catalogue: Catalogue, space: Workspace, target: OutputLayout
) -> dict[str, str]:
    """Write the tables that belong to a date below `target`; returns path to digest."""
    columns = record.plan.inputs.columns()
    digests: dict[str, str] = {}
    for day, ranges in catalogue.dated.items():
        digests |= write_dated_tables(target, space.scratch, day, ranges, columns)
    return digests


def partition_jobs(
    record: RunRecord,
    catalogue: Catalogue,
    space: Workspace,
    dated: OutputLayout,
    written: Collection[str],
) -> list[PartitionJob]:
    """A job for every partition, in the order of the catalogue; nothing is kept.

    Parameters
    ----------
    dated
        Where the tables of dates lie.
    written
        Those that this run has written, paths below it: no others are of its input.
    """
    columns = record.plan.inputs.columns()
    return [
        PartitionJob(
            source,
            str(space.layout.root),
            str(space.scratch),
            columns,
            may_keep=False,
            time_priority=record.has_time_priority,
            csv_safe_text=record.plan.settings.csv_safe_text,
            centre_point=_centre_point_job(record, source, dated, written),
            signature=record.signature,
        )
        for source in catalogue.partitions
    ]


def piece_jobs(jobs: Iterable[PartitionJob], piece_rows: int) -> list[PieceJob]:
    """Neighbouring partitions put together, so that a task has about so many rows."""
    by_key = {Partition(job.source.date, job.source.security): job for job in jobs}
    pieces = pieces_of({key: rows_of(job.source.rows) for key, job in by_key.items()}, piece_rows)
    return [PieceJob(tuple(by_key[key] for key in piece.partitions)) for piece in pieces]


def _centre_point_job(
    record: RunRecord, source: PartitionSource, dated: OutputLayout, written: Collection[str]
) -> CentrePointJob:
    settings = record.plan.settings
    session = dated.processed_date(source.date) / f"{SESSION.name}.parquet"
    return CentrePointJob(
        book_of(record.plan.book, settings, source.security, source.date),
        in_order(settings.scenarios) if record.has_scenarios else (),
        str(session) if dated.relative(session) in written else None,
        is_scored=settings.replay,
        choices=choices_of(vars(settings)),
        fees=fees_of(vars(settings)),
    )


def note_partition(record: RunRecord, partition: PartitionSummary) -> None:
    """Take what became of a partition into the record and, if it failed, into the log."""
    assert record.ledger is not None
    record.partitions.append(partition)
    record.files |= partition.files
    record.ledger.remove(partition.removed)
    if partition.state == "failed":
        logger.error(
            "partition %s/%s failed: %s", partition.date, partition.security, partition.reason
        )
        if partition.traceback is not None:
            logger.info("%s", partition.traceback)
