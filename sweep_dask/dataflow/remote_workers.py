"""What workers that somebody else started have, looked at before anything runs on them."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.dataflow.progress import counted, show
from sweep_dask.errors import ResourceError
from sweep_dask.locations import is_object
from sweep_dask.memory import format_bytes
from sweep_dask.storage.atomic import write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from distributed import Client

#: How often workers are counted that are waited for.
_LOOK_SECONDS = 0.2


class RemoteWorker(NamedTuple):
    """One process of a cluster."""

    host: str
    """As it calls itself."""
    threads: int
    memory_bytes: int
    """Its limit or, without one, the memory of its host."""
    usable_bytes: int
    """What all its tasks may use together: a nanny ends a worker before its limit."""

    @property
    def task_memory_bytes(self) -> int:
        """What each of its threads may use."""
        return self.usable_bytes // self.threads


class RemoteWorkers(NamedTuple):
    """All of them, as they were when they were looked at."""

    scheduler: str
    """Its address."""
    by_address: Mapping[str, RemoteWorker]

    @property
    def threads(self) -> int:
        """How many tasks run at a time."""
        return sum(worker.threads for worker in self.by_address.values())

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names of the machines they run on."""
        return tuple(sorted({worker.host for worker in self.by_address.values()}))

    @property
    def memory_bytes(self) -> int:
        """Of all together."""
        return sum(worker.memory_bytes for worker in self.by_address.values())

    @property
    def task_memory_bytes(self) -> int:
        """What a task may use: what the smallest worker has for each of its threads."""
        return min(worker.task_memory_bytes for worker in self.by_address.values())

    def as_lines(self) -> dict[str, str]:
        """For people, a line each."""
        workers = self.by_address.values()
        return {
            "Scheduler": self.scheduler,
            "Workers": f"{len(workers):,} on {counted(len(self.hosts), 'host')}",
            "Threads": f"{self.threads:,} ({_spread(w.threads for w in workers)} each)",
            "Memory per Worker": _spread((w.memory_bytes for w in workers), format_bytes),
            "Memory per Task": format_bytes(self.task_memory_bytes),
        }

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        memory = [worker.memory_bytes for worker in self.by_address.values()]
        return {
            "scheduler": self.scheduler,
            "workers": len(memory),
            "hosts": len(self.hosts),
            "threads": self.threads,
            "least_worker_memory_bytes": min(memory),
            "largest_worker_memory_bytes": max(memory),
            "task_memory_bytes": self.task_memory_bytes,
        }

    def require_memory(self, needed_bytes: int) -> None:
        """Refuse workers that could not hold the largest task.

        Raises ResourceError: names them.
        """
        _refuse(
            {
                address: f"{format_bytes(worker.task_memory_bytes)} for each thread"
                for address, worker in self.by_address.items()
                if worker.task_memory_bytes < needed_bytes
            },
            f"Workers have less memory than the largest task needs ({format_bytes(needed_bytes)}).",
            "Give workers more memory or fewer threads, or make blocks smaller with --blocksize.",
        )


def wait_for_workers(
    client: Client, wanted: int | None, patience_seconds: float, tell: Callable[[str], None]
) -> None:
    """Wait until there are so many workers; None: there has to be one now.

    `tell`: receives a line whenever their number has changed.
    Raises ResourceError: there are fewer after that time.
    """
    began = time.monotonic()
    shown: int | None = None
    while (there := client.scheduler_info(n_workers=0)["n_workers"]) < (wanted or 1):
        if wanted is None or time.monotonic() - began > patience_seconds:
            raise _too_few(client.scheduler.address, there, wanted, patience_seconds)
        if there != shown:
            shown = there
            line = f"Waiting for workers: {there} of {wanted}, {patience_seconds:.0f} s at most"
            tell(line)
            show(line)
        time.sleep(_LOOK_SECONDS)
    if shown is not None:
        tell(f"Workers: {there}, after {time.monotonic() - began:.0f} s")


def _too_few(
    address: str, there: int, wanted: int | None, patience_seconds: float
) -> ResourceError:
    if wanted is None:
        return ResourceError(
            "The Dask scheduler has no workers.",
            where=address,
            cure=f"Start some: dask worker {address}; or wait for those that are starting: "
            "--wait-for-workers N.",
        )
    return ResourceError(
        f"The Dask scheduler has {there} of {wanted} workers after {patience_seconds:.0f} s.",
        where=address,
        cure="Start more, ask for fewer with --wait-for-workers, or wait longer "
        "(cluster.worker_wait_seconds).",
    )


def survey(client: Client) -> RemoteWorkers:
    """What the workers of a scheduler have."""
    found = client.run(_describe())
    workers = {address: RemoteWorker(*answer) for address, answer in found.items()}
    return RemoteWorkers(str(client.scheduler.address), workers)


def _describe() -> Any:
    """A function that travels whole, and imports nothing that may not be there."""

    def describe(dask_worker: Any) -> tuple[str, int, int, int]:
        import socket

        import dask
        from distributed import system

        # A worker without a limit has the machine's memory.
        limit_bytes = dask_worker.memory_manager.memory_limit or system.MEMORY_LIMIT
        usable = dask.config.get("distributed.worker.memory.terminate") or 1.0
        threads = dask_worker.state.nthreads
        return socket.gethostname(), threads, int(limit_bytes), int(limit_bytes * usable)

    return describe


def require_folders_seen(client: Client, *folders: Path) -> None:
    """Refuse workers that do not see folders through which files are exchanged.

    Raises ResourceError: names them.
    """
    for folder in folders:
        probe = folder / f".{uuid.uuid4().hex}.tmp"
        write_bytes(probe, b"")
        try:
            found = client.run(_reaches(str(probe)) if is_object(probe) else _looks_for(str(probe)))
        finally:
            probe.unlink(missing_ok=True)
        _refuse(
            {address: what for address, what in found.items() if what},
            f"Workers do not see the folder {folder}.",
            _REACH if is_object(probe) else _SHARE,
        )


_SHARE = (
    "Use a folder on a file system that client and workers share, under the same path; or where "
    "there is none, a place in an object store that all of them reach: --output s3://…"
)
_REACH = (
    "Give the workers what this program has: credentials that may read and write there (in their "
    "environment, or of a role), the address of the store if it is not the usual one, and the "
    "package for it."
)


def _looks_for(path: str) -> Any:
    """A function that travels whole, like the one before."""

    def problem() -> str:
        import os

        return "" if os.path.exists(path) else "not visible"  # noqa: PTH110  few imports

    return problem


def _reaches(url: str) -> Any:
    """The same of an object: a worker reads it, and writes one of its own."""

    def problem() -> str:
        import uuid

        try:
            import fsspec
            import upath  # noqa: F401  what paths that tasks are told are made of

            files, name = fsspec.core.url_to_fs(url, use_listings_cache=False)
            own = f"{name}.{uuid.uuid4().hex}"
            files.pipe_file(own, files.cat_file(name))
            files.rm_file(own)
        except Exception as error:  # noqa: BLE001  each store has errors of its own
            return f"{type(error).__name__}: {error}"
        return ""

    return problem


def _refuse(failing: Mapping[str, str], what: str, cure: str) -> None:
    if failing:
        listed = ", ".join(f"{who} ({what})" for who, what in sorted(failing.items()))
        raise ResourceError(what, where=listed, cure=cure)


def _spread(sizes: Iterable[int], shown: Callable[[int], str] = str) -> str:
    """`2`, or `1 to 4`."""
    least, *_, largest = sorted(sizes) * 2
    return shown(least) if least == largest else f"{shown(least)} to {shown(largest)}"
