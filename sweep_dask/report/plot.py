"""Charts as inline SVG: one text size at every width, in the colours of the page's style sheet.

Positions are percent of the plot's width and height, so that a browser fits a chart to a phone, to
a laptop and to paper; nothing is drawn by a script. Colours and dashes are those of the classes in
`plot.css`, `line-{name}`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.report import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Ticks of an axis, at most about; of long labels half as many, which have room on a phone.
_TICKS = 6
#: Pixels of a letter of a label, about, and room beside it.
_LETTER_PIXELS = 6.6
_GAP_PIXELS = 12
#: Points that a description names; of more, the first, the middle and the last one.
_MOST_TOLD = 7


@dataclass(frozen=True)
class Scale:
    """Values from one end of an axis to the other."""

    low: float
    high: float

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return self.low, self.high

    def percent(self, value: float) -> float:
        """Position on the axis in percent of its length."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)


@dataclass(frozen=True)
class Axis:
    """What a position on an axis stands for."""

    label: str
    scale: Scale
    ticks: Sequence[tuple[float, str]]
    """Position in percent, and text."""
    text: Callable[[float], str]
    """A value as descriptions write it, with its unit."""

    def position(self, value: float) -> float:
        """In percent."""
        return self.scale.percent(value)


@dataclass(frozen=True)
class Curve:
    """Values of one line over `x`; None where there is none."""

    line: str
    """Of the class that has its colour."""
    label: str
    x: Sequence[float]
    y: Sequence[float | None]
    has_marks: bool = True
    is_step: bool = False
    """Whether a value holds until the next one."""
    marker: str = "circle"
    is_joined: bool = True

    @property
    def points(self) -> list[tuple[float, float]]:
        """Those of which there is a value."""
        pairs = zip(self.x, self.y, strict=True)
        return [(x, y) for x, y in pairs if y is not None and not math.isnan(y)]


@dataclass(frozen=True)
class Band:
    """Between two values over `x`, each until the next one."""

    line: str
    label: str
    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Rule:
    """A line across the plot at a value of one axis."""

    line: str
    label: str
    """Empty: not among the names above the plot."""
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True)
class Plot:
    """Curves over two axes."""

    title: str
    x: Axis
    y: Axis
    curves: Sequence[Curve]
    height_pixels: int = 260
    bands: Sequence[Band] = ()
    rules: Sequence[Rule] = ()

    @property
    def left_pixels(self) -> int:
        """Room for the labels of the upright axis."""
        return _room(text for _, text in self.y.ticks)

    @property
    def description(self) -> str:
        """The numbers for whoever cannot see them."""
        words = [
            f"{curve.label}: {self._in_words(curve)}." for curve in self.curves if curve.points
        ]
        return " ".join([f"{self.y.label} over {wording.within(self.x.label)}.", *words])

    def _in_words(self, curve: Curve) -> str:
        points = curve.points
        if len(points) > _MOST_TOLD:
            points = [points[0], points[len(points) // 2], points[-1]]
        return ", ".join(f"{self.y.text(y)} at {self.x.text(x)}" for x, y in points)

    def path(self, curve: Curve) -> str:
        """The curve on a field of 100 by 100; broken where there is no value."""
        parts, is_open = [], False
        for x, y in zip(curve.x, curve.y, strict=True):
            if y is None or math.isnan(y):
                is_open = False
                continue
            left, down = self.x.position(x), self._down(y)
            if not is_open:
                parts.append(f"M{left} {down}")
            else:
                parts.append(f"H{left}V{down}" if curve.is_step else f"L{left} {down}")
            is_open = True
        return "".join(parts)

    def outline(self, band: Band) -> str:
        """Around each stretch of a band that has both values, on a field of 100 by 100."""
        ends = list(zip(band.x, band.x[1:], band.low, band.high, strict=False))
        known = [end for end in ends if not any(math.isnan(value) for value in end)]
        return " ".join(
            f"M{self.x.position(begin)} {self._down(low)}H{self.x.position(end)}"
            f"V{self._down(high)}H{self.x.position(begin)}Z"
            for begin, end, low, high in known
        )

    def marks(self, curve: Curve) -> list[tuple[float, float, str]]:
        """Position from the left and from above in percent, and the values, of each point."""
        return [
            (self.x.position(x), self._down(y), f"{self.y.text(y)} at {self.x.text(x)}")
            for x, y in curve.points
        ]

    def _down(self, y: float) -> float:
        return round(100 - self.y.position(y), 2)


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart: its parts lie behind one another."""

    label: str
    parts: Sequence[tuple[str, float, str]]
    """Class, value and text."""


@dataclass(frozen=True)
class Bars:
    """Rows of bars over one axis, with the names of their parts."""

    title: str
    axis: Axis
    bars: Sequence[Bar]
    names: Sequence[tuple[str, str]]
    """Class and label of each part."""
    rule: Rule | None = None

    @property
    def left_pixels(self) -> int:
        """Room for the names of the rows."""
        return _room(bar.label for bar in self.bars)

    @property
    def description(self) -> str:
        """The numbers for whoever cannot see them."""
        words = [
            f"{bar.label}: {', '.join(text for _, _, text in bar.parts)}." for bar in self.bars
        ]
        return " ".join([f"{self.axis.label}.", *words])

    def placed(self, bar: Bar) -> list[tuple[str, float, float, str]]:
        """Class, left end and width in percent, and text of each part."""
        placed, left = [], 0.0
        for line, value, text in bar.parts:
            begin, end = self.axis.position(left), self.axis.position(left + value)
            placed.append((line, begin, round(end - begin, 2), text))
            left += value
        return placed


def number_axis(
    label: str,
    values: Iterable[float],
    form: Callable[[float], str] = wording.plain,
    unit: str = "",
    room: float = 0.05,
) -> Axis:
    """An axis that holds all values, with round ticks, and a share of `room` more at either end."""
    known = [value for value in values if not math.isnan(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    added = room * (high - low)
    scale = Scale(low - added, high + added)
    ticks = [(scale.percent(tick), form(tick)) for tick in round_steps(scale.low, scale.high)]
    return Axis(label, scale, ticks, lambda value: f"{form(value)}{unit}")


def from_zero(
    label: str,
    values: Iterable[float],
    form: Callable[[float], str],
    unit: str = "",
    most: int = _TICKS,
) -> Axis:
    """An axis of amounts: it begins with 0."""
    axis = number_axis(label, [0.0, *values], form, unit)
    scale = Scale(0.0, axis.scale.high)
    ticks = [(scale.percent(tick), form(tick)) for tick in round_steps(0.0, scale.high, most)]
    return Axis(label, scale, ticks, axis.text)


def named_axis(label: str, names: Sequence[str]) -> Axis:
    """An axis with a position for each name; their values are 0, 1, 2 and so on."""
    scale = Scale(-0.5, len(names) - 0.5)
    ticks = [(scale.percent(number), name) for number, name in enumerate(names)]
    return Axis(label, scale, ticks, lambda value: names[round(value)])


def round_steps(low: float, high: float, most: int = _TICKS) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two values, about `most` of them."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Of a division, as a product has digits of its own: 3 x 0.1 is not 0.3.
    return [
        number * step if step >= 1 else number / round(1 / step)
        for number in range(first, last + 1)
    ]


def _room(texts: Iterable[str]) -> int:
    return round(_LETTER_PIXELS * max(map(len, texts), default=0)) + _GAP_PIXELS
