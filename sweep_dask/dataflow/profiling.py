"""Where the time of a run goes: Dask's report and a flame graph, or Python's profile and one."""

from __future__ import annotations

import cProfile
import logging
import re
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from distributed import performance_report, profile

from sweep_dask.dataflow.flame import flame_graph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distributed import Client

logger = logging.getLogger(__name__)

#: In the folder of a profile.
DASK_REPORT, PYTHON_STATISTICS, FLAME_GRAPH = "dask.html", "profile.pstats", "flame.html"

_SAMPLE_SECONDS = 0.01

#: What Dask's template still has from its site: an icon.
_NETWORK_LINK = re.compile(r'<link[^>]*href="https?:[^>]*>')


@contextmanager
def profiled(client: Client | None, folder: Path) -> Iterator[None]:
    """Record where the time goes, in pages that open offline; that it fails costs nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    if client is not None:
        with _cluster_profiled(client, folder):
            yield
        return
    statistics = cProfile.Profile()
    with _sampled() as samples, statistics:
        yield
    statistics.dump_stats(folder / PYTHON_STATISTICS)
    _write_flame_graph(folder, samples, "the program")


@contextmanager
def _cluster_profiled(client: Client, folder: Path) -> Iterator[None]:
    # Inline: a page that opens offline, and asks nobody else for scripts.
    report = folder / DASK_REPORT
    recording = performance_report(filename=report, mode="inline")
    recording.__enter__()
    began = time.time()
    try:
        yield
    finally:
        try:
            recording.__exit__(None, None, None)
            report.write_text(_NETWORK_LINK.sub("", report.read_text("utf-8")), "utf-8")
            _write_flame_graph(folder, client.profile(start=began), "all workers")
        except Exception as error:  # noqa: BLE001  Dask draws it where its dashboard lives
            logger.warning("the profile could not be written: %s", error)


def _write_flame_graph(folder: Path, samples: dict[str, Any], threads: str) -> None:
    (folder / FLAME_GRAPH).write_text(flame_graph(samples, threads), "utf-8")


@contextmanager
def _sampled() -> Iterator[dict[str, Any]]:
    """Where this thread is, a hundred times a second."""
    samples: dict[str, Any] = profile.create()
    stop, watched = threading.Event(), threading.get_ident()

    def sample() -> None:
        while not stop.wait(_SAMPLE_SECONDS):
            profile.process(sys._current_frames()[watched], None, samples)

    thread = threading.Thread(target=sample, name="profile", daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()
