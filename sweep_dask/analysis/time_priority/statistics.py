"""Is the difference between real and simulated real? Paired t-tests, whole and by segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import stdtr, stdtrit

from sweep_dask.analysis.tables import BoolArray, FloatArray, coded, prices, schema, table_of_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

SWEEP_STATISTICAL_TESTS = schema(
    "segment_type:str segment_name:str metric:str n_samples:int64 mean_real:float64 "
    "mean_simulated:float64 mean_difference:float64 std_difference:float64 t_statistic:float64 "
    "p_value:float64 significant_5pct:bool significant_1pct:bool ci_95_lower:float64 "
    "ci_95_upper:float64"
)

#: Metric -> its column without the prefix `real_` or `simulated_`.
_METRICS = {
    "Matched Quantity": "matched_quantity",
    "Fill Ratio": "fill_ratio",
    "Number of Matches": "num_matches",
}
_FEWEST_PAIRS = 2
#: Quantile of Student's t for a two-sided interval of 95 %.
_UPPER_QUANTILE = 0.975


def statistical_tests(comparison: pa.Table) -> pa.Table:
    """One row per segment and metric that can be tested.

    Segments: all, each group, each size, each group x size, by first appearance, all of them with
    at least two sweeps. A test needs two finite pairs and both columns to vary.
    """
    tests = []
    finite = {metric: _finite_pairs(comparison, column) for metric, column in _METRICS.items()}
    for kind, name, chosen in _segments(comparison):
        for metric, (is_finite, *values) in finite.items():
            real, simulated = (one[chosen & is_finite] for one in values)
            if _vary(real) and _vary(simulated):
                row = {"segment_type": kind, "segment_name": name, "metric": metric}
                tests.append(row | paired_t_test(real, simulated))
    return table_of_rows(SWEEP_STATISTICAL_TESTS, tests)


def _finite_pairs(comparison: pa.Table, column: str) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Where both values are finite, the real ones, and the simulated ones."""
    real, simulated = (prices(comparison, f"{arm}_{column}") for arm in ("real", "simulated"))
    return np.isfinite(real) & np.isfinite(simulated), real, simulated


def _vary(values: FloatArray) -> bool:
    # To compare is exact; a deviation of equal ratios can be a rounding error above zero.
    return values.size >= _FEWEST_PAIRS and bool((values != values[0]).any())


def paired_t_test(real: FloatArray, simulated: FloatArray) -> dict[str, Any]:
    """The two-sided t-test of simulated minus real, for at least two pairs.

    When all differences are equal the statistic is infinite, or undefined (NaN) when they are 0.
    """
    difference = simulated - real
    samples = difference.size
    mean, freedom = difference.mean(), samples - 1
    standard_error = difference.std(ddof=1) / np.sqrt(samples)
    with np.errstate(divide="ignore", invalid="ignore"):
        t_statistic = mean / standard_error
    p_value = 2 * stdtr(freedom, -abs(t_statistic))
    margin = stdtrit(freedom, _UPPER_QUANTILE) * standard_error
    return {
        "n_samples": samples,
        "mean_real": real.mean(),
        "mean_simulated": simulated.mean(),
        "mean_difference": mean,
        "std_difference": difference.std(),
        "t_statistic": t_statistic,
        "p_value": p_value,
        "significant_5pct": p_value < 0.05,
        "significant_1pct": p_value < 0.01,
        "ci_95_lower": mean - margin,
        "ci_95_upper": mean + margin,
    }


def _segments(comparison: pa.Table) -> Iterator[tuple[str, str, BoolArray]]:
    """Kind and name of each segment, and which sweeps are in it."""
    group, size = comparison["group"], comparison["size_category"]
    if len(comparison) >= _FEWEST_PAIRS:
        yield "Overall", "All", np.ones(len(comparison), bool)
    yield from _segments_by("Group", group)
    yield from _segments_by("Size", size)
    yield from _segments_by("Group-Size", pc.binary_join_element_wise(group, size, "_"))


def _segments_by(kind: str, label: pa.ChunkedArray) -> Iterator[tuple[str, str, BoolArray]]:
    codes, names = coded(label)
    for code, name in enumerate(names):
        chosen = codes == code
        if chosen.sum() >= _FEWEST_PAIRS:
            yield kind, name, chosen
