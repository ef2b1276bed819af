"""CPU and memory of the run's processes over time, from `logs/resources.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Most processes drawn, the largest ones; and most points of each. Arbitrary, a page for people.
MOST_PROCESSES = 9
MOST_POINTS = 240

#: Processes of which there is one.
_NAMED = {"client", "forkserver"}

_MIB = 1 << 20


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
    found: int


def read_resources(path: Path) -> Resources | None:
    """The log thinned to what a chart can show; None if it has nothing to draw a line between."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            usages = _read(csv.DictReader(stream))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    drawn = [usage for usage in usages if len(usage.seconds) > 1]
    if not drawn:
        return None
    largest = sorted(drawn, key=lambda usage: -usage.peak_mib)[:MOST_PROCESSES]
    shown = [_thinned(usage) for usage in drawn if usage in largest]
    return Resources(shown, len(usages))


def _read(rows: csv.DictReader[str]) -> list[Usage]:
    """By first appearance; workers are numbered, their ids say nothing."""
    found: dict[str, Usage] = {}
    began: float | None = None
    for row in rows:
        time = float(row["time"])
        began = time if began is None else began
        name = row["process"]
        if name not in found:
            number = 1 + len(found.keys() - _NAMED)
            found[name] = Usage(name if name in _NAMED else f"worker {number}")
        usage = found[name]
        usage.seconds.append(round(time - began, 3))
        usage.cpu_percent.append(float(row["cpu_percent"]))
        usage.rss_mib.append(round(int(row["rss_bytes"]) / _MIB, 1))
    return list(found.values())


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
