"""The sweeps of a partition as the metrics see them, and the table of all arms, by hand.

The quote is 3330 x 3340 until a test moves it; times are small numbers of nanoseconds.
"""

from __future__ import annotations

import cp_markets
import numpy as np
import pandas as pd
import pytest
from cp_random import random_day
from cp_rows import (
    BUY,
    CLOSE_NS,
    CONTINUOUS,
    DARK,
    DATE,
    FIRST_ID,
    IMMEDIATE,
    LIT,
    SECURITY,
    SELL,
    Day,
)
from cp_sweeps import run, sweep
from framed import read_sweeps, run_scenario, sweep_tables, to_category, to_table
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.choices import CLOSE, RECORDED, Lifetime
from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.analysis.metrics.partition_sweeps import fills_by_time_priority, fills_of_book
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE, Outcome
from sweep_dask.analysis.tables import table_of_rows
from sweep_dask.analysis.time_priority.simulation import MATCH_DETAIL_COLUMNS
from sweep_dask.terms.arms import ARMS, REAL, REPLAYED, SCENARIOS, Arm, arms_of, comparisons_of

NO_QUOTES = pd.DataFrame({"timestamp": [], "bidprice": [], "offerprice": []}).astype(
    {"timestamp": "int64", "bidprice": "float64", "offerprice": "float64"}
)


def found(day, **arguments):
    quotes = NO_QUOTES if day.quotes is None else day.quotes
    return read_sweeps(day.partition(**arguments), quotes, DATE, SECURITY)


def tape_fills(partition):
    return fills_of_book(partition.log, real_fills(partition))


def sweep_table(sweeps, outcomes, **arguments):
    return pd.concat(sweep_tables(sweeps, outcomes, **arguments), ignore_index=True)


def one(day, name, **arguments):
    """A column of the one sweep of a day."""
    values = getattr(found(day, **arguments).sweeps, name)
    assert values.size == 1
    return values[0]


# --- the sweeps -----------------------------------------------------------------------------------


def test_a_sweep_arrives_with_its_first_row_and_its_quote():
    day = sweep(Day(), 1, 200, BUY, 100, 3340).amend(1, 300, price=3330)
    sweeps = found(day).sweeps
    assert sweeps.order_id.tolist() == [FIRST_ID + 1]
    assert (sweeps.arrival_ns[0], sweeps.limit_x2[0], sweeps.quantity[0]) == (200, 6680, 100)
    assert (sweeps.arrival_bid[0], sweeps.arrival_offer[0]) == (3330, 3340)


def test_without_a_quote_on_its_row_it_has_the_last_one_before():
    day = Day()
    sweep(day, 1, 200, BUY, 100, 3340, national_bid=None, national_offer=None)
    # This one may be the order's own doing.
    day.quote(200, 3350, 3360)
    assert (one(day, "arrival_bid"), one(day, "arrival_offer")) == (3330, 3340)


def test_a_one_sided_quote_on_its_row_is_one_sided():
    day = sweep(Day(), 1, 200, BUY, 100, 3340, national_offer=None)
    assert (one(day, "arrival_bid"), one(day, "arrival_offer")) == (3330, 0)


def test_no_quote_anywhere_is_none():
    day = sweep(Day(bid=0, offer=0), 1, 200, BUY, 100, 3340)
    assert (one(day, "arrival_bid"), one(day, "arrival_offer")) == (0, 0)


def test_increases_count_as_fillable_and_decreases_do_not_undo_them():
    day = sweep(Day(), 1, 200, BUY, 100, 3340)
    day.amend(1, 300, quantity=150, leavesquantity=150).amend(
        1, 400, quantity=60, leavesquantity=60
    )
    assert one(day, "quantity") == 150


def test_a_cancelled_sweep_works_until_then():
    assert one(sweep(Day(), 1, 200, BUY, 100, 3340).cancel(1, 700), "end_ns") == 700


def test_an_immediate_sweep_ends_as_it_arrives():
    day = sweep(Day(), 1, 200, BUY, 100, 3340, rows=1, timevalidity=IMMEDIATE).cancel(1, 200)
    assert one(day, "end_ns") == 200


def test_a_sweep_that_stays_works_until_trading_closes():
    day = sweep(Day(), 1, 200, BUY, 100, 3340)
    day.quote(CLOSE_NS + 50, 3330, 3350)
    assert one(day, "end_ns") == CLOSE_NS


def test_or_until_the_recording_ends():
    day = sweep(Day(), 1, 200, BUY, 100, 3340)
    day.quote(900, 3330, 3350)
    assert one(day, "end_ns") == 900
    # And of the time after it no quote is known.
    assert found(day).quotes.latest(np.array([901]))[0] == 2


def test_only_sweeps_in_the_book_are_there():
    day = sweep(Day().enter(1, 150, SELL, 10, 3330), 2, 200, BUY, 100, 3340)
    # A fill that its totals do not know: left out of the book.
    sweep(day, 3, 250, BUY, 100, 3340).tape_rows(260, 3, 1, 10, 3335)
    assert found(day).sweeps.order_id.tolist() == [FIRST_ID + 2]


def test_without_a_quote_file_the_quotes_on_all_order_rows_count():
    day = sweep(Day(), 1, 200, BUY, 100, 3340)
    day.quote(250, 3340, 3350)
    day.enter(2, 300, SELL, 20, 3400).cancel(1, 500)
    # The rows alone: nobody else tells of the move.
    partition = day.partition()
    sweeps = read_sweeps(partition, NO_QUOTES, DATE, SECURITY)
    real = tape_fills(partition)
    (table,) = sweep_tables(sweeps, {REAL: Outcome(real)})
    # From 3335 to 3345: 1 cent more on each of 100 shares.
    assert table["opportunity_cost_aud"].tolist() == pytest.approx([1.0])
    assert table["market_drift_price"].tolist() == [10.0]


# --- the arms ------------------------------------------------------------------------------------


def test_lines_are_those_of_the_run_in_one_order():
    assert [arm.name for arm in ARMS] == [
        *("tape", "time-priority", "as-entered", "dual-post", "rest-dark", "dark-only")
    ]
    assert arms_of(["time-priority"], ["rest-dark"]) == [REAL, Arm("time-priority")]
    chosen = arms_of(["centre-point"], ["rest-dark", "as-entered"])
    assert chosen == [REAL, REPLAYED, Arm("centre-point", "rest-dark")]
    assert comparisons_of(chosen) == [
        (REAL, REPLAYED),
        (REAL, chosen[2]),
        (REPLAYED, chosen[2]),
    ]
    assert comparisons_of(arms_of(["centre-point"], ["dark-only"])) == [
        (REAL, Arm("centre-point", "dark-only"))
    ]


def half_filled_day():
    """Buy 1 of 100 gets 30 lit and 20 dark, and is cancelled with 50 left."""
    day = sweep(Day(), 1, 200, BUY, 100, 3340)
    day.trade(200, (1, 77, 30, 3340, LIT, BUY)).enter(2, 250, SELL, 20, 3330)
    day.trade(300, (1, 2, 20, 3335, DARK, SELL))
    return day.cancel(1, 400)


def matches(*rows):
    names = [*MATCH_DETAIL_COLUMNS]
    return table_of_rows(MATCH_DETAIL_COLUMNS, [dict(zip(names, row, strict=True)) for row in rows])


def test_time_priority_adds_its_matches_to_what_really_filled():
    day = half_filled_day()
    real = tape_fills(day.partition())
    model = fills_by_time_priority(real, matches((9, FIRST_ID + 1, 350, 40, 3332.5, SECURITY)))
    table = sweep_table(found(day), {REAL: Outcome(real), Arm("time-priority"): Outcome(model)})
    assert table["model"].tolist() == ["tape", "time-priority"]
    assert table["filled_quantity"].tolist() == [50, 90]
    assert table["dark_quantity"].tolist() == [20, 60]
    assert table["fill_ratio"].tolist() == [0.5, 0.9]
    assert table["vwap"].tolist() == [3338.0, (30 * 3340 + 20 * 3335 + 40 * 3332.5) / 90]
    assert table["real_outcome"].tolist() == ["partly_filled"] * 2
    assert table["outcome"].tolist() == ["partly_filled"] * 2


def test_every_line_has_the_same_sweeps_in_the_same_order():
    day = half_filled_day()
    sweep(day, 3, 500, SELL, 70, 3330)
    sweep(day, 4, 600, BUY, 90, 3340)
    sweeps, partition = found(day), day.partition()
    results = {name: run(day, name) for name in ("as-entered", "dark-only")}
    outcomes = {REAL: Outcome(tape_fills(partition))} | {
        Arm("centre-point", name): Outcome(
            fills_of_book(partition.log, result.fills),
            to_category(result.order_summary["unfilled_reason"]),
        )
        for name, result in results.items()
    }
    table = sweep_table(sweeps, outcomes)
    assert list(table.columns) == list(SWEEP_TABLE)
    expected = [FIRST_ID + 1, FIRST_ID + 3, FIRST_ID + 4]
    by_arm = table.groupby(["model", "scenario"], dropna=False, sort=False)["order_id"]
    assert [ids.tolist() for _, ids in by_arm] == [expected] * 3
    for name, result in results.items():
        rows = table[table["scenario"] == name]
        summary = result.order_summary
        for column in ("filled_quantity", "unfilled_quantity", "fill_count", "unfilled_reason"):
            assert rows[column].tolist() == summary[column].tolist(), (name, column)
    tape = table[table["model"] == "tape"]
    real = results["as-entered"].order_summary["real_filled_quantity"]
    assert tape["filled_quantity"].tolist() == real.tolist()
    assert tape["unfilled_reason"].tolist() == [""] * 3
    assert tape["price_part_aud"].isna().all()


def test_parts_are_simulated_minus_real():
    day = half_filled_day()
    real = tape_fills(day.partition())
    nothing = tape_fills(Day().enter(2, 150, SELL, 5, 3330).partition())
    table = sweep_table(found(day), {REAL: Outcome(real), REPLAYED: Outcome(nothing)})
    # 30 shares 0.5 cents above the midpoint of 3335, 20 at it: 15 cents worse than nothing.
    assert table["arrival_cost_aud"].tolist() == pytest.approx([0.15, 0.0])
    assert table["quantity_part_aud"][1] == pytest.approx(-0.15)
    assert table[["price_part_aud", "time_part_aud"]].iloc[1].tolist() == [0, 0]


def test_the_end_of_the_lifetime_is_where_unfilled_shares_are_marked():
    day = half_filled_day()
    day.quote(350, 3340, 3350)
    day.quote(700, 3310, 3320)
    day.quote(900, 3310, 3320)
    outcomes = {REAL: Outcome(tape_fills(day.partition()))}
    until_end, for_longer = (
        sweep_table(found(day), outcomes, lifetime=lifetime)
        for lifetime in (RECORDED, Lifetime("", 600))
    )
    # 50 shares unfilled: by the end they cost 1 cent more each, at 800 they cost 2 cents less.
    assert until_end["opportunity_cost_aud"].tolist() == pytest.approx([0.5])
    assert for_longer["opportunity_cost_aud"].tolist() == pytest.approx([-1.0])


def test_a_partition_without_sweeps_has_all_columns():
    day = Day().enter(2, 150, SELL, 5, 3330)
    real = tape_fills(day.partition())
    table = sweep_table(found(day), {REAL: Outcome(real)})
    assert not len(table)
    assert list(table.columns) == list(SWEEP_TABLE)
    assert to_table(table).schema.field("order_id").type == "int64"


def test_the_continuous_population_goes_by_the_windows():
    day = half_filled_day()
    real = tape_fills(day.partition())
    outcomes = {REAL: Outcome(real)}
    inside = sweep_table(found(day, continuous=CONTINUOUS), outcomes)
    outside = sweep_table(found(day, continuous=()), outcomes)
    assert (inside["is_continuous"].tolist(), outside["is_continuous"].tolist()) == (
        [True],
        [False],
    )
    assert inside["has_residual"].tolist() == [True]
    assert inside["participant"].tolist() == [1]


# --- in any market --------------------------------------------------------------------------------


def all_lines(partition, quotes):
    real = tape_fills(partition)
    results = {name: run_scenario(partition, name, DATE, SECURITY) for name in SCENARIOS}
    outcomes = {REAL: Outcome(real)} | {
        Arm("centre-point", name): Outcome(
            fills_of_book(partition.log, result.fills),
            to_category(result.order_summary["unfilled_reason"]),
        )
        for name, result in results.items()
    }
    sweeps = read_sweeps(partition, quotes, DATE, SECURITY)
    table = sweep_table(sweeps, outcomes, lifetime=CLOSE)
    return table, results


def require_sound(table, results):
    real = table[table["model"] == "tape"].reset_index(drop=True)
    for name, result in results.items():
        rows = table[table["scenario"] == name].reset_index(drop=True)
        summary = result.order_summary
        for column in ("order_id", "quantity", "filled_quantity", "unfilled_quantity"):
            assert rows[column].tolist() == summary[column].tolist(), column
        real_filled = summary["real_filled_quantity"]
        assert real["filled_quantity"].tolist() == real_filled.tolist()
        for same in ("order_id", "side", "quantity", "arrival_ns", "end_ns", "market_drift_bps"):
            pd.testing.assert_series_equal(rows[same], real[same])
        assert (rows["fill_ratio"].dropna() <= 1).all()
        parts = rows[["price_part_aud", "quantity_part_aud", "time_part_aud"]].sum(
            axis=1, skipna=False
        )
        difference = (rows["arrival_cost_aud"] - real["arrival_cost_aud"])[parts.notna()]
        assert np.allclose(parts.dropna(), difference, atol=1e-6)
    whole = table["arrival_cost_aud"] + table["opportunity_cost_aud"]
    assert np.allclose(table["implementation_shortfall_aud"], whole, equal_nan=True)
    assert (table["time_to_first_fill_seconds"].dropna() >= 0).all()
    assert table["vwap"].isna().equals(table["filled_quantity"] == 0)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_lines_of_any_market_are_about_the_same_sweeps(seed):
    day = random_day(seed)
    partition = day.partition()
    quotes = NO_QUOTES if day.quotes is None else day.quotes
    require_sound(*all_lines(partition, quotes))


def test_lines_of_the_sample():
    market = cp_markets.sample_day()
    require_sound(*all_lines(market.partition(), market.quotes))


def test_lines_of_the_real_morning():
    market = cp_markets.morning()
    table, results = all_lines(market.partition(), market.quotes)
    require_sound(table, results)
    tape = table[table["model"] == "tape"]
    assert len(tape) == 1_653
    assert tape["is_continuous"].sum() == 1_591
