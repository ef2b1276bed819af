"""Entries and amendments as events for the book, one case at a time."""

from __future__ import annotations

import pytest
from cp_flows import (
    AMEND,
    CANCEL,
    ENTER,
    REDUCE,
    events_of,
    told,
)
from cp_rows import (
    BLOCK,
    BUY,
    CENTRE_POINT,
    HALF_TICK,
    IMMEDIATE,
    INACTIVE,
    LIT,
    NEW_INACTIVE,
    ON_BOOK,
    RELOADED,
    SELL,
    SWEEP,
    Day,
)

from sweep_dask.matching.events import Decision, Style, Validity
from sweep_dask.matching.rules import Rules

# --- entries --------------------------------------------------------------------------------------


def test_an_entry_and_its_after_image_are_one_event():
    day = Day().enter(1, 200, BUY, 100, 3340)
    assert told(day) == [(ENTER, 1, 100)]


def test_an_entry_without_an_after_image_is_an_event_too():
    day = Day().enter(1, 200, BUY, 100, 3340, rows=1)
    assert told(day) == [(ENTER, 1, 100)]


def test_an_entry_and_its_immediate_expiry_are_two_events():
    # The rows differ in nothing but the sequence number: what is not filled is gone at once.
    day = Day().enter(1, 200, BUY, 100, 3340, rows=1, timevalidity=IMMEDIATE)
    day.row(1, 200)
    assert told(day) == [(ENTER, 1, 100), (CANCEL, 1, 100)]


def test_a_reloaded_order_enters_with_what_is_left_of_it():
    # 40 of its 100 traded on other days.
    day = Day().enter(1, 20, BUY, 60, 3340, changereason=RELOADED, totalmatchedquantity=40)
    assert told(day) == [(ENTER, 1, 60)]


def test_a_first_row_that_shows_fills_of_the_day_enters_with_what_it_had():
    # The row before matching is not in the extract: 100 arrived, 60 of them traded at once.
    day = Day().enter(1, 200, BUY, 40, 3340, rows=1, totalmatchedquantity=60, orderstatus=ON_BOOK)
    day.trade(200, (1, 9, 60, 3340, LIT, BUY))
    day.order_rows.pop()  # the row of the fill: the first row has it already
    assert told(day) == [(ENTER, 1, 100), (REDUCE, 1, 60)]


def test_an_order_that_is_new_but_inactive_does_not_enter():
    day = Day().row(
        1,
        200,
        side=BUY,
        price=3340,
        quantity=100,
        leavesquantity=100,
        changereason=NEW_INACTIVE,
        orderstatus=INACTIVE,
    )
    assert told(day) == []


def test_an_order_whose_first_row_is_an_exit_does_not_enter():
    day = Day().enter(1, 200, BUY, 100, 3340, rows=1)
    day.order_rows.clear()
    day.cancel(1, 300)
    assert told(day) == []


def test_an_entry_carries_the_terms_of_its_row():
    day = Day(3330, 3350).enter(
        1,
        200,
        SELL,
        500,
        3340,
        midtick=4,
        minimumquantity=300,
        singlefillminimumquantity=1,
        crossingkey=7,
        participantid=67,
        timevalidity=IMMEDIATE,
    )
    entry = events_of(day)[0]
    named = {name: int(entry[name]) for name in entry.dtype.names}
    assert named == {
        "kind": ENTER,
        "side": SELL,
        "style": Style.DARK_LIMIT,
        "validity": Validity.FILL_AND_KILL,
        "single_fill": 1,
        "preference_only": 0,
        "rests": 1,
        "is_sweep": 0,
        "keeps_place": 0,
        "trades": 1,
        "has_quote": 1,
        "decision": Decision.ANY,
        "order": 0,
        "participant": 67,
        "crossing_key": 7,
        # Half a tick below 3340, doubled.
        "limit_x2": 6670,
        "price": 3340,
        "quantity": 500,
        "minimum_quantity": 300,
        "bid": 3330,
        "offer": 3350,
    }


@pytest.mark.parametrize(
    ("order_type", "midtick", "rests"),
    [(CENTRE_POINT, 1, 1), (BLOCK, 2, 1), (BLOCK + 2, 2, 1), (SWEEP, 2, 0), (SWEEP, 1, 1)],
)
def test_what_rests_in_the_dark(order_type, midtick, rests):
    # A sweep does with the mid-tick on: the dual post.
    day = Day().enter(1, 200, SELL, 100, 3330, exchangeordertype=order_type, midtick=midtick)
    assert events_of(day)["rests"].tolist() == [rests]


def test_without_the_dual_post_no_sweep_rests_in_the_dark():
    day = Day().enter(1, 200, SELL, 100, 3330, exchangeordertype=SWEEP, midtick=HALF_TICK)
    assert events_of(day, rules=Rules().without("dual_post"))["rests"].tolist() == [0]


# --- amendments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "difference", "keeps"),
    [
        ({"price": 3350}, 0, 0),
        ({"midtick": HALF_TICK}, 0, 0),
        ({"leavesquantity": 150}, 50, 0),
        ({"leavesquantity": 80}, -20, 1),
        ({"minimumquantity": 50}, 0, 1),
        ({"singlefillminimumquantity": 1}, 0, 1),
        ({"crossingkey": 7}, 0, 1),
    ],
    ids=["price", "mid-tick", "up", "down", "minimum", "single fill", "key"],
)
def test_what_an_amendment_changes_and_what_it_costs(change, difference, keeps):
    # Rules 3.11: price, mid-tick and a larger quantity lose the place.
    day = Day().enter(1, 200, BUY, 100, 3340).amend(1, 300, **change)
    amendment = events_of(day)[1]
    assert amendment["kind"] == AMEND
    assert amendment["quantity"] == difference
    assert amendment["keeps_place"] == keeps
    assert amendment["trades"] == 1


def test_a_row_that_changes_nothing_is_no_amendment():
    day = Day().enter(1, 200, BUY, 100, 3340).amend(1, 300)
    assert told(day) == [(ENTER, 1, 100)]


def test_the_after_image_of_an_amendment_is_no_second_one():
    day = Day().enter(1, 200, BUY, 100, 3340).amend(1, 300, leavesquantity=150).amend(1, 300)
    assert told(day) == [(ENTER, 1, 100), (AMEND, 1, 50)]


def test_a_fill_row_is_no_amendment():
    day = Day().enter(1, 200, BUY, 100, 3340).enter(2, 300, SELL, 60, 3330)
    day.trade(300, (1, 2, 60, 3335, 47, SELL))
    assert told(day) == [(ENTER, 1, 100), (ENTER, 2, 60)]


def test_a_fill_row_is_no_amendment_whatever_else_it_shows():
    # The row after the trade of an amended order has its new terms.
    day = Day().enter(1, 200, BUY, 100, 3340).trade(300, (1, 9, 60, 3340, LIT, BUY))
    day.order_rows[-1] |= {"price": 3350, "crossingkey": 7}
    assert told(day) == [(ENTER, 1, 100), (REDUCE, 1, 60)]


def test_a_minimum_reset_by_a_fill_is_no_amendment():
    day = Day().enter(1, 200, BUY, 100, 3340, minimumquantity=50).enter(2, 300, SELL, 60, 3330)
    day.trade(300, (1, 2, 60, 3335, 47, SELL))
    assert day.state[1]["minimumquantity"] == 0
    assert told(day) == [(ENTER, 1, 100), (ENTER, 2, 60)]


def test_an_amendment_after_fills_counts_from_what_was_left():
    day = Day().enter(1, 200, BUY, 100, 3340).trade(300, (1, 9, 60, 3340, LIT, 0))
    day.amend(1, 400, leavesquantity=70)
    assert told(day) == [(ENTER, 1, 100), (REDUCE, 1, 60), (AMEND, 1, 30)]


def test_no_priority_loss_leaves_every_order_its_place():
    day = Day().enter(1, 200, BUY, 100, 3340).amend(1, 300, price=3350)
    assert events_of(day, rules=Rules().without("priority_loss"))[1]["keeps_place"] == 1


@pytest.mark.parametrize(
    ("rule", "change", "trades"),
    [
        ("amendment_trigger", {"price": 3350}, 0),
        ("amendment_trigger", {"leavesquantity": 80}, 0),
        ("decrease_trigger", {"price": 3350}, 1),
        ("decrease_trigger", {"leavesquantity": 80}, 0),
        ("decrease_trigger", {"leavesquantity": 80, "price": 3350}, 1),
    ],
)
def test_rules_decide_which_amendments_look_for_contras(rule, change, trades):
    day = Day().enter(1, 200, BUY, 100, 3340).amend(1, 300, **change)
    assert events_of(day, rules=Rules().without(rule))[1]["trades"] == trades
