"""What the page calls each line of a comparison; `plot.css` has its colour and dash."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from sweep_dask.terms.arms import ARMS, REAL, REPLAYED, Arm

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


_MARKERS = ("circle", "diamond", "square", "triangle", "inverted_triangle", "star")
#: By name of the arm; beyond the markers they begin again.
WORDS = {
    arm.name: LineWords(arm.heading, arm.had, marker)
    for arm, marker in zip(ARMS, cycle(_MARKERS), strict=False)
}


def label(name: str) -> str:
    """The heading of a line."""
    return WORDS[name].label


def reference_of(line: Arm, lines: Sequence[Arm]) -> Arm:
    """What a line is measured against: a scenario against the replay, in which nothing is changed.

    The error of the book is in both and cancels. Without a replay, and for other lines, the tape.
    """
    is_changed = line.scenario is not None and line != REPLAYED
    return REPLAYED if is_changed and REPLAYED in lines else REAL


def changes(lines: Sequence[Arm]) -> list[Arm]:
    """The lines that answer something: all but the tape and the replay, scenarios first."""
    found = [line for line in lines if line not in (REAL, REPLAYED)]
    return sorted(found, key=lambda line: line.scenario is None)
