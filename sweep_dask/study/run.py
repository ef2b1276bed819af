"""The whole pipeline: plan, ingest, partitions, tables, report, manifest."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.dataflow.progress import Progress
from sweep_dask.storage.folder_lock import FolderLostError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.book import signature
from sweep_dask.study.command import at_work, settle_logs, write_record
from sweep_dask.study.disk import require_room
from sweep_dask.study.document import RunRecord
from sweep_dask.study.pipeline import announce_run, execute, place_whole, settle
from sweep_dask.study.plan import make_plan
from sweep_dask.study.rebuild import place_report
from sweep_dask.study.results import RunResult
from sweep_dask.study.workspace import require_apart, workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep_dask.settings import Settings
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class FinishedRun(RunResult):
    """A run of this process."""

    record: RunRecord
    """What it noted on its way."""


def run(
    settings: Settings,
    folder: str,
    *,
    is_sample: bool = False,
    announce: Callable[[str], None] = logger.info,
) -> FinishedRun:
    """Run everything on the input in `folder`.

    An interrupt (Ctrl-C) ends the run early: partitions that are finished are kept, and the same
    call resumes.

    Parameters
    ----------
    announce
        Receives the opening lines: the dashboard's address and the system configuration.

    Raises
    ------
    InputError, ResourceError, UsageError
        The run cannot be done. Partitions that were finished are in the output folder, and its
        manifest says so; if there were none, the folder is as it was, but for rejected rows in a
        folder without earlier results.
    """
    began = time.perf_counter()
    plan = make_plan(settings, folder, is_sample=is_sample)
    layout = OutputLayout(settings.output.absolute())
    require_apart(folder, layout)
    require_room(layout, plan.disk)
    record = RunRecord(
        plan,
        signature=signature(plan.book, settings),
        stage_seconds={"plan": time.perf_counter() - began},
    )
    with workspace(layout) as space:
        record.run, record.earlier = space.token, space.earlier
        announce_run(record, space)
        try:
            with at_work(record, space, announce) as workers:
                execute(workers, record, space, Progress(settings.progress))
        except FolderLostError:
            raise
        except BaseException:
            _end_early(record, space)
            raise
        try:
            _publish(record, space)
        except KeyboardInterrupt:
            record.status = "interrupted"
            place_whole(record, space)
            write_record(record, space)
            raise
    return FinishedRun(layout.root, record)


def _end_early(record: RunRecord, space: Workspace) -> None:
    """Say what a run that cannot go on leaves; if that is nothing, leave the folder as it was."""
    if space.folder.has_changed or record.partitions:
        settle(record, space)
        _publish(record, space)
    elif record.wrote_rejects and not space.earlier.partitions:
        place_whole(record, space)
        write_record(record, space)
    else:
        space.withdraw_announcement()


def _publish(record: RunRecord, space: Workspace) -> None:
    """Put logs and report in place, and last of all the manifest that lists everything."""
    settle_logs(record, space.staging)
    place_whole(record, space)
    with record.timed("report"):
        _report(record, space)
    write_record(record, space)


def _report(record: RunRecord, space: Workspace) -> None:
    """The report shows what is in place; that it fails costs nothing else."""
    try:
        record.files |= place_report(space, record.as_json())
    except FolderLostError:
        raise
    except Exception as error:  # noqa: BLE001  a chart may not cost the results
        logger.warning("the report could not be drawn (%s); `report` tries again", error)
