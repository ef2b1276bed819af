"""Quotes that are owed to sweeps which, had they adopted a scenario, would not have made them."""

from __future__ import annotations

import numpy as np
import pytest
from cp_random import RandomDay
from cp_rows import BUY, CANCELLED, OPEN_NS, SELL, Day
from cp_sweeps import replay, sweep
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.own_quotes import OwnQuotes
from sweep_dask.analysis.centre_point.scenarios import Scenarios
from sweep_dask.matching.events import EventKind
from sweep_dask.terms.choices import Switch


def own_bid(*, until_ns=None, other_bid_at=None):
    """Sweep 1 bids 3340 and makes the quote 3340 x 3350, until it is cancelled or outbid.

    Really 3345 is the midpoint, too dear for it; without its bid 3340 is, at which it meets the
    dark sells 2 to 4 of 10 each, which come at 300, 400 and 500.
    """
    day = sweep(Day(3330, 3350), 1, 200, BUY, 100, 3340)
    day.quote(201, 3340, 3350)
    for number, at in ((2, 300), (3, 400), (4, 500)):
        if until_ns and until_ns < at and day.state[1]["changereason"] != CANCELLED:
            day.cancel(1, until_ns)
        if other_bid_at and at == 400:
            day.quote(other_bid_at, 3345, 3350)
            day.quote(other_bid_at + 1, 3340, 3350)
        day.enter(number, at, SELL, 10, 3330)
    return day


SELLS = [[at, 1, number, 10, 6680] for number, at in ((2, 300), (3, 400), (4, 500))]


@pytest.mark.parametrize(
    ("day", "matches"),
    [
        (own_bid(), SELLS),
        # As long as the recorded bid stays where it is: then it is that of others.
        (own_bid(other_bid_at=350), SELLS[:1]),
    ],
)
@pytest.mark.parametrize("scenario", ["rest-dark", "dark-only"])
def test_a_sweep_that_is_not_in_the_lit_book_makes_no_quote_there(scenario, day, matches):
    assert replay(day, scenario) == []
    assert replay(day, scenario, Switch.OWN_QUOTES) == matches


def test_a_sweep_that_rests_in_the_lit_book_makes_its_quote():
    day = own_bid()
    assert replay(day, "dual-post", Switch.OWN_QUOTES) == replay(day, "dual-post") != []
    assert replay(day, "rest-dark", Switch.OWN_QUOTES, adopting=[]) == []


def test_the_quote_is_owed_to_a_sweep_until_its_record_ends():
    # Dark buy 5 pays 3345 to the sells left: the record of sweep 1, which bid 3340, is over.
    day = own_bid(until_ns=350)
    day.enter(5, 600, BUY, 15, 3350)
    prices = [(row[0], row[4]) for row in replay(day, "rest-dark", Switch.OWN_QUOTES)]
    assert prices == [(300, 6680), (600, 6690), (600, 6690)]
    assert [row[4] for row in replay(day, "rest-dark")] == [6690, 6690]


def test_the_offer_is_that_of_a_sweep_as_well():
    day = sweep(Day(3330, 3350), 1, 200, SELL, 100, 3340)
    day.quote(201, 3330, 3340)
    day.enter(2, 300, BUY, 10, 3350)
    assert replay(day, "rest-dark") == []
    assert replay(day, "rest-dark", Switch.OWN_QUOTES) == [[300, 2, 1, 10, 6680]]


def test_before_a_sweep_the_quote_may_be_that_of_another():
    """Sweep 1 bids 3320, 2 bids 3340; before them 3310 is bid, and 3350 offered throughout.

    Dark 3 and 4 buy and sell at any price: what they pay is the midpoint.
    """
    day = sweep(Day(3310, 3350), 1, 200, BUY, 100, 3320)
    day.quote(201, 3320, 3350)
    sweep(day, 2, 210, BUY, 100, 3340)
    day.quote(211, 3340, 3350)
    day.enter(3, 300, BUY, 5, 3350).enter(4, 310, SELL, 5, 3310)
    for adopting, bid in (([], 3340), ([1], 3340), ([2], 3320), ([1, 2], 3310)):
        matches = replay(day, "rest-dark", Switch.OWN_QUOTES, adopting)
        assert {row[4] for row in matches} == {bid + 3350}, adopting


def test_a_new_price_is_a_new_beginning():
    # From 3320 to 3340; before each it was 3310 and, its own, 3320.
    day = sweep(Day(3310, 3350), 1, 200, BUY, 100, 3320)
    day.quote(201, 3320, 3350)
    day.amend(1, 210, price=3340)
    day.quote(211, 3340, 3350)
    day.enter(2, 300, BUY, 5, 3320).enter(3, 310, SELL, 5, 3310)
    matches = replay(day, "rest-dark", Switch.OWN_QUOTES)
    assert matches == [[310, 1, 3, 5, 3310 + 3350]]


@pytest.mark.parametrize(
    "quotes",
    [
        # It comes with a bid that is there, one that others better, or one that nobody sees.
        [(150, 3340, 3350), (201, 3330, 3350), (210, 3340, 3350)],
        [(201, 3345, 3350), (210, 3340, 3350)],
        [(201, 3330, 3340)],
    ],
)
def test_a_sweep_that_did_not_better_the_quote_did_not_make_it(quotes):
    day = Day(3330, 3350)
    earlier = [quote for quote in quotes if quote[0] < 200]
    for quote in earlier:
        day.quote(*quote)
    sweep(day, 1, 200, BUY, 100, 3340)
    for quote in quotes[len(earlier) :]:
        day.quote(*quote)
    day.enter(2, 300, SELL, 10, 3330)
    expected = replay(day, "rest-dark")
    assert replay(day, "rest-dark", Switch.OWN_QUOTES) == expected


def slowly_owed(flow, log, side):
    """The order to which each event's price of one side is owed, or -1, event by event."""
    owner = [-1] * flow.size
    # Where two come with the same price it is owed to the first.
    for at in range(flow.size)[::-1]:
        event = flow.events[at]
        comes = event["kind"] in (EventKind.ENTER, EventKind.AMEND) and event["side"] == side
        if comes and event["is_sweep"] and event["price"]:
            for owed in slowly_owed_to(flow, log, at, side):
                owner[owed] = int(event["order"])
    return owner


def slowly_owed_to(flow, log, at, side):
    """The events with a price that is owed to the sweep that begins at an event."""
    name = "bid" if side == BUY else "offer"
    events, row, price = flow.events, flow.source[at], flow.events[at]["price"]
    previous, before = log.previous[row], events[at][name]
    is_better = price > before if side == BUY else price < before or not before
    if (previous >= 0 and log.price_x2[previous] == log.price_x2[row]) or not is_better:
        return
    until_ns = slowly_until_ns(log, row)
    has_moved, standing = False, -1
    for i in range(flow.size):
        if flow.timestamp_ns[i] > until_ns:
            return
        is_move = events[i]["kind"] == EventKind.QUOTE
        if is_move and events[i][name] != standing:
            standing = events[i][name]
            if flow.timestamp_ns[i] >= flow.timestamp_ns[at]:
                has_moved |= standing != before
                if has_moved and standing != price:
                    return
        if i > at and (is_move or events[i]["has_quote"]) and events[i][name] == price:
            yield i


def slowly_until_ns(log, row):
    """When the order of a row was given another price, or its record ended."""
    later = [r for r in range(row + 1, log.size) if log.order[r] == log.order[row]]
    for r in later:
        is_over = r == later[-1] and (log.exits[r] or not log.leaves[r])
        if log.price_x2[r] != log.price_x2[log.previous[r]] or is_over:
            return log.timestamp_ns[r]
    is_over = not later and (log.exits[row] or not log.leaves[row])
    return log.timestamp_ns[row] if is_over else np.inf


def quote_maker_day(seed):
    """A random day in which sweeps often make the quote."""
    market = RandomDay(seed)
    draw, at = market.draw, OPEN_NS - 10
    for _ in range(50):
        at += draw.choice((0, 1, 10))
        known = len(market.day.state)
        market.step(at, is_given_fills=True)
        state = market.day.state.get(len(market.day.state), {})
        if len(market.day.state) > known and draw.random() < 0.8:
            bid, offer = market.day._bid or 3330, market.day._offer or 3340
            if state["side"] == BUY:
                bid = state["price"]
            else:
                offer = state["price"]
            market.day.quote(at + draw.choice((0, 1)), bid, offer)
            at += 1
        market.expire(at)
    return market.day


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_to_whom_quotes_are_owed(seed):
    partition = quote_maker_day(seed).partition()
    scenarios = Scenarios(partition)
    flow = scenarios.flow(scenarios.orders("rest-dark")).flow
    quotes = OwnQuotes(partition, flow)
    for side, name in ((BUY, "bid"), (SELL, "offer")):
        found = quotes._sides[name]
        owner = np.full(flow.size, -1)
        owner[found.event] = found.order[found.owner]
        assert owner.tolist() == slowly_owed(flow, partition.log, side)


def test_random_days_have_sweeps_that_make_quotes():
    counts = []
    for seed in range(20):
        partition = quote_maker_day(seed).partition()
        scenarios = Scenarios(partition)
        sides = OwnQuotes(partition, scenarios.flow(scenarios.orders("rest-dark")).flow)._sides
        counts.append(sum(one.order.size for one in sides.values()))
    assert sum(counts) > 30
