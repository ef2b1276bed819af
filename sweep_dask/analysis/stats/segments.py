"""Every metric tested in every segment, as one family; what cannot be tested says why."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.stats.bootstrap import DRAWS, Interval, cluster_interval, cluster_sums
from sweep_dask.analysis.stats.families import benjamini_hochberg, holm
from sweep_dask.analysis.stats.paired import paired_test
from sweep_dask.analysis.tables import schema, table_of_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray

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


class Segment(NamedTuple):
    """Some of the sweeps."""

    kind: str
    """What they are chosen by, such as `size_class`."""
    name: str
    """Which of its values they have."""
    chosen: BoolArray
    """bool[sweeps]."""


class _Settings(NamedTuple):
    seed: int
    draws: int
    level: float


def metric_tests(
    real: Mapping[str, FloatArray],
    simulated: Mapping[str, FloatArray],
    segments: Sequence[Segment],
    cluster: IntArray,
    *,
    seed: int,
    draws: int = DRAWS,
    level: float = 0.95,
) -> pd.DataFrame:
    """Test real minus simulated of each metric in each segment; columns `METRIC_TESTS`.

    The family of the adjusted p-values is all rows that could be tested, each kind of test by
    itself.

    Parameters
    ----------
    real, simulated
        Metric -> float64[sweeps], NaN where missing; pairs that are not finite do not count.
    cluster
        int64[sweeps], from `cluster_codes`.
    level
        That of the intervals.
    """
    settings = _Settings(seed, draws, level)
    rows: list[dict[str, Any]] = []
    for segment in segments:
        for metric in real:
            pairs = _pairs(real[metric], simulated[metric], segment.chosen)
            head = {
                "segment_kind": segment.kind,
                "segment": segment.name,
                "metric": metric,
                "n_sweeps": int(segment.chosen.sum()),
            }
            tested = _row(real[metric][pairs], simulated[metric][pairs], cluster[pairs], settings)
            rows.append(head | tested)
    return table_of_rows(METRIC_TESTS, _with_families(rows))


def _pairs(real: FloatArray, simulated: FloatArray, chosen: BoolArray) -> IntArray:
    return np.flatnonzero(chosen & np.isfinite(real) & np.isfinite(simulated))


def _row(
    real: FloatArray, simulated: FloatArray, cluster: IntArray, settings: _Settings
) -> dict[str, Any]:
    difference = real - simulated
    test = paired_test(difference, settings.level)
    sums = cluster_sums(difference, cluster)
    if test.reason:
        # Draws of equal differences are equal: an interval without width would claim too much.
        interval = Interval(sums.count.size, np.nan, np.nan, test.reason)
    else:
        interval = cluster_interval(sums, **settings._asdict())
    return {
        "mean_real": _mean(real),
        "mean_simulated": _mean(simulated),
        **asdict(test),
        "n_clusters": interval.n_clusters,
        "cluster_low": interval.low,
        "cluster_high": interval.high,
        "cluster_reason": interval.reason,
    }


def _mean(values: FloatArray) -> float:
    """Of the sorted values, so that it does not depend on the order of the rows."""
    return float(np.sort(values).mean()) if values.size else np.nan


def _with_families(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with adjusted p-values."""
    adjusted = {}
    for test in ("t_p", "wilcoxon_p"):
        p_value = np.array([row[f"{test}_value"] for row in rows], dtype=np.float64)
        adjusted[f"{test}_holm"] = holm(p_value)
        adjusted[f"{test}_benjamini_hochberg"] = benjamini_hochberg(p_value)
    return [
        row | {name: values[number] for name, values in adjusted.items()}
        for number, row in enumerate(rows)
    ]
