"""Numbers of the page: as people read them, and beside it exactly, with the key to find them by.

A key is the path of the number: table, then population and segment or arm, then the measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


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
