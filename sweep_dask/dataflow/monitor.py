"""What a run costs: CPU and memory of every process, once a second, by what they are called."""

from __future__ import annotations

import csv
import logging
import os
import threading
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from weakref import WeakSet

import psutil

from sweep_dask.dataflow.forkserver import process_id
from sweep_dask.dataflow.listeners import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distributed import Client, Nanny

logger = logging.getLogger(__name__)

#: Of `logs/resources.csv`.
COLUMNS = ("time", "process", "cpu_percent", "rss_bytes", "system_available_bytes")

#: Every so many samples somebody's scheduler is asked for its workers. Arbitrary.
REMOTE_SAMPLES = 5

#: Nannies of our own workers, in all runs of this program.
_nannies: WeakSet[Nanny] = WeakSet()
_helpers: dict[int, str] = {}

#: How long somebody's scheduler may take to tell of its workers.
_PATIENCE_SECONDS = 5.0


class ResourceMonitor(Listener):
    """Samples this process and its children in a thread while a command is at work.

    `time` is seconds since the epoch, `process` is `client`, which holds the scheduler of our own
    cluster as well, `worker-` and Dask's name of a worker, or what a helper is.
    Workers of somebody's cluster are as their heartbeats tell; `system_available_bytes` is always
    of this machine.
    """

    def __init__(self, path: Path, interval_seconds: float = 1.0) -> None:
        self._path = path
        self._interval_seconds = interval_seconds
        self._stop = threading.Event()
        self._processes: dict[int, psutil.Process] = {}
        self._remote: Client | None = None
        self._samples = 0
        self._thread = threading.Thread(target=self._run, name="resource-monitor", daemon=True)
        self.largest_process_bytes = 0
        self.all_processes_bytes = 0

    def on_start(self) -> None:
        """Begin."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def on_end(self) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def watching(self, client: Client | None) -> Iterator[None]:
        """Sample the workers of this client as well, unless they are children of this process."""
        self._remote = client if client is not None and client.cluster is None else None
        try:
            yield
        finally:
            self._remote = None

    def _run(self) -> None:
        try:
            self._record()
        except OSError as error:  # a full disk: the run itself may still come through
            logger.warning("processor and memory use are not recorded any more: %s", error)

    def _record(self) -> None:
        with self._path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerow(COLUMNS)
            self._sample(stream)
            while not self._stop.wait(self._interval_seconds):
                self._sample(stream)

    def _sample(self, stream: IO[str]) -> None:
        now, available = f"{time.time():.3f}", psutil.virtual_memory().available
        used = [*self._used_here(), *self._used_elsewhere()]
        rows = [(now, name, f"{cpu:.1f}", rss, available) for name, cpu, rss in used if name]
        self.largest_process_bytes = max(self.largest_process_bytes, *(rss for *_, rss in used))
        self.all_processes_bytes = max(self.all_processes_bytes, sum(rss for *_, rss in used))
        csv.writer(stream).writerows(rows)
        stream.flush()

    def _used_here(self) -> Iterator[tuple[str | None, float, int]]:
        """Name, CPU in percent and resident bytes of this process and its children."""
        me = self._processes.setdefault(os.getpid(), psutil.Process())
        try:
            children = me.children(recursive=True)
        except psutil.Error as error:
            logger.warning("child processes cannot be listed: %s", error)
            children = []
        names: dict[int, str] = {me.pid: "client"} | names_of(children)
        for found in (me, *children):
            # The same object each time: cpu_percent compares with its own last call.
            process = self._processes.setdefault(found.pid, found)
            try:
                yield names.get(process.pid), process.cpu_percent(), process.memory_info().rss
            except psutil.Error:  # it has just ended
                continue

    def _used_elsewhere(self) -> Iterator[tuple[str, float, int]]:
        """The same of workers of somebody's cluster, whose scheduler has other things to do."""
        client, self._samples = self._remote, self._samples + 1
        if client is not None and self._samples % REMOTE_SAMPLES == 0:
            for name, (cpu, rss) in remote_workers(client).items():
                yield name, cpu, rss


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
