"""Orders whose rows cannot be true: each reason caused, named, counted and listed."""

from __future__ import annotations

from itertools import combinations

import cp_markets
import numpy as np
import pytest
from cp_rows import (
    BLOCK,
    BUY,
    CENTRE_POINT,
    CROSSING,
    DATE,
    FIRST_ID,
    LIT,
    RELOADED,
    SECURITY,
    SELL,
    SWEEP,
    TRADED,
    Day,
)
from framed import left_out_table, run_scenario
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.order_checks import (
    ASSUMED_WITHOUT,
    LEFT_OUT_COLUMNS,
    _out_of_order,
    assumptions_without,
)
from sweep_dask.schema import ORDERS
from sweep_dask.terms.reasons import LEFT_OUT_REASONS


def sound_day():
    """Orders of all kinds with nothing wrong about them."""
    day = Day().enter(1, 200, BUY, 100, 3340, midtick=4)
    day.enter(2, 210, SELL, 80, 3350, exchangeordertype=SWEEP, midtick=1)
    day.enter(3, 220, SELL, 50, 3330, exchangeordertype=CENTRE_POINT + 2, rows=1)
    return day.trade(220, (1, 3, 50, 3335, 47, SELL))


def reasons(day):
    """The reason of each order left out, by its number."""
    partition = day.partition()
    left_out = partition.left_out
    ids = partition.log.order_id[left_out.order] - FIRST_ID
    return dict(zip(ids.tolist(), left_out.reason, strict=True))


def test_sound_orders_are_left_in():
    partition = sound_day().partition()
    assert partition.left_out.counts() == {}
    assert partition.is_in.all()


def test_nothing_of_the_real_morning_is_left_out():
    assert cp_markets.morning().partition().left_out.counts() == {}


def test_of_the_sample_only_the_crossing_orders_are_left_out():
    tables = cp_markets.sample_day()
    crossing = tables.orders.order_id[(tables.orders.exchangeordertype & CROSSING) != 0].nunique()
    assert tables.partition().left_out.counts() == {"crossing_order": crossing}


# --- each reason ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order_type", [CROSSING, CROSSING + 2])
def test_crossing_orders(order_type):
    assert reasons(sound_day().enter(9, 300, BUY, 10, exchangeordertype=order_type)) == {
        9: "crossing_order"
    }


@pytest.mark.parametrize(
    "order_type", [CENTRE_POINT + SWEEP, SWEEP + BLOCK, CROSSING + SWEEP, SWEEP + 8192]
)
def test_types_of_two_books_or_with_bits_that_mean_nothing(order_type):
    assert reasons(sound_day().enter(9, 300, BUY, 10, exchangeordertype=order_type)) == {
        9: "unknown_order_type"
    }


@pytest.mark.parametrize("side", [0, 3, -1])
def test_sides_that_do_not_exist(side):
    assert reasons(sound_day().enter(9, 300, side, 10)) == {9: "unknown_side"}


@pytest.mark.parametrize(
    ("order_type", "midtick", "is_known"),
    [
        (BLOCK, 0, True),
        (BLOCK, 6, True),
        (BLOCK, None, True),
        (BLOCK, 7, False),
        (BLOCK, -2, False),
        (CENTRE_POINT, 4, True),
        (CENTRE_POINT, 5, False),
        (CENTRE_POINT + 2, 6, False),
    ],
)
def test_mid_tick_values_that_do_not_exist_or_not_on_the_type(order_type, midtick, is_known):
    # Rules page 2.3: the block phase is not open to plain Centre Point orders.
    day = sound_day().enter(9, 300, BUY, 10, 3330, exchangeordertype=order_type, midtick=midtick)
    assert reasons(day) == ({} if is_known else {9: "unknown_midtick"})


def test_a_row_stamped_before_the_one_ahead_of_it():
    day = sound_day().enter(8, 300, BUY, 10, rows=1).enter(9, 250, BUY, 10, rows=1)
    day.enter(10, 310, BUY, 10).enter(11, 320, BUY, 10)
    # Without 8 the others are in order as well as without 9: one of them goes.
    assert list(reasons(day).values()) == ["out_of_order"]


def test_one_row_from_the_future_is_what_goes_not_all_that_follow():
    day = sound_day().enter(8, 9_000, BUY, 10, rows=1)
    for number in range(9, 20):
        day.enter(number, 300 + number, BUY, 10)
    assert reasons(day) == {8: "out_of_order"}


@pytest.mark.parametrize("traded_ns", [250, 9_000])
def test_a_trade_stamped_before_or_after_what_surrounds_it(traded_ns):
    day = sound_day().enter(8, 240, BUY, 60, rows=1).enter(9, 300, BUY, 10)
    day.trade(310, (8, 77, 60, 3340, LIT, 0))
    for trade in day.trade_rows[-2:]:
        trade["tradetime"] = traded_ns
    day.enter(10, 320, BUY, 10).enter(11, 330, BUY, 10)
    partition = day.partition()
    assert reasons(day) == {8: "out_of_order"}
    assert partition.left_out.sequence.tolist() == [day.order_rows[-8]["sequence"]]
    assert run_scenario(partition, "as-entered", DATE, SECURITY).event_count > 0


def test_a_first_row_that_is_a_fill():
    day = sound_day().enter(9, 300, BUY, 100, rows=1, changereason=TRADED, totalmatchedquantity=60)
    assert reasons(day) == {9: "fills_before_entry"}


def test_a_trade_before_the_entry():
    day = sound_day()
    day.tape_rows(250, 9, 77, 60, 3335)
    day.enter(9, 300, BUY, 40, rows=1, totalmatchedquantity=60)
    assert reasons(day) == {9: "fills_before_entry"}


def test_a_trade_in_the_instant_of_the_entry_is_sound():
    day = sound_day().enter(9, 300, BUY, 60, rows=1).trade(300, (9, 77, 60, 3340, LIT, BUY))
    assert reasons(day) == {}


@pytest.mark.parametrize("traded", [59, 61])
def test_totals_that_are_not_the_sum_of_the_trades(traded):
    day = sound_day().enter(9, 300, BUY, 100).trade(310, (9, 77, 60, 3340, LIT, 0))
    day.trade_rows[-2]["quantity"] = traded
    assert reasons(day) == {9: "totals_contradict_trades"}


def test_a_total_without_trades():
    day = sound_day().enter(9, 300, BUY, 100).amend(9, 310, totalmatchedquantity=60)
    assert reasons(day) == {9: "totals_contradict_trades"}


def test_a_total_that_falls():
    day = sound_day().enter(9, 300, BUY, 100).trade(310, (9, 77, 60, 3340, LIT, 0))
    day.amend(9, 320, totalmatchedquantity=50)
    assert reasons(day) == {9: "totals_contradict_trades"}


def test_fills_of_other_days_are_no_contradiction():
    day = Day().enter(9, 50, BUY, 40, changereason=RELOADED, totalmatchedquantity=60)
    day.trade(310, (9, 77, 10, 3340, LIT, 0))
    assert reasons(day) == {}


def test_without_a_tape_totals_are_not_compared():
    day = sound_day()
    day.trade_rows.clear()
    assert reasons(day) == {}


def test_all_reasons_are_caused_here_and_an_order_has_the_first_of_them():
    causes = {
        "crossing_order": {"exchangeordertype": CROSSING, "midtick": 9},
        "unknown_order_type": {"exchangeordertype": SWEEP + BLOCK, "side": 3},
        "unknown_side": {"side": 3, "midtick": 9},
        "unknown_midtick": {"midtick": 9, "changereason": TRADED},
        "quantity_too_large": {"leavesquantity": 10**10 + 1, "timestamp": 1},
        "out_of_order": {"timestamp": 1, "changereason": TRADED},
        "fills_before_entry": {"changereason": TRADED, "totalmatchedquantity": 60},
        "totals_contradict_trades": {"totalmatchedquantity": 60},
    }
    assert tuple(causes) == tuple(LEFT_OUT_REASONS)
    day = sound_day()
    for number, faults in enumerate(causes.values(), 11):
        day.enter(number, 400, BUY, 10, rows=1)
        day.order_rows[-1].update(faults)
    assert reasons(day) == dict(enumerate(LEFT_OUT_REASONS, 11))
    assert day.partition().left_out.counts() == dict.fromkeys(LEFT_OUT_REASONS, 1)


@pytest.mark.parametrize("column", ["leavesquantity", "totalmatchedquantity"])
@pytest.mark.parametrize("quantity", [10**10 + 1, 2**63 - 1, -(2**63)])
def test_quantities_of_which_sums_cannot_be_trusted(column, quantity):
    day = sound_day().enter(9, 300, BUY, 100, rows=1)
    day.order_rows[-1][column] = quantity
    is_nothing_left = column == "leavesquantity" and quantity < 0
    assert reasons(day) == ({} if is_nothing_left else {9: "quantity_too_large"})


def test_as_many_shares_as_an_order_may_have():
    day = sound_day().enter(9, 300, BUY, 10**10, rows=1)
    assert reasons(day) == {}


# --- what becomes of them -------------------------------------------------------------------------


def test_orders_left_out_are_listed_with_the_row_that_shows_it():
    day = sound_day().enter(8, 300, 3, 10).enter(9, 300, BUY, 100)
    day.amend(9, 310, midtick=9).amend(9, 320, midtick=8)
    partition = day.partition()
    listed = left_out_table(partition.log, partition.left_out, DATE, SECURITY)
    assert list(listed.columns) == list(LEFT_OUT_COLUMNS)
    first_fault_of_9 = day.order_rows[-2]["sequence"]
    first_row_of_8 = day.order_rows[-6]["sequence"]
    assert listed.to_numpy().tolist() == [
        [DATE, SECURITY, FIRST_ID + 8, first_row_of_8, "unknown_side"],
        [DATE, SECURITY, FIRST_ID + 9, first_fault_of_9, "unknown_midtick"],
    ]


def test_an_order_left_out_trades_with_nobody_and_the_others_as_ever():
    sound = run_scenario(sound_day().partition(), "as-entered", DATE, SECURITY)
    day = Day().enter(9, 150, BUY, 100, 3340, midtick=9)
    for rows in (sound_day().order_rows, sound_day().trade_rows):
        for row in rows:
            row["sequence"] += 100
        (day.order_rows if "order_id" in rows[0] else day.trade_rows).extend(rows)
    partition = day.partition()
    assert partition.left_out.counts() == {"unknown_midtick": 1}
    result = run_scenario(partition, "as-entered", DATE, SECURITY)
    assert result.matches.equals(sound.matches)
    assert len(result.matches) == 1


# --- rows out of order ----------------------------------------------------------------------------


@given(st.lists(st.integers(0, 9), max_size=9))
def test_the_fewest_rows_are_called_out_of_order(times):
    out = _out_of_order(np.array(times, dtype=np.int64))
    kept = np.array(times, dtype=np.int64)[~out]
    assert (np.diff(kept) >= 0).all()
    most = max(
        size
        for size in range(len(times) + 1)
        for chosen in combinations(times, size)
        if list(chosen) == sorted(chosen)
    )
    assert kept.size == most


# --- columns that are not there -------------------------------------------------------------------


def test_each_missing_column_is_told_with_what_is_taken_for_granted():
    day = sound_day()
    assert assumptions_without(day.orders.columns) == ()
    bare = day.orders.drop(columns=list(ASSUMED_WITHOUT))
    told = assumptions_without(bare.columns)
    assert len(told) == len(ASSUMED_WITHOUT)
    assert told[0] == f"the orders have no column midtick: {ASSUMED_WITHOUT['midtick']}"


def test_the_book_runs_without_any_optional_column():
    day = sound_day()
    needed = [column.name for column in ORDERS.columns if column.required]
    whole = day.orders
    day.order_rows = whole[needed].to_dict("records")
    result = run_scenario(day.partition(), "dual-post", DATE, SECURITY)
    # The standing quote is that of the quote file; without a half tick 3340 and 3330 still agree.
    assert result.matches.quantity.tolist() == [50]
    assert result.matches.price_x2.tolist() == [6670]
