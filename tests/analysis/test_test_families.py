"""Adjusted p-values by hand, against scipy, and with tests that could not be made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from sweep_dask.analysis.significance import benjamini_hochberg, holm

P_VALUES = st.lists(st.floats(0, 1), max_size=20).map(lambda values: np.array(values, dtype=float))


def test_holm_by_hand():
    # Ascending 0.01, 0.03, 0.04 times 3, 2, 1; the last may not fall below the one before.
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])


def test_benjamini_hochberg_by_hand():
    # Ascending 0.01, 0.03, 0.04 times 3/1, 3/2, 3/3; the second may not exceed the third.
    assert benjamini_hochberg(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.04, 0.03, 0.04])


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_what_was_not_tested_does_not_count(adjust):
    with_gap = adjust(np.array([np.nan, 0.01, 0.03]))
    assert np.isnan(with_gap[0])
    assert with_gap[1:].tolist() == adjust(np.array([0.01, 0.03])).tolist()
    assert adjust(np.array([])).size == 0
    assert np.isnan(adjust(np.array([np.nan]))).all()


@given(P_VALUES.filter(len))
def test_scipy_agrees(p_values):
    assert benjamini_hochberg(p_values) == pytest.approx(false_discovery_control(p_values))


@given(P_VALUES)
def test_adjusted_values_keep_their_order_and_bounds(p_values):
    discovery, single = benjamini_hochberg(p_values), holm(p_values)
    order = np.argsort(p_values, kind="stable")
    for adjusted in (discovery, single):
        assert (np.diff(adjusted[order]) >= 0).all()
        assert (adjusted <= 1).all()
    # A p-value times m/m, or times 1, may round below itself.
    assert (discovery >= p_values * (1 - 1e-15)).all()
    assert (single >= discovery * (1 - 1e-12)).all()
