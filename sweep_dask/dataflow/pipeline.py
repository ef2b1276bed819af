"""The stages of a run, in their order, on a client."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dask import delayed

from sweep_dask.analysis.time_priority import STAGES
from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.dataflow.ingest import find_repeats_of_rejects, ingest
from sweep_dask.dataflow.plan import require_partitions_fit
from sweep_dask.dataflow.progress import Progress, counted, stage_label
from sweep_dask.dataflow.rejects import settle_rejects
from sweep_dask.dataflow.simulate import simulate
from sweep_dask.dataflow.tables import combine_tables
from sweep_dask.errors import InputError, ResourceError
from sweep_dask.partition import PartitionJob, PartitionSummary
from sweep_dask.storage.catalogue import Catalogue, PartitionSource, build_catalogue
from sweep_dask.storage.dated import write_dated_tables
from sweep_dask.storage.discovery import input_digest
from sweep_dask.storage.ledger import Ledger

if TYPE_CHECKING:
    from distributed import Client

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.dataflow.document import RunRecord
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.merge import Repeats

logger = logging.getLogger(__name__)

#: The stages that one task does for one partition, as progress names them.
_PARTITION_STAGES = (3, 6, 7, 8, 9, 10, 11)
_PARTITIONS_LABEL = f"[3,6-11/{len(STAGES)}] partitions"
_TABLES_LABEL = "combine tables"


def execute(workers: Workers, record: RunRecord, layout: OutputLayout, progress: Progress) -> None:
    """Ingest, run all partitions and combine their tables; fills in `record`."""
    client = workers.client
    try:
        with record.timed("ingest"):
            catalogue, repeats = _ingest(client, record, layout, progress)
            require_partitions_fit(catalogue.partitions, workers.task_memory_bytes)
            _digest_inputs(client, record)
        try:
            with record.timed("partitions"):
                _run_partitions(client, record, layout, catalogue, repeats, progress)
            with record.timed("tables"):
                _combine(client, record, layout, progress)
            record.status = "partial" if record.failed() else "done"
        except KeyboardInterrupt:
            logger.warning("interrupted; finished partitions are kept")
            record.status = "interrupted"
    finally:
        progress.close()


def _ingest(
    client: Client | None, record: RunRecord, layout: OutputLayout, progress: Progress
) -> tuple[Catalogue, Repeats]:
    """Spill all rows and settle repeats and rejects.

    Returns
    -------
    tuple
        The partitions, and the rows that repeat a rejected one.
    """
    plan = record.plan
    ingested = ingest(client, plan.blocks, layout.scratch, progress)
    record.receipts = ingested.receipts
    record.ledger = Ledger(plan.inputs.files, ingested.receipts)
    resolved = find_repeats_of_rejects(client, ingested, layout.scratch)
    settle_rejects(record, layout, resolved)
    catalogue = build_catalogue(
        ingested.index,
        {block.number: block.file.table for block in plan.blocks},
        by_session=plan.settings.trading_day == "session",
        dates=plan.settings.dates,
        securities=plan.settings.securities,
    )
    _require_partitions(record, catalogue)
    record.ledger.remove(catalogue.removed)
    return catalogue, frozenset().union(*(found.rows for found in resolved.values()))


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
    files = record.plan.inputs.files

    def done(position: int, digest: str) -> None:
        record.input_digests[files[position].name] = digest

    def lost(position: int, reason: str) -> None:
        raise ResourceError(f"The digest of {files[position].name} failed: {reason}.")

    run_tasks(client, [delayed(input_digest)(file) for file in files], done, lost)


def _run_partitions(
    client: Client | None,
    record: RunRecord,
    layout: OutputLayout,
    catalogue: Catalogue,
    repeats: Repeats,
    progress: Progress,
) -> None:
    plan = record.plan
    columns = plan.inputs.columns()
    for day, ranges in catalogue.dated.items():
        record.files |= write_dated_tables(layout, layout.scratch, day, ranges, columns)
    jobs = [
        PartitionJob(
            source,
            str(layout.root),
            str(layout.scratch),
            columns,
            _repeats_in(source, repeats),
            may_keep=not plan.settings.fresh
            and layout.receipt(source.date, source.security).exists(),
        )
        for source in catalogue.partitions
    ]
    progress.start(_PARTITIONS_LABEL, len(jobs), "partitions")

    def done(partition: PartitionSummary) -> None:
        assert record.ledger is not None
        record.partitions.append(partition)
        record.files |= partition.files
        record.ledger.remove(partition.removed)
        _log_failure(partition)
        progress.advance(_PARTITIONS_LABEL)

    try:
        simulate(client, jobs, done)
    finally:
        record.partitions.sort(key=lambda partition: (partition.date, partition.security))
    progress.finish(_PARTITIONS_LABEL, counted(len(jobs), "partition"))
    _warn_of_unmatched_trades(record)
    for stage in _PARTITION_STAGES:
        progress.line(stage_label(stage), "in all tasks", record.model_stage_seconds()[stage])


def _warn_of_unmatched_trades(record: RunRecord) -> None:
    assert record.ledger is not None
    trades = record.ledger.total("trades")
    if trades.read and not trades.kept:
        logger.warning(
            "none of %s trade rows belongs to a Centre Point order; are the order ids right?",
            f"{trades.read:,}",
        )


def _repeats_in(source: PartitionSource, repeats: Repeats) -> Repeats:
    """The repeats a task needs to know of: it may be one of thousands."""
    if not repeats:
        return repeats
    blocks = {part.block for parts in source.ranges.values() for part in parts}
    return frozenset(place for place in repeats if place[0] in blocks)


def _log_failure(partition: PartitionSummary) -> None:
    if partition.state == "failed":
        logger.error(
            "partition %s/%s failed: %s", partition.date, partition.security, partition.reason
        )
        if partition.traceback is not None:
            logger.info("%s", partition.traceback)


def _combine(
    client: Client | None, record: RunRecord, layout: OutputLayout, progress: Progress
) -> None:
    finished = [partition for partition in record.partitions if partition.state != "failed"]
    order_columns = record.plan.inputs.columns()["orders"]
    progress.start(_TABLES_LABEL, 1, "step")
    tables = combine_tables(client, layout, finished, order_columns)
    record.files |= tables
    progress.finish(_TABLES_LABEL, f"{len(tables)} tables")
