"""Sweeps that really were dual-posted beside others of their strata, by hand; quote 3330 x 3340."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, fields
from fractions import Fraction

import numpy as np
import pytest
from cp_rows import BUY, CANCELLED, DARK, DATE, HALF_TICK, IMMEDIATE, LIT, SECURITY, SELL, Day
from cp_sweeps import sweep
from framed import read_sweeps
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.choices import Choices
from sweep_dask.analysis.centre_point.partition_score import PartitionScore
from sweep_dask.analysis.centre_point.scenarios import Scenarios
from sweep_dask.analysis.metrics.choice_replays import under_choices
from sweep_dask.analysis.metrics.dual_posted import DualPosted, dual_posted, matched_on_strata
from sweep_dask.market.sessions import Window
from sweep_dask.terms.arms import DUAL_POST

SECOND = 1_000_000_000
#: Waits to the close; all sweeps change together.
TOGETHER = Choices("close", 1)
#: In the order of the sweeps of two strata: dual-posted ones have True.
IS_DUAL = [True, False, False, True, False, True, False]
STRATUM = [0, 0, 0, 1, 1, 2, 3]
QUANTITY = [100, 150, 50, 300, 100, 70, 900]
REAL = [60, 50, 0, 150, 40, 70, 900]
PREDICTED = [99, 60, 40, 300, 80, 70, 900]


def sums(is_dual=IS_DUAL, stratum=STRATUM, quantity=QUANTITY, real=REAL, predicted=PREDICTED):
    columns = (np.array(column, np.int64) for column in (stratum, quantity, real, predicted))
    return matched_on_strata(np.array(is_dual, dtype=bool), *columns)


def compared(day, choices=TOGETHER, predicted=None, **arguments):
    partition = day.partition(**arguments)
    found = read_sweeps(partition, day.quotes, DATE, SECURITY)
    return dual_posted(partition, found, choices, predicted)


# --- weights --------------------------------------------------------------------------------------


def test_two_strata_by_hand():
    """Of 100 and 300 shares 60 and 150 filled. Of the others' 200 and 100 50 and 40 did.

    A quarter and four tenths of 100 and 300 are 145; half and eight tenths are 290.
    """
    told = sums()
    assert (told.sweeps, told.matched, told.others, told.days) == (3, 2, 3, 1)
    assert (told.quantity, told.filled_quantity) == (400, 210)
    assert told.others_filled_quantity == pytest.approx(145)
    assert told.predicted_filled_quantity == pytest.approx(290)
    document = told.as_json()
    assert document["filled_share"] == 210 / 400
    assert document["others_filled_share"] == pytest.approx(145 / 400)
    assert document["predicted_filled_share"] == pytest.approx(290 / 400)
    assert (document["sweeps"], document["matched"], document["unmatched"]) == (3, 2, 1)
    assert (document["others"], document["security_days"]) == (3, 1)
    # Of one day nothing can be said but what it is.
    assert document["difference"] == pytest.approx(80 / 400)
    assert (document["low"], document["high"]) == (None, None)


def test_no_stratum_has_both():
    told = sums(stratum=range(7)).as_json()
    assert (told["sweeps"], told["matched"], told["unmatched"]) == (3, 0, 3)
    assert (told["others"], told["security_days"], told["quantity"]) == (0, 0, 0)
    assert told["filled_share"] is told["predicted_filled_share"] is told["difference"] is None


def test_none_was_dual_posted():
    assert sums(is_dual=[False] * 7) == sums([], [], [], [], []) == DualPosted()
    assert DualPosted().as_json() is None


def test_partitions_add_up_in_counts_that_come_back():
    """The second day has 100 shares, of which 50 filled and 100 should have."""
    other = sums([True, False], [0, 0], [100, 10], [50, 0], [100, 10])
    total = DualPosted()
    for part in (sums(), other, sums(is_dual=[False] * 7)):
        score = PartitionScore(dual_posted=part)
        total.add(PartitionScore.from_json(score.as_json()).dual_posted)
    assert (total.sweeps, total.matched, total.others, total.days) == (4, 3, 4, 2)
    told = total.as_json()
    assert told["filled_share"] == 260 / 500
    assert told["others_filled_share"] == pytest.approx(145 / 500)
    assert told["predicted_filled_share"] == pytest.approx(390 / 500)


def test_ten_security_days_have_an_interval():
    """On five days all of 10 shares should have filled, on five 6; really 5. So 3 too many, 2 off.

    As all days have the same weight the error is the standard deviation, with n - 1, over the root
    of 10: 0.2 x sqrt(10 / 9) / sqrt(10) = 0.0667. Student's t of 9 is 2.262.
    """
    total = DualPosted()
    for day in range(10):
        total.add(sums([True, False], [0, 0], [10, 10], [5, 0], [10, 10 if day % 2 else 6]))
    told = total.as_json()
    assert told["difference"] == pytest.approx(0.3)
    assert told["high"] - 0.3 == pytest.approx(0.3 - told["low"]) == pytest.approx(0.1508, abs=1e-4)
    for _ in range(10):
        total.add(DualPosted())
    assert total.as_json() == told
    # If no day differs from another they say nothing of how days do.
    alike = DualPosted()
    for _ in range(10):
        alike.add(sums([True, False], [0, 0], [10, 10], [5, 0], [10, 10]))
    assert alike.as_json()["low"] is None


SWEEPS = st.tuples(
    *(st.booleans(), st.integers(0, 3), st.integers(1, 10**6)),
    *(st.integers(0, 10**6), st.integers(0, 10**6)),
)


@given(st.lists(SWEEPS, max_size=30))
def test_the_slow_way_finds_the_same(rows):
    by_stratum = defaultdict(lambda: ([], []))
    for is_dual, stratum, *amounts in rows:
        by_stratum[stratum][not is_dual].append(amounts)
    pairs = [(dual, others) for dual, others in by_stratum.values() if dual and others]
    others_filled, predicted_filled = (
        sum(
            Fraction(
                sum(one[0] for one in dual) * sum(one[of] for one in others),
                sum(one[0] for one in others),
            )
            for dual, others in pairs
        )
        for of in (1, 2)
    )
    told = sums(*(zip(*rows, strict=True) if rows else [[]] * 5))
    assert told.sweeps == sum(len(dual) for dual, _ in by_stratum.values())
    assert told.matched == sum(len(dual) for dual, _ in pairs)
    assert told.others == sum(len(others) for _, others in pairs)
    assert told.quantity == sum(one[0] for dual, _ in pairs for one in dual)
    assert told.filled_quantity == sum(one[1] for dual, _ in pairs for one in dual)
    assert told.others_filled_quantity == pytest.approx(float(others_filled))
    assert told.predicted_filled_quantity == pytest.approx(float(predicted_filled))


# --- markets --------------------------------------------------------------------------------------


def market():
    """Buys at the bid, of which 1 and 4 also rest in the dark, at the midpoint.

    Small: 1 buys 60 of 100 in the dark; 2, which was there before it, nothing. If 2 rested in the
    dark it would be first in the queue, and buy these 60. Both go.
    Medium: 4 buys 200 of 1,000; 5, which was there before it, 60 of 600 in the lit book. In the
    dark it would buy these 200 besides.
    """
    day = sweep(Day(), 2, 200, BUY, 100, 3330)
    sweep(day, 1, 210, BUY, 100, 3330, midtick=HALF_TICK)
    day.enter(3, 300, SELL, 60, 3330, rows=1).trade(300, (1, 3, 60, 3335, DARK, SELL))
    day.cancel(1, 350).cancel(2, 350)
    sweep(day, 5, 390, BUY, 600, 3330)
    sweep(day, 4, 400, BUY, 1000, 3330, midtick=HALF_TICK)
    day.trade(450, (5, 77, 60, 3330, LIT, SELL))
    day.enter(6, 500, SELL, 200, 3330, rows=1)
    return day.trade(500, (4, 6, 200, 3335, DARK, SELL))


@pytest.mark.parametrize("choices", [TOGETHER, Choices()])
def test_what_others_would_have_filled_by_hand(choices):
    """100 x 60 / 100 and 1,000 x 260 / 600 of 1,100; really 1,000 x 60 / 600."""
    told = compared(market(), choices)
    assert (told.sweeps, told.matched, told.others, told.days) == (2, 2, 2, 1)
    assert (told.quantity, told.filled_quantity) == (1_100, 260)
    assert told.others_filled_quantity == pytest.approx(100)
    assert told.predicted_filled_quantity == pytest.approx(60 + 1_000 * 260 / 600)


def test_what_a_run_has_replayed_is_taken_from_it():
    partition = market().partition()
    found = read_sweeps(partition, market().quotes, DATE, SECURITY)
    for choices in (TOGETHER, Choices()):
        answers = under_choices(Scenarios(partition), found, choices, [DUAL_POST]).answers
        fills = answers[DUAL_POST].outcome.fills
        assert compared(market(), choices, fills) == compared(market(), choices)


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        pytest.param(7, {"side": SELL, "price": 3340}, id="side"),
        pytest.param(7, {"price": 3340}, id="marketability"),
        pytest.param(7, {"quantity": 501}, id="size"),
    ],
)
def test_a_sweep_without_one_of_its_kind_has_no_match(number, fields):
    """Only those of one side, limit against the quote, size and hour are of a kind."""
    terms = {"side": BUY, "quantity": 100, "price": 3330} | fields
    day = sweep(Day(), 1, 200, BUY, 100, 3330)
    sweep(day, number, 300, midtick=HALF_TICK, **terms)
    told = compared(day.trade(400, (1, 77, 10, 3330, LIT, SELL)))
    assert (told.sweeps, told.matched, told.quantity) == (1, 0, 0)


def test_an_hour_is_a_stratum():
    open_all_day = (Window(100, 24 * 3_600 * SECOND),)
    for at, matched in ((60 * SECOND, 1), (3_600 * SECOND, 0)):
        day = sweep(Day(), 1, 200, BUY, 100, 3330)
        sweep(day, 2, at, BUY, 100, 3330, midtick=HALF_TICK)
        day.trade(at + 1, (1, 77, 10, 3330, LIT, SELL))
        assert compared(day, continuous=open_all_day).matched == matched


def test_fills_count_until_the_lifetime_ends():
    """1 buys 60 at once and 10 after two seconds; 2, without its own, would have bought both."""
    day = sweep(Day(), 2, 200, BUY, 100, 3330)
    sweep(day, 1, 210, BUY, 100, 3330, midtick=HALF_TICK)
    for number, at, quantity in ((3, 300, 60), (4, 2 * SECOND, 10)):
        day.enter(number, at, SELL, quantity, 3330, rows=1)
        day.trade(at, (1, number, quantity, 3335, DARK, SELL))
    for lifetime, filled in (("clock:1s", 60), ("clock:5min", 70), ("close", 70)):
        told = compared(day, Choices(lifetime, 1), continuous=(Window(100, 10 * SECOND),))
        assert (told.filled_quantity, told.others_filled_quantity) == (filled, 0)
        assert told.predicted_filled_quantity == pytest.approx(filled)


def test_which_sweeps_are_asked_about():
    """Those that came in continuous trading with a limit, and may rest."""
    day = sweep(Day(), 1, 50, BUY, 100, 3330, midtick=HALF_TICK)
    sweep(day, 2, 200, BUY, 100, 3330, midtick=HALF_TICK, timevalidity=IMMEDIATE)
    day.cancel(2, 200, CANCELLED)
    sweep(day, 3, 210, BUY, 100, 0, midtick=HALF_TICK)
    day.trade(300, (1, 77, 10, 3330, LIT, SELL))
    assert compared(day) == DualPosted()
    sweep(day, 4, 400, BUY, 100, 3330, midtick=HALF_TICK)
    # None of these is another that could have been dual-posted.
    sweep(day, 5, 500, BUY, 100, 3330, timevalidity=IMMEDIATE).cancel(5, 500, CANCELLED)
    assert (compared(day).sweeps, compared(day).matched) == (1, 0)
    sweep(day, 6, 600, BUY, 100, 3330)
    assert (compared(day).matched, compared(day).others) == (1, 1)


def test_if_one_participant_changes_its_sweeps_are_the_others():
    """6 is of participant 6, 5 of participant 5; the dual-posted one may be anybody's."""
    day = sweep(Day(), 4, 400, BUY, 100, 3330, midtick=HALF_TICK)
    sweep(day, 5, 500, BUY, 200, 3330)
    sweep(day, 6, 600, BUY, 100, 3330).trade(700, (6, 77, 30, 3330, LIT, SELL))
    told = compared(day, TOGETHER._replace(adoption_participant=6))
    assert (told.matched, told.others) == (1, 1)
    assert told.others_filled_quantity == told.predicted_filled_quantity == 30


def test_where_none_was_dual_posted_nothing_is_replayed(monkeypatch):
    monkeypatch.setattr("sweep_dask.analysis.metrics.dual_posted.under_choices", None)
    day = sweep(Day(), 1, 200, BUY, 100, 3330).trade(300, (1, 77, 10, 3330, LIT, SELL))
    assert compared(day) == DualPosted()


def test_without_a_tape_nothing_is_known():
    assert compared(sweep(Day(), 1, 200, BUY, 100, 3330, midtick=HALF_TICK)) == DualPosted()


def test_every_sum_is_in_the_counts():
    assert list(asdict(sums())) == [field.name for field in fields(DualPosted)]
    assert PartitionScore(dual_posted=sums()).as_json()["dual_posted"] == asdict(sums())
