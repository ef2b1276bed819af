"""When shares trade continuously by the exchange's timetable, for days without session rows.

Until June 2025 the exchange opened by the first letter of a share's code, between 10:00 and 10:09,
which no order book id tells: there the first events of the day have to. Since then all shares open
together, at a moment that is drawn (ASX Trade, Business Information, sections 4.6.1 and 8.2.1).
Days that close early, such as that before Christmas, are not in any timetable.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sweep_dask.market.trading_day import SYDNEY

_NS_PER_SECOND = 1_000_000_000

#: The first trading day without a staggered opening (Business Information, section 1.6).
ONE_OPENING_FROM = dt.date(2025, 6, 23)
#: OPEN begins within 15 seconds from 09:59:45, PRE_CSPA ends it at 16:00 (section 8.2.1).
_FIRST_OPENING, _LAST_OPENING, _CLOSING = dt.time(9, 59, 45), dt.time(10), dt.time(16)


class OpeningHours(NamedTuple):
    """Continuous trading of one day by the timetable; ns UTC."""

    first_open_ns: int
    """The earliest and the latest moment at which it may open."""
    last_open_ns: int
    close_ns: int


def opening_hours(day: dt.date) -> OpeningHours | None:
    """The hours of a trading day; None while each share had its own."""
    if day < ONE_OPENING_FROM:
        return None
    return OpeningHours(*(_utc_ns(day, at) for at in (_FIRST_OPENING, _LAST_OPENING, _CLOSING)))


def _utc_ns(day: dt.date, at: dt.time) -> int:
    """A local time of day as ns since the epoch, UTC."""
    return int(dt.datetime.combine(day, at, SYDNEY).timestamp()) * _NS_PER_SECOND
