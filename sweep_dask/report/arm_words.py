"""What the page calls each arm of a comparison; `plot.css` has its colour and dash."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from sweep_dask.terms.arms import ARMS, REAL, REPLAYED, Arm

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class ArmWords:
    """An arm in words, and its place in charts."""

    label: str
    had: str
    """Ends a sentence that begins with "What if they had"."""
    marker: str
    """The shape of its points in charts (`plot.html`)."""


_MARKERS = ("circle", "diamond", "square", "triangle", "inverted_triangle", "star")
#: By name of the arm; beyond the markers they begin again.
WORDS = {
    arm.name: ArmWords(arm.heading, arm.had, marker)
    for arm, marker in zip(ARMS, cycle(_MARKERS), strict=False)
}


def label(name: str) -> str:
    """The heading of an arm."""
    return WORDS[name].label


def reference_of(arm: Arm, arms: Sequence[Arm]) -> Arm:
    """What an arm is measured against: a scenario against the replay, in which nothing is changed.

    The error of the book is in both and cancels. Without a replay, and for other arms, the tape.
    """
    is_changed = arm.scenario is not None and arm != REPLAYED
    return REPLAYED if is_changed and REPLAYED in arms else REAL


def changes(arms: Sequence[Arm]) -> list[Arm]:
    """The arms that answer something: all but the tape and the replay, scenarios first."""
    changed = [arm for arm in arms if arm not in (REAL, REPLAYED)]
    return sorted(changed, key=lambda arm: arm.scenario is None)
