"""What adopters free in the lit book, by hand; the quote is 3330 x 3340 until a test moves it."""

from __future__ import annotations

import numpy as np
import pytest
from cp_rows import BUY, CLOSE_NS, DARK, HALF_TICK, IMMEDIATE, LIT, SELL, Day
from cp_sweeps import replay, replayed, sweep

from sweep_dask.terms.choices import Switch

FREED = Switch.FREED_LIT_LIQUIDITY
STRANGER = 77


def gains(day, scenario, adopting, switch=FREED):
    """What was gained as (time, order, quantity, price)."""
    flow, result = replayed(day, scenario, switch, adopting)
    gained = result.gains
    columns = [flow.flow.timestamp_ns[gained["event"]], gained["order"] + 1, gained["quantity"]]
    return np.column_stack([*columns, gained["price_x2"] // 2]).tolist()


# --- it rested ------------------------------------------------------------------------------------


def four_that_rest():
    """Buys: 1 of 100, 2 of 50 and 4 of 40 at 3320, and 3 of 30 at 3330; 1 really fills at 3320."""
    day = sweep(Day(), 1, 200, BUY, 100, 3320)
    for number, at, quantity, price in ((2, 210, 50, 3320), (3, 220, 30, 3330), (4, 230, 40, 3320)):
        sweep(day, number, at, BUY, quantity, price)
    return day.trade(400, (1, STRANGER, 100, 3320, LIT, SELL))


@pytest.mark.parametrize("scenario", ["rest-dark", "dark-only"])
def test_a_fill_that_is_lost_goes_to_the_next_by_limit_and_then_by_time(scenario):
    day = four_that_rest()
    expected = [[400, 3, 30, 3320], [400, 2, 50, 3320], [400, 4, 20, 3320]]
    assert gains(day, scenario, [1]) == expected
    assert gains(day, scenario, [1], switch=None) == []
    # Those that adopt as well are not there.
    assert gains(day, scenario, [1, 2]) == [[400, 3, 30, 3320], [400, 4, 40, 3320]]


def test_what_a_sweep_that_gained_no_longer_fills_goes_to_the_next_in_turn():
    # Sweep 2 really fills 50 at 500, and has them already; 4 has 20 left by then.
    day = four_that_rest().trade(500, (2, STRANGER, 50, 3320, LIT, SELL))
    assert gains(day, "rest-dark", [1])[2:] == [[400, 4, 20, 3320], [500, 4, 20, 3320]]


def test_only_as_much_goes_on_as_was_gained():
    # Sweep 2 gains 10 of what 1 loses; of its 50 at 500, 40 are still its own.
    day = sweep(Day(), 1, 200, BUY, 10, 3320)
    sweep(sweep(day, 2, 210, BUY, 50, 3320), 3, 220, BUY, 90, 3320)
    day.trade(400, (1, STRANGER, 10, 3320, LIT, SELL)).trade(
        500, (2, STRANGER, 50, 3320, LIT, SELL)
    )
    assert gains(day, "rest-dark", [1]) == [[400, 2, 10, 3320], [500, 3, 10, 3320]]


def test_a_fill_that_shrinks_frees_the_rest_of_it():
    # Posted, 1 sells itself 60 in the dark; of its 100 in the lit book 60 go to 2 and to nobody.
    day = sweep(Day(), 1, 200, BUY, 100, 3330)
    sweep(day, 2, 210, BUY, 45, 3330).enter(3, 300, SELL, 60, 3330)
    day.trade(400, (1, STRANGER, 100, 3330, LIT, SELL))
    assert gains(day, "dual-post", [1]) == [[400, 2, 45, 3330]]


def test_a_better_place_is_kept_or_lost_by_an_amendment():
    day = sweep(Day(), 1, 200, BUY, 100, 3320)
    sweep(sweep(day, 2, 210, BUY, 50, 3320), 3, 220, BUY, 60, 3320)
    larger = day.amend(2, 300, leavesquantity=70)
    larger.trade(400, (1, STRANGER, 100, 3320, LIT, SELL))
    assert gains(larger, "rest-dark", [1]) == [[400, 3, 60, 3320], [400, 2, 40, 3320]]


def test_who_has_left_or_is_immediate_or_of_the_other_side_gains_nothing():
    day = sweep(Day(), 1, 200, BUY, 100, 3320)
    sweep(day, 2, 210, BUY, 50, 3320).cancel(2, 220)
    sweep(day, 3, 230, BUY, 50, 3320, timevalidity=IMMEDIATE)
    sweep(day, 4, 240, SELL, 50, 3320)
    sweep(day, 5, 250, BUY, 50, 3310)
    day.trade(400, (1, STRANGER, 100, 3320, LIT, SELL))
    assert gains(day, "rest-dark", [1]) == []


def test_who_gains_has_less_left_for_the_dark():
    # Sweep 2 rests in the dark, too, as it asked for; 30 of its 50 are gone when 3 comes.
    day = sweep(Day(), 1, 200, BUY, 30, 3330)
    sweep(day, 2, 210, BUY, 50, 3330, midtick=HALF_TICK)
    day.trade(400, (1, STRANGER, 30, 3330, LIT, SELL)).enter(3, 500, SELL, 60, 3330)
    assert replay(day, "dark-only", None, [1]) == [[500, 2, 3, 50, 6670]]
    assert replay(day, "dark-only", FREED, [1]) == [[500, 2, 3, 20, 6670]]


# --- it had come in -------------------------------------------------------------------------------


def taken_and_then(*sweeps, quotes=()):
    """Sweep 1 really takes 100 at 3340 as it comes; then others and quotes come, by time."""
    day = sweep(Day(), 1, 200, BUY, 100, 3340, rows=1)
    day.trade(200, (1, STRANGER, 100, 3340, LIT, BUY))
    for at, *what in sorted([*sweeps, *quotes]):
        if len(what) == 2:
            day.quote(at, *what)
        else:
            sweep(day, len(day.state) + 1, at, *what)
    return day


def test_what_is_not_taken_is_there_for_those_who_come():
    day = taken_and_then((300, BUY, 30, 3340), (305, BUY, 9, 3330), (320, BUY, 90, 3350))
    expected = [[300, 2, 30, 3340], [320, 4, 70, 3340]]
    assert gains(day, "dark-only", [1]) == expected
    # Who adopts does not take from the lit book here.
    assert gains(day, "dark-only", [1, 2]) == [[320, 4, 90, 3340]]
    # But where it may, it does.
    assert gains(day, "rest-dark", [1]) == []
    assert gains(day, "dual-post", None) == []


@pytest.mark.parametrize(
    ("quote", "is_there"),
    [
        # The recorded offer is gone, as the sweep really took it, and the sweep may bid there.
        ((3330, 3350), True),
        ((3340, 3350), True),
        ((3350, 3360), False),
        ((3320, 3330), False),
        ((3320, None), True),
    ],
)
def test_it_is_there_as_long_as_its_price_lies_within_the_quote(quote, is_there):
    # The quote comes back before sweep 2 does: what has gone stays away.
    day = taken_and_then((300, BUY, 30, 3340), quotes=[(250, *quote), (260, 3330, 3340)])
    assert gains(day, "dark-only", [1]) == [[300, 2, 30, 3340]] * is_there


def test_it_is_gone_when_continuous_trading_ends():
    day = taken_and_then((CLOSE_NS + 5, BUY, 30, 3340))
    assert gains(day, "dark-only", [1]) == []


def test_who_comes_takes_the_best_first_and_then_the_earliest():
    day = sweep(Day(), 1, 200, BUY, 30, 3350, rows=1)
    day.trade(200, (1, STRANGER, 20, 3340, LIT, BUY), (1, STRANGER, 10, 3350, LIT, BUY))
    sweep(day, 2, 210, BUY, 5, 3340, rows=1).trade(210, (2, STRANGER, 5, 3340, LIT, BUY))
    sweep(day, 3, 300, BUY, 100, 3350)
    expected = [[300, 3, 20, 3340], [300, 3, 5, 3340], [300, 3, 10, 3350]]
    assert gains(day, "dark-only", [1, 2]) == expected


def test_who_comes_searches_the_dark_first_and_fills_less_on_record():
    # Of 60, sweep 2 buys 10 of dark 3, then 40 of what 1 left; of 50 on record it takes 10, and
    # 40 of those stay for sweep 4.
    day = Day().enter(3, 150, SELL, 10, 3330)
    sweep(day, 1, 200, BUY, 40, 3340, rows=1).trade(200, (1, STRANGER, 40, 3340, LIT, BUY))
    sweep(day, 2, 300, BUY, 60, 3340, rows=1)
    day.trade(300, (2, 3, 10, 3335, DARK, BUY), (2, STRANGER, 50, 3340, LIT, BUY))
    sweep(day, 4, 400, BUY, 100, 3340)
    flow, result = replayed(day, "dark-only", FREED, [1])
    given = flow.flow.events["order"] == 1
    # Sweep 1 itself meets dark 3 first.
    assert replay(day, "dark-only", FREED, [1]) == [[200, 1, 3, 10, 6670]]
    assert gains(day, "dark-only", [1]) == [[300, 2, 40, 3340], [400, 4, 30, 3340]]
    assert result.applied[given].max() == 20


def test_an_amended_sweep_takes_what_it_now_reaches():
    day = taken_and_then((300, BUY, 30, 3330))
    day.amend(2, 400, price=3340)
    assert gains(day, "dark-only", [1]) == [[400, 2, 30, 3340]]


# --- both sides -----------------------------------------------------------------------------------


def sweep_meets_sweep():
    """Sell 1 rests at 3340, and 2 really takes 50 of it; 3 offers as well, and 4 comes to buy."""
    day = sweep(Day(), 1, 200, SELL, 50, 3340)
    sweep(day, 3, 210, SELL, 20, 3340)
    sweep(day, 2, 300, BUY, 50, 3340, rows=1).trade(300, (2, 1, 50, 3340, LIT, BUY))
    return sweep(day, 4, 400, BUY, 15, 3340)


@pytest.mark.parametrize(
    ("adopting", "expected"),
    [
        ([1], [[300, 3, 20, 3340]]),
        ([2], [[400, 4, 15, 3340]]),
        # Neither is there: nothing is freed.
        ([1, 2], []),
    ],
)
def test_where_both_sides_adopt_nothing_is_left(adopting, expected):
    assert gains(sweep_meets_sweep(), "dark-only", adopting) == expected


def test_who_rests_elsewhere_but_still_takes_needs_another_to_take_from():
    # 2 adopts and takes as ever: with 1 away it would take 20 of sweep 3.
    assert gains(sweep_meets_sweep(), "rest-dark", [1, 2]) == [[300, 3, 20, 3340]]
