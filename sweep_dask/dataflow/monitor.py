"""What a run costs: CPU and memory of every process, once a second; and where its time goes."""

from __future__ import annotations

import cProfile
import csv
import logging
import os
import re
import threading
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import psutil
from distributed import performance_report

from sweep_dask.dataflow.events import Listener
from sweep_dask.dataflow.forkserver import process_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distributed import Client

logger = logging.getLogger(__name__)

#: Of `logs/resources.csv`.
COLUMNS = ("time", "process", "cpu_percent", "rss_bytes", "system_available_bytes")

#: What Dask's template still has from its site: an icon.
_NETWORK_LINK = re.compile(r'<link[^>]*href="https?:[^>]*>')


class ResourceMonitor(Listener):
    """Samples this process and its children in a thread while a command is at work.

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

    def on_start(self) -> None:
        """Begin."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def on_end(self) -> None:
        """Stop."""
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


@contextmanager
def profiled(client: Client | None, report: Path, statistics: Path) -> Iterator[None]:
    """Record where the time goes: Dask's report of a cluster, Python's profile of one process."""
    if client is not None:
        # Inline: a page that opens offline, and asks nobody else for scripts.
        recording = performance_report(filename=report, mode="inline")
        recording.__enter__()
        try:
            yield
        finally:
            _end_profile(recording, report)
    else:
        profile = cProfile.Profile()
        with profile:
            yield
        profile.dump_stats(statistics)


def _end_profile(recording: performance_report, file: Path) -> None:
    try:
        recording.__exit__(None, None, None)
        file.write_text(_NETWORK_LINK.sub("", file.read_text(encoding="utf-8")), "utf-8")
    except Exception as error:  # noqa: BLE001  Dask draws it where its dashboard lives
        logger.warning("the profile could not be written: %s", error)
