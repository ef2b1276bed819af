"""Quotes, sessions and opt-ins: where they come among the events of orders."""

from __future__ import annotations

import pytest
from cp_flows import (
    ENTER,
    OPT_IN,
    QUOTE,
    SESSION,
    events_of,
    flow_of,
    kinds_and_times,
)
from cp_rows import (
    BUY,
    CLOSE_NS,
    OPEN_NS,
    PREFERENCED,
    SELL,
    Day,
)


def test_a_quote_comes_ahead_of_what_happens_at_the_same_time():
    # It holds from its time on. The real morning's quotes are stamped so that this is causal.
    day = Day(None, None).enter(1, 200, BUY, 100, 3340)
    day.quote(200, 3330, 3340)
    day.enter(2, 201, SELL, 100, 3340)
    told = kinds_and_times(flow_of(day, continuous=()))
    assert told == [(QUOTE, 200), (ENTER, 200), (ENTER, 201)]


def test_quotes_that_repeat_themselves_are_no_moves():
    day = Day(3330, 3340)
    for at, bid, offer in [(2, 3330, 3340), (3, 3330, 3350), (4, 3330, 3350), (5, 3330, 3340)]:
        day.quote(at, bid, offer)
    day.enter(1, 200, BUY, 100, 3340)
    told = kinds_and_times(flow_of(day, continuous=()))
    assert told == [(QUOTE, 1), (QUOTE, 3), (QUOTE, 5), (ENTER, 200)]


@pytest.mark.parametrize(
    ("bid", "offer", "taken"),
    [(None, 3340, (0, 3340)), (-5, 3340, (0, 3340)), (3330, 3335.5, (3330, 0))],
    ids=["missing", "negative", "no whole unit"],
)
def test_a_side_of_the_quote_that_cannot_be_is_taken_as_missing(bid, offer, taken):
    day = Day(None, None)
    day.quote(150, bid, offer)
    day.enter(1, 200, BUY, 100, 3340, national_bid=None, national_offer=None)
    quote = next(event for event in flow_of(day).events if event["kind"] == QUOTE)
    assert (quote["bid"], quote["offer"]) == taken


def test_a_quote_on_a_row_that_is_no_whole_unit_is_taken_as_missing():
    day = Day().enter(1, 200, BUY, 100, 3340, rows=1, national_bid=3332.5)
    entry = events_of(day)[0]
    assert (entry["bid"], entry["offer"]) == (0, 3340)


def test_a_row_without_a_quote_trades_at_the_standing_one():
    day = Day().enter(1, 200, BUY, 100, 3340, national_bid=None, national_offer=None)
    assert events_of(day)["has_quote"].tolist() == [0]


def test_what_happens_exactly_at_the_opening_belongs_to_the_auction():
    day = Day(None, None)
    for number, at in enumerate((OPEN_NS - 1, OPEN_NS, OPEN_NS + 1, CLOSE_NS - 1, CLOSE_NS), 1):
        day.enter(number, at, BUY, 100, 3340)
    flow = flow_of(day)
    assert kinds_and_times(flow) == [
        (ENTER, OPEN_NS - 1),
        (ENTER, OPEN_NS),
        (SESSION, OPEN_NS),
        (ENTER, OPEN_NS + 1),
        (ENTER, CLOSE_NS - 1),
        (SESSION, CLOSE_NS),
        (ENTER, CLOSE_NS),
    ]
    begins_and_ends = flow.events["quantity"][flow.events["kind"] == SESSION]
    assert begins_and_ends.tolist() == [1, 0]


def test_an_opt_in_takes_effect_after_the_trade_that_shows_it():
    day = Day().enter(1, 200, BUY, 50, 3340, participantid=67)
    day.enter(2, 300, SELL, 30, 3330, participantid=67)
    day.trade(300, (1, 2, 30, 3335, PREFERENCED, SELL))
    day.enter(3, 300, SELL, 10, 3330)
    day.enter(4, 301, SELL, 10, 3330)
    told = kinds_and_times(flow_of(day))
    assert told[-5:-1] == [(ENTER, 300), (ENTER, 300), (OPT_IN, 300), (ENTER, 301)]
