"""Shortened values: in order, exact where they can be, and never far off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.analysis.rollups.spreads import lengthened, shortened

VALUES = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)


@given(st.lists(VALUES, min_size=1, max_size=50))
def test_values_keep_their_order_and_are_wrong_by_half_a_percent_at_most(values):
    ascending = np.sort(np.array(values))
    bins = shortened(ascending)
    assert (np.diff(bins) >= 0).all()
    assert lengthened(bins) == pytest.approx(ascending, rel=0.0040, abs=0)
    assert (np.diff(lengthened(bins)) >= 0).all()


@pytest.mark.parametrize("value", [0.0, -0.0, 1.0, 0.5, -0.25, 100.0, 255.0, -2.5, 2.0**-30, 0.75])
def test_values_of_eight_digits_are_kept_as_they_are(value):
    assert lengthened(shortened(np.array([value]))).tolist() == [value]


def test_values_beside_one_are_not_one():
    near = np.array([np.nextafter(1, 0), 1.0, np.nextafter(1, 2)])
    below, one, above = shortened(near)
    assert below < one < above
