"""Where nothing differs nothing may be found: as often as the level says, and no more.

Two arms of the same outcomes are dealt at random, by whole security-days, which of them is called
the reference: whatever the test finds, it finds in its own error.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sweep_dask.analysis.significance import ClusterSums, cluster_tests

DRAWS, LEVEL = 4_000, 0.05
#: Five standard deviations of the share of rejections among so many draws.
TOLERANCE = 5 * np.sqrt(LEVEL * (1 - LEVEL) / DRAWS)


def market(sizes, seed):
    """Differences by security-day: what is common to a day is as large as what is not."""
    dice = np.random.default_rng(seed)
    return [dice.normal() + dice.normal(size=size) for size in sizes]


def results_of(days, labels):
    """The test of each draw, int8[draws, days], of which label every security-day has."""
    n, total, squared = (
        np.array([moment(day) for day in days])
        for moment in (np.size, np.sum, lambda day: (day**2).sum())
    )
    totals = labels * total
    draws = len(labels)
    return cluster_tests(
        ClusterSums(
            n=np.full(draws, n.sum()),
            total=totals.sum(axis=1),
            squared=np.full(draws, squared.sum()),
            n_clusters=np.full(draws, n.size),
            n_above=(totals > 0).sum(axis=1),
            n_below=(totals < 0).sum(axis=1),
            squared_n=np.full(draws, (n**2).sum()),
            squared_total=(totals**2).sum(axis=1),
            total_times_n=(totals * n).sum(axis=1),
        )
    )


def dealt(n_days, seed):
    return np.random.default_rng(seed).choice([-1, 1], (DRAWS, n_days))


def rejected(sizes, seed):
    """How often labels make a difference, another market for every hundred draws."""
    labels = dealt(len(sizes), seed)
    parts = [
        results_of(market(sizes, seed + 1 + number), part)["p_value"]
        for number, part in enumerate(np.split(labels, DRAWS // 100))
    ]
    return float((np.concatenate(parts) < LEVEL).mean())


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([30] * 10, id="ten equal security-days"),
        pytest.param([30] * 60, id="sixty equal ones"),
        pytest.param([5 + 7 * (day % 10) for day in range(100)], id="a hundred of 5 to 68 sweeps"),
    ],
)
def test_labels_dealt_at_random_are_rejected_as_often_as_the_level_says(sizes):
    assert abs(rejected(sizes, seed=1) - LEVEL) < TOLERANCE


def test_a_security_day_that_outweighs_all_others_decides_nothing():
    """There is one observation, whatever the count: with nine degrees of freedom 71 % would be."""
    assert rejected([300] + [10] * 9, seed=1) <= LEVEL


def test_a_test_by_single_sweeps_would_find_something_nearly_always():
    days = market([50] * 60, seed=1)
    found = [
        stats.ttest_1samp(
            np.concatenate([label * day for label, day in zip(row, days, strict=True)]), 0
        )
        for row in dealt(len(days), seed=1)[:200]
    ]
    assert np.mean([one.pvalue < LEVEL for one in found]) > 0.5


def test_labels_that_mean_something_are_found():
    """A difference of one half everywhere, beside days that differ by 1: 0.5 * sqrt(60) is 3.9."""
    days = [day + 0.5 for day in market([30] * 60, seed=1)]
    labels = np.ones((1, 60))
    assert results_of(days, labels)["p_value"][0] < 0.01
