"""Why matches on the tape were not predicted: each cause caused."""

from __future__ import annotations

import cp_markets
from cp_rows import BUY, FIRST_ID, SELL, Day
from framed import replay_partition

from sweep_dask.terms.score import CAUSES


def misses(day):
    """Misses as (buy, sell, time, cause)."""
    table = replay_partition(day.partition(), "", 0, ablations=False).misses
    return [
        (miss.buy_order_id - FIRST_ID, miss.sell_order_id - FIRST_ID, miss.timestamp, miss.cause)
        for miss in table.itertuples()
    ]


def test_what_was_predicted_is_no_miss():
    day = Day().enter(1, 200, BUY, 60, 3340).enter(2, 300, SELL, 60, 3330, rows=1)
    assert misses(day.trade(300, (1, 2, 60, 3335, 47, SELL))) == []


def test_an_order_without_rows():
    day = Day().enter(1, 200, BUY, 60, 3340).trade(300, (1, 99, 60, 3335, 47, SELL))
    assert misses(day) == [(1, 99, 300, "order_not_in_input")]


def test_an_order_left_out():
    day = Day().enter(1, 200, BUY, 60, 3340).enter(2, 300, SELL, 60, 3330, midtick=9)
    day.trade(300, (1, 2, 60, 3335, 47, SELL))
    assert misses(day) == [(1, 2, 300, "order_not_in_input")]


def test_resting_orders_meet_and_nothing_was_seen():
    # The quote moved to 3340 x 3350, so that 1 and 2 agree at 3345; no row says so.
    day = Day().enter(1, 200, BUY, 60, 3350).enter(2, 210, SELL, 60, 3340)
    day.trade(300, (1, 2, 60, 3345, 47, 0))
    assert misses(day) == [(1, 2, 300, "quote_moved_unseen")]


def test_resting_orders_meet_at_a_quote_that_was_seen_late():
    day = Day().enter(1, 200, BUY, 60, 3350).enter(2, 210, SELL, 60, 3340)
    day.trade(300, (1, 2, 60, 3345, 47, 0)).quote(301, 3340, 3350)
    assert misses(day) == [(1, 2, 300, "quote_moved_unseen")]


def test_resting_orders_meet_at_a_quote_that_was_seen_otherwise():
    # The quote moved just then, to 3340 x 3350, but they traded at the midpoint of another one.
    day = Day().enter(1, 200, BUY, 60, 3350).enter(2, 210, SELL, 60, 3340)
    day.quote(300, 3340, 3350)
    assert misses(day.trade(300, (1, 2, 60, 3340, 47, 0))) == [(1, 2, 300, "quote_stale")]


def test_a_midpoint_that_is_not_the_price():
    # The row of the arrival has the quote from before the move.
    day = Day().enter(1, 200, BUY, 60, 3350).enter(2, 300, SELL, 60, 3330, rows=1)
    day.trade(300, (1, 2, 60, 3345, 47, SELL))
    assert misses(day) == [(1, 2, 300, "quote_stale")]


def test_a_midpoint_that_is_published_truncated_is_the_price():
    # Between 500 and 505 it is 502.5, on the tape 502; the older order 1 should have been filled.
    day = Day(500, 505).enter(1, 200, BUY, 60, 505).enter(2, 210, BUY, 60, 505)
    day.enter(3, 300, SELL, 60, 500, rows=1).trade(300, (2, 3, 60, 502, 47, SELL))
    assert misses(day) == [(2, 3, 300, "other")]


def test_a_standing_quote_that_is_not_the_price():
    day = Day().enter(1, 200, BUY, 60, 3350)
    day.enter(2, 300, SELL, 60, 3330, rows=1, national_bid=None, national_offer=None)
    day.trade(300, (1, 2, 60, 3345, 47, SELL))
    assert misses(day) == [(1, 2, 300, "quote_stale")]


def test_a_minimum_that_cannot_have_been_in_force():
    day = Day().enter(1, 200, BUY, 100, 3340, minimumquantity=80)
    day.enter(2, 300, SELL, 60, 3330, rows=1)
    assert misses(day.trade(300, (1, 2, 60, 3335, 47, SELL))) == [(1, 2, 300, "maq_unknown")]


def test_none_of_these():
    # The older order 1 should have been filled.
    day = Day().enter(1, 200, BUY, 60, 3340).enter(2, 210, BUY, 60, 3340)
    day.enter(3, 300, SELL, 60, 3330, rows=1).trade(300, (2, 3, 60, 3335, 47, SELL))
    assert misses(day) == [(2, 3, 300, "other")]


def test_every_miss_of_the_sample_has_a_cause():
    result = replay_partition(cp_markets.sample_day().partition(), "", 0, ablations=False)
    score = result.scores["resync"].all
    assert len(result.misses) == score.tape - score.hits
    assert set(result.misses.cause) <= set(CAUSES)
