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

from sweep_dask.analysis.rollups.comparisons import averages, comparisons
from sweep_dask.analysis.rollups.dimensions import DIMENSIONS, Segments
from sweep_dask.analysis.rollups.example import EXAMPLE, EXAMPLE_METRIC, example_sweep
from sweep_dask.analysis.rollups.labels import LABEL_COLUMNS, LABEL_COUNTS, label_counts
from sweep_dask.analysis.rollups.quantiles import percentiles, segment_quantiles
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
    from collections.abc import Callable, Mapping, Sequence

    from sweep_dask.analysis.metrics.lines import Line

#: Of the bootstrap. Any number would do; this one is the order type of a sweep.
SETTINGS = StatisticsSettings(seed=2048)

#: What is made of the values of a metric: of every metric, and of those told by segment.
OF_OTHERS = ("comparisons", "averages")
OF_HEADLINES = (*OF_OTHERS, "spreads", "percentiles")


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
    """What is made of one metric at a time, a row each; the longest tasks come first.

    `headlines` and `others` have a column of tables for each of `OF_HEADLINES` and `OF_OTHERS`: the
    values of a metric are read once for all that is made of them. `example` has columns `EXAMPLE`.
    """
    others = [metric for metric in METRICS if metric not in HEADLINE]
    by_segment = Wanted(dimensions=DIMENSIONS[1:], engaged=True)
    example = Wanted(dimensions=("day", "security"), order_id=True)
    return {
        "headlines": _metrics(sweeps, segments, HEADLINE, by_segment).map_partitions(
            _roll_up, OF_HEADLINES, sweeps.lines, segments, meta=_cells(OF_HEADLINES)
        ),
        "others": _metrics(sweeps, segments, others, Wanted(engaged=True)).map_partitions(
            _roll_up, OF_OTHERS, sweeps.lines, segments, meta=_cells(OF_OTHERS)
        ),
        "example": _metrics(sweeps, segments, [EXAMPLE_METRIC], example).map_partitions(
            example_sweep, sweeps.lines, segments, meta=empty_table(EXAMPLE)
        ),
    }


def _roll_up(
    values: pd.DataFrame, names: Sequence[str], lines: Sequence[Line], segments: Segments
) -> pd.DataFrame:
    """One row with a table in each cell: the roll-ups of these names of one metric."""
    made = {
        "comparisons": lambda: comparisons(values, lines, segments, SETTINGS),
        "averages": lambda: averages(values, lines),
        "spreads": lambda: segment_quantiles(values, lines, segments),
        "percentiles": lambda: percentiles(values, lines),
    }
    return _cells(names, {name: [made[name]()] for name in names})


def _cells(
    names: Sequence[str], tables: Mapping[str, list[pd.DataFrame]] | None = None
) -> pd.DataFrame:
    """A frame of tables; without any it is what Dask is told to expect."""
    found = tables or {name: [] for name in names}
    return pd.DataFrame({name: pd.Series(found[name], dtype=object) for name in names})


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
