"""When sweeps are over, which are left as they are, and what the outcome says.

The quote is 3330 x 3340 as in `test_cp_scenarios`.
"""

from __future__ import annotations

import pytest
from cp_rows import (
    BUY,
    BY_SYSTEM,
    CLOSE_NS,
    DARK,
    FIRST_ID,
    IMMEDIATE,
    LIT,
    RELOADED,
    SELL,
    SWEEP,
    Day,
    numbers,
)
from cp_sweeps import (
    ALL,
    crossing_buy,
    filled,
    outcome,
    resting_buy_filled_lit,
    run,
    sweep,
)
from framed import replay_partition

from sweep_dask.analysis.centre_point.sweep_outcomes import SWEEP_SUMMARY, real_fills

# --- when a sweep is over -------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ALL)
def test_what_is_left_of_an_immediate_sweep_never_rests(scenario):
    day = sweep(Day(), 1, 200, BUY, 100, 3340, rows=1, timevalidity=IMMEDIATE)
    day.trade(200, (1, 77, 30, 3340, LIT, BUY)).cancel(1, 200, BY_SYSTEM)
    day.enter(2, 300, SELL, 60, 3330)
    assert filled(day, scenario) == ({} if scenario == "dark-only" else {"lit_arrival": 30})


@pytest.mark.parametrize("scenario", ALL)
def test_an_immediate_sweep_is_not_posted_even_for_a_moment(scenario):
    # Half a tick better it would meet sell 2.
    day = Day().enter(2, 150, SELL, 60, 3330)
    sweep(day, 1, 200, BUY, 100, 3330, rows=1, timevalidity=IMMEDIATE).cancel(1, 200, BY_SYSTEM)
    assert filled(day, scenario) == {}


@pytest.mark.parametrize("scenario", ALL)
def test_a_cancelled_sweep_stops(scenario):
    day = sweep(Day(), 1, 200, BUY, 100, 3340).cancel(1, 300).enter(2, 400, SELL, 60, 3330)
    row = outcome(run(day, scenario), 1)
    assert (row.filled_quantity, row.unfilled_quantity) == (0, 100)
    assert row.unfilled_reason == "no_contra"


@pytest.mark.parametrize("scenario", ["dual-post", "rest-dark", "dark-only"])
def test_nothing_trades_after_the_end_of_continuous_trading(scenario):
    day = sweep(Day(), 1, 200, BUY, 100, 3340).enter(2, CLOSE_NS - 1, SELL, 10, 3330)
    day.enter(3, CLOSE_NS, SELL, 10, 3330).quote(CLOSE_NS + 1, 3330, 3350)
    day.enter(4, CLOSE_NS + 2, SELL, 10, 3330)
    assert filled(day, scenario) == {"dark_resting": 10}


def test_resting_orders_meet_when_the_quote_moves():
    # Sweep 1 at 3340 and sell 2 at 3350 agree at 3350 only with another quote.
    day = sweep(Day(), 1, 200, BUY, 100, 3350).enter(2, 300, SELL, 60, 3350)
    day.quote(400, 3340, 3360)
    result = run(day, "rest-dark")
    assert numbers(result.matches) == [(400, 1, 2, 60, 6700, DARK)]
    assert result.matches[["aggressor", "trigger"]].to_numpy().tolist() == [[0, "nbbo"]]


# --- sweeps that are not treated differently ------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "price", "fields"),
    [
        (50, 3340, {}),
        (100, 3340, {}),
        (200, 3340, {"changereason": RELOADED}),
        (200, 0, {}),
    ],
    ids=["before the opening", "at the opening", "reloaded", "without a price"],
)
def test_other_sweeps_act_as_recorded_in_every_scenario(at, price, fields):
    day = sweep(Day(), 1, at, BUY, 100, price, **fields)
    day.trade(300, (1, 77, 30, 3340, LIT, SELL)).enter(2, 400, SELL, 60, 3330)
    for scenario in ALL:
        assert filled(day, scenario) == {"lit_resting": 30}
        assert not outcome(run(day, scenario), 1).is_affected


@pytest.mark.parametrize("scenario", ALL)
def test_only_sweeps_are_in_the_summary(scenario):
    day = sweep(Day(), 1, 200, BUY, 100, 3340).enter(2, 300, SELL, 60, 3330)
    result = run(day, scenario)
    assert list(result.order_summary.columns) == list(SWEEP_SUMMARY)
    assert result.order_summary.order_id.tolist() == [FIRST_ID + 1]
    assert result.order_summary.is_affected.tolist() == [True]


def test_a_partition_without_sweeps_has_an_empty_summary():
    result = run(Day().enter(1, 200, BUY, 100, 3340), "dual-post")
    assert len(result.order_summary) == len(result.sweep_fills) == 0
    assert list(result.order_summary.columns) == list(SWEEP_SUMMARY)


# --- what the outcome says ------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ALL)
def test_a_dark_fill_by_a_stranger_is_given(scenario):
    day = sweep(Day(), 1, 200, BUY, 100, 3340, rows=1).trade(200, (1, 77, 40, 3335, DARK, BUY))
    result = run(day, scenario)
    assert numbers(result.matches) == []
    fill = result.sweep_fills.iloc[0]
    assert (fill.venue, fill.quantity, fill.recorded_quantity) == ("dark", 40, 0)
    assert fill[["contra_order_id", "event"]].isna().all()
    assert filled(day, scenario) == {"dark_arrival": 40}


def test_what_could_be_filled_includes_increases_and_not_what_decreases_took():
    day = sweep(Day(), 1, 200, BUY, 100, 3330).amend(1, 250, leavesquantity=150)
    day.amend(1, 300, leavesquantity=120).trade(400, (1, 77, 120, 3330, LIT, SELL))
    row = outcome(run(day, "as-entered"), 1)
    assert (row.quantity, row.filled_quantity, row.unfilled_quantity) == (150, 120, 30)
    assert row.unfilled_reason == "decreased"


def test_a_first_row_with_fills_had_more_to_fill():
    day = sweep(Day(), 1, 200, BUY, 40, 3340, rows=1, totalmatchedquantity=60, orderstatus=1).trade(
        200, (1, 77, 60, 3340, LIT, BUY)
    )
    day.order_rows.pop()
    row = outcome(run(day, "as-entered"), 1)
    assert (row.quantity, row.lit_arrival_quantity, row.unfilled_quantity) == (100, 60, 40)


@pytest.mark.parametrize(
    ("scenario", "prepare", "price", "reason"),
    [
        ("as-entered", lambda day: day, 3340, "no_contra"),
        ("as-entered", lambda day: day, 3330, "limit"),
        ("as-entered", lambda day: day.enter(2, 150, SELL, 60, 3340), 3340, "contra_limit"),
        (
            "as-entered",
            lambda day: day.enter(2, 150, SELL, 600, 3330, minimumquantity=500),
            3340,
            "minimum_quantity",
        ),
        ("as-entered", lambda day: day.quote(150, 3340, 3340), 3340, "quote_locked_or_crossed"),
        ("as-entered", lambda day: day.quote(150, None, None), 3340, "quote_missing"),
        ("dual-post", lambda day: day.enter(2, 150, SELL, 60, 3340), 3340, "contra_limit"),
    ],
)
def test_why_nothing_filled(scenario, prepare, price, reason):
    day = Day()
    prepare(day)
    row = outcome(run(sweep(day, 1, 200, BUY, 100, price), scenario), 1)
    assert (row.unfilled_quantity, row.unfilled_reason) == (100, reason)


def test_a_sweep_that_never_looked_was_outside_continuous_trading():
    row = outcome(run(sweep(Day(), 1, 50, BUY, 100, 3340), "rest-dark"), 1)
    assert row.unfilled_reason == "session"


def test_a_filled_sweep_has_no_reason():
    row = outcome(run(resting_buy_filled_lit(), "dual-post"), 1)
    assert (row.unfilled_quantity, row.unfilled_reason) == (0, "")


def test_as_entered_is_the_free_replay():
    day = crossing_buy()
    day.enter(3, 500, BUY, 60, 3340).enter(4, 600, SELL, 70, 3330)
    free = replay_partition(day.partition(), "2024-09-05", 110621, ablations=False).matches
    free = free[free["mode"] == "free"].drop(columns="mode").reset_index(drop=True)
    assert run(day, "as-entered").matches.equals(free)
    assert len(free) == 2


def test_a_real_dark_fill_is_worth_its_exact_price_and_not_the_published_one():
    # Between 500 and 505 the midpoint is 502.5, published as 502; the lit fill was at 505.
    day = Day(500, 505).enter(1, 200, SELL, 40, 500)
    day.enter(2, 300, BUY, 90, 505, exchangeordertype=SWEEP, rows=1)
    day.trade(300, (2, 1, 40, 502, DARK, BUY), (2, None, 50, 505, LIT, BUY))
    for row in day.trade_rows:
        row |= {"nationalbidpricesnapshot": 500, "nationalofferpricesnapshot": 505}
    fills = real_fills(day.partition())
    assert fills.price_x2.tolist() == [1005, 1010]
    assert fills.quantity.tolist() == [40, 50]
