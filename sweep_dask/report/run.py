"""The run: its settings, and CPU and memory of its processes; and the first page of a profile."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep_dask.memory import format_bytes
from sweep_dask.report import wording
from sweep_dask.report.plot import Curve, Plot, from_zero, number_axis
from sweep_dask.report.rendering import render
from sweep_dask.report.subject import subject_of
from sweep_dask.settings import OPTIONS
from sweep_dask.storage.no_follow import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

#: Most processes drawn, the largest ones; and most points of each. Arbitrary, a page for people.
MOST_PROCESSES = 9
MOST_POINTS = 240

_MIB = 1 << 20

#: Settings that are numbers of bytes.
_BYTE_SETTINGS = ("blocksize", "memory_limit")


@dataclass
class Usage:
    """One process: seconds since the run began, CPU in percent of a processor, MiB in memory."""

    process: str
    seconds: list[float] = field(default_factory=list)
    cpu_percent: list[float] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)

    @property
    def peak_mib(self) -> float:
        """Largest memory."""
        return max(self.rss_mib)


@dataclass(frozen=True)
class Resources:
    """The processes that are drawn, and how many there were."""

    processes: Sequence[Usage]
    count: int


@dataclass(frozen=True)
class SettingLine:
    """One setting, as text for people."""

    name: str
    value: str
    source: str


def run_content(manifest: Mapping[str, Any], log: Path) -> dict[str, Any]:
    """What `run.html` names, from the manifest and `logs/resources.csv`."""
    used = read_resources(log)
    return {
        "settings": setting_lines(manifest),
        "stages": [(s["name"], s["seconds"]) for s in manifest["stages"] if s["name"] != "report"],
        "model_stages": [
            (f"{s['stage']} {s['name']}", s["task_seconds"]) for s in manifest["model_stages"]
        ],
        "centre_point_stages": [
            (s["name"], s["task_seconds"]) for s in manifest.get("centre_point_stages") or ()
        ],
        "used": used,
        "resource_plots": None if used is None else _plots(used),
    }


def _plots(used: Resources) -> dict[str, Plot]:
    """Memory and processor time of each process."""
    values = {
        "rss_mib": ("Memory of each process", "MiB in memory"),
        "cpu_percent": ("Processor time of each process", "% of one processor"),
    }
    seconds = [second for usage in used.processes for second in usage.seconds]
    x = number_axis("seconds", seconds, unit=" s", room=0.0)
    plots = {}
    for column, (title, label) in values.items():
        curves = [
            Curve(f"process-{number}", usage.process, usage.seconds, getattr(usage, column), False)
            for number, usage in enumerate(used.processes, 1)
        ]
        amounts = [y for curve in curves for _, y in curve.points]
        plots[column] = Plot(title, x, from_zero(label, amounts, wording.plain), curves, 200)
    return plots


def read_resources(path: Path) -> Resources | None:
    """The log thinned to what a chart can show; None if it has nothing to draw a line between."""
    try:
        text = read_regular(path).decode("utf-8")
        usages = _read(csv.DictReader(text.splitlines()))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    drawn = [usage for usage in usages if len(usage.seconds) > 1]
    if not drawn:
        return None
    largest = sorted(drawn, key=lambda usage: -usage.peak_mib)[:MOST_PROCESSES]
    shown = [_thinned(usage) for usage in drawn if usage in largest]
    return Resources(shown, len(usages))


def _read(rows: csv.DictReader[str]) -> list[Usage]:
    """By first appearance; a worker that takes the place of a dead one goes on with its curve."""
    by_process: dict[str, Usage] = {}
    began: float | None = None
    for row in rows:
        time = float(row["time"])
        began = time if began is None else began
        usage = by_process.setdefault(row["process"], Usage(row["process"]))
        usage.seconds.append(round(time - began, 3))
        usage.cpu_percent.append(float(row["cpu_percent"]))
        usage.rss_mib.append(round(int(row["rss_bytes"]) / _MIB, 1))
    return list(by_process.values())


def _thinned(usage: Usage) -> Usage:
    """Of stretches of equal length the largest values: a peak must not get lost."""
    step = -(-len(usage.seconds) // MOST_POINTS)
    begins = range(0, len(usage.seconds), step)
    return Usage(
        usage.process,
        [usage.seconds[begin] for begin in begins],
        [max(usage.cpu_percent[begin : begin + step]) for begin in begins],
        [max(usage.rss_mib[begin : begin + step]) for begin in begins],
    )


def setting_lines(manifest: Mapping[str, Any]) -> list[SettingLine]:
    """Every setting, those that somebody chose or that were derived first."""
    settings = manifest["settings"]
    unset = {option.name: option.unset for option in OPTIONS}
    lines = [
        SettingLine(name, _shown(name, entry["value"], unset.get(name, "not set")), entry["source"])
        for name, entry in settings.items()
    ]
    return sorted(lines, key=lambda line: line.source == "default")


def _shown(name: str, value: object, unset: str) -> str:
    if value is None or value in ([], {}):
        return unset
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return format_bytes(value) if name in _BYTE_SETTINGS else f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


#: What the other pages are.
_PAGES = {
    "flame.html": "Flame graph: which functions the time went into",
    "dask.html": "Dask's performance report: task stream, workers, profile",
    "profile.pstats": "Python's profile, for pstats and the programs that draw it",
}


def profile_page(layout: OutputLayout, manifest: Mapping[str, Any]) -> str:
    """The text of `logs/profile/index.html`: the manifest, the resource log and what is there."""
    there = {name: what for name, what in _PAGES.items() if (layout.profile / name).exists()}
    return render(
        "profile.html",
        {
            **run_content(manifest, layout.resources_log),
            "subject": subject_of(manifest, manifest["partitions"]),
            "pages": there,
        },
    )
