"""The score told apart, by hand: what made a match, who took part, and sweep by sweep."""

from __future__ import annotations

import cp_markets
import numpy as np
import pytest
from cp_rows import BUY, HALF_TICK, LIT, SELL, Day
from cp_sweeps import sweep
from framed import replay_partition

from sweep_dask.analysis.centre_point.score import Confusion, Confusions, DarkSweeps, Detail

MODES = ("resync", "free")
MARKETS = {"sample": cp_markets.sample_day, "morning": cp_markets.morning}


def details(day):
    result = replay_partition(day.partition(), "", 0, ablations=False)
    return {mode: score.detail for mode, score in result.scores.items()}


def counts(confusions):
    """Those that are not all 0."""
    named = (confusions.by_event | confusions.by_kind).items()
    found = {
        name: (confusion.tape, confusion.predicted, confusion.hits) for name, confusion in named
    }
    return {name: numbers for name, numbers in found.items() if any(numbers)}


# --- what made a match, and who took part ---------------------------------------------------------


def day_of_all_kinds():
    """Each match on the tape is one that the book predicts, but for the stranger's."""
    day = Day()
    # A sweep takes from an order that rests.
    day.enter(1, 200, SELL, 50, 3330)
    sweep(day, 2, 300, BUY, 50, 3340, rows=1).trade(300, (2, 1, 50, 3335, 47, BUY))
    # An order that could not trade is amended, and takes from a sweep that rests in the dark.
    day.enter(3, 400, SELL, 30, 3350)
    sweep(day, 4, 500, BUY, 30, 3340, midtick=HALF_TICK)
    day.amend(3, 600, price=3330).trade(600, (4, 3, 30, 3335, 47, SELL))
    # Two orders that rest meet as the quote moves.
    day.enter(5, 700, SELL, 20, 3340).enter(6, 800, BUY, 20, 3340)
    day.quote(900, 3335, 3345)
    day.trade(900, (6, 5, 20, 3340))
    # A stranger sells to an order that rests.
    return day.enter(7, 950, BUY, 10, 3350).trade(960, (7, 99, 10, 3340, 47, SELL))


@pytest.mark.parametrize("mode", MODES)
def test_matches_by_what_made_them_and_who_took_part(mode):
    detail = details(day_of_all_kinds())[mode]
    assert counts(detail.book) == {
        "arrival": (1, 1, 1),
        "amendment": (1, 1, 1),
        "resting": (1, 1, 1),
        "order_missing": (1, 0, 0),
        "active_sweeps": (1, 1, 1),
        "passive_sweeps": (1, 1, 1),
        "active_orders": (1, 1, 1),
        # 1, the pair of 5 and 6 once, and 7 with the stranger.
        "passive_orders": (3, 2, 2),
    }
    # Nobody has anybody to choose from.
    assert detail.random_priority == detail.book


def test_a_hit_of_another_kind_is_none():
    # On the tape 2 came in; in the book it was 1 that was amended, at the same time.
    day = Day().enter(1, 200, SELL, 50, 3350).enter(2, 300, BUY, 50, 3340)
    day.amend(1, 400, price=3330).trade(400, (2, 1, 50, 3335, 47, BUY))
    detail = details(day)["free"]
    assert detail.book.all == Confusion(1, 1, 1)
    assert counts(detail.book)["arrival"] == (1, 0, 0)
    assert counts(detail.book)["amendment"] == (0, 1, 0)


@pytest.mark.parametrize("market", MARKETS)
def test_events_add_up_and_hits_are_in_both(market):
    result = replay_partition(MARKETS[market]().partition(), "", 0, ablations=False)
    for score in result.scores.values():
        detail = score.detail
        assert detail.book.all == score.all
        for confusions in (detail.book, detail.random_priority):
            for count in ("tape", "predicted"):
                events = sum(
                    getattr(confusion, count) for confusion in confusions.by_event.values()
                )
                assert events == getattr(confusions.all, count)
            for confusion in (confusions.by_event | confusions.by_kind).values():
                assert confusion.hits <= min(confusion.tape, confusion.predicted)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("mode", MODES)
def test_the_rules_know_more_than_lots(market, mode):
    result = replay_partition(MARKETS[market]().partition(), "", 0, ablations=False)
    detail = result.scores[mode].detail
    f1 = [
        confusions.by_event["arrival"].shares()["f1"]
        for confusions in (detail.random_priority, detail.book)
    ]
    assert f1[0] + 0.1 < f1[1]


# --- sweeps with a dark fill ----------------------------------------------------------------------


def test_sweeps_with_a_dark_fill_by_hand():
    day = Day()
    # 2 fills as on the tape: 50 in the dark and 30 lit.
    day.enter(1, 200, SELL, 50, 3330)
    sweep(day, 2, 300, BUY, 100, 3340, rows=1)
    day.trade(300, (2, 1, 50, 3335, 47, BUY), (2, 77, 30, 3340, LIT, BUY))
    # 4 has filled lit alone, though 3 would have sold in the dark: right without a dark book.
    day.enter(3, 400, SELL, 40, 3330)
    sweep(day, 4, 500, BUY, 20, 3340, rows=1).trade(500, (4, 78, 20, 3340, LIT, BUY))
    # 6 has traded in the dark with 5, beyond its limit.
    day.enter(5, 550, BUY, 10, 3320)
    sweep(day, 6, 600, SELL, 10, 3330, rows=1).trade(600, (5, 6, 10, 3335, 47, SELL))
    # 7 is lit alone in both, and says nothing.
    sweep(day, 7, 700, SELL, 10, 3330, rows=1).trade(700, (79, 7, 10, 3330, LIT, SELL))
    assert details(day)["free"].dark_sweeps == DarkSweeps(3, 1, 1, 1)


def test_a_dark_fill_that_the_book_was_given_is_as_on_the_tape():
    day = Day()
    sweep(day, 1, 200, BUY, 50, 3340, rows=1).trade(200, (1, 99, 50, 3335, 47, BUY))
    for detail in details(day).values():
        # Without a dark book there are but the lit fills.
        assert detail.dark_sweeps == DarkSweeps(1, 1, 0, 1)


def test_the_same_shares_at_another_price_are_not_the_same():
    day = Day().enter(1, 200, SELL, 50, 3330)
    sweep(day, 2, 300, BUY, 50, 3340, rows=1).trade(300, (2, 1, 50, 3336, 47, BUY))
    for detail in details(day).values():
        assert detail.dark_sweeps == DarkSweeps(1, 0, 0, 0)


def two_sweeps_and_one_seller(first):
    """Of two sweeps that rest in the dark the older one sells."""
    day = Day()
    for number in (first, first + 1):
        sweep(day, number, 200 + number, BUY, 50, 3340, midtick=HALF_TICK)
    day.enter(first + 2, 5_000, SELL, 50, 3330, rows=1)
    return day.trade(5_000, (first, first + 2, 50, 3335, 47, SELL))


def test_lots_are_right_as_often_as_they_should_be():
    trials, total = 120, Detail()
    for first in range(trials):
        total.add(details(two_sweeps_and_one_seller(first + 1))["free"])
    # The younger one fills in the book by lot, but not in the one asked about.
    assert total.dark_sweeps.sweeps == total.dark_sweeps.exact == trials
    assert total.dark_sweeps.no_dark_book_exact == 0
    # Four standard deviations of a binomial with one half.
    off = abs(total.dark_sweeps.random_priority_exact - trials / 2)
    assert off < 4 * np.sqrt(trials / 4)


def test_details_are_added():
    both = Detail()
    for detail in (Detail(DarkSweeps(3, 2, 1, 1)), Detail(DarkSweeps(4, 4, 0, 3), one_arrival())):
        both.add(detail)
    told = both.as_json()
    assert told["dark_sweeps"] == {
        "sweeps": 7,
        "exact": 6,
        "no_dark_book_exact": 1,
        "random_priority_exact": 4,
        "exact_share": 6 / 7,
        "no_dark_book_exact_share": 1 / 7,
        "random_priority_exact_share": 4 / 7,
    }
    assert told["by_event"]["arrival"] == {
        "tape": 1, "predicted": 1, "hits": 1, "precision": 1, "recall": 1, "f1": 1
    }  # fmt: skip
    assert told["random_priority"]["f1"] is None


def one_arrival():
    return Confusions(Confusion(1, 1, 1), Confusions().by_event | {"arrival": Confusion(1, 1, 1)})
