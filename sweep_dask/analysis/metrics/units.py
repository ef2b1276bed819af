"""From exact sums to prices, basis points, money and seconds. What does not exist is NaN.

Sums of quantity times doubled price (`_x2`) are whole numbers below 2**53, so they stay exact as
float64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.terms.units import PRICE_X2_PER_AUD

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import FloatArray, IntArray

NS_PER_SECOND = 1_000_000_000


def known(price: FloatArray | IntArray) -> FloatArray:
    """float64[n], the same prices; NaN where there is none (0 or less)."""
    return np.where(price > 0, price, np.nan)


def over(part: FloatArray, whole: FloatArray | IntArray) -> FloatArray:
    """`part / whole`; NaN where the whole is not above zero: nothing is a share of nothing."""
    return part / np.where(whole > 0, whole, np.nan)


def aud(amount_x2: FloatArray) -> FloatArray:
    """float64[n], quantity times doubled price -> dollars."""
    return amount_x2 / PRICE_X2_PER_AUD


def seconds(time_ns: FloatArray | IntArray) -> FloatArray:
    """float64[n], ns -> s."""
    return np.asarray(time_ns / NS_PER_SECOND, dtype=np.float64)
