"""Assumptions put the other way, one at a time.

By hand the quote is 3330 x 3340 until a test moves it: the midpoint is 3335 (doubled 6670).
"""

from __future__ import annotations

import cp_markets
import numpy as np
import pytest
from cp_random import random_day
from cp_rows import BUY, SELL, Day
from cp_sweeps import replay, sweep
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_book import run_reference

from sweep_dask.analysis.centre_point.choice_fills import adopted_outcomes
from sweep_dask.analysis.centre_point.choices import Adoption, lots
from sweep_dask.analysis.centre_point.scenario_flow import ScenarioFlow
from sweep_dask.analysis.centre_point.scenarios import Scenarios
from sweep_dask.matching.reference.centre_point import ReferenceBook
from sweep_dask.terms.arms import AS_ENTERED, SCENARIOS
from sweep_dask.terms.choices import SWITCHES, Switch

CHANGES = [name for name in SCENARIOS if name != AS_ENTERED]
FOREVER = np.iinfo(np.int64).max


def test_each_switch_is_described():
    assert list(SWITCHES) == list(Switch)
    assert all(SWITCHES.values())


# --- among adopters -------------------------------------------------------------------------------


def two_sweeps_and_a_sell():
    """Sweeps 1 (buy 100 at 3330) and 2 (sell 40 at 3340) agree if posted; 3 sells 25 later."""
    day = sweep(Day(), 1, 200, BUY, 100, 3330)
    return sweep(day, 2, 300, SELL, 40, 3340).enter(3, 400, SELL, 25, 3330)


def test_two_orders_that_adopt_do_not_meet():
    day = two_sweeps_and_a_sell()
    together = [[300, 1, 2, 40, 6670], [400, 1, 3, 25, 6670]]
    assert replay(day, "dual-post") == together
    assert replay(day, "dual-post", Switch.AMONG_ADOPTERS) == together[1:]


def test_one_that_adopts_meets_another_that_does_not():
    # Sweep 2 crosses the spread as it is, and finds 1 posted; it meets it whether 1 adopts or not.
    day = sweep(Day(), 1, 200, BUY, 100, 3340)
    sweep(day, 2, 300, SELL, 40, 3330)
    for adopting, switched in (([1], 40), ([1, 2], 0)):
        sold = [row[3] for row in replay(day, "rest-dark", Switch.AMONG_ADOPTERS, adopting)]
        assert sum(sold) == switched
        assert replay(day, "rest-dark", None, adopting) == [[300, 1, 2, 40, 6670]]


# --- own orders -----------------------------------------------------------------------------------


def own_and_other_sell(participant, own):
    """Sweep 1 (buy 100 at 3340) rests in the dark; 2 sells 40, then 3 of another sells 30."""
    day = sweep(Day(), 1, 200, BUY, 100, 3340, participantid=participant)
    day.enter(2, 300, SELL, 40, 3330, participantid=own, crossingkey=5)
    return day.enter(3, 400, SELL, 30, 3330, participantid=8)


@pytest.mark.parametrize(("participant", "meets"), [(7, False), (None, True)])
def test_orders_of_one_known_participant_do_not_meet(participant, meets):
    day = own_and_other_sell(participant, participant)
    all_of_them = [[300, 1, 2, 40, 6670], [400, 1, 3, 30, 6670]]
    assert replay(day, "rest-dark") == all_of_them
    expected = all_of_them if meets else all_of_them[1:]
    assert replay(day, "rest-dark", Switch.OWN_ORDERS) == expected


def test_orders_of_one_participant_that_do_not_adopt_go_on_to_meet():
    # Sweep 4 adopts; dark orders 2 and 3 of one participant meet in spite of it.
    day = Day().enter(2, 150, BUY, 40, 3340, participantid=7)
    day.enter(3, 160, SELL, 40, 3330, participantid=7)
    sweep(day, 4, 200, BUY, 10, 3340, participantid=7)
    assert replay(day, "rest-dark", Switch.OWN_ORDERS) == [[160, 1, 2, 40, 6670]]


# --- every switch ---------------------------------------------------------------------------------


def same(scenarios, flow, adopts, one, other):
    """Whether two replays are the same, as far as they tell of sweeps."""
    told = adopts | ~scenarios.affected
    of_told = told[flow.flow.events["order"]]
    return (
        one.fills.tolist() == other.fills.tolist()
        and one.gains.tolist() == other.gains.tolist()
        and one.applied[of_told].tolist() == other.applied[of_told].tolist()
        and one.leaves[told].tolist() == other.leaves[told].tolist()
        and one.minimum_quantity[told].tolist() == other.minimum_quantity[told].tolist()
    )


def some_of(scenarios, seed, share):
    random = np.random.default_rng(seed)
    return scenarios.affected & (random.random(scenarios.affected.size) < share)


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    name=st.sampled_from(CHANGES),
    switch=st.sampled_from(Switch),
    share=st.sampled_from((0.2, 0.6, 1)),
)
def test_where_a_switch_cannot_matter_it_changes_nothing(seed, name, switch, share):
    scenarios = Scenarios(random_day(seed).partition())
    flow = scenarios.flow(scenarios.orders(name))
    adopts = some_of(scenarios, seed, share)
    result = flow.run(adopts)
    if not flow.may_matter(switch, adopts, result):
        assert same(scenarios, flow, adopts, flow.run(adopts, switch), result)


@pytest.mark.parametrize("switch", Switch)
def test_switches_matter_in_random_markets_and_are_seldom_suspected_in_vain(switch):
    matters, suspected = 0, 0
    for seed in range(150):
        scenarios = Scenarios(random_day(seed).partition())
        flow = scenarios.flow(scenarios.orders(CHANGES[seed % len(CHANGES)]))
        adopts = some_of(scenarios, seed, 0.6)
        result = flow.run(adopts)
        matters += not same(scenarios, flow, adopts, flow.run(adopts, switch), result)
        suspected += flow.may_matter(switch, adopts, result)
    assert 15 < matters <= suspected < 150


@pytest.mark.parametrize("switch", Switch)
@pytest.mark.parametrize("name", SCENARIOS)
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_where_nobody_adopts_a_switch_changes_nothing(name, switch, seed):
    scenarios = Scenarios(random_day(seed).partition())
    flow = scenarios.flow(scenarios.orders(name))
    nobody = np.zeros_like(scenarios.affected)
    result = flow.run(nobody)
    assert same(scenarios, flow, nobody, flow.run(nobody, switch), result)
    assert not flow.may_matter(switch, nobody, result)


@pytest.mark.parametrize("switch", Switch)
@pytest.mark.parametrize("market", [cp_markets.sample_day, cp_markets.morning])
def test_as_entered_there_is_nothing_to_switch(market, switch):
    scenarios = Scenarios(market().partition())
    flow = scenarios.flow(scenarios.orders(AS_ENTERED))
    everyone = scenarios.affected
    result = flow.run(everyone)
    assert same(scenarios, flow, everyone, flow.run(everyone, switch), result)
    assert not flow.may_matter(switch, everyone, result)


@pytest.mark.parametrize("switch", Switch)
@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**32),
    name=st.sampled_from(CHANGES),
    share=st.sampled_from((0.3, 0.6, 1)),
)
def test_replays_are_those_of_the_reference(switch, seed, name, share):
    partition = random_day(seed).partition()
    scenarios = Scenarios(partition)
    flow = scenarios.flow(scenarios.orders(name))
    adopts = some_of(scenarios, seed, share)
    result, given = flow.run(adopts, switch), flow.replay_input(adopts, switch)
    ticks = list(zip(*(column.tolist() for column in partition.settings.ticks.arrays), strict=True))
    book = ReferenceBook(partition.settings.rules, ticks, adopting=given.adopting)
    slow = run_reference(book, given.events[given.happening], adopts.size)
    for name in ("fills", "gains"):
        slow_ones = getattr(slow, name)
        slow_ones["event"] = given.happening[slow_ones["event"]]
        assert getattr(result, name).tolist() == slow_ones.tolist()
    assert result.applied[given.happening].tolist() == slow.applied.tolist()


@pytest.mark.parametrize("share", [0.2, 0.6, 1])
@pytest.mark.parametrize("name", CHANGES)
def test_a_replay_that_is_not_repeated_under_a_switch_is_the_same(name, share, monkeypatch):
    scenarios = Scenarios(cp_markets.sample_day().partition())
    flow = scenarios.flow(scenarios.orders(name))
    lot = lots(scenarios.partition.log.order_id, seed=0)
    arguments = scenarios, flow, Adoption(share), lot, Switch
    found = adopted_outcomes(*arguments)
    monkeypatch.setattr(ScenarioFlow, "may_matter", lambda *_: True)
    repeated = adopted_outcomes(*arguments)
    assert list(found) == list(repeated) == [None, *Switch]
    forever = np.full(lot.size, FOREVER)
    for switch, outcome in found.items():
        for one, other in zip(outcome.fills, repeated[switch].fills, strict=True):
            assert np.array_equal(one, other)
    quantities = [tuple(outcome.totals(forever).quantity) for outcome in found.values()]
    assert len(set(quantities)) > 2


@pytest.mark.parametrize("switch", Switch)
@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(CHANGES))
def test_nobody_fills_more_than_there_was_to_fill(switch, seed, name):
    partition = random_day(seed).partition()
    scenarios = Scenarios(partition)
    flow = scenarios.flow(scenarios.orders(name))
    lot = lots(partition.log.order_id, seed=0)
    outcomes = adopted_outcomes(scenarios, flow, Adoption(0.5), lot, [switch])
    found = outcomes[switch].totals(np.full(lot.size, FOREVER))
    order = scenarios.record.order
    assert (found.quantity[order] <= scenarios.record.quantity).all()
    assert (found.dark_quantity <= found.quantity).all()
