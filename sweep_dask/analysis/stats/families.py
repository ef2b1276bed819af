"""p-values adjusted for the number of tests in a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep_dask.analysis.tables import FloatArray


def holm(p_value: FloatArray) -> FloatArray:
    """Adjusted for the chance of a single false finding in the family (Holm 1979).

    float64[n] to float64[n]; NaN is no test, does not count and stays NaN.
    """

    def step_down(ascending: FloatArray) -> FloatArray:
        tests = ascending.size
        return np.maximum.accumulate(ascending * np.arange(tests, 0, -1))

    return _adjusted(p_value, step_down)


def benjamini_hochberg(p_value: FloatArray) -> FloatArray:
    """Adjusted for the share of false ones among the findings (Benjamini and Hochberg 1995).

    float64[n] to float64[n]; NaN is no test, does not count and stays NaN.
    """

    def step_up(ascending: FloatArray) -> FloatArray:
        tests = ascending.size
        scaled = ascending * tests / np.arange(1, tests + 1)
        return np.minimum.accumulate(scaled[::-1])[::-1]

    return _adjusted(p_value, step_up)


def _adjusted(p_value: FloatArray, adjust: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Adjust the ascending p-values and put them back in place."""
    adjusted = np.full(p_value.size, np.nan)
    tested = np.flatnonzero(~np.isnan(p_value))
    order = tested[np.argsort(p_value[tested], kind="stable")]
    adjusted[order] = np.minimum(adjust(p_value[order]), 1.0)
    return adjusted
