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
import pandas as pd

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import FloatArray, IntArray

ONE_CLUSTER = "one cluster only: nothing to say about how clusters differ"
NO_CLUSTER = "no pairs"

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


def cluster_codes(date: pd.Series[str], security: IntArray) -> IntArray:
    """int64[n], a number for each day and security, ascending by both in whatever row order."""
    days, _ = pd.factorize(date, sort=True)
    _, securities = np.unique(security, return_inverse=True)
    pairs = days.astype(np.int64) * (securities.max(initial=0) + 1) + securities
    _, codes = np.unique(pairs, return_inverse=True)
    return codes.astype(np.int64)


def cluster_sums(difference: FloatArray, cluster: IntArray) -> ClusterSums:
    """Sum up finite differences, float64[n], by cluster, int64[n]; the row order is irrelevant."""
    # By value within the cluster: sums of floats depend on their order.
    order = np.lexsort((difference, cluster))
    difference, cluster = difference[order], cluster[order]
    begins = np.flatnonzero(np.diff(cluster, prepend=np.nan) != 0)
    if not begins.size:
        return ClusterSums(np.zeros(0, np.int64), np.zeros(0))
    count = np.diff(np.append(begins, cluster.size))
    return ClusterSums(count, np.add.reduceat(difference, begins))


def cluster_interval(
    sums: ClusterSums, *, seed: int, draws: int = DRAWS, level: float = 0.95
) -> Interval:
    """The interval of the mean over all rows, from draws of whole clusters with replacement.

    The same sums and seed give the same interval. It takes no notice of any other random state.
    """
    clusters = sums.count.size
    if clusters <= 1:
        return Interval(clusters, math.nan, math.nan, ONE_CLUSTER if clusters else NO_CLUSTER)
    random = np.random.Generator(np.random.PCG64(seed))
    means = np.empty(draws)
    # One draw at a time: all at once would be draws x clusters numbers.
    for draw in range(draws):
        drawn = random.integers(clusters, size=clusters)
        means[draw] = sums.total[drawn].sum() / sums.count[drawn].sum()
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(clusters, float(low), float(high))
