"""Two values of each sweep counted and added up, in one walk through both."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import BoolArray, FloatArray


class PairSums(NamedTuple):
    """Counts and sums over some sweeps of their real and simulated values."""

    n_sweeps: int
    n_real: int
    """Those with a real value."""
    n_simulated: int
    n_pairs: int
    """Those with both values; the next two are among them."""
    n_larger: int
    """Real is larger by more than the tolerance."""
    n_smaller: int
    real: float
    """Sum of the real values."""
    simulated: float
    paired_real: float
    """Sum of the real values of pairs."""
    paired_simulated: float
    difference: float
    """Sum of real minus simulated."""


def pair_sums(
    real: FloatArray, simulated: FloatArray, chosen: BoolArray, tolerance: float = 0.0
) -> PairSums:
    """Counts and sums over the chosen sweeps, float64[sweeps], NaN where a value is missing.

    The sums carry what rounding takes from them, so that millions of values add up as precisely as
    a few.
    """
    return PairSums(*_walk(real, simulated, chosen, tolerance))


@njit(cache=True, nogil=True)
def _walk(
    real: FloatArray, simulated: FloatArray, chosen: BoolArray, tolerance: float
) -> tuple[int, int, int, int, int, int, float, float, float, float, float]:
    n_sweeps, n_real, n_simulated, n_pairs, n_larger, n_smaller = 0, 0, 0, 0, 0, 0
    total, lost = np.zeros(5), np.zeros(5)
    for sweep in range(real.size):
        if not chosen[sweep]:
            continue
        n_sweeps += 1
        one, other = real[sweep], simulated[sweep]
        has_real, has_simulated = not np.isnan(one), not np.isnan(other)
        if has_real:
            n_real += 1
            _add(total, lost, 0, one)
        if has_simulated:
            n_simulated += 1
            _add(total, lost, 1, other)
        if has_real and has_simulated:
            difference = one - other
            n_pairs += 1
            n_larger += difference > tolerance
            n_smaller += difference < -tolerance
            _add(total, lost, 2, one)
            _add(total, lost, 3, other)
            _add(total, lost, 4, difference)
    sums = total + lost
    counts = (n_sweeps, n_real, n_simulated, n_pairs, n_larger, n_smaller)
    return (*counts, sums[0], sums[1], sums[2], sums[3], sums[4])


@njit(cache=True, nogil=True, inline="always")
def _add(total: FloatArray, lost: FloatArray, place: int, value: float) -> None:
    """Add a value, and to `lost` what the sum rounds off (Neumaier 1974)."""
    before = total[place]
    after = before + value
    if abs(before) >= abs(value):
        lost[place] += (before - after) + value
    else:
        lost[place] += (value - after) + before
    total[place] = after
