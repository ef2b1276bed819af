"""Trading days in Sydney: clock changes, evenings, and what day comes next."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.market.trading_day import (
    calendar_days,
    date_to_day,
    day_to_date,
    is_evening,
    next_trading_day,
    sydney_local_ns,
)

SECOND = 10**9


def utc_ns(text):
    moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    return int(moment.timestamp()) * SECOND


def date_of(time_ns):
    return day_to_date(int(calendar_days(np.array([time_ns]))[0]))


@pytest.mark.parametrize(
    ("utc", "date"),
    [
        # Clocks go forward at 02:00 on 2024-10-06: midnight is at 14:00 UTC before, 13:00 after.
        ("2024-10-05T13:59:59", "2024-10-05"),
        ("2024-10-05T14:00:00", "2024-10-06"),
        ("2024-10-06T12:59:59", "2024-10-06"),
        ("2024-10-06T13:00:00", "2024-10-07"),
        # They go back at 03:00 on 2024-04-07: midnight is at 13:00 UTC before, 14:00 after.
        ("2024-04-06T12:59:59", "2024-04-06"),
        ("2024-04-06T13:00:00", "2024-04-07"),
        ("2024-04-07T13:59:59", "2024-04-07"),
        ("2024-04-07T14:00:00", "2024-04-08"),
    ],
)
def test_midnight_on_both_sides_of_a_clock_change(utc, date):
    assert date_of(utc_ns(utc)) == date
    # The last nanosecond before a full second belongs to the second before.
    assert date_of(utc_ns(utc) + SECOND - 1) == date


@pytest.mark.parametrize(
    ("utc", "evening"),
    [
        ("2024-10-04T10:30:00", False),  # 20:30 sharp, UTC+10
        ("2024-10-04T11:22:00", True),  # 21:22, when multi-day orders are loaded again
        ("2024-10-04T13:59:59", True),
        ("2024-10-04T14:00:00", False),  # midnight
        ("2024-10-06T09:30:00", False),  # 20:30, UTC+11
        ("2024-10-06T09:30:01", True),
        ("2024-10-06T12:59:59", True),
        ("2024-10-06T13:00:00", False),
    ],
)
def test_evenings(utc, evening):
    assert bool(is_evening(np.array([utc_ns(utc)]))[0]) is evening


def test_one_nanosecond_after_half_past_eight_is_evening():
    half_past_eight = utc_ns("2024-10-04T10:30:00")
    assert is_evening(np.array([half_past_eight, half_past_eight + 1])).tolist() == [False, True]


@given(
    st.lists(st.integers(utc_ns("2000-01-02T00:00:00"), utc_ns("2099-12-30T00:00:00")), max_size=20)
)
def test_local_time_is_that_of_the_zone_database(times_ns):
    local = sydney_local_ns(np.array(times_ns, dtype=np.int64))
    for time_ns, local_ns in zip(times_ns, local.tolist(), strict=True):
        moment = dt.datetime.fromtimestamp(time_ns // SECOND, tz=ZoneInfo("Australia/Sydney"))
        wall = moment.replace(tzinfo=dt.UTC)
        assert local_ns == int(wall.timestamp()) * SECOND + time_ns % SECOND


FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY = (
    date_to_day(f"2024-10-{number:02}") for number in (4, 5, 6, 7, 8)
)


@pytest.mark.parametrize(
    ("day", "known", "following"),
    [
        (FRIDAY, [], MONDAY),  # nothing known: the next weekday
        (SATURDAY, [], MONDAY),
        (SUNDAY, [], MONDAY),
        (MONDAY, [], TUESDAY),
        (FRIDAY, [FRIDAY], MONDAY),  # the day itself is not the next
        (FRIDAY, [FRIDAY, TUESDAY], TUESDAY),  # Monday is a holiday: the input has no session
        (FRIDAY, [SUNDAY], SUNDAY),  # a session on a Sunday is believed
        (TUESDAY, [FRIDAY, MONDAY], TUESDAY + 1),
    ],
)
def test_the_next_trading_day(day, known, following):
    assert next_trading_day(day, known) == following


@given(st.dates(dt.date(1970, 1, 1), dt.date(2200, 1, 1)))
def test_dates_and_days(date):
    assert day_to_date(date_to_day(date.isoformat())) == date.isoformat()


def test_days_before_the_epoch_are_negative():
    assert (date_to_day("1970-01-01"), date_to_day("1969-12-31")) == (0, -1)
