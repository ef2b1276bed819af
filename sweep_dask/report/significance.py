"""In how many partitions the paired tests find a difference that is more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from sweep_dask.analysis.time_priority import MODEL

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_COLUMNS = ["metric", "mean_difference", "significant_1pct"]


@dataclass(frozen=True)
class TestedMetric:
    """Partitions by what the test over all of their sweeps says, at p < 0.01."""

    metric: str
    partitions: int
    """In which the metric could be tested."""
    higher: int
    """Simulated significantly above real."""
    lower: int

    @property
    def undecided(self) -> int:
        """Tested, and no significant difference."""
        return self.partitions - self.higher - self.lower


def read_tested_metrics(path: Path) -> list[TestedMetric]:
    """Sum up the rows of `sweep_statistical_tests.parquet` that are over whole partitions."""
    chosen = [("model", "==", MODEL), ("segment_type", "==", "Overall")]
    tests = pq.read_table(path, columns=_COLUMNS, filters=chosen).to_pandas()
    return [_tested(str(metric), rows) for metric, rows in tests.groupby("metric", sort=False)]


def _tested(metric: str, tests: pd.DataFrame) -> TestedMetric:
    significant = tests["significant_1pct"].to_numpy(dtype=bool)
    difference = tests["mean_difference"].to_numpy()
    return TestedMetric(
        metric,
        partitions=len(tests),
        higher=int((significant & (difference > 0)).sum()),
        lower=int((significant & (difference < 0)).sum()),
    )
