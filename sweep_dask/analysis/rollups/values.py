"""The values of one metric of all sweeps, a column for each line, beside what they go by.

Roll-ups that need all values at once take one metric at a time: of millions of sweeps that is a few
hundred megabytes, the whole table is a hundred times as much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.metrics.comparison import COMPARED
from sweep_dask.analysis.rollups.dimensions import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.rollups.dimensions import Segments
    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray

#: The metrics that are compared, in the order of all tables; a metric's number is its place here.
METRICS = tuple(COMPARED)
#: Those that are told by segment.
HEADLINE = (
    "fill_ratio",
    "far_touch_improvement_bps",
    "arrival_cost_bps",
    "implementation_shortfall_bps",
    "completed_shortfall_bps",
    "effective_spread_bps",
    "time_to_first_fill_seconds",
    "mean_time_to_fill_seconds",
)

#: Columns of a frame of values beside those of lines and dimensions: the number of the metric,
#: the same in every row; the population level; and a number for each day and security.
METRIC, LEVEL, CLUSTER = "metric", "level", "cluster"
#: The order ids, where they are asked for.
ORDER_ID = "order_id"


def engaged_column(line: Line) -> str:
    """The column that says whether a sweep found any contra in the dark in this line."""
    return f"{line.name} engaged"


def values_of(frame: pd.DataFrame, line: Line) -> FloatArray:
    """float64[sweeps], the metric in a line; NaN where it is missing."""
    return frame[line.name].to_numpy(dtype=np.float64)


def metric_number(frame: pd.DataFrame) -> int:
    """The place in `METRICS` of the metric in a frame with at least one row."""
    return int(frame[METRIC].iloc[0])


def in_population(frame: pd.DataFrame, population: int) -> BoolArray:
    """bool[sweeps], whether a sweep is in a population, by its place in `POPULATIONS`."""
    chosen: BoolArray = frame[LEVEL].to_numpy() >= population
    return chosen


class Grouped(NamedTuple):
    """Sweeps by segment."""

    order: IntArray
    """int64[chosen], the sweeps by segment and, within one, in the order of the table."""
    bounds: IntArray
    """int64[segments + 1], where each segment begins and ends among them."""

    def slices(self, *, with_empty: bool = False) -> Iterator[tuple[int, slice]]:
        """The segments that have sweeps, or all, ascending, and where they are in `order`."""
        ends = zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True)
        for segment, (begin, end) in enumerate(ends):
            if begin < end or with_empty:
                yield segment, slice(begin, end)


def grouped(frame: pd.DataFrame, dimension: str, segments: Segments, chosen: BoolArray) -> Grouped:
    """The chosen sweeps by the segments of a dimension, whose codes are a column of the frame."""
    rows = np.flatnonzero(chosen)
    n_segments = len(segments.names(dimension))
    if dimension == ALL:
        return Grouped(rows, np.array([0, rows.size]))
    codes = frame[dimension].to_numpy()[rows]
    # Small integers are sorted by counting.
    order = rows[np.argsort(codes, kind="stable")]
    counts = np.bincount(codes, minlength=n_segments)
    return Grouped(order, np.concatenate([[0], np.cumsum(counts)]))
