"""Around the work of `run` and `replay`: plan, log, monitor, cluster, compiler, profile."""

from __future__ import annotations

import logging
import multiprocessing
import time
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.dataflow.cluster import open_cluster
from sweep_dask.dataflow.execute import stage_span
from sweep_dask.dataflow.forkserver import environment_of_workers, start_importing
from sweep_dask.dataflow.interrupts import interrupts_wait
from sweep_dask.dataflow.listeners import Events, Listener
from sweep_dask.dataflow.monitor import ResourceMonitor, named
from sweep_dask.dataflow.profiling import profiled
from sweep_dask.dataflow.progress import counted, shown
from sweep_dask.dataflow.remote_cluster import remote_cluster
from sweep_dask.dataflow.run_status import PATH, RunStatus, add_run_page, told_to_prometheus
from sweep_dask.partition.ahead import compile_ahead, is_book_compiled, is_compiled
from sweep_dask.printable import TEXT, formatter_of, stage_record
from sweep_dask.study import TASK_MODULES
from sweep_dask.study.plan import make_plan
from sweep_dask.study.summary import describe_system
from sweep_dask.terms import stages
from sweep_dask.terms.arms import CENTRE_POINT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from sweep_dask.dataflow.cluster import Workers
    from sweep_dask.dataflow.remote_cluster import Client, RemoteCluster
    from sweep_dask.settings import Settings
    from sweep_dask.study.document import RunRecord
    from sweep_dask.study.plan import Plan
    from sweep_dask.study.workspace import Workspace

logger = logging.getLogger(__name__)

#: How often somebody looks whether it is done; arbitrary.
_LOOK_SECONDS = 0.1


class Begun(NamedTuple):
    """A plan that is to be carried out, and who hears of that."""

    plan: Plan
    seconds: float
    """What planning took."""
    cluster: RemoteCluster | None
    """Somebody's, which the plan was made for."""
    announce: Callable[[str], None]
    """Receives the opening lines: the dashboard's address, that of this run's own page where we
    serve it, and the system configuration."""
    progress: Listener
    """Hears of all stages."""


@contextmanager
def beginning(
    settings: Settings,
    folder: str | Sequence[str],
    client: Client | None,
    announce: Callable[[str], None],
    progress: Listener | None,
    *,
    is_sample: bool = False,
) -> Iterator[Begun]:
    """The plan of a command, and the cluster that it is for; see `make_plan`, and `run.run`."""
    with remote_cluster(settings, client, announce) as cluster:
        hearing = shown(settings.progress, settings.log_format) if progress is None else progress
        began = time.perf_counter()
        with Events(hearing) as events:
            events.start(stages.PLAN)
            plan = make_plan(settings, folder, is_sample=is_sample, cluster=cluster)
            events.end(stages.PLAN, counted(len(plan.inputs.files), "file"))
        yield Begun(plan, time.perf_counter() - began, cluster, announce, hearing)


class AtWork(NamedTuple):
    """A plan that is being carried out."""

    workers: Workers
    compiler: BaseProcess | None
    """What compiles for workers of this machine while they begin, if it is not done yet."""
    monitor: ResourceMonitor | None
    events: Events


@contextmanager
def at_work(begun: Begun, space: Workspace, *, has_book: bool) -> Iterator[AtWork]:
    """The workers of a plan, watched; logs are staged. `has_book`: the book is to be used."""
    plan, announce = begun.plan, begun.announce
    settings, layout = plan.settings, space.logs
    layout.run_log.parent.mkdir(exist_ok=True)
    status = RunStatus()
    listeners: list[Listener] = [RunLog(layout.run_log, settings.log_format), status]
    monitor = ResourceMonitor(layout.resources_log) if settings.monitoring else None
    if monitor is not None:
        listeners.append(monitor)
    with (
        Events(*listeners, begun.progress) as events,
        told_to_prometheus(status) if settings.has_own_workers else nullcontext(),
        _compiling(plan, has_book=has_book) as compiler,
        _workers(plan, space, begun.cluster, events) as workers,
        nullcontext() if monitor is None else monitor.watching(workers.client),
        profiled(workers.client, layout.profile) if settings.profile else nullcontext(),
    ):
        if space.cleared:
            logger.info("removed %s of killed runs", counted(space.cleared, "leftover"))
        has_page = workers.client is not None and add_run_page(workers.client, status)
        _open(workers, plan, announce, has_page=has_page)
        if compiler is not None:
            announce("The simulator is being compiled meanwhile; only a first run has to do that.")
        with stage_span("sweep-dask"):
            yield AtWork(workers, compiler, monitor, events)


@contextmanager
def _workers(
    plan: Plan, space: Workspace, cluster: RemoteCluster | None, events: Events
) -> Iterator[Workers]:
    settings = plan.settings
    if settings.has_own_workers:
        start_importing(*TASK_MODULES)
    folders = dict.fromkeys((space.scratch.parent, space.layout.root))
    opened = open_cluster(
        settings, plan.system, space.here / "dask", plan.task_bytes, cluster, folders
    )
    with ExitStack() as stack:
        if not settings.enable_parallel:
            yield stack.enter_context(opened)
            return
        events.start(stages.WORKERS)
        workers = stack.enter_context(opened)
        assert workers.client is not None
        events.end(stages.WORKERS, counted(len(workers.client.nthreads()), "worker"))
        yield workers


def _open(workers: Workers, plan: Plan, announce: Callable[[str], None], *, has_page: bool) -> None:
    announce(f"Dashboard: {workers.dashboard or 'none (--no-parallel)'}")
    if has_page and workers.dashboard:
        announce(f"This run:  {workers.dashboard.removesuffix('/status')}{PATH}")
    announce(describe_system(plan))
    for warning in plan.warnings:
        logger.log(logging.WARNING if warning in plan.new_warnings else logging.INFO, warning)


@contextmanager
def _compiling(plan: Plan, *, has_book: bool) -> Iterator[BaseProcess | None]:
    """Compile for local workers while they start and ingest, unless that was done before.

    They wait for what they need of it. If this process dies, one of them compiles in its place.
    """
    if not plan.settings.has_own_workers or is_compiled(book=has_book):
        yield None
        return
    context = multiprocessing.get_context("spawn")
    compiler = context.Process(target=compile_ahead, kwargs={"book": has_book}, daemon=True)
    with environment_of_workers(), interrupts_wait():
        compiler.start()
    try:
        with named(compiler.pid, "compiler"):
            yield compiler
    finally:
        compiler.terminate()
        compiler.join()


def wait_for_book(compiler: BaseProcess, events: Events) -> None:
    """Workers would wait for it as well, and nobody would see for what."""
    with events.step(stages.COMPILE, "from now on it is on disk"):
        while compiler.is_alive() and not is_book_compiled():
            compiler.join(_LOOK_SECONDS)


def tell_work(record: RunRecord, events: Events) -> None:
    """Task time of the parts of the models; and a warning if no trade has an order."""
    assert record.ledger is not None
    trades = record.ledger.total("trades")
    if trades.read and not trades.kept:
        logger.warning(
            "none of %s trade rows belongs to a Centre Point order; are the order ids right?",
            f"{trades.read:,}",
        )
    parts = {
        stages.numbered(stage): seconds
        for stage, seconds in record.model_stage_seconds().items()
        if stage not in stages.STAGE_OF_TABLE.values()
    }
    for name, seconds in record.centre_point_seconds().items():
        parts[f"[{CENTRE_POINT}] {name}"] = seconds
    outcomes = chain(["part of that, summed over workers"], repeat(""))
    for (part, seconds), outcome in zip(parts.items(), outcomes, strict=False):
        events.end(part, outcome, seconds)


class RunLog(logging.FileHandler, Listener):
    """Writes the package's log records of a run to a file, and a line for each stage.

    Until that fails, as on a full disk; then it is silent.
    """

    def __init__(self, path: Path, log_format: str = TEXT) -> None:
        super().__init__(path, encoding="utf-8")
        self.setFormatter(formatter_of(log_format))
        self._package = logging.getLogger("sweep_dask")
        self._level_before = self._package.level

    def on_start(self) -> None:
        """Begin."""
        self._package.addHandler(self)
        self._level_before = self._package.level
        self._package.setLevel(logging.INFO)

    def on_stage_end(self, stage: str, outcome: str, seconds: float) -> None:
        """Write it; who shows the log has shown it in a line of its own."""
        self.handle(stage_record(stage, outcome, seconds))

    def on_end(self) -> None:
        """Stop."""
        self._package.removeHandler(self)
        self._package.setLevel(self._level_before)
        self.close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Say nothing: the standard library prints a traceback here."""

    def close(self) -> None:
        """Close the file; what is still in its buffer may be lost."""
        with suppress(OSError):
            super().close()
