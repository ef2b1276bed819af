"""What holds in every scenario of every market."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import cp_markets
import numpy as np
import pandas as pd
import pytest
from cp_random import random_day
from framed import replay_partition, run_scenario, scenario_results
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sweep_dask.market.sessions import is_continuous
from sweep_dask.terms.arms import SCENARIOS

TICK_X2 = 20
SWEEP_BIT = 2048
DARK = range(46, 53)
MARKETS = {"sample": cp_markets.sample_day, "morning": cp_markets.morning}
random_markets = settings(max_examples=25)
seeds = given(seed=st.integers(0, 2**32))


@cache
def partition_of(market):
    return MARKETS[market]().partition()


@cache
def result_of(market, scenario):
    return run_scenario(partition_of(market), scenario, "", 0)


@pytest.mark.parametrize("market", MARKETS)
def test_scenarios_that_run_together_are_those_that_run_alone(market):
    backwards = list(SCENARIOS)[::-1]
    together = scenario_results(partition_of(market), backwards, "", 0)
    for scenario, result in zip(backwards, together, strict=True):
        alone = result_of(market, scenario)
        assert result.matches.equals(alone.matches)
        assert result.order_summary.equals(alone.order_summary)
        assert result.sweep_fills.equals(alone.sweep_fills)


# --- the invariants -------------------------------------------------------------------------------


def require_quantities_to_add_up(result):
    summary = result.order_summary
    parts = summary[
        [
            "dark_arrival_quantity",
            "dark_resting_quantity",
            "lit_arrival_quantity",
            "lit_resting_quantity",
        ]
    ]
    assert (parts >= 0).all(axis=None)
    assert (parts.sum(axis=1) == summary.filled_quantity).all()
    assert (summary.filled_quantity <= summary.quantity).all()
    assert (summary.filled_quantity + summary.unfilled_quantity == summary.quantity).all()
    assert ((summary.unfilled_reason == "") == (summary.unfilled_quantity == 0)).all()
    real = summary.real_dark_quantity + summary.real_lit_quantity
    assert (real == summary.real_filled_quantity).all()
    assert summary.order_id.is_unique
    assert (summary.fill_count > 0).equals(summary.first_fill_ns.notna())
    assert (summary.filled_quantity > 0).equals(summary.fill_count > 0)


def require_fills_to_explain_the_summary(result):
    fills, summary = result.sweep_fills, result.order_summary
    assert (fills.quantity > 0).all()
    lit = fills[fills.venue == "lit"]
    assert (lit.quantity <= lit.recorded_quantity).all()
    per_order = fills.groupby("order_id").quantity.sum()
    filled = summary.set_index("order_id").filled_quantity
    assert (per_order.reindex(filled.index, fill_value=0) == filled).all()
    dark = fills[(fills.venue == "dark") & (fills.deal_source > 0)]
    sweeps = set(summary.order_id)
    matched = defaultdict(int)
    for match in result.matches.itertuples():
        for order_id in (match.buy_order_id, match.sell_order_id):
            if order_id in sweeps:
                matched[order_id] += match.quantity
    given = set(dark.order_id) - set(matched)
    for order_id, quantity in dark.groupby("order_id").quantity.sum().items():
        assert quantity >= matched[order_id] or order_id in given


def require_nobody_to_trade_more_than_it_has(partition, result):
    log = partition.log
    had = defaultdict(int)
    for row in range(log.size):
        order_id = int(log.order_id[log.order[row]])
        if log.is_first[row]:
            is_new = log.reason[row] == 6
            had[order_id] += int(log.leaves[row]) + (int(log.matched[row]) if is_new else 0)
        else:
            had[order_id] += max(int(log.leaves_change[row]), 0)
    used = defaultdict(int)
    for match in result.matches.itertuples():
        used[match.buy_order_id] += match.quantity
        used[match.sell_order_id] += match.quantity
    assert all(quantity <= had[order_id] for order_id, quantity in used.items())


def require_matches_to_be_possible(partition, result):
    log, matches = partition.log, result.matches
    assert (matches.quantity > 0).all()
    at_ns = matches.timestamp.to_numpy()
    # Orders that are there already may meet as trading opens.
    opens = (at_ns == partition.continuous[0].open_ns) & (matches.aggressor == 0).to_numpy()
    assert (is_continuous(at_ns, partition.continuous) | opens).all()
    assert matches.timestamp.is_monotonic_increasing
    number = {int(order_id): order for order, order_id in enumerate(log.order_id)}
    side = dict(zip(log.order.tolist(), log.side.tolist(), strict=True))
    best_buy, best_sell = defaultdict(int), defaultdict(lambda: 2**62)
    for order, limit_x2 in zip(log.order.tolist(), log.limit_x2.tolist(), strict=True):
        best_buy[order] = max(best_buy[order], limit_x2)
        best_sell[order] = min(best_sell[order], limit_x2)
    for match in matches.itertuples():
        buy, sell = number[match.buy_order_id], number[match.sell_order_id]
        assert (side[buy], side[sell]) == (1, 2)
        # A posted sweep may go half a tick further than it asked for.
        assert match.price_x2 <= best_buy[buy] + TICK_X2 // 2
        assert match.price_x2 >= best_sell[sell] - TICK_X2 // 2


def real_quantities(orders, trades):
    """Shares, value, trades and times of each sweep in each book, from the rows one by one."""
    sweeps = {row["order_id"] for row in orders if row["exchangeordertype"] & SWEEP_BIT}
    real = defaultdict(lambda: {"dark": 0, "lit": 0, "dark_x2": 0, "lit_x2": 0, "times": []})
    for trade in trades:
        if trade["orderid"] in sweeps:
            venue = "dark" if trade["dealsource"] in DARK else "lit"
            sums = real[trade["orderid"]]
            sums[venue] += trade["quantity"]
            sums[f"{venue}_x2"] += int(2 * trade["tradeprice"]) * trade["quantity"]
            sums["times"].append(trade["tradetime"])
    return real


def require_the_real_side_to_be_the_tape(result, orders, trades):
    real = real_quantities(orders, trades)
    for row in result.order_summary.itertuples():
        sums = real[row.order_id]
        times = sums["times"]
        assert (row.real_dark_quantity, row.real_lit_quantity) == (sums["dark"], sums["lit"])
        assert (row.real_dark_value_x2, row.real_lit_value_x2) == (sums["dark_x2"], sums["lit_x2"])
        assert row.real_fill_count == len(times)
        if times:
            assert row.real_first_fill_ns == min(times)
            assert row.real_last_fill_ns == max(times)


def require_all(partition, result):
    require_quantities_to_add_up(result)
    require_fills_to_explain_the_summary(result)
    require_nobody_to_trade_more_than_it_has(partition, result)
    require_matches_to_be_possible(partition, result)


def free_matches(partition):
    matches = replay_partition(partition, "", 0, ablations=False).matches
    return matches[matches["mode"] == "free"].drop(columns="mode").reset_index(drop=True)


# --- in whole markets -----------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("market", MARKETS)
def test_invariants_of_whole_markets(market, scenario):
    require_all(partition_of(market), result_of(market, scenario))


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("market", MARKETS)
def test_the_real_side_of_whole_markets_is_the_tape(market, scenario):
    tables = MARKETS[market]()
    require_the_real_side_to_be_the_tape(
        result_of(market, scenario),
        tables.orders.to_dict("records"),
        tables.trades.to_dict("records"),
    )


@pytest.mark.parametrize("market", MARKETS)
def test_as_entered_is_the_free_replay_of_whole_markets(market):
    assert result_of(market, "as-entered").matches.equals(free_matches(partition_of(market)))


@pytest.mark.parametrize("market", MARKETS)
def test_what_each_scenario_takes_from_the_lit_book(market):
    sums = {}
    for scenario in SCENARIOS:
        summary = result_of(market, scenario).order_summary
        columns = ["lit_arrival_quantity", "lit_resting_quantity"]
        sums[scenario] = summary[summary.is_affected][columns].sum().tolist()
    assert sums["dark-only"] == [0, 0]
    # Only after an amendment, which sends it out again, does a sweep take from the lit book later.
    assert 0 <= sums["rest-dark"][1] < sums["as-entered"][1]
    assert market != "morning" or sums["rest-dark"][1] == 0
    # What is posted can only lose to the dark what the lit book would have filled.
    assert sums["dual-post"][1] < sums["as-entered"][1]


@pytest.mark.parametrize("market", MARKETS)
def test_every_scenario_is_about_the_same_sweeps(market):
    columns = ["order_id", "arrival_ns", "quantity", "is_affected"]
    first, *others = (result_of(market, scenario).order_summary[columns] for scenario in SCENARIOS)
    assert all(first.equals(other) for other in others)


@pytest.mark.parametrize("market", MARKETS)
def test_sweeps_without_rivals_in_the_dark_fill_lit_as_they_really_did(market):
    # As entered, lit fills are the recorded ones wherever the book's dark fills are right.
    summary = result_of(market, "as-entered").order_summary
    dark = summary.dark_arrival_quantity + summary.dark_resting_quantity
    same = summary[dark == summary.real_dark_quantity]
    assert len(same) > 0.9 * len(summary)
    lit = same.lit_arrival_quantity + same.lit_resting_quantity
    assert (lit == same.real_lit_quantity).all()


# --- in random markets ----------------------------------------------------------------------------


def test_the_markets_below_have_all_that_the_invariants_are_about():
    partitions = [random_day(seed).partition() for seed in range(20)]
    for scenario in SCENARIOS:
        results = [run_scenario(partition, scenario, "", 0) for partition in partitions]
        fills = pd.concat([result.sweep_fills for result in results])
        assert sum(len(result.matches) for result in results) > 20
        lit = fills[fills.venue == "lit"]
        assert len(lit) > (0 if scenario == "dark-only" else 20)
        if scenario in ("dual-post", "rest-dark"):
            assert (lit.quantity < lit.recorded_quantity).any()


@pytest.mark.parametrize("scenario", SCENARIOS)
@random_markets
@seeds
def test_invariants_of_random_markets(scenario, seed):
    day = random_day(seed)
    partition = day.partition()
    assert partition.left_out.counts() == {}
    result = run_scenario(partition, scenario, "", 0)
    require_all(partition, result)
    require_the_real_side_to_be_the_tape(result, day.order_rows, day.trade_rows)


@random_markets
@seeds
def test_as_entered_is_the_free_replay_of_random_markets(seed):
    partition = random_day(seed).partition()
    assume(partition.tape is not None)
    result = run_scenario(partition, "as-entered", "", 0)
    assert result.matches.equals(free_matches(partition))


@pytest.mark.parametrize("scenario", SCENARIOS)
@random_markets
@seeds
def test_random_markets_are_predicted_without_looking_ahead(scenario, seed):
    day = random_day(seed)
    whole = run_scenario(day.partition(), scenario, "", 0).matches
    cut_ns = int(np.median([row["timestamp"] for row in day.order_rows]))
    day.order_rows = [row for row in day.order_rows if row["timestamp"] <= cut_ns]
    day.trade_rows = [row for row in day.trade_rows if row["tradetime"] <= cut_ns]
    day.quote_rows = [row for row in day.quote_rows if row["timestamp"] <= cut_ns]
    cut = run_scenario(day.partition(), scenario, "", 0).matches
    before = whole[whole.timestamp <= cut_ns].reset_index(drop=True)
    assert cut[cut.timestamp <= cut_ns].equals(before)
