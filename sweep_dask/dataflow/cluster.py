"""Where tasks run: our own LocalCluster, somebody's cluster, or this process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import dask

from sweep_dask.dataflow.execute import WORKER_WAIT_SECONDS
from sweep_dask.dataflow.local_cluster import local_cluster
from sweep_dask.dataflow.notebook import show
from sweep_dask.dataflow.remote_cluster import scheduler_as_found
from sweep_dask.dataflow.remote_workers import require_output_seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distributed import Client

    from sweep_dask.dataflow.remote_cluster import RemoteCluster
    from sweep_dask.settings import Settings
    from sweep_dask.system_config import SystemConfig


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
) -> Iterator[Workers]:
    """The workers the settings ask for; while they are open, their client is Dask's current one.

    Parameters
    ----------
    system
        Gives the number of workers and the memory limit of a `LocalCluster`.
    scratch
        Folder for what workers write beside their results.
    needed_bytes
        Memory of the largest task; a remote worker with less is refused.
    remote
        Somebody's cluster, on which nothing is left afterwards.

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
        _local_workers(settings, system, scratch)
        if remote is None
        else _remote_workers(settings, remote, scratch, needed_bytes)
    )
    with dask.config.set(configured), opened as workers:
        assert workers.client is not None
        if workers.dashboard:
            show("Dashboard: ", workers.dashboard)
        with workers.client.as_current():
            yield workers


@contextmanager
def _local_workers(settings: Settings, system: SystemConfig, scratch: Path) -> Iterator[Workers]:
    assert system.memory_limit_bytes is not None
    with local_cluster(settings, system, scratch) as (client, link):
        yield Workers(client, system.memory_limit_bytes, link)


@contextmanager
def _remote_workers(
    settings: Settings, remote: RemoteCluster, scratch: Path, needed_bytes: int
) -> Iterator[Workers]:
    remote.workers.require_memory(needed_bytes)
    require_output_seen(remote.client, scratch)
    with scheduler_as_found(remote.client, is_profiled=settings.profile):
        yield Workers(remote.client, remote.workers.task_memory_bytes, remote.dashboard)
