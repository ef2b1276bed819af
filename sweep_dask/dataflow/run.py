"""The whole pipeline: plan, ingest, partitions, tables, report, manifest."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.dataflow.command import at_work, publish_logs
from sweep_dask.dataflow.document import RunRecord
from sweep_dask.dataflow.pipeline import execute
from sweep_dask.dataflow.plan import make_plan
from sweep_dask.dataflow.progress import Progress
from sweep_dask.dataflow.results import RunResult
from sweep_dask.dataflow.workspace import workspace
from sweep_dask.report.page import write_report
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep_dask.settings import Settings

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
        The run cannot be done. Of its results nothing is left in the output folder.
    """
    began = time.perf_counter()
    plan = make_plan(settings, folder, is_sample=is_sample)
    record = RunRecord(plan, stage_seconds={"plan": time.perf_counter() - began})
    layout = OutputLayout(settings.output.absolute())
    with workspace(layout):
        try:
            with at_work(record, layout, announce) as workers:
                execute(workers, record, layout, Progress(settings.progress))
        except Exception:
            # From the first partition on the folder holds something of this run: say what.
            if record.partitions:
                _publish(record, layout)
            raise
        _publish(record, layout)
    return FinishedRun(layout.root, record)


def _publish(record: RunRecord, layout: OutputLayout) -> None:
    """Put logs and report in place, and last of all the manifest that lists everything."""
    publish_logs(record, layout)
    with record.timed("report"):
        write_report(layout, record.as_json())
        record.files[layout.relative(layout.report)] = file_digest(layout.report)
    write_manifest(layout, record.as_json())
