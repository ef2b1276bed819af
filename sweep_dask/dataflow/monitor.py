"""CPU and memory of every process of a run, once a second, into `logs/resources.csv`."""

from __future__ import annotations

import csv
import logging
import os
import threading
import time
from typing import IO, TYPE_CHECKING, Self

import psutil

from sweep_dask.dataflow.forkserver import process_id

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

logger = logging.getLogger(__name__)

COLUMNS = ("time", "process", "cpu_percent", "rss_bytes", "system_available_bytes")


class ResourceMonitor:
    """Samples this process and its children in a thread while the context is open.

    `time` is seconds since the epoch, `process` is `client`, `worker-<process id>` or `forkserver`,
    of which workers are copies.
    Workers on other machines are not seen; their own peaks come home with their results.
    """

    def __init__(self, path: Path, interval_seconds: float = 1.0) -> None:
        self._path = path
        self._interval_seconds = interval_seconds
        self._stop = threading.Event()
        self._processes: dict[int, psutil.Process] = {}
        self._thread = threading.Thread(target=self._run, name="resource-monitor", daemon=True)
        self.largest_process_bytes = 0
        self.all_processes_bytes = 0

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

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
        available = psutil.virtual_memory().available
        rows, total = [], 0
        for label, process in self._current_processes():
            try:
                cpu, rss = process.cpu_percent(), process.memory_info().rss
            except psutil.Error:  # it has just ended
                continue
            rows.append((f"{time.time():.3f}", label, f"{cpu:.1f}", rss, available))
            self.largest_process_bytes = max(self.largest_process_bytes, rss)
            total += rss
        self.all_processes_bytes = max(self.all_processes_bytes, total)
        csv.writer(stream).writerows(rows)
        stream.flush()

    def _current_processes(self) -> list[tuple[str, psutil.Process]]:
        me = self._processes.setdefault(os.getpid(), psutil.Process())
        try:
            children = me.children(recursive=True)
        except psutil.Error as error:
            logger.warning("child processes cannot be listed: %s", error)
            children = []
        # The same object each time: cpu_percent compares with its own last call.
        known = [self._processes.setdefault(child.pid, child) for child in children]
        return [("client", me), *((_label(process.pid), process) for process in known)]


def _label(pid: int) -> str:
    return "forkserver" if pid == process_id() else f"worker-{pid}"
