"""Where tasks run: our own LocalCluster, somebody's cluster, or this process."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import dask
from distributed import Client, LocalCluster, Nanny, Status
from distributed.security import Security
from distributed.utils import get_mp_context

from sweep_dask.dataflow.dashboard import GuardedScheduler, dashboard_address
from sweep_dask.dataflow.execute import WORKER_WAIT_SECONDS
from sweep_dask.dataflow.forkserver import (
    METHOD,
    RAN_MAIN,
    UnguardedProgramError,
    environment_of_workers,
    start_importing,
)
from sweep_dask.dataflow.interrupts import interrupts_wait
from sweep_dask.dataflow.monitor import name_worker_of
from sweep_dask.dataflow.progress import show
from sweep_dask.dataflow.remote_cluster import scheduler_as_found
from sweep_dask.dataflow.remote_workers import require_folders_seen
from sweep_dask.dataflow.versions import require_same_code
from sweep_dask.errors import ResourceError
from sweep_dask.locations import is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sweep_dask.dataflow.remote_cluster import RemoteCluster
    from sweep_dask.settings import Settings
    from sweep_dask.system_config import SystemConfig

logger = logging.getLogger(__name__)

#: How often a worker is started before it is given up. Whatever ends a worker while it starts
#: (somebody's `kill`, a moment without memory) seldom does so twice.
STARTS = 5

#: Workers hold one task's data at a time: there is nothing for Dask to spill, and a worker that
#: outgrows its limit is to be ended rather than paused for good; at its limit, which is what tasks
#: are projected against, where Dask would do so at 95 % of it. Nobody looks at a worker's own
#: pages. A nanny whose worker is not back after some seconds would be closed, and nothing put in
#: its place: it is for the nanny to give up.
_OF_WORKERS = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 1.0,
    "distributed.worker.http.routes": [],
    "distributed.deploy.lost-worker-timeout": "365 days",
}


class Workers(NamedTuple):
    """Where tasks run."""

    client: Client | None
    """None: in this process, with Dask's synchronous scheduler."""
    task_memory_bytes: int
    """Memory a task may use, on the worker that has least."""
    dashboard: str | None = None
    """Link to it."""


#: This process, for little work.
HERE = Workers(None, 0)


@contextmanager
def open_cluster(
    settings: Settings,
    system: SystemConfig,
    scratch: Path,
    needed_bytes: int,
    remote: RemoteCluster | None = None,
    shared: Iterable[Path] = (),
) -> Iterator[Workers]:
    """The workers the settings ask for; while they are open, their client is Dask's current one.

    Parameters
    ----------
    system
        Gives the number of workers and the memory limit of a `LocalCluster`.
    scratch
        Folder of this machine for what workers on it write beside their results.
    needed_bytes
        Memory of the largest task; a remote worker with less is refused.
    remote
        Somebody's cluster, on which nothing is left afterwards.
    shared
        Folders that its workers have to see.

    Raises
    ------
    ResourceError
        The scheduler cannot be reached in time, or the workers do not start or cannot do the work.
    UsageError
        What an encrypted connection needs is missing, or the dashboard cannot listen.
    """
    assert system.memory_limit_bytes is not None
    if not settings.enable_parallel:
        yield Workers(None, system.memory_limit_bytes)
        return
    scratch.mkdir(parents=True, exist_ok=True)
    # Dask would make a folder of its own in the temporary folder of the machine, whose name
    # everybody knows and can put a link under.
    configured = {
        "temporary-directory": str(scratch),
        WORKER_WAIT_SECONDS: settings.worker_wait_seconds,
    }
    opened = (
        _local_workers(settings, system, scratch, shared)
        if remote is None
        else _remote_workers(settings, remote, shared, needed_bytes)
    )
    with dask.config.set(configured), opened as workers:
        assert workers.client is not None
        if workers.dashboard:
            show("Dashboard: ", workers.dashboard)
        with workers.client.as_current():
            yield workers


@contextmanager
def _remote_workers(
    settings: Settings, remote: RemoteCluster, shared: Iterable[Path], needed_bytes: int
) -> Iterator[Workers]:
    remote.workers.require_memory(needed_bytes)
    require_folders_seen(remote.client, *shared)
    with scheduler_as_found(remote.client, is_profiled=settings.profile):
        yield Workers(remote.client, remote.workers.task_memory_bytes, remote.dashboard)


# --- our own cluster ----------------------------------------------------------------------------


@contextmanager
def _local_workers(
    settings: Settings, system: SystemConfig, scratch: Path, shared: Iterable[Path]
) -> Iterator[Workers]:
    """Those of a new `LocalCluster`: on this machine, for this run, and for nobody else.

    Its connections are encrypted, and only who has the certificate that is made for it takes part:
    whoever reaches a scheduler can run code as the user who started it.

    Raises ResourceError: its workers do not start.
    Raises UsageError: the dashboard cannot listen on its address.
    """
    limit_bytes = system.memory_limit_bytes
    assert limit_bytes is not None
    address = dashboard_address(settings.dashboard_address)
    ours = dict(os.environ)  # an earlier run of this program may have had another
    with dask.config.set(_OF_WORKERS | _start_method()), ExitStack() as stack:
        with environment_of_workers(), interrupts_wait():
            cluster = _started(
                n_workers=system.num_workers,
                threads_per_worker=1,
                processes=True,
                worker_class=_PersistentNanny,
                memory_limit=limit_bytes,
                env=ours,
                host="127.0.0.1",
                dashboard_address=address,
                local_directory=str(scratch),
                silence_logs=logging.CRITICAL,
                security=_security(plain_tcp=settings.plain_tcp),
            )
            stack.enter_context(cluster)
        client = stack.enter_context(Client(cluster, set_as_default=False))
        require_same_code(client)
        require_folders_seen(client, *filter(is_object, shared))
        link = address.link(cluster.scheduler.http_server.port)
        yield Workers(client, limit_bytes, link)


def _start_method() -> dict[str, str]:
    name = "distributed.worker.multiprocessing-method"
    with dask.config.set({name: METHOD}):
        get_mp_context()  # which asks for imports of Dask's choice the first time, and we for ours
    return {name: METHOD if start_importing() else "spawn"}


def _security(*, plain_tcp: bool) -> Security:
    if not plain_tcp:
        return Security.temporary()
    logger.warning(
        "connections of the local cluster are not encrypted: every user of this machine can run "
        "code as you while it runs (plain_tcp)"
    )
    return Security(require_encryption=False)


def _started(**options: Any) -> LocalCluster:
    try:
        return _Cluster(**options)
    except (OSError, RuntimeError) as error:
        if any(isinstance(cause, _RanMainError) for cause in _causes(error)):
            raise UnguardedProgramError from None
        raise ResourceError(
            f"The workers of the local cluster do not start, though tried {STARTS} times.",
            where="this machine",
            value=str(error) or type(error).__name__,
            cure="Use fewer --workers or raise --memory-limit; --no-parallel needs no cluster.",
        ) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class _RanMainError(RuntimeError):
    """A worker that runs the main program has come to a run."""


class _Cluster(LocalCluster):  # type: ignore[misc]  # Dask is Any to us
    """A `LocalCluster` with our scheduler, which it gives no other way to name."""

    async def _start(self) -> None:
        self.scheduler_spec["cls"] = GuardedScheduler
        await super()._start()


class _PersistentNanny(Nanny):  # type: ignore[misc]
    """Starts its worker again where it dies while it starts, which closes a nanny of Dask."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        name_worker_of(self)
        self.pre_spawn_env: dict[str, str] = {}  # what Dask would set in this process, and leave
        self._one_start_at_a_time = asyncio.Lock()
        self._starts_left = 0
        self._exit_code: int | None = None

    async def instantiate(self) -> Status:
        """Start the worker; a few times, if need be."""
        async with self._one_start_at_a_time:
            status = Status.failed
            for self._starts_left in reversed(range(STARTS)):
                try:
                    with environment_of_workers():
                        status = await super().instantiate()
                except Exception:
                    if not self._starts_left:
                        raise
                if self._exit_code == RAN_MAIN:  # so will the next one
                    raise _RanMainError
                if status == Status.running or self.status in _ENDING:
                    break
            return status

    def _on_worker_exit_sync(self, exitcode: int) -> None:
        self._exit_code = exitcode
        super()._on_worker_exit_sync(exitcode)

    async def close(self, timeout: float = 5, reason: str = "nanny-close") -> str:
        """Close, unless it is for a start that will be tried again."""
        if reason == "nanny-instantiate-failed" and self._starts_left:
            return "OK"
        return str(await super().close(timeout, reason))


_ENDING = {Status.closing, Status.closed, Status.closing_gracefully, Status.failed}
