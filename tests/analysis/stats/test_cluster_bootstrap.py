"""Intervals by whole clusters: deterministic, in any row order, and none from one cluster."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.analysis.stats import bootstrap
from sweep_dask.analysis.stats.bootstrap import (
    NO_CLUSTER,
    ONE_CLUSTER,
    ClusterSums,
    _drawn_means,
    cluster_interval,
    cluster_sums,
)

DAYS = ["2024-09-05", "2024-09-06"]
#: Sevenths: their sums depend on the order of adding.
ROWS = st.lists(
    st.tuples(st.sampled_from(DAYS), st.integers(1, 2), st.integers(-99, 99).map(lambda n: n / 7)),
    min_size=1,
    max_size=30,
)


def sums_of(rows):
    date, security, difference = zip(*rows, strict=True)
    codes = np.array(
        [2 * DAYS.index(day) + number for day, number in zip(date, security, strict=True)]
    )
    return cluster_sums(np.array(difference), codes)


def test_sums_by_hand():
    sums = cluster_sums(np.array([1.0, 10.0, 2.0]), np.array([4, 1, 4]))
    assert sums.count.tolist() == [1, 2]
    assert sums.total.tolist() == [10.0, 3.0]


def test_two_clusters_by_hand():
    """Means 1 and 3 of equal clusters: a draw is 1, 2 or 3 with chances 1/4, 1/2, 1/4."""
    interval = cluster_interval(ClusterSums(np.array([5, 5]), np.array([5.0, 15.0])), seed=1)
    assert (interval.n_clusters, interval.low, interval.high) == (2, 1.0, 3.0)
    # The middle half of the draws is inside 1 .. 3, the middle third is at 2.
    narrow = cluster_interval(
        ClusterSums(np.array([5, 5]), np.array([5.0, 15.0])), seed=1, level=0.3
    )
    assert (narrow.low, narrow.high) == (2.0, 2.0)


def test_a_large_cluster_weighs_more():
    # 99 rows of 0 and one of 100: most draws with both have the mean 1.
    interval = cluster_interval(
        ClusterSums(np.array([99, 1]), np.array([0.0, 100.0])), seed=3, level=0.3
    )
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_many_clusters_agree_with_the_normal_approximation():
    # 400 clusters of one row, standard deviation 1: the mean's interval is 1.96 / 20 to each side.
    values = np.sort(np.random.default_rng(5).normal(size=400))
    values = (values - values.mean()) / values.std(ddof=1)
    interval = cluster_interval(ClusterSums(np.ones(400, dtype=np.int64), values), seed=8)
    assert interval.high == pytest.approx(0.098, rel=0.1)
    assert interval.low == pytest.approx(-0.098, rel=0.1)


@given(ROWS, st.randoms(use_true_random=False))
def test_mixing_clusters_and_other_random_numbers_make_no_difference(rows, random):
    by_cluster = sorted(rows, key=lambda row: row[:2])
    queues = {}
    for row in by_cluster:
        queues.setdefault(row[:2], []).append(row)
    # The rows of a cluster keep their order; whose turn it is does not matter.
    turns = [row[:2] for row in rows]
    random.shuffle(turns)
    mixed = [queues[turn].pop(0) for turn in turns]
    expected = cluster_interval(sums_of(by_cluster), seed=11, draws=50)
    np.random.default_rng().normal()
    assert repr(cluster_interval(sums_of(mixed), seed=11, draws=50)) == repr(expected)


@pytest.mark.parametrize("clusters", [2, 3, 10, 101])
def test_every_cluster_is_drawn_as_often_as_another(clusters):
    """Over 2,000 draws the count of one cluster, its share of the mean, is about one a draw."""
    for one in (0, clusters // 2, clusters - 1):
        total = np.zeros(clusters)
        total[one] = clusters
        means = _drawn_means(np.ones(clusters, dtype=np.int64), total, np.uint64(5), 2_000)
        # The standard error of a count with mean 1 and variance below 1 is below 0.0224.
        assert abs(means.mean() - 1) < 0.09
        assert means.var() == pytest.approx(1 - 1 / clusters, rel=0.15)


def test_seeds_differ():
    sums = ClusterSums(np.ones(20, dtype=np.int64), np.arange(20.0) ** 2)
    assert cluster_interval(sums, seed=1) != cluster_interval(sums, seed=2)
    assert cluster_interval(sums, seed=1) == cluster_interval(sums, seed=1)


@pytest.mark.parametrize(("clusters", "reason"), [(0, NO_CLUSTER), (1, ONE_CLUSTER)])
def test_one_cluster_says_so_and_has_no_interval(clusters, reason):
    sums = cluster_sums(np.arange(5.0)[: 5 * clusters], np.zeros(5 * clusters, dtype=np.int64))
    interval = cluster_interval(sums, seed=1)
    assert (interval.n_clusters, interval.reason) == (clusters, reason)
    assert isnan(interval.low)
    assert isnan(interval.high)


def test_with_many_clusters_the_interval_is_the_normal_one_and_about_the_same(monkeypatch):
    random = np.random.default_rng(5)
    count = random.integers(1, 9, 4_000)
    sums = ClusterSums(count, random.normal(0.3, 1, 4_000) * count)
    drawn = cluster_interval(sums, seed=1)
    monkeypatch.setattr(bootstrap, "MOST_DRAWN_CLUSTERS", 3_999)
    normal = cluster_interval(sums, seed=1)
    assert normal.n_clusters == drawn.n_clusters == 4_000
    width = drawn.high - drawn.low
    assert abs(normal.low - drawn.low) < 0.05 * width
    assert abs(normal.high - drawn.high) < 0.05 * width


def test_normal_interval_by_hand(monkeypatch):
    """Clusters of 1 with 0 and 2: mean 1, residuals -1 and 1, error sqrt(2 * 2) / 2 = 1."""
    monkeypatch.setattr(bootstrap, "MOST_DRAWN_CLUSTERS", 1)
    found = cluster_interval(ClusterSums(np.array([1, 1]), np.array([0.0, 2.0])), seed=1)
    assert (found.low, found.high) == pytest.approx((1 - 1.959964, 1 + 1.959964))
