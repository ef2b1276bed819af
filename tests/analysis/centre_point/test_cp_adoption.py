"""Sweeps that change while others do not, and how long they wait."""

from __future__ import annotations

import cp_markets
import numpy as np
import pytest
from cp_random import random_day
from cp_rows import BUY, FIRST_ID, LIT, SELL, Day
from cp_sweeps import MID_X2, sweep
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.choice_fills import adopted_outcomes, real_outcome
from sweep_dask.analysis.centre_point.choices import (
    CLOSE,
    EVERYONE,
    LOTS,
    RECORDED,
    Adoption,
    lifetime_of,
    lots,
)
from sweep_dask.analysis.centre_point.scenarios import Scenarios
from sweep_dask.terms.arms import AS_ENTERED, SCENARIOS

CHANGES = [name for name in SCENARIOS if name != AS_ENTERED]
FOREVER = np.iinfo(np.int64).max
MARKETS = {"sample": cp_markets.sample_day, "morning": cp_markets.morning}


def forever(scenarios):
    return np.full(scenarios.affected.size, FOREVER)


def matches(flow, result):
    """Every dark match, whatever the position of its event."""
    fills = result.fills
    names = ("buy", "sell", "quantity", "price_x2", "deal_source", "aggressor")
    columns = [flow.flow.timestamp_ns[fills["event"]], *(fills[name] for name in names)]
    return np.column_stack(columns).tolist()


def totals(scenarios, name, adoption, until_ns=None, waits_ns=None):
    """What filled with `adoption`; measured, and waiting, for as long as it takes if not said."""
    until_ns = forever(scenarios) if until_ns is None else until_ns
    flow = scenarios.flow(scenarios.orders(name), waits_ns)
    lot = lots(scenarios.partition.log.order_id, seed=0)
    return adopted_outcomes(scenarios, flow, adoption, lot)[None].totals(until_ns)


# --- worlds in which some change ------------------------------------------------------------------


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    name=st.sampled_from(CHANGES),
    share=st.sampled_from((0.2, 0.5, 0.8)),
    waits=st.sampled_from((None, 0, 15, 100)),
)
def test_those_who_adopt_meet_the_market_in_which_only_they_change(seed, name, share, waits):
    partition = random_day(seed).partition()
    everybody = Scenarios(partition)
    adopts = np.random.default_rng(seed).random(everybody.affected.size) < share
    they_alone = Scenarios(partition, among=adopts)
    until_ns = (
        None if waits is None else partition.log.timestamp_ns.min() + waits + 0 * forever(everybody)
    )
    some, alone = (one.flow(one.orders(name), until_ns) for one in (everybody, they_alone))
    found = some.run(everybody.affected & adopts)
    expected = alone.run(they_alone.affected)
    assert matches(some, found) == matches(alone, expected)
    told = they_alone.affected
    assert given_fills(some, found, told) == given_fills(alone, expected, told)


def given_fills(flow, result, told):
    event = np.flatnonzero((result.applied > 0) & told[flow.flow.events["order"]])
    order = flow.flow.events["order"][event]
    return np.column_stack([flow.flow.timestamp_ns[event], order, result.applied[event]]).tolist()


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", CHANGES)
def test_everyone_at_once_is_the_scenario_to_the_share(market, name):
    scenarios = Scenarios(MARKETS[market]().partition())
    found = totals(scenarios, name, EVERYONE)
    (result,) = scenarios.results([name], "", 0)
    fills = result.fills
    size = scenarios.affected.size
    for total, amount in (
        (found.quantity, fills.quantity),
        (found.value_x2, fills.quantity * fills.price_x2),
        (found.dark_quantity, fills.quantity * fills.is_dark),
    ):
        assert total.tolist() == np.bincount(fills.order, amount, size).astype(np.int64).tolist()


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", CHANGES)
def test_the_fewer_adopt_the_less_they_meet_each_other(market, name):
    """Hardly a sweep meets another that changes, too, if one in two hundred does."""
    scenarios = Scenarios(MARKETS[market]().partition())
    everyone, few = (totals(scenarios, name, Adoption(share)) for share in (1, 0.005))
    shares = [
        one.among_adopters_quantity.sum() / one.dark_quantity.sum() for one in (few, everyone)
    ]
    assert shares[0] < 0.03 < 0.1 < shares[1]


def test_what_really_filled():
    scenarios = Scenarios(cp_markets.sample_day().partition())
    found = real_outcome(scenarios).totals(forever(scenarios))
    tape = scenarios.partition.tape
    ours = tape.is_known & scenarios.record.is_sweep[tape.order]
    assert found.quantity.sum() == tape.quantity[ours].sum() > 0


# --- groups that change nothing -------------------------------------------------------------------


def differences(scenarios, share, seed):
    """Of each sweep, what fills if so many play as recorded, minus what fills if all do."""
    flow = scenarios.flow(scenarios.orders(AS_ENTERED))
    lot = lots(scenarios.partition.log.order_id, seed)
    some, all_of_them = (
        adopted_outcomes(scenarios, flow, adoption, lot)[None].totals(forever(scenarios))
        for adoption in (Adoption(share), EVERYONE)
    )
    names = ("quantity", "value_x2", "dark_quantity")
    return [getattr(some, name) - getattr(all_of_them, name) for name in names]


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("share", [0.01, 0.3])
def test_groups_that_act_as_recorded_change_nothing(market, share):
    scenarios = Scenarios(MARKETS[market]().partition())
    assert not any(found.any() for found in differences(scenarios, share, seed=1))
    (result,) = scenarios.results([AS_ENTERED], "", 0)
    fills, size = result.fills, scenarios.affected.size
    placebo = totals(scenarios, AS_ENTERED, Adoption(share))
    assert placebo.quantity.sum() > 0
    expected = np.bincount(fills.order, fills.quantity, size).astype(np.int64)
    assert placebo.quantity.tolist() == expected.tolist()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.05, 1))
def test_nor_do_they_in_any_market(seed, share):
    scenarios = Scenarios(random_day(seed).partition())
    assert not any(found.any() for found in differences(scenarios, share, seed))


# --- groups ---------------------------------------------------------------------------------------


def test_lots_are_the_same_anywhere_and_evenly_spread():
    ids = FIRST_ID + np.arange(100_000)
    lot = lots(ids, seed=0)
    assert lot[:3].tolist() == lots(ids[:3], seed=0).tolist()
    assert not np.array_equal(lot, lots(ids, seed=1))
    assert 0 <= lots(ids, seed=-1).min() < lots(ids, seed=2**63).max() < LOTS
    assert 0 <= lot.min() <= lot.max() < LOTS
    counts = np.bincount(lot // (LOTS // 20 + 1), minlength=20)
    assert (np.abs(counts - 5_000) < 400).all()


@pytest.mark.parametrize("groups", range(1, 200))
def test_as_many_groups_as_are_asked_for(groups):
    assert Adoption(1 / groups).groups == groups


@given(share=st.floats(0.01, 1), seed=st.integers(0, 9))
def test_each_sweep_is_measured_once_while_it_changes(share, seed):
    lot = lots(np.arange(1_000), seed)
    replays = list(Adoption(share).replays(lot))
    assert sum(replay.is_measured.astype(int) for replay in replays).tolist() == [1] * lot.size
    for replay in replays:
        assert (replay.adopts | ~replay.is_measured).all()
        assert abs(replay.adopts.mean() - share) < 0.06


# --- how long they wait ---------------------------------------------------------------------------

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [("recorded", RECORDED), ("close", CLOSE)],
)
def test_lifetimes_without_a_clock(name, expected):
    assert lifetime_of(name) is expected


@pytest.mark.parametrize(
    ("name", "seconds"), [("clock:1s", 1), ("clock:5min", 300), ("clock:2h", 7_200)]
)
def test_lifetimes_by_the_clock(name, seconds):
    assert lifetime_of(name).duration_ns == seconds * SECOND


@pytest.mark.parametrize(
    "name", ["", "clock", "clock:", "clock:5", "clock:0s", "clock:5days", "clock:-1s", "5min"]
)
def test_what_is_no_lifetime(name):
    with pytest.raises(ValueError, match=f"^{name}$"):
        lifetime_of(name)


def test_until_when_a_sweep_counts():
    arrival_ns, end_ns = np.array([10, 10, 900]), np.array([10, 500, 900])
    until = {
        lifetime.name: lifetime.until_ns(arrival_ns, end_ns, 800).tolist()
        for lifetime in (RECORDED, lifetime_of("clock:1s"), CLOSE)
    }
    assert until == {
        "recorded": [10, 500, 900],
        "clock:1s": [800, 800, 900],
        "close": [800, 800, 900],
    }


def market_of_two():
    """Sweep 1 of 100 rests at 3340 and really fills lit at 250; dark sells come all the time."""
    day = sweep(Day(), 1, 200, BUY, 100, 3340)
    day.enter(2, 240, SELL, 10, 3330)
    day.trade(250, (1, 77, 100, 3340, LIT, SELL))
    return day.enter(3, 300, SELL, 20, 3330).enter(4, 400, SELL, 30, 3330)


@pytest.mark.parametrize(
    ("until", "dark"), [(239, 0), (240, 10), (250, 10), (300, 30), (399, 30), (400, 60)]
)
def test_a_sweep_leaves_the_book_after_the_last_instant_that_it_waits(until, dark):
    scenarios = Scenarios(market_of_two().partition())
    waits_ns = np.full(scenarios.affected.size, until)
    found = totals(scenarios, "rest-dark", EVERYONE, waits_ns=waits_ns)
    assert found.dark_quantity[0] == found.quantity[0] == dark
    assert found.value_x2[0] == dark * MID_X2
    # Or it stays, and what fills later does not count: alone in its market that is the same.
    assert totals(scenarios, "rest-dark", EVERYONE, until_ns=waits_ns).quantity[0] == dark
    assert real_outcome(scenarios).totals(waits_ns).quantity[0] == 100 * (until >= 250)
