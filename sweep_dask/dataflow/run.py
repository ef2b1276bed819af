"""The whole pipeline: plan, ingest, partitions, tables, report, manifest."""

from __future__ import annotations

import cProfile
import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from distributed import performance_report

from sweep_dask.dataflow.cluster import open_cluster
from sweep_dask.dataflow.document import RunRecord
from sweep_dask.dataflow.monitor import ResourceMonitor
from sweep_dask.dataflow.pipeline import execute
from sweep_dask.dataflow.plan import Plan, make_plan
from sweep_dask.dataflow.progress import Progress
from sweep_dask.dataflow.workspace import workspace
from sweep_dask.errors import InputError
from sweep_dask.report.page import write_report
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.frames import to_frame
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest, write_manifest
from sweep_dask.system_config import peak_memory_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd
    from distributed import Client

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
    needed_bytes = max(plan.block_task_bytes, plan.partition_task_bytes)
    with workspace(layout):
        try:
            with (
                _log(layout),
                _monitor(settings, layout, record),
                open_cluster(settings, plan.system, layout.scratch / "dask", needed_bytes) as at,
                _profile(settings, layout, at.client),
            ):
                _open(at.client, plan, announce)
                execute(at, record, layout, Progress(settings.progress))
        except Exception:
            # From the first partition on the folder holds something of this run: say what.
            if record.partitions:
                _publish(record, layout)
            raise
        _publish(record, layout)
    return RunResult(record, layout.root)


def _open(client: Client | None, plan: Plan, announce: Callable[[str], None]) -> None:
    link = "none (--no-parallel)" if client is None else client.dashboard_link
    announce(f"Dashboard: {link}")
    announce(str(plan.system))
    for warning in plan.warnings:
        # Who loaded the settings has already shown what was odd about them.
        seen = warning in plan.settings.warnings
        logger.log(logging.INFO if seen else logging.WARNING, warning)


@contextmanager
def _log(layout: OutputLayout) -> Iterator[None]:
    """Write the package's log records of this run to a file."""
    handler = logging.FileHandler(layout.scratch / layout.run_log.name, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    package = logging.getLogger("sweep_dask")
    level = package.level
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    try:
        yield
    finally:
        package.removeHandler(handler)
        package.setLevel(level)
        handler.close()


@contextmanager
def _monitor(settings: Settings, layout: OutputLayout, record: RunRecord) -> Iterator[None]:
    if not settings.monitoring:
        yield
        return
    with ResourceMonitor(layout.scratch / layout.resources_log.name) as monitor:
        try:
            yield
        finally:
            record.largest_process_bytes = monitor.largest_process_bytes
            record.all_processes_bytes = monitor.all_processes_bytes


@contextmanager
def _profile(settings: Settings, layout: OutputLayout, client: Client | None) -> Iterator[None]:
    """Record where the time goes: Dask's report of a cluster, Python's profile of one process."""
    if not settings.profile:
        yield
    elif client is not None:
        with performance_report(filename=layout.scratch / layout.profile_report.name):
            yield
    else:
        profile = cProfile.Profile()
        with profile:
            yield
        profile.dump_stats(layout.scratch / layout.profile_statistics.name)


def _publish(record: RunRecord, layout: OutputLayout) -> None:
    """Put logs and report in place, and last of all the manifest that lists everything."""
    _note_peaks(record)
    for path in layout.logs:
        source = layout.scratch / path.name
        if source.exists():
            path.parent.mkdir(exist_ok=True)
            source.replace(path)
            record.files[layout.relative(path)] = file_digest(path)
    with record.timed("report"):
        write_report(layout, record.as_json())
        record.files[layout.relative(layout.report)] = file_digest(layout.report)
    write_manifest(layout, record.as_json())


def _note_peaks(record: RunRecord) -> None:
    """Peaks that tasks reported are exact; samples also see processes between two of them."""
    record.largest_process_bytes = max(
        record.largest_process_bytes,
        peak_memory_bytes(),
        *(receipt.peak_memory_bytes for receipt in record.receipts),
        *(partition.peak_memory_bytes for partition in record.partitions),
    )
    record.all_processes_bytes = max(record.all_processes_bytes, record.largest_process_bytes)
