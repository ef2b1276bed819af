"""One metric tested in one segment, and families of such tests; what cannot be tested says why."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.stats.bootstrap import DRAWS, Interval, cluster_interval, cluster_sums
from sweep_dask.analysis.stats.families import benjamini_hochberg, holm
from sweep_dask.analysis.stats.paired import paired_test
from sweep_dask.analysis.tables import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from sweep_dask.analysis.tables import FloatArray, IntArray

#: One row per segment and metric. Each column has an entry in docs/metrics.md.
METRIC_TESTS = schema(
    "segment_kind:str segment:str metric:str n_sweeps:int64 n_pairs:int64 "
    "mean_real:float64 mean_simulated:float64 mean_difference:float64 std_difference:float64 "
    "t_statistic:float64 t_p_value:float64 t_low:float64 t_high:float64 "
    "wilcoxon_statistic:float64 wilcoxon_p_value:float64 cohen_d_z:float64 rank_biserial:float64 "
    "n_clusters:int64 cluster_low:float64 cluster_high:float64 "
    "t_p_holm:float64 t_p_benjamini_hochberg:float64 "
    "wilcoxon_p_holm:float64 wilcoxon_p_benjamini_hochberg:float64 "
    "reason:str cluster_reason:str"
)


class StatisticsSettings(NamedTuple):
    """What a test depends on besides the sweeps."""

    seed: int
    """Of the bootstrap."""
    draws: int = DRAWS
    level: float = 0.95
    """That of the intervals."""


def metric_test(
    real: FloatArray, simulated: FloatArray, cluster: IntArray, settings: StatisticsSettings
) -> dict[str, Any]:
    """Test real minus simulated: the columns of `METRIC_TESTS` from `n_sweeps`, without families.

    Parameters
    ----------
    real, simulated
        float64[sweeps], NaN where missing; pairs that are not finite do not count.
    cluster
        int64[sweeps], a number for each day and security.
    """
    n_sweeps = real.size
    difference = real - simulated
    is_pair = np.isfinite(difference)
    if not is_pair.all():
        real, simulated, cluster = real[is_pair], simulated[is_pair], cluster[is_pair]
        difference = difference[is_pair]
    test = paired_test(difference, settings.level)
    sums = cluster_sums(difference, cluster)
    if test.reason:
        # Draws of equal differences are equal: an interval without width would claim too much.
        interval = Interval(sums.count.size, np.nan, np.nan, test.reason)
    else:
        interval = cluster_interval(sums, **settings._asdict())
    return {
        "n_sweeps": n_sweeps,
        "mean_real": _mean(real),
        "mean_simulated": _mean(simulated),
        **asdict(test),
        "n_clusters": interval.n_clusters,
        "cluster_low": interval.low,
        "cluster_high": interval.high,
        "cluster_reason": interval.reason,
    }


def with_families(tests: pd.DataFrame, family: Sequence[str]) -> pd.DataFrame:
    """The same rows with adjusted p-values, in the columns that `METRIC_TESTS` has for them.

    Parameters
    ----------
    tests
        With `t_p_value` and `wilcoxon_p_value`, NaN where there is no test.
    family
        Columns, never null; rows with the same values in all of them are one family, each kind of
        test by itself.
    """
    adjusted = tests.copy()
    groups = tests.groupby(list(family), sort=False)
    for test in ("t_p", "wilcoxon_p"):
        p_value = groups[f"{test}_value"]
        for name, adjust in (("holm", holm), ("benjamini_hochberg", benjamini_hochberg)):
            adjusted[f"{test}_{name}"] = p_value.transform(_on_arrays(adjust))
    return adjusted


def _on_arrays(adjust: Callable[[FloatArray], FloatArray]) -> Callable[[Any], FloatArray]:
    return lambda p_values: adjust(p_values.to_numpy(np.float64))


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if values.size else np.nan
