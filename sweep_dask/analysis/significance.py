"""Is a difference real? Means over clusters, their intervals and tests, and families of tests.

Clusters are independent of one another, while what is in them need not be. The mean is that of all
differences. Its standard error goes by the sums of whole clusters (Liang and Zeger 1986) with the
correction for few of them, G / (G - 1), that Stata and others call CR1; its statistic has the t
distribution with one degree of freedom less than there are clusters (Cameron and Miller 2015), of
which large ones among small ones make fewer than they are (Carter, Schnepel and Steigerwald 2017).
`docs/metrics.md` says what each number is and when it is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import bdtr, stdtr, stdtrit

from sweep_dask.analysis.tables import over

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray

#: Of the intervals.
LEVEL = 0.95
NO_PAIR = "no sweep has both values"
CONSTANT = "all differences are equal"
ONE_CLUSTER = "one security-day only"
EQUAL_CLUSTERS = "the mean of every security-day is the same"
#: A deviation of this share of the mean is one of rounding: what remains of the difference of two
#: sums of squares is 2e-8, the root of what a double rounds by.
_ROUNDING = 1e-7


class ClusterSquares(NamedTuple):
    """What a standard error takes: numbers of one cell, or arrays of the same shape of many."""

    n: Any
    """Differences, or what they weigh."""
    n_clusters: Any
    """Clusters that have any."""
    squared_total: Any
    """Sum over clusters of the square of their sum."""
    total_times_n: Any
    """Sum over clusters of the product of their sum and number."""
    squared_n: Any
    """Sum over clusters of the square of their number."""


class ClusterSums(NamedTuple):
    """What is known of the differences of each of many cells; arrays of the same length."""

    n: IntArray
    """Differences."""
    total: FloatArray
    """Their sum."""
    squared: FloatArray
    """Sum of their squares."""
    n_clusters: IntArray
    """Clusters that have any."""
    n_above: IntArray
    """Clusters of which the sum is above 0."""
    n_below: IntArray
    squared_n: IntArray
    squared_total: FloatArray
    total_times_n: FloatArray

    @property
    def squares(self) -> ClusterSquares:
        """Those of them that a standard error takes."""
        return ClusterSquares(
            self.n, self.n_clusters, self.squared_total, self.total_times_n, self.squared_n
        )


def cluster_tests(sums: ClusterSums) -> dict[str, Any]:
    """The mean of every cell, how far it spreads, and whether it is 0; NaN is not known.

    `no_test_reason` says why there is no test, and is empty where there is one.
    """
    mean = over(sums.total, sums.n)
    deviation = _deviation(sums, mean)
    error = standard_error(sums.squares, mean)
    reason = _reasons(sums, mean, deviation, error)
    is_tested = reason == ""
    freedom = np.where(is_tested, effective_clusters(sums.squares) - 1, np.nan)
    error = np.where(is_tested, error, np.nan)
    statistic = over(mean, error)
    margin = stdtrit(freedom, (1 + LEVEL) / 2) * error
    return {
        "mean_difference": mean,
        "std_difference": deviation,
        "cohen_d_z": np.where(deviation > 0, over(mean, deviation), np.nan),
        "n_clusters": sums.n_clusters,
        "standard_error": error,
        "t_statistic": statistic,
        "p_value": 2 * stdtr(freedom, -np.abs(statistic)),
        "low": mean - margin,
        "high": mean + margin,
        "n_clusters_above": sums.n_above,
        "n_clusters_below": sums.n_below,
        "sign_p_value": np.where(is_tested, _sign_test(sums.n_above, sums.n_below), np.nan),
        "no_test_reason": reason,
    }


def _deviation(sums: ClusterSums, mean: FloatArray) -> FloatArray:
    """The standard deviation of single differences, with n - 1; NaN of fewer than two."""
    squares = np.maximum(sums.squared - mean * sums.total, 0.0)
    deviation = np.sqrt(over(squares, np.maximum(sums.n - 1, 0)))
    return np.where(deviation <= _ROUNDING * np.sqrt(over(sums.squared, sums.n)), 0.0, deviation)


def standard_error(sums: ClusterSquares, mean: FloatArray) -> FloatArray:
    """CR1: the squares of what each cluster's sum is off the mean, as three sums give them."""
    residual = sums.squared_total - 2 * mean * sums.total_times_n + mean**2 * sums.squared_n
    clusters = sums.n_clusters
    correction = over(clusters, np.maximum(clusters - 1, 0))
    error = over(np.sqrt(correction * np.maximum(residual, 0.0)), sums.n)
    size = over(np.sqrt(sums.squared_total), sums.n)
    return np.where(error <= _ROUNDING * size, 0.0, error)


def effective_clusters(sums: ClusterSquares) -> FloatArray:
    """As many clusters of one size say as much: G if all are alike, about 1 if one outweighs all.

    The square of the sum of their sizes over the sum of the squares.
    """
    return over(np.square(np.asarray(sums.n, np.float64)), sums.squared_n)


def _reasons(sums: ClusterSums, mean: FloatArray, deviation: FloatArray, error: FloatArray) -> Any:
    choices: list[tuple[BoolArray, str]] = [
        (np.isnan(mean), NO_PAIR),
        ((sums.n > 1) & (deviation == 0), CONSTANT),
        (sums.n_clusters == 1, ONE_CLUSTER),
        (error == 0, EQUAL_CLUSTERS),
    ]
    return np.select([where for where, _ in choices], [why for _, why in choices], default="")


def _sign_test(above: IntArray, below: IntArray) -> Any:
    """Two-sided: as many clusters above 0 as below, by chance, or more uneven still."""
    fewer, both = np.minimum(above, below), above + below
    return np.minimum(2 * bdtr(fewer, both, 0.5), 1.0)


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
