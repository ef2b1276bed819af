"""Paired tests of a difference, and how large it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit

from sweep_dask.analysis.stats.signed_ranks import rank_sums, wilcoxon_p_value

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import FloatArray

FEWEST_PAIRS = 2
TOO_FEW = "fewer than two pairs"
CONSTANT = "all differences are equal"

#: A range of this share of the largest difference is one of rounding. Arbitrary, and far above the
#: rounding of a difference of prices that is a millionth of them.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PairedTest:
    """Two-sided tests of differences against zero; what cannot be told is NaN, for a `reason`."""

    n_pairs: int
    mean_difference: float
    std_difference: float
    """With n - 1."""
    t_statistic: float
    t_p_value: float
    """Student's paired t."""
    t_low: float
    t_high: float
    """Student's interval of the mean."""
    wilcoxon_statistic: float
    """Sum of the ranks of the differences above zero; zeros are dropped."""
    wilcoxon_p_value: float
    cohen_d_z: float
    """Mean over standard deviation of the differences."""
    rank_biserial: float
    """Rank sums above less below zero, over both: from -1 to 1."""
    reason: str = ""
    """Why there is no test; empty if there is one."""


def paired_test(difference: FloatArray, level: float = 0.95) -> PairedTest:
    """Test differences, float64[n] in any order, all finite; `level` is that of the interval."""
    # Sorted, so that sums do not depend on the order of the rows.
    difference = np.sort(difference)
    pairs = difference.size
    mean = float(difference.mean()) if pairs else math.nan
    if pairs < FEWEST_PAIRS:
        return _untested(pairs, mean, math.nan, TOO_FEW)
    lowest, highest = float(difference[0]), float(difference[-1])
    if highest - lowest <= _ROUNDING * max(-lowest, highest):
        return _untested(pairs, mean, 0.0, CONSTANT)
    deviation = float(difference.std(ddof=1))
    error = deviation / math.sqrt(pairs)
    statistic = mean / error
    margin = float(stdtrit(pairs - 1, (1 + level) / 2)) * error
    ranks = rank_sums(difference)
    return PairedTest(
        n_pairs=pairs,
        mean_difference=mean,
        std_difference=deviation,
        t_statistic=statistic,
        t_p_value=float(2 * stdtr(pairs - 1, -abs(statistic))),
        t_low=mean - margin,
        t_high=mean + margin,
        wilcoxon_statistic=ranks.above,
        wilcoxon_p_value=wilcoxon_p_value(difference, ranks),
        cohen_d_z=mean / deviation,
        rank_biserial=(ranks.above - ranks.below) / (ranks.above + ranks.below),
    )


def _untested(pairs: int, mean: float, deviation: float, reason: str) -> PairedTest:
    missing = (math.nan,) * 8
    return PairedTest(pairs, mean, deviation, *missing, reason=reason)
