"""Metrics of a few sweeps worked out by hand, on both sides, and what is missing when."""

from __future__ import annotations

import numpy as np
import pytest
from framed import sweep_metrics
from sweep_cases import BUY, SECOND, SELL, SIGNED, make_fills, make_quotes, make_sweeps, mirrored

from sweep_dask.analysis.metrics.records import Fees
from sweep_dask.analysis.metrics.sweep_metrics import SWEEP_METRIC_COLUMNS
from sweep_dask.market.ticks import TickTable

#: A buy of 1,000 at up to 3345 meets 3330 / 3340: midpoint 3335, far touch 3340. It gets 400 at the
#: midpoint at once and 200 at 3340 after 2 s: 2,002,000 for 600 shares. It stops after 10 s.
SWEEP = (7, BUY, 0, 10 * SECOND, 2 * 3345, 1000, 3330, 3340)
FILLS = [(7, 0, 400, 6670, True), (7, 2 * SECOND, 200, 6680, False)]
#: Midpoint 3350 and spread 20 from second 1, midpoint 3325 and spread 10 from second 5.
QUOTES = [(SECOND, 3340, 3360), (5 * SECOND, 3320, 3330)]

EXPECTED = {
    "quantity": 1000,
    "filled_quantity": 600,
    "unfilled_quantity": 400,
    "dark_quantity": 400,
    "arrival_filled_quantity": 400,
    "fill_ratio": 0.6,
    "fill_count": 2,
    "working_seconds": 10.0,
    "filled_value_x2": 4_004_000,  # twice 2,002,000
    "arrival_midpoint": 3335.0,
    "arrival_spread_price": 10.0,
    "arrival_spread_ticks": 1.0,
    "arrival_spread_bps": 10_000 * 10 / 3335,
    "vwap": 2_002_000 / 600,
    "limit_improvement_aud": 5.0,  # 600 x 3345 = 2,007,000
    "limit_improvement_price": 5_000 / 600,
    "midpoint_improvement_aud": -1.0,  # 600 x 3335 = 2,001,000
    "midpoint_improvement_price": -1_000 / 600,
    "midpoint_improvement_bps": -10_000 * 1_000 / 600 / 3335,
    "far_touch_improvement_aud": 2.0,  # 600 x 3340 = 2,004,000
    "far_touch_improvement_price": 2_000 / 600,
    "arrival_cost_aud": 1.0,
    "arrival_cost_bps": 10_000 / 3335,  # of 1,000 x 3.335 = A$3,335
    "opportunity_cost_aud": -4.0,  # 400 are 10 cheaper at the end
    "implementation_shortfall_aud": -3.0,
    "implementation_shortfall_bps": -30_000 / 3335,
    "completed_shortfall_aud": -1.0,  # 400 still to trade, each half of 10 away from the midpoint
    "completed_shortfall_bps": -10_000 / 3335,
    "slippage_price": 5.0,  # 200 of 600 filled when the midpoint was 15 higher
    "effective_spread_price": -2 * 2_000 / 600,  # only those 200, 10 below their midpoint
    "realised_spread_1s_price": 2 * (2_002_000 / 600 - 3350),  # both fills see 3350 a second later
    "realised_spread_10s_price": 2 * (2_002_000 / 600 - 3325),
    "realised_spread_60s_price": 2 * (2_002_000 / 600 - 3325),
    "time_to_first_fill_seconds": 0.0,
    "time_to_last_fill_seconds": 2.0,
    "mean_time_to_fill_seconds": 400 / 600,  # a third of the shares waited 2 s
    "market_drift_price": -10.0,  # 3325 is 10 better for a buy
    "working_spread_price": 14.0,  # 1 s of 10, 4 s of 20, 5 s of 10
}


def one(sweep=SWEEP, fills=FILLS, quotes=QUOTES, **options):
    """The metrics of one sweep."""
    table = sweep_metrics(make_sweeps(sweep), make_fills(*fills), make_quotes(*quotes), **options)
    (row,) = table.to_dict("records")
    return row


def test_a_buy_by_hand():
    row = one()
    assert {name: row[name] for name in EXPECTED} == pytest.approx(EXPECTED, rel=1e-12)
    assert row["outcome"] == "partly_filled"


def test_a_sell_in_the_mirror_has_the_same_metrics():
    # Mirrored at the midpoint of the arrival, so that basis points have the same base.
    case = make_sweeps(SWEEP), make_fills(*FILLS), make_quotes(*QUOTES)
    (row,) = sweep_metrics(*mirrored(*case, total=2 * 3335)).to_dict("records")
    assert row["side"] == "sell"
    ours = one()
    assert {n: row[n] for n in SIGNED} == pytest.approx({n: ours[n] for n in SIGNED}, rel=1e-12)


def test_columns_are_those_of_the_schema_with_and_without_sweeps():
    some = sweep_metrics(make_sweeps(SWEEP), make_fills(*FILLS), make_quotes(*QUOTES))
    none = sweep_metrics(make_sweeps(), make_fills(*FILLS), make_quotes(*QUOTES))
    assert list(some) == list(none) == list(SWEEP_METRIC_COLUMNS)
    assert some.dtypes.equals(none.dtypes)
    assert none.empty


def test_signed_columns_are_all_there_is_that_has_a_side():
    assert set(SIGNED) <= set(SWEEP_METRIC_COLUMNS)


def test_nothing_filled_has_no_price_and_no_time_but_all_of_the_opportunity_cost():
    row = one(fills=[])
    missing = [n for n in SIGNED if "improvement" in n and not n.endswith("_aud")]
    missing += ["vwap", "slippage_price", "effective_spread_bps", "realised_spread_10s_price"]
    missing += [name for name in SWEEP_METRIC_COLUMNS if name.startswith(("time_to", "mean_time"))]
    assert all(np.isnan(row[name]) for name in missing)
    assert (row["outcome"], row["fill_ratio"], row["fill_count"]) == ("unfilled", 0.0, 0)
    # No shares cost no money.
    assert row["midpoint_improvement_aud"] == row["arrival_cost_aud"] == 0.0
    assert row["implementation_shortfall_aud"] == row["opportunity_cost_aud"] == -10.0
    # 1,000 shares still to trade, for half of 10 each.
    assert row["completed_shortfall_aud"] == -5.0


def test_all_filled_has_no_opportunity_cost_even_without_a_midpoint_to_mark_to():
    row = one(fills=[(7, 0, 1000, 6670, True)], quotes=[(SECOND, 0, 3340)])
    assert row["outcome"] == "filled"
    assert np.isnan(row["market_drift_price"])
    assert row["opportunity_cost_aud"] == row["implementation_shortfall_bps"] == 0.0


def test_unfilled_shares_without_a_midpoint_to_mark_to_leave_the_shortfall_open():
    row = one(quotes=[(SECOND, 0, 3340)])
    assert np.isnan(row["opportunity_cost_aud"])
    assert np.isnan(row["implementation_shortfall_aud"])
    assert row["arrival_cost_aud"] == 1.0


def test_no_limit_no_improvement_against_it():
    row = one(sweep=(7, BUY, 0, 10 * SECOND, 0, 1000, 3330, 3340))
    assert np.isnan(
        [row["limit"], row["limit_improvement_price"], row["limit_improvement_aud"]]
    ).all()
    assert row["midpoint_improvement_aud"] == -1.0


@pytest.mark.parametrize(("bid", "offer"), [(3340, 3340), (3350, 3340), (0, 3340)])
def test_locked_crossed_and_one_sided_arrivals_have_a_far_touch_and_no_midpoint(bid, offer):
    row = one(sweep=(7, BUY, 0, 10 * SECOND, 2 * 3345, 1000, bid, offer))
    assert row["far_touch_improvement_aud"] == 2.0
    for name in ("arrival_midpoint", "arrival_spread_ticks", "midpoint_improvement_aud"):
        assert np.isnan(row[name])
    # The first fill was on arrival, so there is no midpoint for all of them.
    assert np.isnan(row["effective_spread_price"])
    # A second later there was one for both.
    assert row["realised_spread_1s_price"] == pytest.approx(2 * (2_002_000 / 600 - 3350))
    # Basis points are of the midpoint on arrival.
    assert np.isnan(row["far_touch_improvement_bps"])


def test_no_far_touch_no_improvement_against_it():
    row = one(sweep=(7, SELL, 0, 10 * SECOND, 2 * 3325, 1000, 0, 3340))
    assert np.isnan(row["far_touch_improvement_price"])


def test_fills_count_and_the_rest_is_marked_until_the_end():
    # After 3 s the midpoint is 3350, 15 against the buy: 400 x 15.
    row = one(sweep=(7, BUY, 0, 3 * SECOND, 2 * 3345, 1000, 3330, 3340))
    assert (row["filled_quantity"], row["opportunity_cost_aud"]) == (600, 6.0)
    # A nanosecond before the second fill only the first counts.
    row = one(sweep=(7, BUY, 0, SECOND - 1, 2 * 3345, 1000, 3330, 3340))
    assert (row["filled_quantity"], row["fill_count"]) == (400, 1)


def test_quote_of_the_instant_of_arrival_counts_from_then_on_but_not_at_it():
    # The sweep emptied its level: stamped with the same instant, 3340 / 3360 follows.
    row = one(
        fills=[(7, 0, 400, 6670, True), (7, SECOND, 200, 6700, True)], quotes=[(0, 3340, 3360)]
    )
    assert row["effective_spread_price"] == 0.0  # 400 at 3335 on arrival, 200 at 3350 after it
    assert row["market_drift_price"] == 15.0
    assert row["working_spread_price"] == 20.0


def test_an_older_quote_does_not_replace_the_one_on_arrival():
    sweep = (7, BUY, 5 * SECOND, 9 * SECOND, 0, 1000, 3330, 3340)
    row = one(sweep=sweep, fills=[(7, 6 * SECOND, 400, 6670, True)], quotes=[(SECOND, 3300, 3310)])
    assert row["effective_spread_price"] == 0.0
    assert (row["market_drift_price"], row["working_spread_price"]) == (0.0, 10.0)


def test_a_quote_still_to_come_is_not_known_before():
    row = one(fills=[(7, SECOND, 400, 6670, True)], quotes=[(3 * SECOND, 3340, 3360)])
    assert row["effective_spread_price"] == 0.0
    assert row["realised_spread_1s_price"] == 0.0
    assert row["realised_spread_10s_price"] == -30.0


def test_no_quotes_at_all_leave_that_of_the_arrival():
    row = one(quotes=[])
    assert (row["market_drift_price"], row["working_spread_price"]) == (0.0, 10.0)


def test_nothing_is_known_after_the_quotes_end():
    case = make_sweeps(SWEEP), make_fills(*FILLS), make_quotes(*QUOTES).until(4 * SECOND)
    (row,) = sweep_metrics(*case).to_dict("records")
    assert row["realised_spread_1s_price"] == pytest.approx(2 * (2_002_000 / 600 - 3350))
    assert np.isnan(row["realised_spread_10s_price"])
    # 1 s of 10 and 3 s of 20, and a ns.
    assert row["working_spread_price"] == pytest.approx(17.5)


@pytest.mark.parametrize("offer", [500_000, 9_999_990, 10**8 - 1])
def test_a_lone_offer_far_away_for_hours_is_averaged_all_the_same(offer):
    hours = 3_600 * SECOND
    sweep = (7, BUY, 0, 6 * hours, 0, 1000, 3330, 3340)
    row = one(sweep=sweep, fills=[], quotes=[(2 * hours, 3330, offer)])
    assert row["working_spread_price"] == pytest.approx((2 * 10 + 4 * (offer - 3330)) / 6)


def test_a_sweep_that_ends_as_it_arrives_has_the_spread_of_its_arrival():
    row = one(sweep=(7, BUY, 0, 0, 0, 1000, 3330, 3340))
    assert (row["working_spread_price"], row["working_seconds"]) == (10.0, 0.0)
    assert row["market_drift_price"] == 0.0


def test_spread_in_ticks_counts_across_a_border_of_the_tick_table():
    # Below 2000 steps of 5, from there of 10: 1990, 1995, 2000, 2010, 2020.
    row = one(sweep=(7, BUY, 0, 0, 0, 1000, 1990, 2020))
    assert row["arrival_spread_ticks"] == 4.0
    assert one(ticks=TickTable.constant(5))["arrival_spread_ticks"] == 2.0


def test_fills_of_other_orders_are_passed_over():
    assert one(fills=[*FILLS, (8, 0, 400, 6670, True)]) == pytest.approx(one(), nan_ok=True)


def test_nothing_to_fill_has_no_ratio():
    row = one(sweep=(7, BUY, 0, 0, 0, 0, 3330, 3340), fills=[])
    assert np.isnan([row["fill_ratio"], row["arrival_cost_bps"]]).all()
    assert row["outcome"] == "unfilled"


def test_order_ids_of_19_digits_stay_apart():
    one_id = 7_904_794_000_124_046_634
    sweeps = make_sweeps((one_id, *SWEEP[1:]), (one_id + 1, *SWEEP[1:]))
    table = sweep_metrics(sweeps, make_fills((one_id + 1, 0, 5, 6670, True)), make_quotes())
    assert table["filled_quantity"].tolist() == [0, 5]
    assert table["order_id"].tolist() == [one_id, one_id + 1]


@pytest.mark.parametrize(
    ("rows", "message"),
    [([SWEEP, SWEEP], "occurs twice"), ([(7, BUY, 5, 4, 0, 1, 0, 0)], "before it arrives")],
)
def test_sweeps_that_are_none_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        make_sweeps(*rows)


def test_quotes_come_by_time():
    with pytest.raises(ValueError, match="by time"):
        make_quotes((5, 1, 2), (4, 1, 2))


@pytest.mark.parametrize("side", [BUY, SELL])
def test_fees_are_a_cost_on_both_sides(side):
    """4 bps in the dark, 10 in the lit book, of the sweep above and of its mirror at 3335.

    Dark: 400 x 3335 = 1,334,000, of which 533.6 is paid. Lit: a buy 200 x 3340 = 668,000, a sell
    200 x 3330 = 666,000. The other 400 are marked to 3325, or 3345, and traded at 3330, or 3340.
    """
    market = (make_sweeps(SWEEP), make_fills(*FILLS), make_quotes(*QUOTES))
    market = market if side == BUY else mirrored(*market, total=6670)
    with_fees = sweep_metrics(*market, fees=Fees(4.0, 10.0)).iloc[0]
    without = sweep_metrics(*market).iloc[0]
    changed = {name for name in with_fees.index if with_fees[name] != without[name]}
    changed -= {name for name in without.index if without[name] != without[name]}
    costs = ("arrival_cost", "implementation_shortfall", "completed_shortfall")
    assert changed == {f"{cost}_{unit}" for cost in costs for unit in ("aud", "bps")}
    paid = {BUY: 0.5336 + 0.668, SELL: 0.5336 + 0.666}[side]
    more = paid + {BUY: 400 * 3.330, SELL: 400 * 3.340}[side] / 1_000
    assert with_fees["arrival_cost_aud"] == pytest.approx(1.0 + paid)
    assert with_fees["implementation_shortfall_aud"] == pytest.approx(-3.0 + paid)
    assert with_fees["completed_shortfall_aud"] == pytest.approx(-1.0 + more)
    assert with_fees["completed_shortfall_bps"] == pytest.approx(10_000 * (-1.0 + more) / 3335)
