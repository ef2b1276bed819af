"""What cells that cannot be read look like: times and prices in other units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.findings import CONTRADICTION, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Fewer rows of events, or a smaller share of them, are bad rows and no other unit (arbitrary).
_MIN_ROWS = {"orders": 5, "trades": 5, "nbbo": 5}
_MOST = 0.5

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?")
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
    is_time: bool
    is_price: bool
    n_rows: int
    """Rows looked at."""
    n_rejected: int
    cells: Sequence[str]
    """Some of the cells, as they stand in the file."""


def check_written(unread: UnreadCells) -> list[Finding]:
    """A finding if most rows have a cell that would be right in another unit."""
    n, rejected = unread.n_rows, unread.n_rejected
    if n < _MIN_ROWS.get(unread.table, 1) or rejected < _MOST * n or not unread.cells:
        return []
    kind, unit = ("time", _time_unit(unread.cells)) if unread.is_time else ("price", "dollar")
    if unread.is_price and not all(_NUMBER.fullmatch(cell.strip()) for cell in unread.cells):
        unit = None
    if unit is None or not (unread.is_time or unread.is_price):
        return []
    # A time without its offset is not converted: whose ten o'clock is it?
    is_local = unit == "iso" and not all(_OFFSET.fullmatch(c.strip()) for c in unread.cells)
    words = {"iso": "ISO 8601 text", "dollar": "dollars"}.get(unit, f"{unit} since 1970")
    cure = f"Set `units: {{{unread.table}: {{{kind}: {unit}}}}}` in the configuration."
    return [
        Finding(
            f"{kind}_unit",
            CONTRADICTION,
            f"{rejected:,} of {n:,} rows looked at have a {unread.column} such as "
            f"{unread.cells[0].strip()!r}: {kind}s seem to be {words}"
            + (" without an offset." if is_local else "."),
            "Nanoseconds since 1970-01-01 in UTC." if unread.is_time else "Prices in 0.1 cent.",
            "Write the offset behind each time, such as +10:00, and set `time: iso`."
            if is_local
            else cure,
            unread.file,
            {"rows": n, "rejected": rejected},
        )
    ]


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
