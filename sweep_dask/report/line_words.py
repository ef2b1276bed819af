"""What the page calls each line of a comparison; `plot.css` has its colour and dash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.scenarios import AS_ENTERED, DARK_ONLY, DUAL_POST, REST_DARK
from sweep_dask.analysis.metrics.lines import REAL, REPLAYED, Line
from sweep_dask.analysis.time_priority import MODEL as TIME_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class LineWords:
    """A line in words, and its place in charts."""

    label: str
    had: str
    """Ends a sentence that begins with "What if they had"."""
    marker: str
    """The shape of its points in charts (`plot.html`)."""


#: By name of the line.
WORDS = {
    REAL.name: LineWords("Tape", "done what they did", "circle"),
    TIME_PRIORITY: LineWords(
        "Time priority",
        "met, for what they had left, every order of the other side that arrived, by time alone "
        "and whatever its limit",
        "diamond",
    ),
    AS_ENTERED: LineWords("As entered", "done what they did", "square"),
    DUAL_POST: LineWords(
        "Dual post",
        "also rested what was left of them in the dark",
        "triangle",
    ),
    REST_DARK: LineWords(
        "Rest dark",
        "rested what was left of them only in the dark",
        "inverted_triangle",
    ),
    DARK_ONLY: LineWords(
        "Dark only",
        "never taken from the lit book and looked only in the dark",
        "star",
    ),
}

#: Another model, which is not among the scenarios that an answer is about.
TIME_PRIORITY_LINE = Line(TIME_PRIORITY)


def label(name: str) -> str:
    """The heading of a line."""
    return WORDS[name].label


def reference_of(line: Line, lines: Sequence[Line]) -> Line:
    """What a line is measured against: a scenario against the replay, in which nothing is changed.

    The error of the book is in both and cancels. Without a replay, and for other lines, the tape.
    """
    is_changed = line.scenario is not None and line != REPLAYED
    return REPLAYED if is_changed and REPLAYED in lines else REAL


def changes(lines: Sequence[Line]) -> list[Line]:
    """The lines that answer something: all but the tape and the replay, scenarios first."""
    found = [line for line in lines if line not in (REAL, REPLAYED)]
    return sorted(found, key=lambda line: line.scenario is None)
