"""Where the time of a run goes: Dask's report and a flame graph, or Python's profile and one."""

from __future__ import annotations

import cProfile
import logging
import re
import sys
import threading
import time
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from distributed import performance_report, profile

from sweep_dask.storage.layout import DASK_REPORT, FLAME_GRAPH, PYTHON_STATISTICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from distributed import Client


logger = logging.getLogger(__name__)

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
    with _costing_nothing_else():
        statistics.dump_stats(folder / PYTHON_STATISTICS)
        _write_flame_graph(folder, samples, "the program")


@contextmanager
def _costing_nothing_else() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001  Dask draws it where its dashboard lives
        logger.warning("the profile could not be written: %s", error)


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
        with _costing_nothing_else():
            recording.__exit__(None, None, None)
            report.write_text(_NETWORK_LINK.sub("", report.read_text("utf-8")), "utf-8")
            _write_flame_graph(folder, client.profile(start=began), "all workers")


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


#: Frames that take less of the time are left out: nobody sees them.
_SMALLEST_SHARE = 0.001
#: In pixels and, of characters, as a browser draws 12 px of a monospaced font.
_WIDTH, _ROW, _CHARACTER = 1200, 18, 7.2

_COLOURS = ("#e4572e", "#f3a712", "#d98e04", "#f08a4b", "#ffc15e", "#e76f51")

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Flame graph</title>
<style>
body {{ font: 14px sans-serif; margin: 1rem }}
svg {{ width: 100%; min-width: 800px }}
text {{ font: 12px monospace; pointer-events: none }}
</style>
</head>
<body>
<h1>Where the time went</h1>
<p>{samples} samples of {threads}. A box is a function, as wide as its share of them;
below it lies what it called. Point at a box for its file and line.</p>
<svg viewBox="0 0 {width} {height}" role="img" aria-label="Flame graph">
{boxes}
</svg>
</body>
</html>
"""


class _Box(NamedTuple):
    """A function within the one that called it; `left` and `share` are of the whole, 0 to 1."""

    name: str
    where: str
    left: float
    share: float
    depth: int


def flame_graph(profile: Mapping[str, Any], threads: str) -> str:
    """The page of a call tree.

    `profile`: as `distributed.profile` has it: `count`, `description`, `children`.
    `threads`: whose samples they are.
    """
    boxes = [*_boxes(profile, max(1, int(profile["count"])), 0.0, 0)]
    height = _ROW * (1 + max((box.depth for box in boxes), default=0))
    return _PAGE.format(
        samples=f"{profile['count']:,}",
        threads=escape(threads),
        width=_WIDTH,
        height=height,
        boxes="\n".join(map(_drawn, boxes)),
    )


def _boxes(node: Mapping[str, Any], total: int, left: float, depth: int) -> Iterator[_Box]:
    for child in sorted(node["children"].values(), key=lambda child: -child["count"]):
        share = child["count"] / total
        if share < _SMALLEST_SHARE:
            return
        code = child["description"]
        where = f"{code['filename']}:{code['line_number']}"
        yield _Box(code["name"], where, left, share, depth)
        yield from _boxes(child, total, left, depth + 1)
        left += share


def _drawn(box: _Box) -> str:
    x, y, width = _WIDTH * box.left, _ROW * box.depth, _WIDTH * box.share
    fitting = max(0, int((width - 6) / _CHARACTER))
    label = box.name if len(box.name) <= fitting else ""
    colour = _COLOURS[sum(box.name.encode()) % len(_COLOURS)]
    return (
        f"<g><title>{escape(box.name)}, {100 * box.share:.1f} %, {escape(box.where)}</title>"
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW - 1}" fill="{colour}"/>'
        f'<text x="{x + 3:.1f}" y="{y + 13}">{escape(label)}</text></g>'
    )
