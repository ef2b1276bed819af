"""Real orders are hidden, and what the book predicts of them is compared with what they did."""

from __future__ import annotations

import cp_markets
import numpy as np
import pytest
from cp_random import random_day
from cp_rows import BUY, BY_SYSTEM, HALF_TICK, IMMEDIATE, LIT, SELL, Day
from cp_sweeps import sweep

from sweep_dask.analysis.centre_point.hidden_orders import (
    HiddenOrders,
    OrderFills,
    Outcome,
    Reliability,
)
from sweep_dask.analysis.centre_point.hide_and_predict import (
    SCORED_LIFETIMES,
    hide_and_predict,
    hiding_flow,
    rested_orders,
)
from sweep_dask.analysis.centre_point.order_flow import free_flow

NAMES = [lifetime.name for lifetime in SCORED_LIFETIMES]
MARKETS = {"sample": cp_markets.sample_day, "morning": cp_markets.morning}


def day_of_all_outcomes():
    day = Day()
    # Predicted and real: 2 sells 30 to 1, of which 20 are left when it is cancelled.
    day.enter(1, 200, BUY, 50, 3340).enter(2, 300, SELL, 30, 3330, rows=1)
    day.trade(300, (1, 2, 30, 3335, 47, SELL)).cancel(1, 400)
    # Neither: 3 is too low.
    day.enter(3, 500, BUY, 40, 3320).cancel(3, 600)
    # Predicted only: 5 should have sold to 4, and has not.
    day.enter(4, 700, BUY, 10, 3340)
    day.enter(5, 750, SELL, 10, 3330, rows=1, timevalidity=IMMEDIATE).cancel(5, 750, BY_SYSTEM)
    day.cancel(4, 800)
    # Real only: nobody can know that a stranger buys from 6.
    day.enter(6, 900, SELL, 20, 3330)
    return day.trade(1_000, (99, 6, 20, 3335, 47, BUY))


@pytest.mark.parametrize("one_in", [1, 20, 1_000])
@pytest.mark.parametrize("name", NAMES)
def test_every_outcome_by_hand(one_in, name):
    told = hide_and_predict(day_of_all_outcomes().partition(), one_in)
    assert told.orders == 4
    reliability = told.by_lifetime[name]
    assert reliability.outcomes == {
        "predicted_and_real": Outcome(1, 30, 30),
        "predicted_only": Outcome(1, 10, 0),
        "real_only": Outcome(1, 0, 20),
        "neither": Outcome(1, 0, 0),
    }
    told = reliability.as_json()
    assert told["right_share"] == 1 / 2
    # Nobody cancelled 6, and 3 and 4 did not fill; 1 filled and was cancelled.
    assert told["uncancelled_right_share"] == (3 / 4)
    assert (told["predicted_quantity"], told["real_quantity"]) == (40, 50)
    assert told["mean_error_quantity"] == -10 / 4
    assert told["real_share_where_predicted"] == told["real_share_where_not_predicted"] == 1 / 2
    # 100 ns and 50 ns are predicted, 100 ns and 100 ns real; a time is known within 0.4 %.
    assert told["predicted_median_seconds"] == pytest.approx(75e-9, rel=0.004)
    assert told["real_median_seconds"] == pytest.approx(100e-9, rel=0.004)


def late_fill():
    """1 really sells at 300, beyond its limit; in the book it stays, and sells at 500."""
    day = Day().enter(1, 200, SELL, 30, 3330).enter(2, 300, BUY, 30, 3320, rows=1)
    day.trade(300, (2, 1, 30, 3335, 47, BUY))
    day.enter(3, 500, BUY, 30, 3340, rows=1, timevalidity=IMMEDIATE)
    return day.cancel(3, 500, BY_SYSTEM)


@pytest.mark.parametrize(
    ("name", "outcome"), [("recorded", "real_only"), ("close", "predicted_and_real")]
)
def test_a_fill_after_the_record_has_ended_counts_until_the_close_alone(name, outcome):
    reliability = hide_and_predict(late_fill().partition()).by_lifetime[name]
    assert reliability.outcomes[outcome].orders == 1
    assert sum(found.orders for found in reliability.outcomes.values()) == 1


def test_who_rested():
    day = Day().enter(1, 50, BUY, 10, 3330)
    day.enter(2, 200, BUY, 10, 3330, rows=1, timevalidity=IMMEDIATE).cancel(2, 200, BY_SYSTEM)
    sweep(day, 3, 300, BUY, 10, 3330)
    sweep(day, 4, 400, BUY, 10, 3330, midtick=HALF_TICK)
    day.enter(5, 500, BUY, 10, 3330).enter(6, 600, SELL, 5, 3330, rows=1)
    day.trade(600, (5, 6, 5, 3335, 47, SELL))
    day.enter(7, 700, SELL, 5, 3330).trade(700, (5, 7, 5, 3335, 47, SELL))
    # 1 came before the opening, 2 never rested, 3 rests in the lit book alone, 6 and 7 filled at
    # once, whatever their rows show.
    assert (np.flatnonzero(rested_orders(day.partition())) + 1).tolist() == [4, 5]


def test_fills_of_the_arrival_are_not_those_of_resting():
    day = Day().enter(1, 200, SELL, 20, 3350)
    day.enter(2, 300, SELL, 30, 3330).enter(3, 400, BUY, 50, 3340, rows=1)
    day.trade(400, (3, 2, 30, 3335, 47, BUY)).enter(4, 500, SELL, 20, 3330, rows=1)
    day.trade(500, (3, 4, 20, 3335, 47, SELL))
    told = hide_and_predict(day.partition(), 1).by_lifetime["recorded"]
    # 2 sells 30 and 3, after its own 30, buys 20; 1 never trades.
    assert told.outcomes["predicted_and_real"] == Outcome(2, 50, 50)
    assert told.outcomes["neither"] == Outcome(1, 0, 0)


def test_a_lit_fill_of_a_hidden_sweep_stays():
    day = sweep(Day(), 1, 200, BUY, 50, 3340, midtick=HALF_TICK)
    day.trade(300, (1, 77, 40, 3340, LIT, SELL)).enter(2, 400, SELL, 30, 3330, rows=1)
    day.trade(400, (1, 2, 10, 3335, 47, SELL))
    told = hide_and_predict(day.partition(), 1).by_lifetime["recorded"]
    assert told.outcomes["predicted_and_real"] == Outcome(1, 10, 10)


@pytest.mark.parametrize("seed", range(20))
def test_with_nobody_hidden_it_is_the_free_replay(seed):
    partition = random_day(seed).partition()
    flow = hiding_flow(partition, rested_orders(partition))
    result = flow.run(np.zeros(partition.log.order_id.size, dtype=bool))
    args = (partition.log, partition.tape, partition.settings.rules, partition.is_in)
    free = free_flow(*args, partition.market)
    expected = partition.run(free).fills
    names = ["buy", "sell", "quantity", "price_x2", "aggressor"]
    assert result.fills[names].tolist() == expected[names].tolist()
    times = flow.flow.timestamp_ns[result.fills["event"]]
    assert times.tolist() == free.timestamp_ns[expected["event"]].tolist()


@pytest.mark.parametrize("seed", range(10))
def test_real_outcomes_do_not_depend_on_the_groups(seed):
    partition = random_day(seed).partition()
    real = [
        [
            told.by_lifetime[name].as_json()[key]
            for name in NAMES
            for key in ("real_quantity", "real_share")
        ]
        for told in (hide_and_predict(partition, one_in, seed) for one_in in (1, 3, 50))
    ]
    assert real[0] == real[1] == real[2]


@pytest.mark.parametrize("market", MARKETS)
def test_predictions_are_better_than_the_share_that_fills(market):
    """A coin that knows the share s of orders that fill is right in s * s + (1 - s) * (1 - s)."""
    for reliability in hide_and_predict(MARKETS[market]().partition()).by_lifetime.values():
        told = reliability.as_json()
        by_chance = told["real_share"] ** 2 + (1 - told["real_share"]) ** 2
        # Hardly a tenth as often wrong.
        assert 1 - told["right_share"] < 0.11 * (1 - by_chance)
        assert told["right_share"] > told["uncancelled_right_share"]
        assert told["quantity_correlation"] > 0.98


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", NAMES)
def test_time_knows_more_than_lots(market, name):
    told = hide_and_predict(MARKETS[market]().partition())
    by_lot = told.random_priority[name].as_json()
    assert by_lot["real_quantity"] == told.by_lifetime[name].as_json()["real_quantity"]
    assert by_lot["right_share"] < told.by_lifetime[name].as_json()["right_share"]


def test_without_a_tape_nothing_is_real():
    day = Day().enter(1, 200, BUY, 50, 3340).enter(2, 300, SELL, 30, 3330, rows=1)
    told = hide_and_predict(day.partition()).by_lifetime["close"]
    assert told.outcomes["predicted_only"] == Outcome(1, 30, 0)


def test_nobody_rested():
    told = hide_and_predict(Day().enter(1, 200, BUY, 5, 3340, rows=1).partition())
    assert told.orders == 0
    assert told.by_lifetime["close"].as_json()["quantity_correlation"] is None


# --- sums -----------------------------------------------------------------------------------------


def reliability(predicted, real, first_ns=10**9):
    fills = [
        OrderFills(np.array(shares), np.full(len(shares), first_ns)) for shares in (predicted, real)
    ]
    return Reliability.of(*fills, np.zeros(len(real), dtype=bool))


def test_parts_make_the_whole():
    told = HiddenOrders()
    for part in (reliability([10, 0], [10, 5]), reliability([7], [0], 3 * 10**9)):
        told.add(HiddenOrders({"close": part}, {"close": part}))
    whole = reliability([10, 0, 7], [10, 5, 0])
    assert told.orders == 3
    shown, expected = told.by_lifetime["close"].as_json(), whole.as_json()
    correlation = np.corrcoef([10, 0, 7], [10, 5, 0])[0, 1]
    assert shown["quantity_correlation"] == pytest.approx(correlation)
    # 1 and 3 seconds.
    assert shown.pop("predicted_median_seconds") == 2.0
    assert expected.pop("predicted_median_seconds") == 1.0
    assert shown == expected
    assert told.as_json()["random_priority"]["until"] == told.as_json()["until"]


def test_products_of_large_quantities_are_exact():
    shares = np.full(3, 4_000_000_000)
    found = Reliability.of(*[OrderFills(shares, shares)] * 2, np.zeros(3, dtype=bool))
    assert found.squares["both"] == 3 * 4_000_000_000**2
