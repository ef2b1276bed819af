"""Sums that are the same to the last bit in whatever order and grouping they are added.

Floats are not associative: their sum depends on who adds first. Here a float becomes a whole number
of units of 2**-64, written in `LIMBS` digits of 32 bits; whole numbers add up in any order. The
lower digits lie in [0, 2**32), so that a sum has one form only; the highest carries the sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import FloatArray, IntArray

LIMBS = 4
_BITS = 32
#: Of the last digit.
_UNIT = 2.0**-64
#: Magnitudes from here on count as this, 10**24: beyond any money or time, and far enough from what
#: the highest digit holds for as many to be added as there are security-days.
_LARGEST = 2.0**80


def exact(values: FloatArray) -> IntArray:
    """int64[..., LIMBS], the lowest digit first, of finite float64[...].

    A value is rounded to a multiple of 2**-64, once.
    """
    left = np.clip(values, -_LARGEST, _LARGEST) / _UNIT
    limbs = np.empty((*left.shape, LIMBS), np.int64)
    for limb in range(LIMBS - 1, 0, -1):
        scale = 2.0 ** (_BITS * limb)
        whole = np.trunc(left / scale)
        limbs[..., limb] = whole
        left = left - whole * scale
    limbs[..., 0] = np.rint(left)
    return carried(limbs)


def carried(limbs: IntArray) -> IntArray:
    """The same sums with every digit but the highest in [0, 2**32); changes its argument."""
    for limb in range(LIMBS - 1):
        carry = limbs[..., limb] >> _BITS
        limbs[..., limb] -= carry << _BITS
        limbs[..., limb + 1] += carry
    return limbs


def as_floats(limbs: IntArray) -> FloatArray:
    """float64[...], the sums; correct to a few units of the last place."""
    is_negative = limbs[..., -1] < 0
    # Digit by digit from below: of a negative number the lower digits would cancel the highest.
    size = carried(np.where(is_negative[..., None], -limbs, limbs))
    total = np.zeros(size.shape[:-1])
    for limb in range(LIMBS):
        total += size[..., limb] * (2.0 ** (_BITS * limb) * _UNIT)
    return np.where(is_negative, -total, total)
