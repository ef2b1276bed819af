"""What `run` and `replay` have around their work: folder, log, monitor, cluster, profile."""

from __future__ import annotations

import logging
import multiprocessing
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sweep_dask.dataflow.cluster import open_cluster
from sweep_dask.dataflow.forkserver import environment_of_workers
from sweep_dask.dataflow.interrupts import interrupts_wait
from sweep_dask.dataflow.monitor import ResourceMonitor
from sweep_dask.dataflow.profiling import profiled
from sweep_dask.dataflow.progress import counted
from sweep_dask.partition.ahead import compile_ahead, is_compiled
from sweep_dask.storage.atomic import file_digest
from sweep_dask.study.run_log import RunLog
from sweep_dask.system_config import peak_memory_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.process import BaseProcess

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.settings import Settings
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.study.document import RunRecord
    from sweep_dask.study.plan import Plan
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)


@contextmanager
def at_work(
    record: RunRecord, space: Workspace, announce: Callable[[str], None]
) -> Iterator[Workers]:
    """The workers of a plan, watched; logs are staged.

    Parameters
    ----------
    announce
        Receives the opening lines: the dashboard's address and the system configuration.
    """
    plan = record.plan
    layout = space.staging
    layout.run_log.parent.mkdir(exist_ok=True)
    with (
        _log(layout),
        _monitor(plan.settings, layout, record),
        _compiler(record) as compiler,
        open_cluster(
            plan.settings, plan.system, space.scratch / "dask", plan.task_bytes
        ) as workers,
        profiled(plan.settings, layout, workers.client),
    ):
        if space.cleared:
            logger.info("removed %s of killed runs", counted(space.cleared, "leftover"))
        _open(workers, plan, announce)
        if compiler is not None:
            announce(f"Compiling beside ingest, once per installation (process {compiler.pid})")
        yield workers._replace(compiler=compiler)


@contextmanager
def _compiler(record: RunRecord) -> Iterator[BaseProcess | None]:
    """Compile for local workers while they start and ingest, unless that was done before.

    They wait for what they need of it. If this process dies, one of them compiles in its place.
    """
    settings = record.plan.settings
    book = record.has_book
    if not settings.has_own_workers or is_compiled(book=book):
        yield None
        return
    context = multiprocessing.get_context("spawn")
    compiler = context.Process(target=compile_ahead, kwargs={"book": book}, daemon=True)
    with environment_of_workers(), interrupts_wait():
        compiler.start()
    try:
        yield compiler
    finally:
        compiler.terminate()
        compiler.join()


def settle_logs(record: RunRecord, staging: OutputLayout) -> None:
    """Note the logs as files of the run, and the peak of memory."""
    _note_peaks(record)
    record.files |= {
        staging.relative(path): file_digest(path) for path in staging.logs if path.exists()
    }


def write_record(record: RunRecord, space: Workspace) -> None:
    """Put the manifest in place that tells of everything a run has done."""
    record.removed_files = len(space.folder.removed)
    space.write_manifest(record.as_json())


def _open(workers: Workers, plan: Plan, announce: Callable[[str], None]) -> None:
    announce(f"Dashboard: {workers.dashboard or 'none (--no-parallel)'}")
    announce(str(plan.system))
    for warning in plan.warnings:
        # Who loaded the settings has already shown what was odd about them.
        seen = warning in plan.settings.warnings
        logger.log(logging.INFO if seen else logging.WARNING, warning)


@contextmanager
def _log(layout: OutputLayout) -> Iterator[None]:
    """Write the package's log records of this run to a file."""
    handler = RunLog(layout.run_log)
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
    with ResourceMonitor(layout.resources_log) as monitor:
        try:
            yield
        finally:
            record.largest_process_bytes = monitor.largest_process_bytes
            record.all_processes_bytes = monitor.all_processes_bytes


def _note_peaks(record: RunRecord) -> None:
    """Peaks that tasks reported are exact; samples also see processes between two of them."""
    record.largest_process_bytes = max(
        record.largest_process_bytes,
        peak_memory_bytes(),
        *(receipt.peak_memory_bytes for receipt in record.receipts),
        *(partition.peak_memory_bytes for partition in record.partitions),
    )
    record.all_processes_bytes = max(record.all_processes_bytes, record.largest_process_bytes)
