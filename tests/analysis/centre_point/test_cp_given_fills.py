"""Cancels and given fills as events for the book, and the truth of the resync mode."""

from __future__ import annotations

import numpy as np
import pytest
from cp_flows import (
    CANCEL,
    ENTER,
    OF_ORDERS,
    REDUCE,
    STATE,
    told,
)
from cp_rows import (
    AUCTION,
    BUY,
    BY_SYSTEM,
    IMMEDIATE,
    LIT,
    SELL,
    SWEEP,
    Day,
)

from sweep_dask.analysis.centre_point.resync_flow import resync_flow
from sweep_dask.matching.events import EventKind

# --- cancels and given fills ----------------------------------------------------------------------


def test_a_cancel_takes_the_order_out():
    day = Day().enter(1, 200, BUY, 100, 3340).cancel(1, 300)
    assert told(day) == [(ENTER, 1, 100), (CANCEL, 1, 100)]


def test_the_remainder_of_an_immediate_sweep_goes_after_its_trades():
    # The exchange writes all order rows of a transaction, and then its trades.
    day = Day().enter(
        1, 200, BUY, 100, 3340, rows=1, exchangeordertype=SWEEP, timevalidity=IMMEDIATE
    )
    day.row(1, 200, changereason=3, leavesquantity=70, totalmatchedquantity=30)
    day.cancel(1, 200, BY_SYSTEM)
    day.tape_rows(200, 1, 9, 30, 3340, LIT, BUY)
    assert told(day) == [(ENTER, 1, 100), (REDUCE, 1, 30), (CANCEL, 1, 70)]


def test_a_cancel_does_not_wait_for_trades_of_another_time():
    day = Day().enter(1, 200, BUY, 100, 3340).trade(300, (1, 9, 30, 3340, LIT, 0)).cancel(1, 400)
    day.enter(2, 500, SELL, 50, 3330)
    assert told(day) == [
        (ENTER, 1, 100),
        (REDUCE, 1, 30),
        (CANCEL, 1, 70),
        (ENTER, 2, 50),
    ]


@pytest.mark.parametrize("source", [LIT, 44, AUCTION, 45])
def test_fills_outside_the_dark_book_are_given(source):
    day = Day().enter(1, 200, BUY, 100, 3340, exchangeordertype=SWEEP)
    day.trade(300, (1, 9, 30, 3340, source, 0))
    assert told(day) == [(ENTER, 1, 100), (REDUCE, 1, 30)]


def test_both_orders_of_a_lit_match_are_given_their_fill():
    day = Day()
    day.enter(1, 200, BUY, 100, 3340, exchangeordertype=SWEEP)
    day.enter(2, 300, SELL, 40, 3340, exchangeordertype=SWEEP)
    day.trade(300, (1, 2, 40, 3340, LIT, SELL))
    assert told(day) == [
        (ENTER, 1, 100),
        (ENTER, 2, 40),
        (REDUCE, 1, 40),
        (REDUCE, 2, 40),
    ]


@pytest.mark.parametrize("source", [46, 47, 48, 49, 50, 51, 52])
def test_dark_fills_are_the_books_own(source):
    day = Day().enter(1, 200, BUY, 100, 3340).enter(2, 300, SELL, 60, 3330)
    day.trade(300, (1, 2, 60, 3335, source, SELL))
    assert told(day) == [(ENTER, 1, 100), (ENTER, 2, 60)]


def test_a_dark_fill_by_an_order_without_rows_is_given():
    day = Day().enter(1, 200, BUY, 100, 3340).trade(300, (1, 9, 60, 3335, 47, SELL))
    assert told(day) == [(ENTER, 1, 100), (REDUCE, 1, 60)]


def test_a_dark_fill_whose_other_trade_row_is_missing_is_given():
    day = Day().enter(1, 200, BUY, 100, 3340).trade(300, (1, None, 60, 3335, 47, BUY))
    assert told(day) == [(ENTER, 1, 100), (REDUCE, 1, 60)]


def test_a_dark_fill_by_an_order_left_out_is_given():
    day = Day().enter(1, 200, BUY, 100, 3340).enter(2, 300, SELL, 60, 3330, midtick=9)
    day.trade(300, (1, 2, 60, 3335, 47, SELL))
    assert told(day) == [(ENTER, 1, 100), (REDUCE, 1, 60)]


# --- resync ---------------------------------------------------------------------------------------


def test_resync_predicts_each_trigger_and_then_takes_every_row_as_the_truth():
    day = Day().enter(1, 200, BUY, 100, 3340).enter(2, 300, SELL, 60, 3330, rows=1)
    day.trade(300, (1, 2, 60, 3335, 47, SELL))
    partition = day.partition()
    log, rules = partition.log, partition.settings.rules
    flow = resync_flow(log, partition.tape, rules, partition.is_in, partition.market)
    events = flow.events[np.isin(flow.events["kind"], OF_ORDERS)]
    told = [
        (EventKind(event["kind"]), int(event["order"]) + 1, int(event["quantity"]), event["rests"])
        for event in events
    ]
    assert told == [
        (ENTER, 1, 100, 0),
        (STATE, 1, 100, 0),  # the row before matching: not on the book yet
        (STATE, 1, 100, 1),
        (ENTER, 2, 60, 0),
        (STATE, 2, 60, 0),
        (STATE, 1, 40, 1),
        (STATE, 2, 0, 0),
    ]
