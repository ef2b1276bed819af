"""What holds for any market: the slow loops agree, mirrors and scales change nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from framed import sweep_metrics
from hypothesis import given
from hypothesis import strategies as st
from slow_sweep_metrics import as_float, slow_metrics
from sweep_cases import SECOND, SIGNED, markets, mirrored

from sweep_dask.analysis.metrics.records import NO_FEES, Fees, Fills, Quotes, Sweeps
from sweep_dask.analysis.metrics.sweep_metrics import SWEEP_METRIC_COLUMNS

IN_BPS = [name for name in SWEEP_METRIC_COLUMNS if name.endswith("_bps")]
IN_AUD = [name for name in SWEEP_METRIC_COLUMNS if name.endswith("_aud")]
IN_PRICES = [name for name in SWEEP_METRIC_COLUMNS if name.endswith("_price")]
IN_PRICES += ["vwap", "limit", "arrival_midpoint"]
SHARES_AND_TIMES = [
    "fill_ratio",
    *(name for name in SWEEP_METRIC_COLUMNS if name.endswith("_seconds")),
]
#: In quarters of a basis point, which are exact.
FEES = st.one_of(
    st.just(NO_FEES), st.tuples(*2 * [st.integers(0, 40)]).map(lambda k: Fees(k[0] / 4, k[1] / 4))
)


def same(one, other, names, factor=1.0):
    for name in names:
        expected = one[name].to_numpy(float) * factor
        assert other[name].to_numpy(float) == pytest.approx(expected, rel=1e-9, nan_ok=True), name


@given(markets(), st.one_of(st.none(), st.integers(0, 40)), FEES)
def test_the_slow_loops_agree(market, halves, fees):
    sweeps, *others = market
    if halves is not None:
        sweeps = replace(sweeps, end_ns=sweeps.arrival_ns + halves * SECOND // 2)
    table, slow = sweep_metrics(sweeps, *others, fees=fees), slow_metrics(sweeps, *others, fees)
    assert len(table) == len(slow)
    for name in slow[0] if slow else ():
        expected = np.array([as_float(row[name]) for row in slow])
        found = table[name].to_numpy(dtype=float)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-9 * fees.are_paid, nan_ok=True)


@given(markets())
def test_the_mirror_leaves_every_signed_metric_unchanged(market):
    ours, theirs = sweep_metrics(*market), sweep_metrics(*mirrored(*market, total=6660))
    # Basis points have another base there.
    same(ours, theirs, [name for name in SIGNED if not name.endswith("_bps")])
    same(ours, theirs, SHARES_AND_TIMES)


@given(markets(), st.integers(2, 50))
def test_prices_in_another_unit_leave_basis_points_unchanged(market, factor):
    sweeps, fills, quotes = market
    scaled = (
        Sweeps(
            sweeps.order_id,
            sweeps.side,
            sweeps.arrival_ns,
            sweeps.end_ns,
            sweeps.limit_x2 * factor,
            sweeps.quantity,
            sweeps.arrival_bid * factor,
            sweeps.arrival_offer * factor,
        ),
        Fills(
            fills.order_id,
            fills.timestamp_ns,
            fills.quantity,
            fills.price_x2 * factor,
            fills.is_dark,
        ),
        Quotes(quotes.timestamp_ns, quotes.bid * factor, quotes.offer * factor),
    )
    ours, theirs = sweep_metrics(*market), sweep_metrics(*scaled)
    same(ours, theirs, IN_BPS + SHARES_AND_TIMES)
    same(ours, theirs, IN_PRICES + IN_AUD, factor)


@given(markets(), st.integers(2, 50))
def test_more_shares_of_the_same_change_money_and_nothing_else(market, factor):
    sweeps, fills, quotes = market
    larger = Sweeps(
        sweeps.order_id,
        sweeps.side,
        sweeps.arrival_ns,
        sweeps.end_ns,
        sweeps.limit_x2,
        sweeps.quantity * factor,
        sweeps.arrival_bid,
        sweeps.arrival_offer,
    )
    more = Fills(
        fills.order_id, fills.timestamp_ns, fills.quantity * factor, fills.price_x2, fills.is_dark
    )
    ours, theirs = sweep_metrics(*market), sweep_metrics(larger, more, quotes)
    same(ours, theirs, IN_PRICES + IN_BPS + SHARES_AND_TIMES)
    same(ours, theirs, IN_AUD, factor)


@given(markets(), FEES)
def test_parts_add_up(market, fees):
    table = sweep_metrics(*market, fees=fees)

    def column(name):
        return table[name].to_numpy(float)

    total = column("arrival_cost_aud") + column("opportunity_cost_aud")
    assert column("implementation_shortfall_aud") == pytest.approx(total, nan_ok=True)
    cost = column("slippage_price") + column("effective_spread_price") / 2
    known = ~np.isnan(cost)
    assert column("midpoint_improvement_price")[known] == pytest.approx(-cost[known], abs=1e-9)
    value = table["filled_value_x2"] / 2_000
    paid = column("arrival_cost_aud") + column("midpoint_improvement_aud")
    has_midpoint = ~np.isnan(paid)
    for least, most in [sorted(fees)]:
        assert (paid >= least * value / 10_000 - 1e-9)[has_midpoint].all()
        assert (paid <= most * value / 10_000 + 1e-9)[has_midpoint].all()
    assert (table["filled_quantity"] + table["unfilled_quantity"] >= table["quantity"]).all()


@given(markets(), st.randoms(use_true_random=False))
def test_order_of_rows_makes_no_difference(market, random):
    sweeps, fills, quotes = market
    rows = list(range(fills.order_id.size))
    random.shuffle(rows)
    shuffled = fills.chosen(np.array(rows, dtype=np.int64))
    expected = sweep_metrics(sweeps, fills, quotes)
    # To the last bit: sums are whole numbers.
    pd.testing.assert_frame_equal(
        sweep_metrics(sweeps, shuffled, quotes), expected, check_exact=True
    )


@given(markets(least_sweeps=2))
def test_a_sweep_does_not_depend_on_the_others(market):
    sweeps, fills, quotes = market
    columns = ("order_id", "side", "arrival_ns", "end_ns", "limit_x2", "quantity")
    columns += ("arrival_bid", "arrival_offer")
    halves = [
        Sweeps(*(getattr(sweeps, name)[part] for name in columns))
        for part in (slice(1, None), slice(0, 1))
    ]
    apart = [sweep_metrics(half, fills, quotes) for half in halves]
    together = sweep_metrics(sweeps, fills, quotes)
    expected = pd.concat([together.iloc[1:], together.iloc[:1]], ignore_index=True)
    pd.testing.assert_frame_equal(pd.concat(apart, ignore_index=True), expected, check_exact=True)
