"""Bootstrap intervals of a mean by whole clusters, here a security on a day.

Sweeps of one security and day share its market, so they are not independent; drawing whole
clusters keeps what they share. A cluster enters with its count and sum only, so clusters of
different partitions can be computed apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy.special import ndtri

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import FloatArray, IntArray

ONE_CLUSTER = "one cluster only: nothing to say about how clusters differ"
NO_CLUSTER = "no pairs"

#: Clusters up to which an interval is drawn. With more, its bounds are those of the normal
#: distribution for all that anybody could see, and drawing them would take hours.
MOST_DRAWN_CLUSTERS = 10_000
#: Draws of an interval; with 2,000 the bounds of 95 % each rest on 50 draws.
DRAWS = 2_000


@dataclass(frozen=True)
class ClusterSums:
    """Number and sum of the differences of each cluster, in the order of the clusters' keys."""

    count: IntArray
    """int64[clusters], each above zero."""
    total: FloatArray
    """float64[clusters]."""


@dataclass(frozen=True)
class Interval:
    """A percentile interval of a mean; NaN for a `reason`."""

    n_clusters: int
    low: float
    high: float
    reason: str = ""


def cluster_sums(difference: FloatArray, cluster: IntArray) -> ClusterSums:
    """Sum up finite differences, float64[n], by cluster, int64[n].

    Those of a cluster are added in the order of their rows; how the rows of different clusters are
    mixed is irrelevant.
    """
    if (cluster[1:] < cluster[:-1]).any():
        order = np.argsort(cluster, kind="stable")
        difference, cluster = difference[order], cluster[order]
    begins = np.flatnonzero(np.append(True, cluster[1:] != cluster[:-1])[: cluster.size])
    if not begins.size:
        return ClusterSums(np.zeros(0, np.int64), np.zeros(0))
    count = np.diff(np.append(begins, cluster.size))
    return ClusterSums(count, np.add.reduceat(difference, begins))


def cluster_interval(
    sums: ClusterSums, *, seed: int, draws: int = DRAWS, level: float = 0.95
) -> Interval:
    """The interval of the mean over all rows, from draws of whole clusters with replacement.

    The same sums and seed give the same interval. It takes no notice of any other random state.
    Above `MOST_DRAWN_CLUSTERS` it is the normal interval with the cluster-robust standard error
    (Liang and Zeger 1986).
    """
    clusters = sums.count.size
    if clusters <= 1:
        return Interval(clusters, math.nan, math.nan, ONE_CLUSTER if clusters else NO_CLUSTER)
    if clusters > MOST_DRAWN_CLUSTERS:
        return _normal_interval(sums, level)
    means = _drawn_means(sums.count, sums.total, np.uint64(seed), draws)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(clusters, float(low), float(high))


def _normal_interval(sums: ClusterSums, level: float) -> Interval:
    clusters, rows = sums.count.size, sums.count.sum()
    mean = sums.total.sum() / rows
    residual = sums.total - mean * sums.count
    error = math.sqrt(clusters / (clusters - 1) * float(residual @ residual)) / rows
    margin = float(ndtri((1 + level) / 2)) * error
    return Interval(clusters, float(mean - margin), float(mean + margin))


@njit(cache=True, nogil=True)
def _drawn_means(count: IntArray, total: FloatArray, seed: np.uint64, draws: int) -> FloatArray:
    """float64[draws], the mean of each draw; nothing is kept of a draw but that."""
    clusters = np.uint64(count.size)
    half, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    means = np.empty(draws)
    # Each random number is two of 32 bits, which make two clusters.
    numbers = (count.size + 1) // 2
    for draw in range(draws):
        rows, amount, other_amount = 0, 0.0, 0.0
        for number in range(numbers):
            bits = _random_bits(seed, np.uint64(draw * numbers + number))
            # Of 2**32 values some clusters have one more than others: irrelevantly more often.
            one = ((bits & low) * clusters) >> half
            rows += count[one]
            amount += total[one]
            if 2 * number + 1 < count.size:
                other = ((bits >> half) * clusters) >> half
                rows += count[other]
                other_amount += total[other]
        means[draw] = (amount + other_amount) / rows
    return means


@njit(cache=True, nogil=True, inline="always")
def _random_bits(seed: np.uint64, position: np.uint64) -> np.uint64:
    """64 random bits by their position in the sequence of a seed.

    SplitMix64 (Steele, Lea and Flood 2014): numbers of any position without those before it. A
    generator with a state would make half the time of an interval.
    """
    # A shuffled seed keeps the sequences of neighbouring seeds apart.
    start = _shuffled(seed + np.uint64(0x9E3779B97F4A7C15))
    return _shuffled(start + (position + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))


@njit(cache=True, nogil=True, inline="always")
def _shuffled(bits: np.uint64) -> np.uint64:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
