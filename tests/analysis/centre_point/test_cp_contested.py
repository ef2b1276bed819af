"""Contested arrivals, and what priority drawn at random would get right."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from cp_rows import BUY, SELL, SWEEP, Day
from framed import replay_partition
from hypothesis import assume, given
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.fidelity import as_matches
from sweep_dask.analysis.centre_point.order_flow import (
    amendment_rows,
    entry_rows,
    rests_in_dark,
)
from sweep_dask.analysis.centre_point.replay_target import find_arrivals, random_hit_probability
from sweep_dask.analysis.centre_point.tape import dark_matches


def arrivals_of(day):
    """Arrivals as (feasible contras, shares offered, shares traded, contested)."""
    partition = day.partition()
    log, is_in = partition.log, partition.is_in
    recorded = dark_matches(partition.tape, partition.continuous)
    triggers = np.sort(np.concatenate((entry_rows(log, is_in), amendment_rows(log, is_in))))
    rests = rests_in_dark(log, partition.settings.rules) & log.is_on_book & (log.leaves > 0)
    found = find_arrivals(log, as_matches(recorded), recorded.aggressor_id, triggers, rests)
    return list(
        zip(
            found.feasible.tolist(),
            found.offered.tolist(),
            found.traded.tolist(),
            found.is_contested.tolist(),
            strict=True,
        )
    )


def sell(day, quantity, *fills, at=300, number=9, **fields):
    """Sell `number` arrives and trades with (buy, quantity) at 3335."""
    day.enter(number, at, SELL, quantity, 3330, rows=1, **fields)
    return day.trade(at, *((buy, number, part, 3335, 47, SELL) for buy, part in fills))


def buys(*orders):
    """Resting buys from (quantity, price, fields)."""
    day = Day()
    for number, (quantity, price, fields) in enumerate(orders, 1):
        day.enter(number, 200, BUY, quantity, price, **fields)
    return day


def test_one_feasible_contra_is_no_contest():
    assert arrivals_of(sell(buys((100, 3340, {})), 60, (1, 60))) == [(1, 100, 60, False)]


def test_two_contras_with_more_than_is_wanted_are_a_contest():
    day = sell(buys((100, 3340, {}), (100, 3340, {})), 60, (1, 60))
    assert arrivals_of(day) == [(2, 200, 60, True)]


def test_an_arrival_that_takes_all_there_is_meets_no_contest():
    day = sell(buys((100, 3340, {}), (100, 3340, {})), 300, (1, 100), (2, 100))
    assert arrivals_of(day) == [(2, 200, 200, False)]


def test_contras_beyond_their_limits_do_not_count():
    # 3330 with half a tick is 3335, the price; without it is below.
    day = buys((100, 3340, {}), (100, 3330, {"midtick": 1}), (100, 3330, {}))
    assert arrivals_of(sell(day, 60, (1, 60))) == [(2, 200, 60, True)]


def test_a_single_fill_minimum_above_the_arrival_does_not_count():
    single = {"minimumquantity": 80, "singlefillminimumquantity": 1}
    day = buys((100, 3340, {}), (100, 3340, single))
    assert arrivals_of(sell(day, 79, (1, 79))) == [(1, 100, 79, False)]
    day = buys((100, 3340, {}), (100, 3340, single))
    assert arrivals_of(sell(day, 80, (1, 80))) == [(2, 200, 80, True)]


def test_own_side_cancelled_filled_and_lit_orders_do_not_count():
    day = buys((100, 3340, {}), (100, 3340, {}), (100, 3340, {}), (100, 3340, {}))
    day.enter(5, 210, SELL, 100, 3350)
    day.enter(6, 210, BUY, 100, 3340, exchangeordertype=SWEEP)
    day.cancel(3, 220).trade(230, (4, 77, 100, 3335, 47, SELL))
    assert arrivals_of(sell(day, 60, (1, 60)))[-1] == (2, 200, 60, True)


def test_a_dual_posted_sweep_counts():
    day = buys((100, 3340, {}), (100, 3330, {"exchangeordertype": SWEEP, "midtick": 1}))
    assert arrivals_of(sell(day, 60, (1, 60))) == [(2, 200, 60, True)]


def test_what_contras_have_left_counts_not_what_they_entered_with():
    day = sell(buys((100, 3340, {}), (100, 3340, {})), 60, (1, 60))
    sell(day, 60, (1, 40), (2, 20), at=400, number=10)
    assert arrivals_of(day) == [(2, 200, 60, True), (2, 140, 60, True)]


def test_an_amended_order_arrives_again_and_is_not_its_own_contra():
    day = buys((100, 3340, {}), (100, 3340, {})).enter(9, 250, SELL, 60, 3340)
    day.amend(9, 300, price=3330).trade(300, (1, 9, 60, 3335, 47, SELL))
    assert arrivals_of(day) == [(2, 200, 60, True)]


def test_matches_of_resting_orders_are_no_arrivals():
    day = buys((100, 3340, {}), (100, 3340, {})).enter(9, 250, SELL, 60, 3340)
    day.trade(300, (1, 9, 60, 3335, 47, 0))
    assert arrivals_of(day) == []


# --- random priority ------------------------------------------------------------------------------


def chance(feasible, leaves, filled):
    return random_hit_probability(feasible, np.array(leaves), np.array(filled))


@pytest.mark.parametrize(
    ("feasible", "leaves", "filled", "expected"),
    [
        (2, [100], [60], 1 / 2),
        (3, [100], [100], 1 / 3),
        (3, [50, 50], [50, 50], 1 / 3),
        (3, [50, 50], [50, 10], 1 / 6),
        (2, [50, 50], [50, 10], 1 / 2),
        (4, [50, 50, 50], [50, 50, 1], 1 / 12),
        # No queue leaves two of them filled in part, or fills more than there are.
        (3, [50, 50], [10, 10], 0),
        (1, [50, 50], [50, 10], 0),
    ],
)
def test_chances_by_hand(feasible, leaves, filled, expected):
    assert chance(feasible, leaves, filled) == pytest.approx(expected)


def filled_in_order(queue, leaves, wanted):
    fills = {}
    for contra in queue:
        if wanted == 0:
            break
        fills[contra] = min(leaves[contra], wanted)
        wanted -= fills[contra]
    return fills


@given(st.lists(st.integers(1, 4), min_size=2, max_size=5), st.data())
def test_the_chance_is_the_share_of_queues_that_make_these_fills(leaves, data):
    wanted = data.draw(st.integers(1, sum(leaves)))
    assume(wanted < sum(leaves))
    contras = range(len(leaves))
    queues = list(permutations(contras))
    real = filled_in_order(data.draw(st.sampled_from(queues)), leaves, wanted)
    right = sum(filled_in_order(queue, leaves, wanted) == real for queue in queues)
    ours = chance(len(leaves), [leaves[contra] for contra in real], list(real.values()))
    assert ours == pytest.approx(right / len(queues))


# --- right or wrong -------------------------------------------------------------------------------


def contested(day):
    score = replay_partition(day.partition(), "", 0, ablations=False).scores["resync"]
    return score.contested, score.contested_hits, score.contested_random


def test_a_contest_is_right_if_the_oldest_was_filled():
    day = sell(buys((100, 3340, {}), (100, 3340, {})), 60, (1, 60))
    assert contested(day) == (1, 1, 1 / 2)


def test_a_contest_is_wrong_if_another_was_filled():
    day = sell(buys((100, 3340, {}), (100, 3340, {})), 60, (2, 60))
    assert contested(day) == (1, 0, 1 / 2)


def test_a_contest_is_wrong_if_more_is_predicted_than_there_was():
    # The match with 1 is a hit; 2 was not filled, for a reason that no row shows.
    day = sell(buys((50, 3340, {}), (50, 3340, {}), (50, 3340, {})), 100, (1, 50))
    assert contested(day) == (1, 0, 1 / 3)


def test_a_contest_with_an_order_that_is_not_there_does_not_count():
    day = buys((50, 3340, {}), (50, 3340, {}), (50, 3340, {}))
    assert contested(sell(day, 100, (1, 50), (77, 50))) == (0, 0, 0)
