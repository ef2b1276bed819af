"""Which trading day an event belongs to. Times are int64 ns UTC, dates days since 1970-01-01."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

SYDNEY = ZoneInfo("Australia/Sydney")

_NS_PER_SECOND = 1_000_000_000
_NS_PER_HOUR = 3_600 * _NS_PER_SECOND
_NS_PER_DAY = 24 * _NS_PER_HOUR
_EPOCH = dt.date(1970, 1, 1)

#: Local time after which an event belongs to the next trading day: the exchange shuts down about
#: 20:30 and reloads multi-day orders about 21:22 (centre point rules, section 5).
EVENING_NS = 20 * _NS_PER_HOUR + _NS_PER_HOUR // 2


def sydney_local_ns(times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Local wall-clock time as ns since 1970-01-01 00:00 local; int64[n] like the input.

    Clocks in Sydney change on the hour (UTC), so one look-up an hour is enough.
    """
    hours = times_ns // _NS_PER_HOUR
    # Times mostly grow: there are fewer runs of an hour than times.
    starts = np.flatnonzero(np.diff(hours, prepend=hours[:1] - 1))
    known, position = np.unique(hours[starts], return_inverse=True)
    offsets = np.array([_utc_offset_ns(int(hour)) for hour in known], dtype=np.int64)
    return times_ns + np.repeat(offsets[position], np.diff(starts, append=hours.size))


def _utc_offset_ns(hour: int) -> int:
    moment = dt.datetime.fromtimestamp(hour * 3_600, tz=SYDNEY)
    offset = moment.utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) * _NS_PER_SECOND


def calendar_days(times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Local calendar date of each time, in days since 1970-01-01."""
    return sydney_local_ns(times_ns) // _NS_PER_DAY


def is_evening(times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each time is after 20:30 local."""
    evening: npt.NDArray[np.bool_] = sydney_local_ns(times_ns) % _NS_PER_DAY > EVENING_NS
    return evening


def next_trading_day(day: int, known_days: Sequence[int]) -> int:
    """First of `known_days` (ascending) after `day`, else the next weekday."""
    later = bisect_right(known_days, day)
    if later < len(known_days):
        return known_days[later]
    following = day + 1
    while (_EPOCH + dt.timedelta(days=following)).weekday() >= 5:
        following += 1
    return following


def day_to_date(day: int) -> str:
    """ISO date of a day number."""
    return (_EPOCH + dt.timedelta(days=day)).isoformat()


def date_to_day(date: str) -> int:
    """Day number of an ISO date."""
    return (dt.date.fromisoformat(date) - _EPOCH).days
