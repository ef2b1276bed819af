"""How the steps per event of the Centre Point book grow with the orders resting.

A crowd rests on one side; random limits and random minima keep nearly all of it from trading. Small
orders arrive on the other side, stay for a while and are cancelled, as are some of the crowd, and
the quote moves in between. Steps are counted, not timed.

They grow with the logarithm of the crowd, as long as the minima of the crowd are far from what
could be met. Orders that are in reach but refused, with a minimum near that, are looked at one by
one, by each order that looks; so are dark limit orders as the quote moves, and blocks. These steps
grow with the crowd itself.
"""

from math import log

import numpy as np
import pytest
from book_market import Market
from numba import njit

from sweep_dask.matching.adopting import Adopting, Pairs
from sweep_dask.matching.book import open_book
from sweep_dask.matching.centre_point import apply_event
from sweep_dask.matching.events import EVENT, EventKind, Style
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.sides import BUY, SELL

SIZES = 1_000, 10_000, 100_000
ROUNDS = 400
#: How often one and the same thing happens behind a crowd.
AGAIN = 20
#: The first bid in 0.1 cent and the tick; limits are counted in half ticks from this bid.
BID, TICK = 3300, 10
#: Beyond all midpoints and all limits of the small orders, in half ticks.
OUT_OF_REACH = 60
#: Small orders that rest at a time, and less than their largest size; together below the class of
#: MAQs (see `queue.class_of`) of those in reach.
WAITING, SMALL = 10, 50
LARGE_MINIMUM = 5_000
PARTICIPANTS = 30


def crowd(
    count,
    random,
    *,
    style=Style.MIDPOINT,
    has_minima=True,
    participants=PARTICIPANTS,
    large_minimum=LARGE_MINIMUM,
):
    """Sells: in reach, but with a large minimum; or with any minimum, but out of reach."""
    sells = arrivals(count, SELL, style, random.integers(0, participants, count))
    is_near = random.random(count) < 0.5 if has_minima else np.zeros(count, bool)
    near, far = (
        random.integers(-100, OUT_OF_REACH, count),
        random.integers(OUT_OF_REACH, 200, count),
    )
    set_limits(sells, np.where(is_near, near, far))
    sells["quantity"] = random.integers(10_000, 20_000, count)
    if has_minima:
        sells["minimum_quantity"] = random.integers(np.where(is_near, large_minimum, 0), 10_000)
        sells["single_fill"] = random.random(count) < 0.5
    # A few would trade with anybody, wherever they are in time.
    willing = random.choice(count, 20, replace=False)
    sells["minimum_quantity"][willing], sells["quantity"][willing] = 0, SMALL
    set_limits(sells, 0, willing)
    return sells


def arrivals(count, side, style, participant):
    orders = np.zeros(count, EVENT)
    orders["kind"], orders["rests"], orders["trades"] = EventKind.ENTER, 1, 1
    orders["order"] = np.arange(count)
    orders["side"], orders["style"], orders["participant"] = side, style, participant
    return orders


def set_limits(orders, half_ticks, where=slice(None)):
    orders["limit_x2"][where] = 2 * BID + TICK * half_ticks
    orders["price"][where] = BID + TICK // 2 * half_ticks


def small_orders(first, random, *, style=Style.MIDPOINT):
    """Each round a buy arrives, the quote moves and an older buy, or one of the crowd, leaves."""
    buys = arrivals(ROUNDS, BUY, style, random.integers(0, PARTICIPANTS, ROUNDS))
    buys["order"] += first
    set_limits(buys, random.integers(-4, OUT_OF_REACH, ROUNDS))
    buys["quantity"] = random.integers(1, SMALL, ROUNDS)
    has_minimum = random.random(ROUNDS) < 0.3
    buys["minimum_quantity"] = np.where(has_minimum, (buys["quantity"] + 1) // 2, 0)
    buys["single_fill"] = random.random(ROUNDS) < 0.5
    moves = np.zeros(ROUNDS, EVENT)
    moves["kind"] = EventKind.QUOTE
    moves["bid"] = BID + TICK * random.integers(-2, 3, ROUNDS)
    moves["offer"] = moves["bid"] + TICK * random.choice([1, 1, 2, 6], ROUNDS)
    exits = np.zeros(ROUNDS, EVENT)
    exits["kind"] = EventKind.CANCEL
    rounds = np.arange(ROUNDS)
    of_crowd = random.integers(0, first, ROUNDS)
    exits["order"] = np.where(rounds % 8 == 0, of_crowd, first + np.maximum(rounds - WAITING, 0))
    return np.column_stack((buys, moves, exits)).ravel()


def opening():
    events = np.zeros(2, EVENT)
    events["kind"], events["quantity"] = [EventKind.SESSION, EventKind.QUOTE], 1
    events["bid"], events["offer"] = BID, BID + TICK
    return events


@njit
def _apply(book, events, steps):
    for position in range(events.size):
        before = book.state[0].steps
        book = apply_event(book, events[position], position)
        steps[position] = book.state[0].steps - before


def steps_of(events, preferencing=(), block_min_value=None):
    """int64[n], steps of each event."""
    steps = np.zeros(events.size, np.int64)
    ticks = np.array([0]), np.array([TICK])
    book = open_book(Rules(), *ticks, preferencing, block_min_value)
    _apply(book, events, steps)
    return steps


def mean_steps(events, count, **given):
    """Mean steps of an event of each kind; of arrivals, for the crowd and the small orders."""
    steps = steps_of(events, **given)
    is_crowd = (events["kind"] == EventKind.ENTER) & (events["order"] < count)
    means = {
        EventKind(kind).name: steps[(events["kind"] == kind) & ~is_crowd].mean()
        for kind in np.unique(events["kind"])
    }
    return means | {"CROWD": steps[is_crowd].mean()}


def require_growth(means, linear=()):
    """`means` has the mean steps for each of `SIZES`: with its log, or with it for some kinds."""
    least = means[0]
    for size, found in zip(SIZES[1:], means[1:], strict=True):
        for kind, steps in found.items():
            ratio = size / SIZES[0] if kind in linear else log(size) / log(SIZES[0])
            assert steps <= 1.3 * ratio * least[kind], (kind, size, means)


#: For each: of the crowd, of the small orders, of the book, and which steps grow with the crowd.
CROWDS = {
    "limits and minima": ({}, {}, {}, ()),
    "limits alone": ({"has_minima": False}, {}, {}, ()),
    "of one participant": ({"participants": 1}, {}, {"preferencing": [0]}, ()),
    "minima near by": ({"large_minimum": SMALL}, {}, {}, ("ENTER", "QUOTE")),
    "dark limits": ({"style": Style.DARK_LIMIT}, {"style": Style.DARK_LIMIT}, {}, ("QUOTE",)),
    "blocks": (
        {"style": Style.ANY_PRICE_BLOCK},
        {"style": Style.ANY_PRICE_BLOCK},
        {"block_min_value": 2 * BID * SMALL},
        ("ENTER", "QUOTE"),
    ),
}


@pytest.mark.parametrize("name", CROWDS)
def test_steps_grow_no_faster_than_they_may(name):
    of_crowd, of_small, of_book, linear = CROWDS[name]
    means = []
    for count in SIZES:
        random = np.random.default_rng(count)
        sells = crowd(count, random, **of_crowd)
        events = np.concatenate((opening(), sells, small_orders(count, random, **of_small)))
        means.append(mean_steps(events, count, **of_book))
    require_growth(means, linear)


def youngest_of_a_crowd(count, style):
    """A crowd, contras whose minimum only the crowd could meet, and the last of it, willing."""
    random = np.random.default_rng(count)
    sells = crowd(count, random, style=style)
    set_limits(sells, -50, [-1])
    sells["minimum_quantity"][-1], sells["quantity"][-1] = 0, SMALL
    buys = arrivals(WAITING, BUY, style, 0)
    buys["order"] += count
    set_limits(buys, OUT_OF_REACH - 1)
    buys["single_fill"], buys["quantity"] = 1, 300
    buys["minimum_quantity"] = SMALL + 1
    return sells, buys


def looks_again(order):
    order["kind"], order["keeps_place"], order["quantity"] = EventKind.AMEND, 1, 0
    return np.repeat(order, AGAIN)


def quote_moves(order):
    moves = np.repeat(opening()[1:], AGAIN)
    moves["offer"] += TICK * (2 + np.arange(AGAIN) % 3)
    return moves


@pytest.mark.parametrize("style", [Style.MIDPOINT, Style.DARK_LIMIT])
@pytest.mark.parametrize("happens", [looks_again, quote_moves])
def test_steps_of_an_order_that_may_trade_behind_a_crowd(happens, style):
    """Those ahead of it need not be asked one by one whether they help it to meet a minimum."""
    means = []
    for count in SIZES:
        sells, buys = youngest_of_a_crowd(count, style)
        again = happens(sells[-1:].copy())
        means.append(mean_steps(np.concatenate((opening(), sells, buys, again)), count))
    require_growth(means, linear=("QUOTE",) if style == Style.DARK_LIMIT else ())


@pytest.mark.parametrize("name", CROWDS)
def test_a_crowd_trades_as_in_the_reference(name):
    of_crowd, of_small, of_book, _ = CROWDS[name]
    random = np.random.default_rng(5)
    sells, buys = crowd(300, random, **of_crowd), small_orders(300, random, **of_small)
    market = Market(
        np.concatenate((opening(), sells, buys[:300])),
        Rules(),
        ((0, TICK),),
        tuple(of_book.get("preferencing", ())),
        of_book.get("block_min_value"),
        keeps_fills=True,
    )
    fills = market.run().fills
    assert fills.size >= 10
    assert fills.tolist() == market.run_slowly().fills.tolist()


@pytest.mark.parametrize("apart", Pairs)
def test_a_quote_move_does_not_try_all_pairs_of_two_crowds_kept_apart(apart):
    steps = []
    for count in (200, 2_000):
        orders = arrivals(count, 1 + np.arange(count) % 2, Style.MIDPOINT, 7)
        set_limits(orders, 1)
        orders["quantity"] = 50
        before = np.concatenate((opening(), orders))
        moves = quote_moves(None)
        adopting = Adopting(np.ones(count, dtype=bool), apart)
        book = {"preferencing": (), "block_min_value": None, "keeps_fills": True}
        markets = (
            Market(events, Rules(), ((0, TICK),), **book, adopting=adopting)
            for events in (before, np.concatenate((before, moves)))
        )
        without, result = (market.run() for market in markets)
        assert result.fills.size == 0
        steps.append((result.steps - without.steps) / AGAIN)
    assert steps[1] < 2 * steps[0] < 100
