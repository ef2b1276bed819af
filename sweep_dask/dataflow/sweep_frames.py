"""The combined table of sweeps as the frames that roll-ups are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sweep_dask.analysis.rollups.dimensions import (
    LEVEL_COLUMNS,
    SOURCES,
    TEXT_LABELS,
    Segments,
    line_codes,
    population_levels,
)
from sweep_dask.analysis.rollups.values import (
    CLUSTER,
    LEVEL,
    METRIC,
    METRICS,
    ORDER_ID,
    engaged_column,
)
from sweep_dask.storage.row_groups import read_row_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweep_dask.analysis.metrics.lines import Line

#: Columns of text with few values.
CATEGORIES = ("model", "scenario", "status", "unfilled_reason", *TEXT_LABELS)


class SweepTable(NamedTuple):
    """The combined table and what is known of all its rows; small, it travels with every task."""

    path: str
    stamp: tuple[int, int]
    """Size in bytes and time of writing in ns: another table has other tasks."""
    lines: tuple[Line, ...]
    rows: tuple[int, ...]
    """Of each row group."""


class Wanted(NamedTuple):
    """What stands beside the values of a metric."""

    dimensions: tuple[str, ...] = ()
    engaged: bool = False
    order_id: bool = False


def read_piece(number: int, sweeps: SweepTable, names: Sequence[str]) -> pd.DataFrame:
    """Columns of one row group."""
    return next(_read(sweeps, [number], names))


def read_metric(
    metric: int, sweeps: SweepTable, segments: Segments, wanted: Wanted
) -> pd.DataFrame:
    """The values of one metric, a row per sweep in the order of the table, a column per line.

    Every array is made once, at its full length, and filled a row group at a time: a process holds
    the values and labels of one metric, and nothing twice.

    Parameters
    ----------
    metric
        Place in `METRICS`.
    """
    name = METRICS[metric]
    n_sweeps = sum(sweeps.rows) // len(sweeps.lines)
    columns = _empty_columns(metric, sweeps, segments, wanted, n_sweeps)
    filled = [0] * len(sweeps.lines)
    numbers = range(len(sweeps.rows))
    for rows in _read(sweeps, numbers, _needed(name, wanted)):
        code = line_codes(rows, sweeps.lines)
        values = rows[name].to_numpy(dtype=np.float64)
        for place, line in enumerate(sweeps.lines):
            of_line = np.flatnonzero(code == place)
            where = slice(filled[place], filled[place] + of_line.size)
            columns[line.name][where] = values[of_line]
            if wanted.engaged:
                columns[engaged_column(line)][where] = rows["dark_quantity"].to_numpy()[of_line] > 0
            if place == 0:
                _fill_labels(columns, where, rows.take(of_line), segments, wanted)
            filled[place] = where.stop
    assert filled == [n_sweeps] * len(sweeps.lines), "every line has the same sweeps"
    return pd.DataFrame(columns, copy=False)


def _read(
    sweeps: SweepTable, numbers: Sequence[int], columns: Sequence[str]
) -> Iterator[pd.DataFrame]:
    categories = [name for name in columns if name in CATEGORIES]
    return read_row_groups(sweeps.path, numbers, columns, categories)


def _needed(name: str, wanted: Wanted) -> list[str]:
    sources = [SOURCES[dimension] for dimension in wanted.dimensions]
    extra = ["dark_quantity"] * wanted.engaged + [ORDER_ID] * wanted.order_id
    keys = ["model", "scenario", "date", "security", *LEVEL_COLUMNS]
    return list(dict.fromkeys([*keys, *sources, *extra, name]))


def _empty_columns(
    metric: int, sweeps: SweepTable, segments: Segments, wanted: Wanted, n_sweeps: int
) -> dict[str, Any]:
    columns: dict[str, Any] = {
        METRIC: np.full(n_sweeps, metric, dtype=np.int8),
        LEVEL: np.empty(n_sweeps, dtype=np.int8),
        CLUSTER: np.empty(n_sweeps, dtype=np.int64),
    }
    for dimension in wanted.dimensions:
        columns[dimension] = np.empty(n_sweeps, dtype=segments.width(dimension))
    if wanted.order_id:
        columns[ORDER_ID] = np.empty(n_sweeps, dtype=np.int64)
    for line in sweeps.lines:
        columns[line.name] = np.empty(n_sweeps)
        if wanted.engaged:
            columns[engaged_column(line)] = np.empty(n_sweeps, dtype=bool)
    return columns


def _fill_labels(
    columns: dict[str, Any],
    where: slice,
    labels: pd.DataFrame,
    segments: Segments,
    wanted: Wanted,
) -> None:
    columns[LEVEL][where] = population_levels(labels)
    days, securities = segments.codes(labels, "day"), segments.codes(labels, "security")
    columns[CLUSTER][where] = days.astype(np.int64) * len(segments.securities) + securities
    for dimension in wanted.dimensions:
        columns[dimension][where] = segments.codes(labels, dimension)
    if wanted.order_id:
        columns[ORDER_ID][where] = labels[ORDER_ID].to_numpy(dtype=np.int64)
