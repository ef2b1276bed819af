"""The compiled Centre Point book equals the slow reference, field for field."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from book_market import Market
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_markets import Dice, random_market

from sweep_dask.matching.adopting import Adopting, LitAccess, Pairs
from sweep_dask.matching.book import open_book
from sweep_dask.matching.centre_point import apply_event, fills_of
from sweep_dask.matching.events import EVENT, EventKind, Route
from sweep_dask.matching.rules import Rules

#: Fields of the results of both books.
RESULTS = ("fills", "applied", "leaves", "minimum_quantity", "obstacle", "gains")


def require_equal(market):
    compiled, slow = market.run(), market.run_slowly()
    for name in RESULTS:
        assert getattr(compiled, name).tolist() == getattr(slow, name).tolist(), (name, market)
    return compiled


def require_equal_from_seeds(seeds, most_events):
    """Returns the routes of all fills, to see that the markets are not dull."""
    routes = set()
    for seed in seeds:
        try:
            result = require_equal(random_market(Dice.of_seed(seed), most_events))
        except AssertionError as error:
            error.add_note(f"random_market(Dice.of_seed({seed}), {most_events})")
            raise
        routes |= set(result.fills["route"].tolist())
    return routes


def test_books_are_equal_in_random_markets():
    assert require_equal_from_seeds(range(600), 80) == set(Route)


def test_books_are_equal_where_priority_is_drawn_by_lot():
    drawn = 0
    for seed in range(300):
        market = random_market(Dice.of_seed(seed), 80)
        by_price = replace(market, rules=market.rules.without("time_priority"))
        by_lot = require_equal(replace(by_price, priority_seed=seed))
        drawn += by_lot.fills.tolist() != by_price.run().fills.tolist()
    assert drawn > 30


def some_adopt(market, seed, **arguments):
    """The same market, in which half of the orders adopt."""
    orders = int(market.events["order"].max(initial=-1)) + 1
    adopts = np.random.default_rng(seed).random(orders) < 0.5
    return replace(market, adopting=Adopting(adopts, **arguments))


@pytest.mark.parametrize("apart", [Pairs.ADOPTERS, Pairs.OF_ONE, Pairs.ADOPTERS | Pairs.OF_ONE])
def test_books_are_equal_where_some_pairs_are_kept_apart(apart):
    differ = 0
    for seed in range(400):
        market = some_adopt(random_market(Dice.of_seed(seed), 80), seed, apart=apart)
        if seed % 3 == 0:
            # Participants 1 to 4 have a bit each in the queue; these share one, or are not known.
            market.events["participant"] = 64 * market.events["participant"] - 65
        kept_apart = require_equal(market)
        require_apart(market, kept_apart.fills)
        together = replace(market, adopting=market.adopting._replace(apart=Pairs.NONE)).run()
        changes = kept_apart.fills.tolist() != together.fills.tolist()
        assert not changes or together.met & apart
        differ += changes
    assert differ > 50


def require_apart(market, fills):
    """Participants are those of the order's last event; where it changes, nothing is asked."""
    adopts, apart, _ = market.adopting
    who = defaultdict(set)
    for event in market.events:
        if event["kind"] in (EventKind.ENTER, EventKind.AMEND, EventKind.STATE):
            who[int(event["order"])].add(int(event["participant"]))
    for buy, sell in fills[["buy", "sell"]].tolist():
        is_of_one = who[buy] == who[sell] and len(who[buy]) == 1 and min(who[buy]) >= 0
        assert not (Pairs.ADOPTERS in apart and adopts[buy] and adopts[sell])
        assert not (Pairs.OF_ONE in apart and is_of_one and (adopts[buy] or adopts[sell]))


@pytest.mark.parametrize("lit_access", [LitAccess(bits) for bits in range(4)])
def test_books_are_equal_where_what_adopters_free_goes_to_others(lit_access):
    sweeps, taken, passed_on = 0, 0, 0
    for seed in range(400):
        market = with_lit_fills(random_market(Dice.of_seed(seed), 120), seed)
        market = some_adopt(market, seed, lit_access=lit_access)
        result = require_equal(market)
        kind = market.events["kind"][result.gains["event"]]
        sweeps += result.gains.size
        taken += (kind == EventKind.ENTER).sum()
        adopts = market.adopting.adopts[market.events["order"][result.gains["event"]]]
        passed_on += ((kind == EventKind.REDUCE) & ~adopts).sum()
    assert sweeps > 400
    assert passed_on > 0
    assert LitAccess.TAKES not in lit_access or taken > 20


def with_lit_fills(market, seed):
    """The market without STATE events, more of its orders sweeps, with lit fills of which some
    are not had."""
    events = market.events[market.events["kind"] != EventKind.STATE].copy()
    random = np.random.default_rng(seed)
    is_sweep = random.random(int(events["order"].max(initial=0)) + 1) < 0.7
    kind, is_free = events["kind"], random.random(events.size) < 0.5
    is_order = np.isin(kind, (EventKind.ENTER, EventKind.AMEND))
    events["is_sweep"][is_order] = is_sweep[events["order"][is_order]]
    events["style"][is_order & (events["is_sweep"] != 0)] = 0
    is_lit = np.isin(kind, (EventKind.REDUCE, EventKind.TAKE, EventKind.CANCEL, EventKind.OPT_IN))
    is_lit &= random.random(events.size) < 0.8
    events["kind"][is_lit] = np.where(is_free, EventKind.FREE, EventKind.REDUCE)[is_lit]
    comes_in = random.random(events.size) < 0.6
    events["trades"][is_lit], events["rests"][is_lit] = comes_in[is_lit], ~comes_in[is_lit]
    events["quantity"][is_lit] = random.integers(1, 20, events.size)[is_lit]
    prices = events["price"][is_order & (events["price"] > 0)]
    if prices.size:
        events["limit_x2"][is_lit] = 2 * random.choice(prices, events.size)[is_lit]
    return replace(market, events=events, keeps_fills=True)


def test_a_book_in_which_nobody_adopts_is_as_ever():
    for seed in range(100):
        market = random_market(Dice.of_seed(seed), 80)
        orders = int(market.events["order"].max(initial=-1)) + 1
        nobody = Adopting(np.zeros(orders, dtype=bool), Pairs.ADOPTERS | Pairs.OF_ONE)
        found, expected = replace(market, adopting=nobody).run(), market.run()
        assert found.fills.tolist() == expected.fills.tolist()
        assert found.met == Pairs.NONE


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 6000, 1000))
def test_books_are_equal_in_thousands_of_random_markets(first):
    require_equal_from_seeds(range(10_000 + first, 11_000 + first), 100)


@pytest.mark.slow
def test_books_are_equal_in_larger_random_markets():
    require_equal_from_seeds(range(50_000, 50_060), 1500)


@st.composite
def shrinkable_markets(draw):
    dice = Dice(lambda low, high: draw(st.integers(low, high)))
    return random_market(dice, 25)


# Without a deadline: the first example compiles.
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(shrinkable_markets())
def test_books_are_equal_in_markets_that_shrink(market):
    require_equal(market)


@pytest.mark.parametrize("seed", range(5))
def test_events_one_at_a_time_make_the_same_fills(seed):
    market = random_market(Dice.of_seed(seed), 300)
    tick_from, tick = np.array(market.ticks).T
    book = open_book(
        market.rules,
        tick_from,
        tick,
        market.preferencing,
        market.block_min_value,
        keeps_fills=market.keeps_fills,
    )
    for position, event in enumerate(market.events):
        book = apply_event(book, event, position)
    assert fills_of(book).tolist() == market.run().fills.tolist()


@pytest.mark.parametrize("block_min_value", [None, 0])
@pytest.mark.parametrize("count", [0, 2])
def test_quotes_without_orders_make_no_fills(count, block_min_value):
    events = np.zeros(count, EVENT)
    events["kind"], events["bid"], events["offer"] = EventKind.QUOTE, 3300, 3310
    market = Market(events, Rules(), ((0, 10),), (), block_min_value, keeps_fills=True)
    assert require_equal(market).fills.size == 0


def test_random_markets_have_events_of_all_kinds():
    kinds = set()
    for seed in range(20):
        kinds |= set(random_market(Dice.of_seed(seed), 80).events["kind"].tolist())
    # What is freed is a question asked of a market, see `with_lit_fills`.
    assert kinds == set(EventKind) - {EventKind.FREE}
