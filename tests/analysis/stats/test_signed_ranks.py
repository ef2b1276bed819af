"""Ranks by a walk through sorted differences, by hand and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sweep_dask.analysis.stats.signed_ranks import RankSums, rank_sums, wilcoxon_p_value

SORTED = st.lists(st.integers(-6, 6).map(lambda number: number / 3), max_size=90).map(sorted)


def test_ranks_by_hand():
    # Sizes 1 1 1 share the ranks 1 2 3, two of them below zero; 2 has rank 4. The zero has none.
    found = rank_sums(np.array([-1.0, -1.0, 0.0, 1.0, 2.0]))
    assert found == RankSums(n_ranked=4, above=6.0, below=4.0, ties=24.0)


def test_all_on_one_side():
    assert rank_sums(np.array([-3.0, -2.0])) == RankSums(2, 0.0, 3.0, 0.0)
    assert rank_sums(np.array([2.0, 3.0])) == RankSums(2, 3.0, 0.0, 0.0)
    assert rank_sums(np.array([0.0, 0.0])) == RankSums(0, 0.0, 0.0, 0.0)


@given(SORTED)
def test_scipy_ranks_the_same(differences):
    difference = np.array(differences, dtype=float)
    nonzero = difference[difference != 0]
    ranks = stats.rankdata(np.abs(nonzero))
    found = rank_sums(difference)
    assert found.above == ranks[nonzero > 0].sum()
    assert found.below == ranks[nonzero < 0].sum()


def test_many_differences_without_ties_have_scipys_p_value():
    difference = np.sort(np.random.default_rng(3).normal(0.02, 1, 20_000))
    expected = stats.wilcoxon(difference, method="approx").pvalue
    assert wilcoxon_p_value(difference, rank_sums(difference)) == pytest.approx(expected, rel=1e-12)
