"""The whole pipeline: plan, ingest, partitions, tables, report, manifest."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from sweep_dask.dataflow.command import at_work, publish_logs
from sweep_dask.dataflow.document import RunRecord
from sweep_dask.dataflow.pipeline import execute
from sweep_dask.dataflow.plan import make_plan
from sweep_dask.dataflow.progress import Progress
from sweep_dask.dataflow.workspace import workspace
from sweep_dask.errors import InputError
from sweep_dask.report.page import write_report
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.frames import to_frame
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from sweep_dask.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunResult:
    """What a run left behind."""

    record: RunRecord
    output: Path

    @property
    def exit_code(self) -> int:
        """Exit code of the process (contract)."""
        return {"done": 0, "partial": 1, "interrupted": 130}[self.record.status]

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest, as it lies in the output folder."""
        return read_manifest(OutputLayout(self.output))

    def table(self, name: str) -> pd.DataFrame:
        """One of the combined tables, such as `sweep_order_comparison`.

        Raises
        ------
        InputError
            There is no such table.
        """
        path = OutputLayout(self.output).tables / f"{name}.parquet"
        if not path.exists():
            raise InputError(
                f"There is no table {name!r}.",
                where=str(path.parent),
                cure=f"One of: {', '.join(sorted(p.stem for p in path.parent.glob('*.parquet')))}.",
            )
        return to_frame(pq.read_table(path))


def run(
    settings: Settings,
    folder: str,
    *,
    is_sample: bool = False,
    announce: Callable[[str], None] = logger.info,
) -> RunResult:
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
    return RunResult(record, layout.root)


def _publish(record: RunRecord, layout: OutputLayout) -> None:
    """Put logs and report in place, and last of all the manifest that lists everything."""
    publish_logs(record, layout)
    with record.timed("report"):
        write_report(layout, record.as_json())
        record.files[layout.relative(layout.report)] = file_digest(layout.report)
    write_manifest(layout, record.as_json())
