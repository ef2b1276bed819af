"""Numbers as the page writes them, and what it calls the arms; `plot.css` has their colours.

A number of a table has the key to find it by, a path: table, then population and segment or arm,
then the measure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from sweep_dask.memory import format_bytes
from sweep_dask.terms.arms import ARMS, REAL, REPLAYED, Arm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: In place of a number there is none of.
NONE = "\u2013"


def number(value: float | None) -> str:
    """`1234567` becomes `1,234,567`; a fraction gets two decimals."""
    if value is None or math.isnan(value):
        return NONE
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def decimals(value: float | None) -> str:
    """Two decimals, with a true minus: `-3.214` becomes `\u22123.21`."""
    if value is None or math.isnan(value):
        return NONE
    return _signs(f"{_rounded(value, 2):,.2f}")


def plain(value: float) -> str:
    """As few digits as it takes, for the ticks of an axis: `0.05`, `\u22121.5`, `3,000,000`."""
    digits = f"{value:,.6f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return _signs("0" if digits == "-0" else digits)


def whole(value: float | None) -> str:
    """No decimals: `-1234.5` becomes `\u22121,234`."""
    if value is None or math.isnan(value):
        return NONE
    return _signs(f"{_rounded(value, 0):,.0f}")


def change(value: float | None, digits: int = 2) -> str:
    """A difference: with its sign unless it rounds to 0."""
    if value is None or math.isnan(value):
        return NONE
    shown = _rounded(value, digits)
    return _signs(f"{shown:+,.{digits}f}") if shown else f"{shown:.{digits}f}"


def p_value(value: float | None) -> str:
    """A probability; tiny ones as a bound."""
    if value is None or math.isnan(value):
        return NONE
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def percent(share: float | None) -> str:
    """`0.4131` becomes `41.3 %`."""
    return NONE if share is None or math.isnan(share) else f"{100 * share:.1f} %"


def in_percent(share: float | None) -> str:
    """The same for a column whose heading has the sign."""
    return percent(share).removesuffix(" %")


def share(part: int, whole: int) -> str:
    """`part` of `whole` in percent; of nothing there is no share."""
    return percent(part / whole) if whole else NONE


def points(share: float | None) -> str:
    """A difference of two shares in percentage points: `0.031` becomes `3.1`."""
    return NONE if share is None else f"{_without_sign_of_zero(share):.1f}"


def _without_sign_of_zero(share: float) -> float:
    """In percent, to one decimal; -0.04 becomes 0, not -0."""
    return round(100 * share, 1) + 0.0


def _rounded(value: float, digits: int) -> float:
    """Without the sign of a zero."""
    return round(value, digits) + 0.0


def _signs(text: str) -> str:
    return text.replace("-", "\u2212")


def wait(value_seconds: float | None) -> str:
    """Seconds until a fill, in the unit that fits."""
    if value_seconds is None or math.isnan(value_seconds):
        return NONE
    return duration(round(value_seconds * 1_000_000_000))


def duration(time_ns: int | None) -> str:
    """Nanoseconds in the unit that fits: `at once` for none, `12.3 µs`, `4.25 ms`, `1.20 s`."""
    if time_ns is None:
        return NONE
    if time_ns < 1_000_000:
        return f"{time_ns / 1_000:.1f} \u00b5s" if time_ns else "at once"
    if time_ns < 1_000_000_000:
        return f"{time_ns / 1_000_000:.1f} ms"
    return seconds(time_ns / 1_000_000_000)


def seconds(value: float) -> str:
    """A duration: `0.173 s`, `12.3 s`, `1 h 02 min`."""
    if value < 10:
        return f"{value:.3f} s"
    if value < 600:
        return f"{value:.1f} s"
    hours, minutes = divmod(round(value / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def counted(count: int, noun: str) -> str:
    """`1 sweep`, `2 sweeps`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def within(text: str) -> str:
    """A heading within a sentence: its first letter is a small one."""
    return text[:1].lower() + text[1:]


FILTERS: dict[str, Callable[..., str]] = {
    "number": number,
    "decimals": decimals,
    "wait": wait,
    "percent": percent,
    "in_percent": in_percent,
    "share": share,
    "points": points,
    "seconds": seconds,
    "counted": counted,
    "within": within,
    "bytes": format_bytes,
}


@dataclass(frozen=True)
class Cell:
    """One number in a table."""

    key: str
    value: float | None
    """Not rounded; an integer is one. None if there is no number."""
    text: str

    @property
    def bare(self) -> str:
        """The text without its unit, for a column whose heading has it."""
        return self.text.removesuffix(" %")

    @property
    def exact(self) -> str:
        """The value as text that reads back as the same number; empty without one."""
        return "" if self.value is None else repr(self.value)


def cell(key: str, value: float | None, form: Callable[[float | None], str]) -> Cell:
    """A cell with its value in the form that people read."""
    return Cell(key, value, form(value))


def over(part: float | None, whole: float | None, scale: float = 1.0) -> float | None:
    """A ratio; None if one of the two is missing, or of nothing."""
    if part is None or not whole:
        return None
    return scale * part / whole


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
