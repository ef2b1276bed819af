"""What the processes of a run are called: workers as Dask calls them, helpers for what they are."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import psutil

from sweep_dask.dataflow.forkserver import process_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client, Nanny

#: Nannies of our own workers, in all runs of this program.
_nannies: WeakSet[Nanny] = WeakSet()
_helpers: dict[int, str] = {}

#: How long somebody's scheduler may take to tell of its workers.
_PATIENCE_SECONDS = 5.0


def worker_name(name: object) -> str:
    """`worker-0`, as the resource log calls the worker that Dask calls 0."""
    return f"worker-{name}"


def name_worker_of(nanny: Nanny) -> None:
    """Call the process of a nanny as its worker, from its first moment on."""
    _nannies.add(nanny)


@contextmanager
def named(process_id: int | None, name: str) -> Iterator[None]:
    """Call a child of this process so while it is at work."""
    assert process_id is not None
    _helpers[process_id] = name
    try:
        yield
    finally:
        del _helpers[process_id]


def names_of(children: list[psutil.Process]) -> dict[int, str]:
    """The name of each of these descendants of this process, by its id.

    One that is left out has only just begun, and nobody knows yet what it will be.
    """
    workers = {nanny.pid: worker_name(nanny.name) for nanny in list(_nannies)}
    names = {process_id(): "forkserver"} | _helpers | workers
    found = {}
    for child in children:
        name = names.get(child.pid) or _by_command(child)
        if name is not None:
            found[child.pid] = name
    return found


def _by_command(child: psutil.Process) -> str | None:
    try:
        command, parent = " ".join(child.cmdline()), child.ppid()
    except psutil.Error:
        return None
    if parent == process_id():
        return None
    if "multiprocessing.resource_tracker" in command:
        return "resource-tracker"
    return f"process-{child.pid}"


def remote_workers(client: Client) -> dict[str, tuple[float, int]]:
    """CPU in percent and resident bytes of the workers of somebody's cluster, by name.

    As of their last heartbeats; empty if the scheduler does not answer.
    """
    try:
        identity: dict[str, Any] = client.sync(
            client.scheduler.identity, n_workers=-1, callback_timeout=_PATIENCE_SECONDS
        )
    except Exception:  # noqa: BLE001  whoever works with it will say what is wrong
        return {}
    return {
        worker_name(worker["name"]): (float(metrics["cpu"]), int(metrics["memory"]))
        for worker in identity["workers"].values()
        if (metrics := worker.get("metrics")) and {"cpu", "memory"} <= metrics.keys()
    }
