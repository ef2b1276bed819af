"""A sweep that takes several lit levels searches the dark between them, R22: worked by hand.

The market is that of the exchange's own description: quoted 3330 x 3340, with lit asks of 200 at
3340, 500 at 3350 and more at 3370. Dark sell 1 takes every midpoint; dark sell 2 asks for 3340,
which is the midpoint only once the first level is gone: (3330 + 3350) / 2.
"""

from __future__ import annotations

import pytest
from cp_flows import AMEND, ENTER, REDUCE, TAKE, events_of, told
from cp_rows import BUY, DARK, LIT, SELL, SWEEP, Day
from cp_sweeps import filled
from framed import replay_partition, run_scenario

from sweep_dask.analysis.centre_point.score import Confusion

FIRST, SECOND, LAST = 3340, 3350, 3370


def two_dark_sells(**quote):
    day = Day(**quote).enter(1, 200, SELL, 100, 3330)
    return day.enter(2, 210, SELL, 150, 3340)


def sweep(day, *matches, number=3, at=300, quantity=1_000, price=SECOND, **fields):
    """An incoming buy sweep, and its transaction."""
    day.enter(number, at, BUY, quantity, price, rows=1, exchangeordertype=SWEEP, **fields)
    return day.trade(at, *matches)


def both_levels():
    """1 at 3335, the first level, 2 at 3340, the second level; what is left, 50, rests."""
    return sweep(
        two_dark_sells(),
        (3, 1, 100, 3335, DARK, BUY),
        (3, 77, 200, FIRST, LIT, BUY),
        (3, 2, 150, 3340, DARK, BUY),
        (3, 78, 500, SECOND, LIT, BUY),
    )


def searches(day):
    """The quotes of searches between levels."""
    events = events_of(day)
    takes = events[events["kind"] == TAKE]
    return list(zip(takes["bid"].tolist(), takes["offer"].tolist(), strict=True))


# --- what is predicted ----------------------------------------------------------------------------


def test_the_search_comes_between_the_levels_at_the_quote_that_the_first_one_left():
    assert told(both_levels())[2:] == [
        (ENTER, 3, 1_000),
        (REDUCE, 3, 200),
        (TAKE, 3, 1_000),
        (REDUCE, 3, 500),
    ]
    assert searches(both_levels()) == [(3330, SECOND)]


def test_both_modes_predict_what_it_finds():
    result = replay_partition(both_levels().partition(), "", 0, ablations=False)
    for mode in ("resync", "free"):
        assert result.scores[mode].all == Confusion(tape=2, predicted=2, hits=2)
        assert result.scores[mode].by_trigger["arrival"] == Confusion(2, 2, 2)
    assert set(result.matches.trigger) == {"arrival"}


def test_a_sell_sweep_does_the_same_downwards():
    # Bids at 3330 and 3320; the second midpoint is (3320 + 3340) / 2 = 3330.
    day = Day().enter(1, 200, BUY, 100, 3340).enter(2, 210, BUY, 150, 3330)
    day.enter(3, 300, SELL, 1_000, 3320, rows=1, exchangeordertype=SWEEP)
    day.trade(
        300,
        (1, 3, 100, 3335, DARK, SELL),
        (77, 3, 200, 3330, LIT, SELL),
        (2, 3, 150, 3330, DARK, SELL),
        (78, 3, 500, 3320, LIT, SELL),
    )
    assert searches(day) == [(3320, 3340)]
    result = replay_partition(day.partition(), "", 0, ablations=False)
    assert [result.scores[mode].all.hits for mode in ("resync", "free")] == [2, 2]


def test_there_is_a_search_between_each_two_of_three_levels():
    # The third midpoint is (3330 + 3370) / 2 = 3350: sell 4 trades there.
    matches = [
        (3, 1, 100, 3335, DARK, BUY),
        (3, 77, 120, FIRST, LIT, BUY),
        (3, 78, 80, FIRST, LIT, BUY),
        (3, 2, 150, 3340, DARK, BUY),
        (3, 79, 500, SECOND, LIT, BUY),
        (3, 4, 50, SECOND, DARK, BUY),
        (3, 80, 10, LAST, LIT, BUY),
    ]
    day = two_dark_sells().enter(4, 220, SELL, 50, SECOND)
    sweep(day, *matches, quantity=1_050, price=LAST)
    assert searches(day) == [(3330, SECOND), (3330, LAST)]
    result = replay_partition(day.partition(), "", 0, ablations=False)
    for mode in ("resync", "free"):
        assert result.scores[mode].all == Confusion(tape=3, predicted=3, hits=3)


def test_a_fill_that_uses_up_the_sweep_leaves_nothing_for_the_next_level():
    # Of 400 in all, 100 and 200 are filled before.
    day = two_dark_sells()
    sweep(
        day,
        (3, 1, 100, 3335, DARK, BUY),
        (3, 77, 200, FIRST, LIT, BUY),
        (3, 2, 90, 3340, DARK, BUY),
        (3, 78, 10, SECOND, LIT, BUY),
        quantity=400,
    )
    result = replay_partition(day.partition(), "", 0, ablations=False)
    # Nothing says why 90 of sell 2 filled and not 100: both modes predict 100.
    for mode in ("resync", "free"):
        assert result.scores[mode].all == Confusion(tape=2, predicted=2, hits=1)
        quantities = result.matches[result.matches["mode"] == mode].quantity.tolist()
        assert quantities == [100, 100]


def test_an_amended_sweep_searches_between_levels_too():
    day = two_dark_sells()
    day.enter(3, 250, BUY, 1_000, 3320, exchangeordertype=SWEEP)
    day.amend(3, 300, price=SECOND)
    day.trade(
        300,
        (3, 1, 100, 3335, DARK, BUY),
        (3, 77, 200, FIRST, LIT, BUY),
        (3, 2, 150, 3340, DARK, BUY),
        (3, 78, 500, SECOND, LIT, BUY),
    )
    kinds = [kind for kind, order, _ in told(day) if order == 3]
    assert kinds == [ENTER, AMEND, REDUCE, TAKE, REDUCE]
    result = replay_partition(day.partition(), "", 0, ablations=False)
    assert [result.scores[mode].all.hits for mode in ("resync", "free")] == [2, 2]


# --- which quote ----------------------------------------------------------------------------------


def test_a_better_offer_elsewhere_still_stands():
    # Quoted 3330 x 3335 nationally: the 3335 is of another market, which sweeps do not take.
    day = two_dark_sells(offer=3335)
    assert searches(sweep(day, (3, 77, 200, FIRST, LIT, BUY), (3, 78, 500, SECOND, LIT, BUY))) == [
        (3330, 3335)
    ]


def test_without_a_quote_on_the_row_there_is_none_to_search_at():
    day = sweep(
        two_dark_sells(),
        (3, 77, 200, FIRST, LIT, BUY),
        (3, 78, 500, SECOND, LIT, BUY),
        national_bid=None,
        national_offer=None,
    )
    assert searches(day) == [(0, SECOND)]
    assert run_scenario(day.partition(), "as-entered", "", 0).matches.quantity.tolist() == [100]


# --- no search ------------------------------------------------------------------------------------


ONE_LEVEL = ((3, 77, 200, FIRST, LIT, BUY), (3, 78, 500, FIRST, LIT, BUY))


@pytest.mark.parametrize(
    "day",
    [
        sweep(two_dark_sells(), *ONE_LEVEL),
        # It rested and was hit at two prices; a better price is no next level.
        sweep(two_dark_sells(), (3, 77, 200, FIRST, LIT, SELL), (3, 78, 500, SECOND, LIT, SELL)),
        sweep(two_dark_sells(), (3, 77, 200, SECOND, LIT, BUY), (3, 78, 500, FIRST, LIT, BUY)),
        # An auction has no levels; a market-to-limit sweep takes one.
        sweep(two_dark_sells(), (3, 77, 200, FIRST, 20, BUY), (3, 78, 500, SECOND, 20, BUY)),
        sweep(two_dark_sells(), (3, 77, 9, FIRST, LIT, BUY), (3, 78, 9, SECOND, LIT, BUY), price=0),
        # Two transactions, the second of which no row of the sweep begins.
        sweep(two_dark_sells(), ONE_LEVEL[0]).trade(400, (3, 78, 9, SECOND, LIT, BUY)),
    ],
    ids=["one-level", "passive", "better", "auction", "market-to-limit", "two-transactions"],
)
def test_there_is_no_search(day):
    assert searches(day) == []


def test_an_order_of_the_lit_book_alone_does_not_search():
    day = two_dark_sells().enter(3, 300, BUY, 900, SECOND, rows=1)
    assert searches(day.trade(300, *ONE_LEVEL[:1], (3, 78, 500, SECOND, LIT, BUY))) == []


# --- scenarios ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["as-entered", "dual-post", "rest-dark"])
def test_a_sweep_that_takes_from_the_lit_book_searches_between_its_levels(scenario):
    assert filled(both_levels(), scenario, 3) == {"dark_arrival": 250, "lit_arrival": 700}


def test_a_sweep_that_takes_nothing_from_the_lit_book_does_not():
    assert filled(both_levels(), "dark-only", 3) == {"dark_arrival": 100}
