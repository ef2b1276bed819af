"""What roll-ups are made of, as `dask.dataframe`s: by row group, and by metric.

Sums come from a frame with a partition for each row group of the combined table. What needs all
values of a metric comes from one with a partition for each metric: reading it and rolling it up
become one task, so that a worker holds one metric at a time, whatever the number of sweeps.
Nothing but small tables leaves the workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask
import dask.dataframe as dd
import pandas as pd

from sweep_dask.analysis.rollups.comparisons import (
    AVERAGE_PAIRS,
    COMPARISONS,
    averages,
    comparisons,
)
from sweep_dask.analysis.rollups.dimensions import DIMENSIONS, Segments
from sweep_dask.analysis.rollups.example import EXAMPLE, EXAMPLE_METRIC, example_sweep
from sweep_dask.analysis.rollups.labels import LABEL_COLUMNS, LABEL_COUNTS, label_counts
from sweep_dask.analysis.rollups.quantiles import (
    PERCENTILES,
    SEGMENT_QUANTILES,
    percentiles,
    segment_quantiles,
)
from sweep_dask.analysis.rollups.sums import LEVEL_KEYS, LEVEL_SUMS, SUM_COLUMNS, level_sums
from sweep_dask.analysis.rollups.unfilled import (
    LEVEL_REASONS,
    REASON_COLUMNS,
    REASON_KEYS,
    level_reasons,
)
from sweep_dask.analysis.rollups.values import HEADLINE, METRICS
from sweep_dask.analysis.stats.segments import StatisticsSettings
from sweep_dask.analysis.tables import empty_table
from sweep_dask.dataflow.sweep_frames import SweepTable, Wanted, read_metric, read_piece

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Of the bootstrap. Any number would do; this one is the order type of a sweep.
SETTINGS = StatisticsSettings(seed=2048)

_BY_SEGMENT = Wanted(dimensions=DIMENSIONS[1:])


def label_frame(sweeps: SweepTable) -> dd.DataFrame:
    """`LABEL_COUNTS` of all sweeps."""
    counts = _pieces(sweeps, LABEL_COLUMNS).map_partitions(
        label_counts, meta=empty_table(LABEL_COUNTS)
    )
    return _added_up(counts, ["column", "value"])


def sum_frames(sweeps: SweepTable, segments: Segments) -> dict[str, dd.DataFrame]:
    """Sums of all rows: `sums` has the columns `LEVEL_SUMS`, `reasons` has `LEVEL_REASONS`."""
    sums = _pieces(sweeps, SUM_COLUMNS).map_partitions(
        level_sums, segments, sweeps.lines, meta=empty_table(LEVEL_SUMS)
    )
    reasons = _pieces(sweeps, REASON_COLUMNS).map_partitions(
        level_reasons, sweeps.lines, meta=empty_table(LEVEL_REASONS)
    )
    return {"sums": _added_up(sums, LEVEL_KEYS), "reasons": _added_up(reasons, REASON_KEYS)}


def metric_frames(sweeps: SweepTable, segments: Segments) -> dict[str, dd.DataFrame]:
    """What is made of one metric at a time, a partition each; the longest tasks come first."""
    lines = sweeps.lines
    others = [metric for metric in METRICS if metric not in HEADLINE]
    headline = _metrics(sweeps, segments, HEADLINE, _BY_SEGMENT)
    example = Wanted(dimensions=("day", "security"), order_id=True)
    compared = [headline, _metrics(sweeps, segments, others, Wanted())]
    found = [
        values.map_partitions(comparisons, lines, segments, SETTINGS, meta=empty_table(COMPARISONS))
        for values in compared
    ]
    return {
        "headline_comparisons": found[0],
        "spreads": headline.map_partitions(
            segment_quantiles, lines, segments, meta=empty_table(SEGMENT_QUANTILES)
        ),
        "other_comparisons": found[1],
        "averages": _metrics(sweeps, segments, METRICS, Wanted(engaged=True)).map_partitions(
            averages, lines, meta=empty_table(AVERAGE_PAIRS)
        ),
        "percentiles": _metrics(sweeps, segments, HEADLINE, Wanted()).map_partitions(
            percentiles, lines, meta=empty_table(PERCENTILES)
        ),
        "example": _metrics(sweeps, segments, [EXAMPLE_METRIC], example).map_partitions(
            example_sweep, lines, segments, meta=empty_table(EXAMPLE)
        ),
    }


def _pieces(sweeps: SweepTable, names: Sequence[str]) -> dd.DataFrame:
    """These columns of the table, a partition for each row group."""
    return _frame(read_piece, range(len(sweeps.rows)), sweeps=sweeps, names=names)


def _metrics(
    sweeps: SweepTable, segments: Segments, metrics: Sequence[str], wanted: Wanted
) -> dd.DataFrame:
    """The values of metrics, a partition for each."""
    numbers = [METRICS.index(metric) for metric in metrics]
    return _frame(read_metric, numbers, sweeps=sweeps, segments=segments, wanted=wanted)


def _frame(read: Callable[..., pd.DataFrame], numbers: Sequence[int], **given: Any) -> dd.DataFrame:
    """A partition for each number; its columns are nobody's business but the next function's."""
    # Else a step of every task would look for texts to convert.
    with dask.config.set({"dataframe.convert-string": False}):
        frame: dd.DataFrame = dd.from_map(read, numbers, meta=pd.DataFrame(), **given)
    return frame


def _added_up(parts: dd.DataFrame, keys: Sequence[str]) -> dd.DataFrame:
    """Sums by key, in one partition; added in the order of the parts, whoever made them when."""
    return parts.groupby(list(keys), sort=True).sum(split_out=1).reset_index()
