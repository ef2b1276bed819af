"""Continuous trading of a security: from session rows, and without them."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.market.sessions import (
    NEVER_NS,
    OpeningHours,
    SessionRow,
    Window,
    continuous_windows,
    is_continuous,
)
from sweep_dask.sample import MarketParameters
from sweep_dask.sample.synthetic_market import session_lines
from sweep_dask.sample.timetable import local_ns, timetable
from sweep_dask.schema import MISSING_INTEGER

DRR, OTHER, MARKET = 110621, 85603, 0
MORNING = Path(__file__).parents[2] / ".." / "shared" / "data" / "drr_20240905_morning"


def row(at, name, matching=MISSING_INTEGER, level=1, security=DRR):
    return SessionRow(at, name, matching, level, security)


DAY = [
    row(70, "PRE_OPEN", 3),
    row(100, "OPEN", 1),
    row(160, "PRE_CSPA", 3),
    row(161, "CSPA", 4),
    row(190, "CLOSE", 3),
]


def test_a_plain_day_in_any_order_of_rows():
    assert continuous_windows(DAY, DRR) == (Window(100, 160),)
    assert continuous_windows(DAY[::-1], DRR) == (Window(100, 160),)


def test_rows_of_other_securities_do_not_count():
    other = [row(120, "TRADING_HALT", 3, security=OTHER), row(130, "OPEN", 1, security=OTHER)]
    assert continuous_windows(DAY + other, DRR) == (Window(100, 160),)


@pytest.mark.parametrize("market", [MARKET, MISSING_INTEGER])
def test_rows_of_the_market_and_of_the_security_make_one_session(market):
    """The opening is staggered, so it is the security's; all the rest is everybody's."""
    rows = [entry._replace(security=market) for entry in DAY if entry.name != "OPEN"]
    assert continuous_windows([*rows, DAY[1]], DRR) == (Window(100, 160),)


def test_a_halt_of_the_order_book_outranks_open_and_gives_way_to_it():
    halt = [row(120, "REG_HALT", 3, level=4), row(130, "OPEN", 1, level=4)]
    assert continuous_windows(DAY + halt, DRR) == (Window(100, 120), Window(130, 160))


def test_an_open_order_book_does_not_outlive_the_session():
    """OPEN has the lowest priority, so the session's PRE_CSPA is active at 160."""
    assert continuous_windows([*DAY, row(90, "OPEN", 1, level=4)], DRR) == (Window(100, 160),)


def test_the_end_of_a_halt_may_be_a_row_without_a_state():
    halt = [row(120, "TRADING_HALT", 3, level=4), row(130, " ", 0, level=4)]
    assert continuous_windows(DAY + halt, DRR) == (Window(100, 120), Window(130, 160))


def test_an_unknown_state_without_continuous_matching_stops_trading():
    rows = [*DAY, row(120, "VOLCANO", 4, level=4)]
    assert continuous_windows(rows, DRR) == (Window(100, 120),)


def test_the_name_decides_where_the_matching_type_is_missing():
    nameless = [entry._replace(matching_type=MISSING_INTEGER) for entry in DAY]
    assert continuous_windows(nameless, DRR) == (Window(100, 160),)
    undefined = [entry._replace(matching_type=0, name=f" {entry.name.lower()}") for entry in DAY]
    assert continuous_windows(undefined, DRR) == (Window(100, 160),)


def test_the_matching_type_decides_where_it_is_given():
    assert continuous_windows([row(5, "OPEN", 3)], DRR) == ()
    assert continuous_windows([row(5, "FAIR", 1)], DRR) == (Window(5, NEVER_NS),)
    assert continuous_windows([row(5, "OPEN", 2)], DRR) == ()  # fast market


def test_no_centre_point_at_night():
    assert continuous_windows([row(5, "OPEN_NIGHT-TRADING", 1)], DRR) == ()


def test_two_rows_in_one_instant_leave_no_window_between_them():
    assert continuous_windows([row(5, "OPEN", 1), row(5, "PRE_CSPA", 3)], DRR) == ()
    rows = [row(5, "PRE_OPEN", 3), row(5, "OPEN", 1), row(9, "PRE_CSPA", 3)]
    assert continuous_windows(rows, DRR) == (Window(5, 9),)


def test_the_last_window_of_an_unfinished_day_has_no_end():
    assert continuous_windows(DAY[:2], DRR) == (Window(100, NEVER_NS),)


@pytest.mark.parametrize(
    ("auction_ns", "first_ns", "windows"),
    [
        (100, 105, (Window(100, NEVER_NS),)),
        (300, 105, (Window(104, NEVER_NS),)),  # an auction of the closing
        (100, None, (Window(100, NEVER_NS),)),
        (None, 105, (Window(104, NEVER_NS),)),  # the first dark order itself is within
        (None, None, ()),
    ],
)
@pytest.mark.parametrize(
    "rows",
    [
        [],
        [entry._replace(security=OTHER) for entry in DAY],
        [row(70, ""), row(100, "unreadable", 0)],
        [row(MISSING_INTEGER, "OPEN", 1)],
    ],
)
def test_without_a_state_of_the_security_its_events_tell(rows, auction_ns, first_ns, windows):
    found = continuous_windows(
        rows, DRR, first_auction_trade_ns=auction_ns, first_centre_point_ns=first_ns
    )
    assert found == windows


#: By the timetable of one day trading opens between 100 and 115 and closes at 160.
HOURS = OpeningHours(100, 115, 160)


@pytest.mark.parametrize(
    ("auction_ns", "first_ns", "open_ns"),
    [
        (103, 108, 103),
        (None, 108, 107),  # the first dark order itself is within
        (None, 140, 115),  # the first one came late
        (162, None, 115),  # an auction of the closing
        (90, None, 100),
        (None, None, 115),
    ],
)
def test_with_a_timetable_events_tell_the_moment_of_the_opening(auction_ns, first_ns, open_ns):
    found = continuous_windows(
        [], DRR, first_auction_trade_ns=auction_ns, first_centre_point_ns=first_ns, hours=HOURS
    )
    assert found == (Window(open_ns, 160),)


def test_rows_that_name_states_outrank_the_timetable():
    assert continuous_windows(DAY[:2], DRR, hours=HOURS) == (Window(100, NEVER_NS),)


def test_a_day_with_one_opening_for_all():
    # Business Information 8.2.1: OSPA, an opening that is drawn, PRE_CSPA, CSPA, POST_CLOSE.
    rows = [
        row(70, "PRE_OPEN", 3),
        row(90, "OSPA", 4),
        row(100, "OPEN", 1),
        row(160, "PRE_CSPA", 3),
        row(170, "CSPA", 4),
        row(171, "POST_CLOSE", 1),
        row(180, "ADJUST", 3),
    ]
    # POST_CLOSE matches, but only at the price of the closing auction, and no dark orders.
    assert continuous_windows(rows, DRR) == (Window(100, 160),)
    nameless = [entry._replace(matching_type=0) for entry in rows]
    assert continuous_windows(nameless, DRR) == (Window(100, 160),)


@pytest.mark.parametrize("name", ["POST_CLOSE", "Post Close", "post-close"])
def test_blanks_and_hyphens_of_a_name_do_not_matter(name):
    assert continuous_windows([row(5, name, 1), row(9, "Pre CSPA", 0)], DRR) == ()


def test_rows_that_never_open_are_believed():
    assert continuous_windows([row(70, "SUSPEND", 3)], DRR, first_auction_trade_ns=100) == ()


def test_both_ends_are_outside():
    times = np.array([160, 99, 100, 101, 159, 161, 205, 200, 300])
    windows = (Window(100, 160), Window(200, 300))
    expected = [False, False, False, True, True, False, True, False, False]
    assert is_continuous(times, windows).tolist() == expected
    assert is_continuous(times, ()).tolist() == [False] * times.size


NAMES = st.sampled_from(["OPEN", "PRE_OPEN", "REG_HALT", "PRE_CSPA", "CLOSE", "", "ELSE"])
ROWS = st.builds(
    SessionRow,
    st.integers(1, 30),
    NAMES,
    st.sampled_from([MISSING_INTEGER, 0, 1, 3, 4]),
    st.sampled_from([1, 3, 4]),
    st.sampled_from([DRR, OTHER, MARKET]),
)
SOME_ROWS = st.lists(ROWS, max_size=8, unique_by=lambda row: row.timestamp_ns)


@given(SOME_ROWS, st.randoms())
def test_windows_ascend_apart_and_do_not_depend_on_the_order_of_rows(rows, random):
    windows = continuous_windows(rows, DRR)
    ends = [end for window in windows for end in window]
    assert ends == sorted(set(ends))
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert continuous_windows(shuffled, DRR) == windows


@given(SOME_ROWS, st.integers(1, 31))
def test_what_comes_later_changes_nothing_before(rows, now):
    times = np.arange(now + 1)
    seen = [row for row in rows if row.timestamp_ns <= now]
    before = is_continuous(times, continuous_windows(seen, DRR))
    after = is_continuous(times, continuous_windows(rows, DRR))
    assert before[:now].tolist() == after[:now].tolist()


def rows_of_csv(lines):
    """As the extracts are read: names and cells without the blanks around them."""
    reader = csv.DictReader((line.strip() for line in lines), skipinitialspace=True)
    for line in reader:
        yield SessionRow(
            int(line["Timestamp"]),
            line["Name"],
            int(line["MatchingType"]),
            int(line["Level"]),
            int(line["OrderBookId"]),
        )


def test_the_generated_market_is_continuous_from_its_opening_to_four_o_clock():
    day = dt.date(2024, 10, 4)
    market = MarketParameters(dates=(day.isoformat(),), securities=(101, 102))
    rows = list(rows_of_csv(session_lines(market)))
    for position, security in enumerate(market.securities):
        opening_ns = timetable(market.seed, day, position).opening_ns
        closing_ns = local_ns(day, dt.time(16, 0))
        assert continuous_windows(rows, security) == (Window(opening_ns, closing_ns),)


def test_a_real_day():
    if not MORNING.exists():
        pytest.skip("the real morning is not here")
    text = (MORNING / "session/session.csv").read_text(encoding="utf-8")
    (window,) = continuous_windows(rows_of_csv(text.splitlines()), DRR)
    # 10:02:16.001032398, the opening auction, to 16:00 in Sydney.
    assert window == Window(1725494536001032398, 1725516000000000000)
