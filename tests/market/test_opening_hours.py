"""The timetable by date."""

from __future__ import annotations

import datetime as dt

import pytest

from sweep_dask.market.sessions import opening_hours
from sweep_dask.market.trading_day import SYDNEY


@pytest.mark.parametrize("day", [dt.date(2024, 9, 5), dt.date(2025, 6, 20)])
def test_before_each_share_opened_at_its_own_time(day):
    assert opening_hours(day) is None


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        # Sydney is ten hours ahead in winter and eleven in summer.
        (dt.date(2025, 6, 23), ("2025-06-22T23:59:45", "2025-06-23T00:00:00", "2025-06-23T06:00")),
        (dt.date(2026, 1, 5), ("2026-01-04T22:59:45", "2026-01-04T23:00:00", "2026-01-05T05:00")),
    ],
)
def test_since_june_2025_all_open_within_the_same_seconds(day, utc):
    expected = [dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) for text in utc]
    hours = [dt.datetime.fromtimestamp(time_ns // 10**9, dt.UTC) for time_ns in opening_hours(day)]
    assert hours == expected
    assert hours[2].astimezone(SYDNEY).hour == 16
