"""Wilcoxon's signed ranks of sorted differences, without a second sort.

Differences in ascending order have those below zero in descending order of size, those above it in
ascending order: ranks by size come from one walk through both. Sorting millions of differences a
second time by their size would take longer than all the rest of a test.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit
from scipy.special import ndtr

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import FloatArray

#: Most differences for which the distribution is exact; scipy's own bound.
_MOST_EXACT = 50


class RankSums(NamedTuple):
    """Sums of the ranks by size of differences; zeros have none, ties the average of theirs."""

    n_ranked: int
    """Differences that are not zero."""
    above: float
    """Of those above zero."""
    below: float
    ties: float
    """Sum of t^3 - t over groups of t equal sizes; 0 without ties."""


def rank_sums(difference: FloatArray) -> RankSums:
    """The rank sums of differences, float64[n], ascending."""
    first_above = int(np.searchsorted(difference, 0.0, side="right"))
    below = -difference[: int(np.searchsorted(difference, 0.0, side="left"))][::-1]
    above = difference[first_above:]
    above_x2, below_x2, ties = _walk(np.ascontiguousarray(below), np.ascontiguousarray(above))
    return RankSums(below.size + above.size, above_x2 / 2, below_x2 / 2, ties)


def wilcoxon_p_value(difference: FloatArray, ranks: RankSums) -> float:
    """Two-sided: exact for few differences without ties, else normal with ties corrected.

    float64[n], ascending, with their rank sums.
    """
    count = ranks.n_ranked
    if count <= _MOST_EXACT and not ranks.ties:
        from scipy.stats import wilcoxon  # slow to import, and rarely needed

        return float(wilcoxon(difference[difference != 0], method="exact").pvalue)
    variance = (count * (count + 1) * (2 * count + 1) - ranks.ties / 2) / 24
    deviation = ranks.above - count * (count + 1) / 4
    return float(2 * ndtr(-abs(deviation) / math.sqrt(variance)))


@njit(cache=True, nogil=True)
def _walk(below: FloatArray, above: FloatArray) -> tuple[int, int, float]:
    """Twice the rank sums above and below zero, and the ties, of two ascending lists of sizes."""
    above_x2, below_x2, ties = 0, 0, 0.0
    i, j = 0, 0
    while i < below.size or j < above.size:
        next_below = below[i] if i < below.size else np.inf
        next_above = above[j] if j < above.size else np.inf
        size = min(next_below, next_above)
        ranked, first_below, first_above = i + j, i, j
        while i < below.size and below[i] == size:
            i += 1
        while j < above.size and above[j] == size:
            j += 1
        equal = i + j - ranked
        rank_x2 = 2 * ranked + equal + 1
        below_x2 += (i - first_below) * rank_x2
        above_x2 += (j - first_above) * rank_x2
        ties += float(equal) ** 3 - equal
    return above_x2, below_x2, ties
