"""The stages of a run, in their order, on a client."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_dask.analysis.metrics.lines import CENTRE_POINT, lines_of
from sweep_dask.analysis.time_priority import STAGES
from sweep_dask.dataflow.assumptions import run_assumptions
from sweep_dask.dataflow.book import chosen_scenarios
from sweep_dask.dataflow.ingest import STAGE_OF_TABLE
from sweep_dask.dataflow.prepare import (
    Prepared,
    note_partition,
    partition_jobs,
    prepare,
    write_dated,
)
from sweep_dask.dataflow.progress import Progress, counted, stage_label
from sweep_dask.dataflow.rollups import write_rollups
from sweep_dask.dataflow.simulate import simulate
from sweep_dask.dataflow.tables import (
    centre_point_tables,
    combine_tables,
    sweep_table,
    time_priority_tables,
)

if TYPE_CHECKING:
    from distributed import Client

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.dataflow.document import RunRecord
    from sweep_dask.partition import PartitionJob, PartitionSummary
    from sweep_dask.storage.layout import OutputLayout

logger = logging.getLogger(__name__)

_TABLES_LABEL = "combine tables"
_ROLLUPS_LABEL = "roll up sweeps"


def execute(workers: Workers, record: RunRecord, layout: OutputLayout, progress: Progress) -> None:
    """Ingest, run all partitions and combine their tables; fills in `record`."""
    client = workers.client
    try:
        prepared = prepare(workers, record, layout, progress)
        try:
            with record.timed("partitions"):
                _run_partitions(client, record, layout, prepared, progress)
            with record.timed("tables"):
                _combine(client, record, layout, progress)
            with record.timed("rollups"):
                _roll_up(client, record, layout, progress)
            record.status = "partial" if record.failed() else "done"
        except KeyboardInterrupt:
            logger.warning("interrupted; finished partitions are kept")
            record.status = "interrupted"
    finally:
        progress.close()


def _run_partitions(
    client: Client | None,
    record: RunRecord,
    layout: OutputLayout,
    prepared: Prepared,
    progress: Progress,
) -> None:
    record.files |= write_dated(record, prepared, layout, layout)
    jobs = _jobs(record, layout, prepared)
    label = _partitions_label(record)
    progress.start(label, len(jobs), "partitions")

    def done(partition: PartitionSummary) -> None:
        note_partition(record, partition)
        progress.advance(label)

    try:
        simulate(client, jobs, done)
    finally:
        record.partitions.sort(key=lambda partition: (partition.date, partition.security))
        if record.has_scenarios:
            record.assumptions = run_assumptions(record.plan, record.partitions)
    progress.finish(label, counted(len(jobs), "partition"))
    _warn_of_unmatched_trades(record)
    _tell_times(record, progress)


def _jobs(record: RunRecord, layout: OutputLayout, prepared: Prepared) -> list[PartitionJob]:
    """The jobs of all partitions, each of which may keep what an earlier run left."""
    jobs = partition_jobs(record, prepared, layout.scratch, layout.root, layout)
    if record.plan.settings.fresh:
        return jobs
    return [
        replace(job, may_keep=layout.receipt(job.source.date, job.source.security).exists())
        for job in jobs
    ]


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
    client: Client | None, record: RunRecord, layout: OutputLayout, progress: Progress
) -> None:
    finished = [partition for partition in record.partitions if partition.state != "failed"]
    plan = record.plan
    tables = [sweep_table(layout, finished)]
    if record.has_time_priority:
        tables += time_priority_tables(layout, finished, plan.inputs.columns()["orders"])
    if record.has_scenarios:
        tables += centre_point_tables(layout, finished, chosen_scenarios(plan.settings))
    progress.start(_TABLES_LABEL, 1, "step")
    record.files |= combine_tables(client, layout, tables)
    progress.finish(_TABLES_LABEL, f"{len(tables)} tables")


def _roll_up(
    client: Client | None, record: RunRecord, layout: OutputLayout, progress: Progress
) -> None:
    settings = record.plan.settings
    lines = lines_of(settings.models, chosen_scenarios(settings))
    progress.start(_ROLLUPS_LABEL, 1, "step")
    found = write_rollups(client, layout, lines)
    record.files |= found
    progress.finish(_ROLLUPS_LABEL, f"{len(found)} tables")
