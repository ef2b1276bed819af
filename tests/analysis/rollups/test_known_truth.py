"""Intervals hold the truth of synthetic markets whose extracts are poor; how they are made so."""

from __future__ import annotations

import importlib

import numpy as np
import pyarrow as pa
import pytest
from running import ROOT

from sweep_dask.market.order_codes import CENTRE_POINT_BLOCK as DARK
from sweep_dask.market.order_codes import SWEEP
from sweep_dask.market.sessions import Window

#: Rows of two orders that rest in the dark and of a sweep; the sweep meets the first.
ORDERS = pa.table(
    {
        "order_id": [1, 2, 3, 1, 3],
        "timestamp": [10, 20, 30, 30, 50],
        "exchangeordertype": [DARK, DARK, SWEEP, DARK, SWEEP],
        **{name: [90, 90, 95, 95, 95] for name in ("national_bid", "bid")},
        **{name: [100, 100, 105, 105, 105] for name in ("national_offer", "offer")},
    }
)
TRADES = pa.table({"orderid": [1, 3]})
QUOTES = pa.table({"timestamp": [5, 25], "bidprice": [90, 95], "offerprice": [100, 105]})


def benchmark(name):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        return importlib.import_module(name)


@pytest.fixture(scope="module")
def known_truth():
    return benchmark("known_truth")


@pytest.fixture
def day(known_truth):
    return known_truth.Day(101, ORDERS, TRADES, QUOTES, Window(0, 60))


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_orders_that_are_missing_have_traded_all_the_same(known_truth, day, random):
    poor = known_truth.without_orders(day, 1.0, random)
    assert poor.orders["order_id"].to_pylist() == [3, 3]
    assert poor._replace(orders=day.orders) == day
    assert known_truth.without_orders(day, 0.0, random) == day


def test_an_order_is_missing_as_a_whole(known_truth, day):
    for seed in range(20):
        poor = known_truth.without_orders(day, 0.5, np.random.default_rng(seed))
        assert poor.orders["order_id"].to_pylist().count(1) in (0, 2)


def test_rows_of_any_order_may_be_lost(known_truth, day, random):
    assert len(known_truth.without_rows(day, 1.0, random).orders) == 0
    assert known_truth.without_rows(day, 0.0, random) == day


def test_late_quotes_are_late_on_the_rows_of_orders_too(known_truth, day):
    poor = known_truth.with_late_quotes(day, 6)
    assert poor.quotes["timestamp"].to_pylist() == [11, 31]
    # None has come at 10; the second comes after 30.
    for name in ("national_bid", "bid"):
        assert poor.orders[name].to_pylist() == [0, 90, 90, 90, 95]
    for name in ("national_offer", "offer"):
        assert poor.orders[name].to_pylist() == [0, 100, 100, 100, 105]
    assert poor.trades == day.trades


@pytest.mark.slow
def test_the_interval_with_the_error_of_the_book_holds_the_truth(tmp_path, known_truth):
    """All is drawn from fixed seeds: bounds are wide for other processors, not for chance."""
    bench = benchmark("bench_truth")
    days = list(known_truth.drawn_days(tmp_path, count=50, events=1_000, seed=11))
    samples = bench.drawn_samples(worlds=100, size=30, days=len(days))
    whole = bench.seen(days, known_truth.as_it_is)
    truth = bench.effects_of(whole)

    def covered(found):
        shares = {
            (one.scenario, one.metric): one.shares for one in bench.coverages(found, truth, samples)
        }
        return tuple(
            {key: share[name] for key, share in shares.items()}
            for name in (bench.WITHOUT, bench.WITH)
        )

    def covered_in(extract):
        return covered(bench.seen(days, known_truth.EXTRACTS[extract]))

    # Where nothing is wrong the book makes no error, and adds next to none.
    without, with_book = covered(whole)
    assert all(0 <= with_book[key] - share <= 0.03 for key, share in without.items())
    assert min(without.values()) >= 0.85
    without, with_book = covered_in("40 % of the other dark orders missing")
    assert without["dual-post", "fill_ratio"] <= 0.75
    assert with_book["dual-post", "fill_ratio"] >= 0.93
    assert min(with_book.values()) >= 0.85
    without, with_book = covered_in("quotes 20 s late")
    assert all(with_book[key] >= without[key] for key in without)
    assert min(with_book.values()) >= 0.85
