"""The command `replay`: the recorded order flow through the book, scored against the tape."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.match_table import REPLAY_MATCH_COLUMNS
from sweep_dask.analysis.centre_point.order_checks import LEFT_OUT_COLUMNS
from sweep_dask.dataflow.execute import gather
from sweep_dask.dataflow.listeners import Events
from sweep_dask.dataflow.progress import counted
from sweep_dask.dataflow.simulate import simulate
from sweep_dask.partition import replay_piece
from sweep_dask.partition.replay import part_path
from sweep_dask.report.cards import replay_card
from sweep_dask.report.replay_page import replay_report_page
from sweep_dask.schema import TABLES
from sweep_dask.storage.atomic import remove_if_empty, write_json, write_text
from sweep_dask.storage.combine import concatenate
from sweep_dask.storage.folder_lock import FolderLostError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import THROUGH, read_manifest
from sweep_dask.storage.no_follow import is_there
from sweep_dask.study.apart import require_apart
from sweep_dask.study.command import at_work, beginning
from sweep_dask.study.document import RunRecord
from sweep_dask.study.fidelity import Sums, replay_document
from sweep_dask.study.jobs import (
    partition_jobs,
    piece_jobs,
    rows_by_partition,
    what_is_done,
    write_dated,
)
from sweep_dask.study.placing import staged_logs
from sweep_dask.study.rebuild import rebuild_report
from sweep_dask.study.run import conclude, take_input
from sweep_dask.study.workspace import workspace
from sweep_dask.terms import files, stages
from sweep_dask.terms.score import RESYNC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.dataflow.listeners import Listener
    from sweep_dask.dataflow.remote_cluster import Client
    from sweep_dask.partition import PartitionSummary
    from sweep_dask.settings import Settings
    from sweep_dask.storage.partition_index import PartitionIndex
    from sweep_dask.study.command import AtWork, Begun
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)

#: Rows worth about a second of a task: most of it goes into the replays without each rule.
_TASK_ROWS = 15_000

_TABLES = {files.REPLAY_MATCHES: REPLAY_MATCH_COLUMNS, files.LEFT_OUT: LEFT_OUT_COLUMNS}


@dataclass(frozen=True, repr=False)
class ReplayResult:
    """What a replay left behind."""

    record: RunRecord
    fidelity: dict[str, Any]
    """The document in `fidelity.json`."""
    output: Path
    """The replay's own folder, `OUTPUT/replay`."""

    @property
    def exit_code(self) -> int:
        """Exit code of the process (contract)."""
        return {"done": 0, "partial": 1}[self.record.status]

    @property
    def report(self) -> Path:
        """The replay's own report, one HTML file."""
        return OutputLayout(self.output).report

    def __repr__(self) -> str:
        score = self.fidelity["total"][RESYNC]
        matches = f"{score['hits']:,} of {score['tape']:,} dark matches predicted"
        return f"<ReplayResult {self.record.status}: {matches}, in {self.output}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        plan = self.record.plan
        return replay_card(self.fidelity, self.record.status, str(plan.input), self.report)


def replay(
    settings: Settings,
    folder: str | Sequence[str],
    *,
    is_sample: bool = False,
    ablations: bool = True,
    announce: Callable[[str], None] = logger.info,
    client: Client | None = None,
    progress: Listener | None = None,
) -> ReplayResult:
    """Replay an input; a run in the same output folder gets its report anew.

    Parameters
    ----------
    ablations
        Whether everything is replayed once more without each rule.
    announce, client, progress
        As of `run.run`.

    Raises
    ------
    InputError, ResourceError, UsageError
        The replay cannot be done; an earlier one is left as it was.
    """
    with beginning(settings, folder, client, announce, progress, is_sample=is_sample) as begun:
        return _replay(begun, ablations)


def _replay(begun: Begun, ablations: bool) -> ReplayResult:
    plan = begun.plan
    outer = OutputLayout(plan.settings.output.absolute())
    require_apart(plan.inputs.discovery, outer)
    layout = outer.replay()
    is_new = not is_there(outer.root)
    try:
        with workspace(layout, plan.settings.scratch) as space:
            seconds = {"plan": begun.seconds}
            record = RunRecord(plan, "replay", space.token, stage_seconds=seconds)
            document = _in_folder(record, space, begun, ablations)
    finally:
        if is_new:
            remove_if_empty(outer.root)
    _rebuild_report(outer)
    return ReplayResult(record, document, layout.root)


def _in_folder(
    record: RunRecord, space: Workspace, begun: Begun, ablations: bool
) -> dict[str, Any]:
    """Everything in the folder of the replay; returns the document of scores."""
    tables = [
        *(f"{name}.parquet" for name in _TABLES),
        space.layout.fidelity.name,
        space.layout.report.name,
    ]
    rejects = [space.layout.rejects(table.name) for table in TABLES]
    names = [*tables, *map(space.layout.relative, (*space.layout.logs, *rejects))]
    space.announce_beside(names, record.as_json())
    try:
        with at_work(begun, space, has_book=True) as work:
            sums = _do(record, space, work, ablations)
        assumptions = record.as_json()["assumptions"]
        document = replay_document(record.partitions, sums, assumptions)
    except FolderLostError:
        raise
    except BaseException:
        space.withdraw_announcement()
        raise
    _publish(record, space, document, begun.progress)
    return document


def _do(record: RunRecord, space: Workspace, work: AtWork, ablations: bool) -> Sums:
    """Ingest, replay all partitions and combine their tables."""
    try:
        partition_index = take_input(record, space, work)
        with record.timed("partitions"):
            sums = _replay_partitions(record, space, work, partition_index, ablations)
        with record.timed("tables"):
            record.files |= _combine(work.workers, record.partitions, space.staging)
        record.status = "partial" if record.failed() else "done"
    finally:
        record.note_memory(work.monitor)
    return sums


def _replay_partitions(
    record: RunRecord,
    space: Workspace,
    work: AtWork,
    partition_index: PartitionIndex,
    ablations: bool,
) -> Sums:
    dated = write_dated(record.plan, partition_index, space)
    partitions = [
        replace(job, centre_point=replace(job.centre_point, ablations=ablations))
        for job in partition_jobs(record, partition_index, space, space.staging, dated)
    ]
    jobs = piece_jobs(partitions, _TASK_ROWS)
    sums = Sums()
    rows = rows_by_partition(jobs)
    work.events.start(stages.REPLAY, len(rows), "partitions", sum(rows.values()))

    def done(partition: PartitionSummary) -> None:
        # Summed, its score is needed no more; of many partitions it would be a lot.
        score = None if partition.replay is None else sums.add(partition.replay)
        record.note(replace(partition, replay=score))
        work.events.task_end(stages.REPLAY, what_is_done(partition, rows))

    simulate(work.workers, jobs, replay_piece, done, lambda _: None, "replay_partitions")
    record.partitions.sort(key=lambda partition: (partition.date, partition.security))
    work.events.end(stages.REPLAY, counted(len(partitions), "partition"))
    return sums


def _combine(
    workers: Workers, partitions: Iterable[PartitionSummary], staging: OutputLayout
) -> dict[str, str]:
    """Put the parts of each table together; returns name to digest."""
    finished = [partition for partition in partitions if partition.state != "failed"]
    names = [f"{name}.parquet" for name in _TABLES]
    given = (
        (
            str(staging.root / f"{name}.parquet"),
            [str(part_path(p, name)) for p in finished],
            columns,
        )
        for name, columns in _TABLES.items()
    )
    what = [f"Combining the table {name}" for name in _TABLES]
    digests = gather(workers, concatenate, given, what, "Raise --memory-limit.")
    return dict(zip(names, digests, strict=True))


def _publish(
    record: RunRecord, space: Workspace, document: dict[str, Any], progress: Listener
) -> None:
    """Put score, logs and report in place, and the manifest that lists everything."""
    staging = space.staging
    record.files |= staged_logs(space, record.as_json())
    with record.timed("report"), Events(progress) as events, events.step(stages.REPORT):
        record.files[staging.relative(staging.fidelity)] = write_json(staging.fidelity, document)
        _draw(record, staging)
    space.folder.place(staging.root, record.files)
    space.folder.remove_but(record.files)
    conclude(record, space)


def _draw(record: RunRecord, staging: OutputLayout) -> None:
    """Stage the report; that it fails costs nothing else."""
    try:
        page = replay_report_page(staging.root, record.as_json())
        record.files[staging.relative(staging.report)] = write_text(staging.report, page)
    except Exception as error:  # noqa: BLE001  a page may not cost the score
        logger.warning("the report of the replay could not be drawn: %s", error)


def _rebuild_report(outer: OutputLayout) -> None:
    """Let the report of a finished run in the folder around show the new score."""
    if not is_there(outer.manifest):
        return
    try:
        if read_manifest(outer)["status"] in THROUGH:
            rebuild_report(outer)
    except Exception as error:  # noqa: BLE001  the replay itself is in place
        logger.warning("the report of the run in %s was not rebuilt: %s", outer.root, error)
