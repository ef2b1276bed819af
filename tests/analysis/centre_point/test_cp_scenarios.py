"""Small markets whose outcome in each scenario is known on paper.

The quote is 3330 x 3340 throughout, so the midpoint is 3335 (doubled 6670), half a tick is 5.
"""

from __future__ import annotations

import pytest
from cp_rows import (
    AUCTION,
    BUY,
    CLOSE_NS,
    DARK,
    FIRST_ID,
    HALF_TICK,
    LIT,
    SELL,
    Day,
    numbers,
)
from cp_sweeps import (
    ALL,
    MID_X2,
    crossing_buy,
    filled,
    outcome,
    resting_buy_filled_lit,
    run,
    sweep,
)

from sweep_dask.analysis.centre_point.sweep_outcomes import SWEEP_FILL_COLUMNS


def test_a_scenario_that_does_not_exist():
    with pytest.raises(KeyError, match="no-such"):
        run(sweep(Day(), 1, 200, BUY, 100, 3330), "no-such")


# --- a lit fill shrinks when the dark filled first ------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("as-entered", {"lit_resting": 100}),
        # 3330 and half a tick is 3335: the dark sell finds it.
        ("dual-post", {"dark_resting": 60, "lit_resting": 40}),
        # 3330 is below the midpoint, and it does not rest in the lit book.
        ("rest-dark", {}),
        ("dark-only", {}),
    ],
)
def test_a_lit_fill_shrinks_to_what_is_left(scenario, expected):
    assert filled(resting_buy_filled_lit(), scenario) == expected


def test_the_fills_behind_a_lit_fill_that_shrank():
    result = run(resting_buy_filled_lit(), "dual-post")
    assert list(result.sweep_fills.columns) == list(SWEEP_FILL_COLUMNS)
    columns = ["timestamp", "quantity", "price_x2", "venue", "deal_source", "recorded_quantity"]
    assert result.sweep_fills[columns].to_numpy().tolist() == [
        [300, 60, MID_X2, "dark", DARK, 0],
        [400, 40, 6660, "lit", LIT, 100],
    ]
    # The lit fill is the tape's; nothing says whom it met there.
    assert result.sweep_fills["contra_order_id"].isna().tolist() == [False, True]
    assert result.sweep_fills["contra_order_id"][0] == FIRST_ID + 2
    assert result.sweep_fills["event"].isna().tolist() == [False, True]
    assert result.sweep_fills["event"][0] == "arrival"
    row = outcome(result, 1)
    assert (row.dark_value_x2, row.lit_value_x2) == (60 * MID_X2, 40 * 6660)
    assert (row.fill_count, row.first_fill_ns, row.last_fill_ns) == (2, 300, 400)
    assert (row.real_fill_count, row.real_first_fill_ns) == (1, 400)


def test_a_lit_fill_of_which_nothing_is_left_is_no_fill():
    result = run(resting_buy_filled_lit(quantity=60), "dual-post")
    assert result.sweep_fills.venue.tolist() == ["dark"]
    assert outcome(result, 1).real_lit_quantity == 60


def test_the_dark_takes_only_what_the_lit_book_left():
    day = sweep(Day(), 1, 200, BUY, 100, 3330).trade(300, (1, 77, 70, 3330, LIT, SELL))
    day.enter(2, 400, SELL, 60, 3330)
    result = run(day, "dual-post")
    assert filled(day, "dual-post") == {"lit_resting": 70, "dark_resting": 30}
    assert numbers(result.matches) == [(400, 1, 2, 30, MID_X2, DARK)]


def test_a_match_on_paper_has_all_columns():
    match = run(resting_buy_filled_lit(), "dual-post").matches.iloc[0].to_dict()
    assert match == {
        "date": "2024-09-05",
        "security": 110621,
        "timestamp": 300,
        "buy_order_id": FIRST_ID + 1,
        "sell_order_id": FIRST_ID + 2,
        "quantity": 60,
        "price_x2": MID_X2,
        "deal_source": DARK,
        "aggressor": SELL,
        "trigger": "arrival",
    }


# --- sweeps compete -------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["dual-post", "rest-dark", "dark-only"])
def test_two_sweeps_compete_for_one_contra_and_share_it_in_time(scenario):
    price = 3330 if scenario == "dual-post" else 3340
    day = sweep(Day(), 1, 200, BUY, 100, price)
    sweep(day, 2, 210, BUY, 100, price).enter(3, 300, SELL, 150, 3330)
    result = run(day, scenario)
    assert numbers(result.matches) == [
        (300, 1, 3, 100, MID_X2, DARK),
        (300, 2, 3, 50, MID_X2, DARK),
    ]
    assert outcome(result, 2).unfilled_quantity == 50


@pytest.mark.parametrize("scenario", ["dual-post", "rest-dark", "dark-only"])
def test_a_sweep_takes_what_really_went_to_another_order(scenario):
    # Dark buy 2 really got the 60 of sell 3, as sweep 1 was not in the dark book.
    price = 3330 if scenario == "dual-post" else 3340
    day = sweep(Day(), 1, 200, BUY, 100, price).enter(2, 210, BUY, 60, 3340)
    day.enter(3, 300, SELL, 60, 3330, rows=1).trade(300, (2, 3, 60, 3335, DARK, SELL))
    assert numbers(run(day, "as-entered").matches) == [(300, 2, 3, 60, MID_X2, DARK)]
    assert numbers(run(day, scenario).matches) == [(300, 1, 3, 60, MID_X2, DARK)]


def test_posted_sweeps_of_both_sides_meet_each_other():
    day = sweep(Day(), 1, 200, BUY, 100, 3330)
    sweep(day, 2, 300, SELL, 40, 3340)
    assert numbers(run(day, "as-entered").matches) == []
    assert numbers(run(day, "dual-post").matches) == [(300, 1, 2, 40, MID_X2, DARK)]
    # Without the half tick 3330 and 3340 do not agree at 3335.
    assert numbers(run(day, "rest-dark").matches) == []


# --- what rests where -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("as-entered", {"lit_arrival": 30, "lit_resting": 20}),
        ("dual-post", {"lit_arrival": 30, "lit_resting": 20, "dark_resting": 50}),
        # The 20 were filled while it rested in the lit book, where it is not.
        ("rest-dark", {"lit_arrival": 30, "dark_resting": 50}),
        ("dark-only", {"dark_resting": 50}),
    ],
)
def test_aggressive_lit_fills_stay_where_the_sweep_may_take_them(scenario, expected):
    assert filled(crossing_buy(), scenario) == expected


def test_an_auction_fill_is_one_of_the_lit_book():
    day = sweep(Day(), 1, 200, BUY, 100, 3340).trade(CLOSE_NS + 5, (1, 77, 40, 3340, AUCTION, 0))
    assert filled(day, "as-entered") == filled(day, "dual-post") == {"lit_resting": 40}
    assert filled(day, "rest-dark") == filled(day, "dark-only") == {}


@pytest.mark.parametrize("scenario", ALL)
def test_the_dark_book_comes_first_on_arrival(scenario):
    # Dark sell 2 rests; the sweep takes its 60 and then 40 of the lit book.
    day = Day().enter(2, 150, SELL, 60, 3330)
    sweep(day, 1, 200, BUY, 100, 3340, rows=1)
    day.trade(200, (1, 2, 60, 3335, DARK, BUY), (1, 77, 40, 3340, LIT, BUY))
    lit = {} if scenario == "dark-only" else {"lit_arrival": 40}
    assert filled(day, scenario) == {"dark_arrival": 60} | lit


def test_a_dual_post_meets_at_once_what_half_a_tick_brings_within_reach():
    # 3330 does not reach 3335, so really nothing trades; posted, it takes the resting sell.
    day = Day().enter(2, 150, SELL, 60, 3330)
    sweep(day, 1, 200, BUY, 100, 3330)
    assert filled(day, "as-entered") == {}
    assert filled(day, "dual-post") == {"dark_arrival": 60}


def test_what_the_lit_book_filled_on_arrival_comes_ahead_of_the_post():
    # The sweep took 70 lit; the 60 of sell 2 are within reach of the post only, which is left 30.
    day = Day().enter(2, 150, SELL, 60, 3330)
    sweep(day, 1, 200, BUY, 100, 3330, rows=1).trade(200, (1, 77, 70, 3330, LIT, BUY))
    assert filled(day, "dual-post") == {"lit_arrival": 70, "dark_arrival": 30}


def test_an_amended_sweep_stays_improved():
    day = sweep(Day(), 1, 200, BUY, 100, 3320).amend(1, 250, price=3330)
    day.enter(2, 300, SELL, 60, 3330)
    assert filled(day, "dual-post") == {"dark_resting": 60}


def test_a_sweep_that_really_was_posted_is_in_the_dark_in_every_scenario():
    # Its limit has the half tick because it asked for it.
    day = sweep(Day(), 1, 200, BUY, 100, 3330, midtick=HALF_TICK).enter(2, 300, SELL, 60, 3330)
    for scenario in ALL:
        assert filled(day, scenario) == {"dark_resting": 60}
