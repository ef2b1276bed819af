"""Real against simulated: per sweep and metric, as counts, and as averages side by side.

Every difference is real minus simulated. Both tables are `sweep_metrics` of the same sweeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.metrics.pairing import pair_sums
from sweep_dask.analysis.metrics.sweep_metrics import is_engaged
from sweep_dask.analysis.tables import schema, table, table_of_rows, whole_numbers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sweep_dask.analysis.tables import BoolArray, FloatArray

#: Metrics that differ by the fills -> 1 if more is good for the order, -1 if less is, 0 if neither.
COMPARED = {
    "filled_quantity": 1,
    "fill_ratio": 1,
    "fill_count": 0,
    "dark_quantity": 0,
    "vwap": 0,
    "limit_improvement_price": 1,
    "limit_improvement_bps": 1,
    "limit_improvement_aud": 1,
    "midpoint_improvement_price": 1,
    "midpoint_improvement_bps": 1,
    "midpoint_improvement_aud": 1,
    "far_touch_improvement_price": 1,
    "far_touch_improvement_bps": 1,
    "far_touch_improvement_aud": 1,
    "arrival_cost_bps": 1,
    "arrival_cost_aud": 1,
    "opportunity_cost_bps": 1,
    "opportunity_cost_aud": 1,
    "implementation_shortfall_bps": 1,
    "implementation_shortfall_aud": 1,
    "slippage_price": 1,
    "slippage_bps": 1,
    "effective_spread_price": 1,
    "effective_spread_bps": 1,
    "realised_spread_1s_price": 1,
    "realised_spread_1s_bps": 1,
    "realised_spread_10s_price": 1,
    "realised_spread_10s_bps": 1,
    "realised_spread_60s_price": 1,
    "realised_spread_60s_bps": 1,
    "time_to_first_fill_seconds": -1,
    "time_to_last_fill_seconds": -1,
    "mean_time_to_fill_seconds": -1,
}
#: The difference of each compared metric, under its name.
SWEEP_DIFFERENCES = {"order_id": "int64"} | dict.fromkeys(COMPARED, "float64")
#: One row per metric; sums of partitions are those of the whole.
AGREEMENT = schema(
    "metric:str tolerance:float64 n_sweeps:int64 n_pairs:int64 n_agree:int64 n_better:int64 "
    "n_worse:int64 n_other:int64 n_real_only:int64 n_simulated_only:int64"
)
#: One row per condition and metric.
AVERAGES = schema(
    "condition:str metric:str n_sweeps:int64 n_real:int64 mean_real:float64 n_simulated:int64 "
    "mean_simulated:float64 n_pairs:int64 paired_mean_real:float64 "
    "paired_mean_simulated:float64 mean_difference:float64"
)
#: Every sweep; and those that found a contra in the dark, for real or simulated.
CONDITIONS = ("all", "engaged")


class Verdict(IntEnum):
    """The simulated value of a metric beside the real one."""

    MISSING = -2
    """One of them does not exist."""
    WORSE = -1
    AGREE = 0
    """They differ by no more than the tolerance."""
    BETTER = 1
    OTHER = 2
    """They differ in a metric of which neither more nor less is good."""


@dataclass(frozen=True)
class Engagement:
    """How many sweeps found any contra in the dark; of one partition or, added up, of many."""

    n_sweeps: int = 0
    real: int = 0
    simulated: int = 0
    either: int = 0
    both: int = 0

    def __add__(self, other: Engagement) -> Engagement:
        pairs = zip(_counts(self), _counts(other), strict=True)
        return Engagement(*(mine + theirs for mine, theirs in pairs))

    def shares(self) -> dict[str, float]:
        """Each count over the number of sweeps; NaN without sweeps."""
        names = ("real", "simulated", "either", "both")
        return {name: _share(getattr(self, name), self.n_sweeps) for name in names}


def engagement(real: pd.DataFrame, simulated: pd.DataFrame) -> Engagement:
    """Count the sweeps that found any contra in the dark."""
    _require_same_sweeps(real, simulated)
    found, would_find = is_engaged(real), is_engaged(simulated)
    return Engagement(
        n_sweeps=len(real),
        real=int(found.sum()),
        simulated=int(would_find.sum()),
        either=int((found | would_find).sum()),
        both=int((found & would_find).sum()),
    )


def differences(real: pd.DataFrame, simulated: pd.DataFrame) -> pd.DataFrame:
    """Real minus simulated of each sweep, NaN unless both exist; columns `SWEEP_DIFFERENCES`."""
    _require_same_sweeps(real, simulated)
    columns: dict[str, Any] = {"order_id": real["order_id"]}
    for metric in COMPARED:
        columns[metric] = values(real, metric) - values(simulated, metric)
    return table(SWEEP_DIFFERENCES, columns)


def verdicts(difference: FloatArray, metric: str, tolerance: float = 0.0) -> NDArray[np.int8]:
    """int8[sweeps], a `Verdict` on each difference, real minus simulated, of a compared metric."""
    direction = COMPARED[metric]
    is_larger, is_smaller = difference > tolerance, difference < -tolerance
    # More for real is worse for the simulation where more is good.
    more, less = (-direction, direction) if direction else (Verdict.OTHER, Verdict.OTHER)
    verdict = np.zeros(difference.size, dtype=np.int8)
    verdict[is_larger], verdict[is_smaller] = more, less
    verdict[np.isnan(difference)] = Verdict.MISSING
    return verdict


def agreement(real: pd.DataFrame, simulated: pd.DataFrame, tolerance: float = 0.0) -> pd.DataFrame:
    """How often the simulation agrees, is better or is worse; columns `AGREEMENT`."""
    _require_same_sweeps(real, simulated)
    every = np.ones(len(real), dtype=bool)
    return table_of_rows(
        AGREEMENT,
        [
            {"metric": metric}
            | agreement_counts(
                values(real, metric), values(simulated, metric), every, metric, tolerance
            )
            for metric in COMPARED
        ],
    )


def averages(real: pd.DataFrame, simulated: pd.DataFrame) -> pd.DataFrame:
    """Means over all sweeps and over the engaged ones, side by side; columns `AVERAGES`.

    The paired means and the difference are over sweeps of which both values exist; the other two
    over all of which the one exists, so that a change of who is filled shows between them.
    """
    _require_same_sweeps(real, simulated)
    every = np.ones(len(real), dtype=bool)
    chosen = dict(zip(CONDITIONS, (every, is_engaged(real) | is_engaged(simulated)), strict=True))
    return table_of_rows(
        AVERAGES,
        [
            {"condition": name, "metric": metric}
            | average_values(values(real, metric), values(simulated, metric), mask)
            for name, mask in chosen.items()
            for metric in COMPARED
        ],
    )


def agreement_counts(
    real: FloatArray,
    simulated: FloatArray,
    chosen: BoolArray,
    metric: str,
    tolerance: float = 0.0,
) -> dict[str, Any]:
    """Columns of `AGREEMENT` from `tolerance`, of one metric of the chosen sweeps."""
    sums = pair_sums(real, simulated, chosen, tolerance)
    direction = COMPARED[metric]
    # More for real is worse for the simulation where more is good.
    better, worse = sums.n_smaller, sums.n_larger
    if direction < 0:
        better, worse = worse, better
    return {
        "tolerance": tolerance,
        "n_sweeps": sums.n_sweeps,
        "n_pairs": sums.n_pairs,
        "n_agree": sums.n_pairs - better - worse,
        "n_better": better if direction else 0,
        "n_worse": worse if direction else 0,
        "n_other": 0 if direction else better + worse,
        "n_real_only": sums.n_real - sums.n_pairs,
        "n_simulated_only": sums.n_simulated - sums.n_pairs,
    }


def average_values(real: FloatArray, simulated: FloatArray, chosen: BoolArray) -> dict[str, Any]:
    """Columns of `AVERAGES` from `n_sweeps`, of one metric of the chosen sweeps."""
    sums = pair_sums(real, simulated, chosen)
    return {
        "n_sweeps": sums.n_sweeps,
        "n_real": sums.n_real,
        "mean_real": _share(sums.real, sums.n_real),
        "n_simulated": sums.n_simulated,
        "mean_simulated": _share(sums.simulated, sums.n_simulated),
        "n_pairs": sums.n_pairs,
        "paired_mean_real": _share(sums.paired_real, sums.n_pairs),
        "paired_mean_simulated": _share(sums.paired_simulated, sums.n_pairs),
        "mean_difference": _share(sums.difference, sums.n_pairs),
    }


def values(metrics: pd.DataFrame, metric: str) -> FloatArray:
    """float64[sweeps], a metric, NaN where it is missing."""
    return metrics[metric].to_numpy(dtype=np.float64)


def _require_same_sweeps(real: pd.DataFrame, simulated: pd.DataFrame) -> None:
    for column in ("order_id", "side", "quantity", "arrival_ns"):
        if not np.array_equal(whole_numbers(real, column), whole_numbers(simulated, column)):
            raise ValueError(f"only metrics of the same sweeps compare: {column} differs")


def _share(part: float, whole: int) -> float:
    return part / whole if whole else np.nan


def _counts(found: Engagement) -> tuple[int, ...]:
    return (found.n_sweeps, found.real, found.simulated, found.either, found.both)
