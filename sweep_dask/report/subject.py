"""What a page is about, in a few words: securities, dates and input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.market.tickers import ticker_of
from sweep_dask.report import wording
from sweep_dask.schema import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout

#: Securities and dates that are named; more are counted. Arbitrary, the tab of a browser is short.
_MOST_NAMED = 3
#: Columns of the reference table that hold a ticker, as such or as the first of several words.
_TICKER_COLUMNS = ("Name", "ContractName")


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


def subject_of(
    manifest: Mapping[str, Any],
    partitions: Sequence[Mapping[str, Any]],
    tickers: Mapping[int, str] | None = None,
) -> Subject:
    """From the partitions' dates and securities.

    Parameters
    ----------
    tickers
        By code (`tickers_in`); a replay's folder keeps no reference table.
    """
    tickers = tickers or {}
    securities = sorted({int(partition["security"]) for partition in partitions})
    return Subject(
        [tickers.get(security, str(security)) for security in securities],
        sorted({partition["date"] for partition in partitions}),
        str(manifest.get("input", "unknown input")),
        tickers,
        bool(manifest.get("sample")),
    )


def tickers_in(layout: OutputLayout, partitions: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Of each security as the reference table has it on its last date, by code.

    Tickers are given to others later.
    """
    last_date: dict[int, str] = {}
    for partition in partitions:
        security = int(partition["security"])
        last_date[security] = max(partition["date"], last_date.get(security, ""))
    names: dict[int, str] = {}
    for date in sorted(set(last_date.values())):
        path = layout.processed_date(date) / f"{REFERENCE.name}.parquet"
        of_date = {security for security, last in last_date.items() if last == date}
        names |= {security: name for security, name in _named(path) if security in of_date}
    return names


def _first_few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return f"{shown} and {wording.number(rest)} more" if rest > 0 else shown


def _named(path: Path) -> Iterator[tuple[int, str]]:
    """Code and ticker of each row that has one; nothing of a file that cannot be read."""
    try:
        columns = set(pq.read_schema(path).names)
        names = [name for name in _TICKER_COLUMNS if name in columns]
        rows = pq.read_table(path, columns=["Id", *names], partitioning=None).to_pylist()
    except (OSError, pa.ArrowException, LookupError):
        return
    for row in rows:
        tickers = (ticker for name in names if (ticker := ticker_of(row[name])))
        ticker = next(tickers, None)
        if ticker is not None:
            yield int(row["Id"]), ticker
