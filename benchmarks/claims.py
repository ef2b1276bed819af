"""Numbers in a text, and whether they are still those that are measured.

A claim is a piece of the text with a field of `str.format` at the place of each number. What the
text says is read with it, and compared with what was measured.
"""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What a field with a format stands for; one without stands for words.
_NUMBER, _WORDS = r"([\d.,]*\d)", r"(.+?)"


class ClaimError(Exception):
    """The text has no such piece, or several."""


@dataclass(frozen=True)
class Claim:
    """What a text says of a measurement."""

    measurement: str
    """Its name."""
    text: str
    """With a field for each number, as in `{sweeps:,}`; white space counts as one blank."""
    tolerance: float | None = None
    """By which share a number may differ; None: the text has to be the same."""
    is_relative: bool = False
    """Whether the numbers count among themselves: one factor, that of the machine, is taken out."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What finds it in a text whose white space is single blanks."""
        parts = []
        for literal, name, form, _ in Formatter().parse(" ".join(self.text.split())):
            parts.append(re.escape(literal))
            if name is not None:
                parts.append(_NUMBER if form else _WORDS)
        # Not within a number: 182 is not 1182.
        return re.compile(r"(?<![\d.,])" + "".join(parts) + r"(?![\d%])")

    def said(self, page: str) -> dict[str, str]:
        """What a text says, by field.

        Raises
        ------
        ClaimError
            The piece is not there just once.
        """
        found = list(self.pattern.finditer(" ".join(page.split())))
        if len(found) != 1:
            raise ClaimError(f"found {len(found)} times: {self.text}")
        return dict(zip(self._formats(), found[0].groups(), strict=True))

    def moved(self, page: str, measured: Mapping[str, float | str]) -> list[str]:
        """A line for each number of the text that is not what was measured."""
        said, formats = self.said(page), self._formats()
        now = {name: format(measured[name], formats[name]) for name in said}
        if self.tolerance is None:
            apart = {name for name in said if said[name] != now[name]}
        else:
            ratios = {name: float(measured[name]) / _value(said[name]) for name in said}
            usual = statistics.median(ratios.values()) if self.is_relative else 1.0
            apart = {name for name in said if abs(ratios[name] / usual - 1) > self.tolerance}
        return [f"{name}: the text says {said[name]}, now {now[name]}" for name in sorted(apart)]

    def _formats(self) -> dict[str, str]:
        fields = Formatter().parse(self.text)
        return {name: form or "" for _, name, form, _ in fields if name is not None}


def _value(text: str) -> float:
    return float(text.replace(",", ""))


def numbers_without_claim(page: str, claims: Iterable[Claim], others: Iterable[str]) -> list[str]:
    """Numbers of a text that no claim reads, with what stands around them.

    Code, addresses of links and pieces of text named in `others` are left out.
    """
    text = re.sub(r"^```.*?^```", " ", page, flags=re.DOTALL | re.MULTILINE)
    text = " ".join(text.split())
    for claim in claims:
        text = claim.pattern.sub(" … ", text)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", text)
    for piece in others:
        text = text.replace(piece, " ")
    return [
        text[max(0, found.start() - 30) : found.end() + 30] for found in re.finditer(r"\d+", text)
    ]
