"""Exact sums: of any order and grouping the same digits, and the right ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.analysis.rollups.cells import LIMBS, as_floats, carried, exact

#: From a billionth to a hundred billion, on both sides of zero.
AMOUNTS = st.floats(-1e11, 1e11, allow_subnormal=False)


@given(st.lists(AMOUNTS, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_any_order_and_grouping_gives_the_same_digits(values, random):
    one = carried(exact(np.array(values)).sum(axis=0))
    random.shuffle(values)
    cut = random.randrange(len(values))
    parts = [exact(np.array(part)).sum(axis=0) for part in (values[:cut], values[cut:])]
    assert carried(carried(parts[0]) + carried(parts[1])).tolist() == one.tolist()
    assert all(0 <= limb < 2**32 for limb in one[:-1])


@given(st.lists(AMOUNTS, min_size=1, max_size=40))
def test_sums_are_those_of_fractions(values):
    found = float(as_floats(carried(exact(np.array(values)).sum(axis=0))))
    # A value is rounded to a multiple of 2**-64.
    expected = sum(Fraction(round(Fraction(value) * 2**64), 2**64) for value in values)
    assert found == pytest.approx(float(expected), rel=4e-16, abs=1e-25)


@given(AMOUNTS)
def test_a_value_comes_back(value):
    assert float(as_floats(exact(np.array(value)))) == pytest.approx(value, rel=4e-16, abs=3e-20)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.5, -(2.0**-64), 2.0**-64, 1e24, -1e24])
def test_what_fits_comes_back_exactly(value):
    assert float(as_floats(exact(np.array(value)))) == value


def test_beyond_its_range_a_value_counts_as_the_largest():
    assert float(as_floats(exact(np.array(1e300)))) == 2.0**80
    assert exact(np.array([-1e300, 1e300])).sum(axis=0).tolist() == [0] * LIMBS


def test_what_cancels_leaves_what_is_small():
    """Added as floats, a billion would swallow it."""
    values = np.array([1e9, 2.0**-40, -1e9])
    assert float(as_floats(carried(exact(values).sum(axis=0)))) == 2.0**-40
