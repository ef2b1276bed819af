"""Rows that cannot be read: how many, and what their cells look like.

Those may be times and prices in other units, or texts for codes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.analysis.data_checks.findings import CONTRADICTION, WARNING, Finding
from sweep_dask.printable import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: Fewer rows of events, or a smaller share of them, are bad rows and no other unit (arbitrary).
_MIN_ROWS = {"orders": 5, "trades": 5, "nbbo": 5}
_MOST = 0.5

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_WHOLE = re.compile(r"[0-9]+\.0*")
#: Words, and tickers such as A2M.
_WORD = re.compile(r"[A-Za-z][A-Za-z _-]*|(?=.*[A-Z])[A-Z0-9]{2,6}")
_COMMA_NUMBER = re.compile(r"[0-9]+(?:,[0-9]*)?")
#: With more places than that they would be dollars.
_HALVES = re.compile(r"[0-9]+(?:,[05]?)?")
_ISO = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9](?:[T ][0-9]{2}:[0-9]{2}.*?)?")
_OFFSET = re.compile(r".*(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)")

#: The years 2000 to 2099, as the schema has them, in seconds; and each unit in seconds.
_CENTURY_SECONDS = (946_684_800, 4_102_444_800)
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6}


@dataclass(frozen=True)
class UnreadCells:
    """Cells of one column of one file because of which rows were rejected."""

    file: str
    table: str
    column: str
    """Empty for rows that were rejected as a whole."""
    is_time: bool
    is_price: bool
    n_rows: int
    """Rows looked at."""
    n_rejected: int
    cells: Sequence[str]
    """Some of the cells, as they stand in the file."""
    first: str
    """The first of them, or the line that is no row."""
    first_at: str
    """Where in the file it stands, if that is known."""

    @property
    def is_code(self) -> bool:
        """Whether a whole number was wanted."""
        return bool(self.column) and not self.is_time and not self.is_price


def check_written(unread: UnreadCells, mapped: Collection[str] = ()) -> list[Finding]:
    """A finding if most rows have a cell that would be right in another unit.

    `mapped`: texts of the column that `convert` knows a code for.
    """
    n, rejected = unread.n_rows, unread.n_rejected
    if n < _MIN_ROWS.get(unread.table, 1) or rejected < _MOST * n or not unread.cells:
        return []
    cells = [cell.strip() for cell in unread.cells]
    codes = partial(_code_written, mapped=mapped)
    kind, look = ("time_unit", _time_written) if unread.is_time else ("code", codes)
    if unread.is_price:
        kind, look = "price_unit", _price_written
    found = look(cells)
    if found is None:
        return []
    return [
        Finding(
            kind,
            CONTRADICTION,
            f"{rejected:,} of {n:,} rows looked at have a {unread.column} such as "
            f"{cells[0]!r}: {_PLURAL[kind]} seem to be {found.words}.",
            _EXPECTED[kind],
            found.cure
            or f"Set `units: {{{unread.table}: {{{found.setting}}}}}` in the configuration.",
            unread.file,
            {"rows": n, "rejected": rejected},
        )
    ]


_PLURAL = {"time_unit": "times", "price_unit": "prices", "code": "whole numbers"}
_EXPECTED = {
    "time_unit": "Nanoseconds since 1970-01-01 in UTC.",
    "price_unit": "Prices in 0.1 cent.",
    "code": "Whole numbers, without decimal places; codes as docs/your-data.md lists them.",
}


class _Written(NamedTuple):
    """How cells are written."""

    words: str
    setting: str = ""
    """What to say of the table in the configuration."""
    cure: str = ""
    """If that alone is not enough."""


def _time_written(cells: Sequence[str]) -> _Written | None:
    unit = _time_unit(cells)
    if unit != "iso":
        return None if unit is None else _Written(f"{unit} since 1970", f"time: {unit}")
    if all(_OFFSET.fullmatch(cell) for cell in cells):
        return _Written("ISO 8601 text", "time: iso")
    # Whose ten o'clock is it?
    cure = (
        "Name their zone beside `time: iso` in the units of the table, such as `zone: "
        "Australia/Sydney`; or write the offset behind each time, such as +10:00."
    )
    return _Written("ISO 8601 text without an offset", cure=cure)


def is_word(cell: str) -> bool:
    """Whether a cell is a word, or a ticker."""
    return _WORD.fullmatch(cell.strip()) is not None


def _code_written(cells: Sequence[str], mapped: Collection[str]) -> _Written | None:
    if all(_WHOLE.fullmatch(cell) for cell in cells):
        cure = "`convert` writes them as whole numbers."
        return _Written("written with decimal places, as by a program that holds floats", cure=cure)
    if not all(map(is_word, cells)):
        return None
    unmapped = list(dict.fromkeys(cell for cell in cells if cell not in mapped))
    cure = "Say under `convert.values` which number each text stands for, and use `convert`."
    if not unmapped:
        cure = (
            "They are mapped: run `convert`, then `check` and `run` what it writes. A row is read "
            "up to its first such cell: map what else of its columns holds words, too."
        )
    elif mapped:
        cure = f"Map {listed(unmapped, 5)} too under `convert.values`, and run `convert`."
    return _Written("words", cure=cure)


def _price_written(cells: Sequence[str]) -> _Written | None:
    if all(_NUMBER.fullmatch(cell) for cell in cells):
        return _Written("dollars", "price: dollar")
    if not all(_COMMA_NUMBER.fullmatch(cell) for cell in cells):
        return None
    if all(_HALVES.fullmatch(cell) for cell in cells):
        return _Written("written with a decimal comma", 'decimal: ","')
    return _Written("dollars with a decimal comma", 'price: dollar, decimal: ","')


def _time_unit(cells: Sequence[str]) -> str | None:
    units = {_unit_of_time(cell.strip()) for cell in cells}
    return units.pop() if len(units) == 1 else None


def _unit_of_time(cell: str) -> str | None:
    if _ISO.fullmatch(cell):
        return "iso"
    if not _NUMBER.fullmatch(cell):
        return None
    whole = int(cell.partition(".")[0][:20])
    first, last = _CENTURY_SECONDS
    return next((u for u, n in _PER_SECOND.items() if first * n <= whole < last * n), None)


REJECTED = "rejected"

_SHOWN_CHARACTERS = 60


def check_rejected(
    unread: Sequence[UnreadCells], n_read: int, most: float, *, is_whole: bool
) -> list[Finding]:
    """A finding if rows of a table cannot be read, and why the first of them cannot.

    Parameters
    ----------
    unread
        All of the table, in the order of its rows.
    n_read
        Rows looked at, those of lit orders too.
    most
        The share of rejected rows with which a run goes on.
    """
    n = sum(one.n_rejected for one in unread)
    if not n:
        return []
    first, by_column = unread[0], Counter[str]()
    for one in unread:
        by_column[one.column or "whole line"] += one.n_rejected
    columns = ", ".join(f"{column} {count:,}" for column, count in by_column.most_common())
    stops = n / n_read > most
    allowing = "--max-bad-fraction" if most else "--on-bad-rows quarantine --max-bad-fraction"
    cure = "Mend these rows" + (
        f", or allow more of them ({allowing})." if stops else "; a run sets them aside."
    )
    if first.is_code and is_word(first.first):
        cure += " Texts that stand for numbers: name them under `convert.values`, use `convert`."
    return [
        Finding(
            REJECTED,
            CONTRADICTION if stops else WARNING,
            f"{n:,} of {n_read:,} {first.table} rows{'' if is_whole else ' looked at'} cannot be "
            f"read ({columns}); the first for its {first.column or 'form'}: "
            f"{first.first[:_SHOWN_CHARACTERS]!r}.",
            f"Rows that can be read. A run stops if more than {100 * most:g} % cannot.",
            cure,
            first.file + (f", {first.first_at}" if first.first_at else ""),
            {"rows": n_read, "rejected": n},
        )
    ]
