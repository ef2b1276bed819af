"""Paired tests against scipy and by hand; what cannot be tested says so."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from sweep_dask.analysis.stats.paired import CONSTANT, TOO_FEW, paired_test

WHOLE = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=80)


def test_three_differences_by_hand():
    test = paired_test(np.array([1.0, 2.0, 0.0]))
    assert (test.n_pairs, test.mean_difference, test.std_difference) == (3, 1.0, 1.0)
    assert test.t_statistic == pytest.approx(sqrt(3))
    # With two degrees of freedom p = 1 - t / sqrt(t^2 + 2).
    assert test.t_p_value == pytest.approx(1 - sqrt(3 / 5))
    # t(0.975, 2) from the tables.
    assert test.t_high - 1 == pytest.approx(4.302652729749464 / sqrt(3))
    assert test.t_low + test.t_high == pytest.approx(2.0)
    assert test.cohen_d_z == 1.0
    # The zero is dropped; of 4 equally likely signs of ranks 1 and 2, two are as far out.
    assert (test.wilcoxon_statistic, test.wilcoxon_p_value) == (3.0, 0.5)
    assert test.rank_biserial == 1.0
    assert test.reason == ""


def test_rank_biserial_by_hand():
    # Ranks 1, 2, 3 of 1, -2, 3: above 4, below 2, of 6.
    test = paired_test(np.array([3.0, -2.0, 1.0]))
    assert test.rank_biserial == pytest.approx(2 / 6)
    assert test.wilcoxon_statistic == 4.0


@given(WHOLE)
def test_scipy_agrees(differences):
    difference = np.array(differences)
    assume(np.ptp(difference) > 0)
    test = paired_test(difference)
    student = stats.ttest_1samp(difference, 0.0)
    assert test.t_statistic == pytest.approx(student.statistic, abs=1e-12)
    assert test.t_p_value == pytest.approx(student.pvalue, rel=1e-9)
    low, high = student.confidence_interval(0.95)
    assert (test.t_low, test.t_high) == pytest.approx((low, high))
    nonzero = difference[difference != 0]
    ties = np.unique(np.abs(nonzero)).size < nonzero.size
    exact = not ties and nonzero.size <= 50
    ranked = stats.wilcoxon(nonzero, method="exact" if exact else "approx", alternative="two-sided")
    assert test.wilcoxon_p_value == pytest.approx(ranked.pvalue)
    total = nonzero.size * (nonzero.size + 1) / 2
    assert min(test.wilcoxon_statistic, total - test.wilcoxon_statistic) == ranked.statistic


@given(WHOLE, st.randoms(use_true_random=False))
def test_order_makes_no_difference_and_sides_are_alike(differences, random):
    test = paired_test(np.array(differences))
    shuffled = list(differences)
    random.shuffle(shuffled)
    assert repr(paired_test(np.array(shuffled))) == repr(test)
    other = paired_test(-np.array(differences))
    ours = (test.t_statistic, test.cohen_d_z, test.rank_biserial)
    theirs = (-other.t_statistic, -other.cohen_d_z, -other.rank_biserial)
    assert theirs == pytest.approx(ours, nan_ok=True, abs=1e-12)
    p_values = (other.t_p_value, other.wilcoxon_p_value)
    assert p_values == pytest.approx((test.t_p_value, test.wilcoxon_p_value), nan_ok=True)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("differences", "mean", "reason"),
    [
        ([], None, TOO_FEW),
        ([2.0], 2.0, TOO_FEW),
        ([0.0, 0.0], 0.0, CONSTANT),
        ([2.0, 2.0, 2.0], 2.0, CONSTANT),
        ([0.5 - 0.4, 0.8 - 0.7], 0.1, CONSTANT),  # equal but for rounding
    ],
)
def test_what_cannot_be_tested_says_why(differences, mean, reason):
    test = paired_test(np.array(differences, dtype=float))
    assert (test.n_pairs, test.reason) == (len(differences), reason)
    assert (
        isnan(test.mean_difference) if mean is None else test.mean_difference == pytest.approx(mean)
    )
    assert isnan(test.t_p_value)
    assert isnan(test.wilcoxon_p_value)
    assert isnan(test.rank_biserial)


def test_level_widens_the_interval():
    difference = np.array([1.0, 2.0, 0.0, 4.0])
    wide, narrow = paired_test(difference, level=0.99), paired_test(difference, level=0.9)
    assert wide.t_low < narrow.t_low < narrow.t_high < wide.t_high
