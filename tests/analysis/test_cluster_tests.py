"""Means over clusters by hand, against the long way, and where there is nothing to test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sweep_dask.analysis.significance import (
    CONSTANT,
    EQUAL_CLUSTERS,
    NO_PAIR,
    ONE_CLUSTER,
    ClusterSums,
    cluster_tests,
)

CLUSTERS = st.lists(
    st.lists(st.integers(-99, 99).map(lambda n: n / 8), min_size=1, max_size=6), max_size=7
)


def result_of(*clusters):
    """The test of one cell, from the differences of each of its clusters."""
    every = np.array([value for cluster in clusters for value in cluster], dtype=float)
    n = np.array([len(cluster) for cluster in clusters], dtype=np.int64)
    total = np.array([sum(cluster) for cluster in clusters], dtype=float)
    sums = ClusterSums(
        n=every.size,
        total=every.sum(),
        squared=(every**2).sum(),
        n_clusters=n.size,
        n_above=(total > 0).sum(),
        n_below=(total < 0).sum(),
        squared_n=(n**2).sum(),
        squared_total=(total**2).sum(),
        total_times_n=(total * n).sum(),
    )
    found = cluster_tests(ClusterSums(*(np.array([value]) for value in sums)))
    return {name: column[0] for name, column in found.items()}


def test_two_clusters_by_hand():
    """Means 0 and 2: off the mean of 1 by 1 each; 2/1 x (1 + 1) / 2^2 is the error squared."""
    found = result_of([0.0], [2.0])
    assert (found["mean_difference"], found["standard_error"]) == (1.0, 1.0)
    # One degree of freedom: t is Cauchy, of which a half is beyond 1, and 2.5 % beyond 12.7062.
    assert found["p_value"] == pytest.approx(0.5)
    assert (found["low"], found["high"]) == pytest.approx((1 - 12.7062, 1 + 12.7062), abs=1e-4)
    assert found["no_test_reason"] == ""


def test_a_large_cluster_weighs_more():
    """Sums 6 and 0 of 3 and 1: mean 1.5, off by 1.5 and -1.5; 2 x 4.5 / 4^2 is 0.75 squared."""
    found = result_of([2.0, 2.0, 2.0], [0.0])
    assert (found["mean_difference"], found["standard_error"]) == (1.5, 0.75)


def test_clusters_of_one_are_students_test():
    values = [0.5, -1.0, 2.0, 3.5, 0.25]
    found, expected = result_of(*([value] for value in values)), stats.ttest_1samp(values, 0)
    assert found["t_statistic"] == pytest.approx(expected.statistic)
    assert found["p_value"] == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))


@given(CLUSTERS)
def test_sums_give_what_the_clusters_do(clusters):
    found = result_of(*clusters)
    every = np.array([value for cluster in clusters for value in cluster])
    if found["no_test_reason"]:
        assert np.isnan([found["p_value"], found["low"], found["sign_p_value"]]).all()
        return
    off = [sum(value - every.mean() for value in cluster) for cluster in clusters]
    size = len(clusters)
    error = np.sqrt(size / (size - 1) * np.square(off).sum()) / every.size
    assert found["standard_error"] == pytest.approx(error)
    assert found["std_difference"] == pytest.approx(every.std(ddof=1))
    totals = np.array([sum(cluster) for cluster in clusters])
    above, below = int((totals > 0).sum()), int((totals < 0).sum())
    signs = stats.binomtest(above, above + below).pvalue if above + below else 1.0
    assert found["sign_p_value"] == pytest.approx(signs)
    # The interval holds zero exactly if the p-value says so.
    assert (found["low"] <= 0 <= found["high"]) == (found["p_value"] >= 0.05)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("clusters", "reason"),
    [
        ([], NO_PAIR),
        ([[1.0, 2.0]], ONE_CLUSTER),
        ([[1.0]], ONE_CLUSTER),
        ([[0.1, 0.1], [0.1]], CONSTANT),
        ([[0.0], [0.0]], CONSTANT),
        ([[1.0, 3.0], [2.0]], EQUAL_CLUSTERS),
    ],
)
def test_where_nothing_can_be_tested_it_says_why(clusters, reason):
    found = result_of(*clusters)
    assert found["no_test_reason"] == reason
    assert np.isnan([found["p_value"], found["low"], found["standard_error"]]).all()


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [6, 10, 30])
def test_intervals_cover_what_they_claim(clusters):
    """Clusters of up to twice the size of others, whose sweeps have something in common."""
    rng = np.random.default_rng(clusters)

    def covers():
        sizes = rng.integers(20, 41, clusters)
        found = result_of(*(rng.normal() + rng.normal(size=size) for size in sizes))
        return found["low"] < 0 < found["high"]

    assert 0.93 <= np.mean([covers() for _ in range(2_000)]) <= 0.97
