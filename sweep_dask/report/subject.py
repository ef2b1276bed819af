"""What a page is about, in a few words: securities, dates and input."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Securities and dates that are named; more are counted. Arbitrary, the tab of a browser is short.
_MOST_NAMED = 3


@dataclass(frozen=True)
class Subject:
    """What the numbers are of."""

    securities: Sequence[str]
    """Tickers or, where the input has none, codes; in the order of the codes."""
    dates: Sequence[str]
    """Ascending."""
    input: str
    """As it was named."""
    tickers: Mapping[int, str]
    """By code, of all that have one."""
    is_sample: bool = False
    participants: Mapping[int, str] = field(default_factory=dict)
    """Names by id, of all that have one."""

    @property
    def securities_in_words(self) -> str:
        """`BHP, CBA`, or `BHP, CBA, RIO and 17 more`."""
        return _first_few(self.securities) or "no security"

    @property
    def dates_in_words(self) -> str:
        """`2024-10-04, 2024-10-07`, or `2024-10-04 to 2024-12-20 (52 dates)`."""
        if len(self.dates) > _MOST_NAMED:
            return f"{self.dates[0]} to {self.dates[-1]} ({len(self.dates):,} dates)"
        return ", ".join(self.dates) or "no date"

    @property
    def input_in_a_word(self) -> str:
        """The last part of its path."""
        last = re.split(r"[/\\]", self.input.rstrip("/\\"))[-1] or self.input
        return "built-in sample market" if self.is_sample else last

    @property
    def title(self) -> str:
        """For the tab of a browser."""
        return f"{self.securities_in_words}, {self.dates_in_words}, {self.input_in_a_word}"

    def name(self, security: int | str) -> str:
        """`BHP (110621)`; of one without a ticker the code."""
        ticker = self.tickers.get(int(security))
        return f"{security}" if ticker is None else f"{ticker} ({security})"

    def participant(self, number: str) -> str:
        """`38 (SYN38)`; of one without a name its id, or what stands for one that is not known."""
        name = self.participants.get(int(number)) if number.isdecimal() else None
        return number if name is None else f"{number} ({name})"


def subject_of(
    manifest: Mapping[str, Any],
    partitions: Sequence[Mapping[str, Any]],
    tickers: Mapping[int, str] | None = None,
    participants: Mapping[int, str] | None = None,
) -> Subject:
    """From the partitions' dates and securities.

    Parameters
    ----------
    tickers, participants
        By code and by id (`storage.tickers`); a replay's folder keeps no such tables.
    """
    tickers = tickers or {}
    securities = sorted({int(partition["security"]) for partition in partitions})
    return Subject(
        [tickers.get(security, str(security)) for security in securities],
        sorted({partition["date"] for partition in partitions}),
        str(manifest.get("input", "unknown input")),
        tickers,
        bool(manifest.get("sample")),
        participants or {},
    )


def _first_few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return f"{shown} and {wording.number(rest)} more" if rest > 0 else shown
