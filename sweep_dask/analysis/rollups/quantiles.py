"""How the values of a metric are spread: by segment, and in full for each population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.rollups.dimensions import DIMENSIONS, POPULATIONS
from sweep_dask.analysis.rollups.values import (
    grouped,
    in_population,
    metric_number,
    values_of,
)
from sweep_dask.analysis.tables import schema, table_of_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.rollups.dimensions import Segments
    from sweep_dask.analysis.tables import FloatArray

QUANTILES = {"p25": 0.25, "p50": 0.5, "p75": 0.75}
#: One row per population, dimension, segment and line; numbers are places.
SEGMENT_QUANTILES = schema(
    "metric:int8 population:int8 dimension:int8 segment:int32 line:int8 "
    "n:int64 mean:float64 p25:float64 p50:float64 p75:float64"
)
PERCENTS = tuple(range(101))
#: One row per population, line and percent, where there is any value.
PERCENTILES = schema(
    "metric:int8 population:int8 line:int8 n_values:int64 percent:int64 value:float64"
)


def segment_quantiles(
    frame: pd.DataFrame, lines: Sequence[Line], segments: Segments
) -> pd.DataFrame:
    """Count, mean and quartiles of the values there are; columns `SEGMENT_QUANTILES`.

    Parameters
    ----------
    frame
        The values of one metric and the codes of every dimension.
    """
    metric = metric_number(frame)
    rows = []
    for place, dimension in enumerate(DIMENSIONS):
        for population in range(len(POPULATIONS)):
            chosen = in_population(frame, population)
            groups = grouped(frame, dimension, segments, chosen)
            for number, line in enumerate(lines):
                values = values_of(frame, line)[groups.order]
                keys = {"metric": metric, "population": population, "dimension": place}
                keys["line"] = number
                rows += [
                    keys | {"segment": segment} | _spread(values[where])
                    for segment, where in groups.slices()
                ]
    return table_of_rows(SEGMENT_QUANTILES, rows)


def percentiles(frame: pd.DataFrame, lines: Sequence[Line]) -> pd.DataFrame:
    """Every percentile of each population and line; columns `PERCENTILES`."""
    metric = metric_number(frame)
    rows = []
    for population in range(len(POPULATIONS)):
        chosen = in_population(frame, population)
        for number, line in enumerate(lines):
            ascending = _ascending(values_of(frame, line)[chosen])
            keys = {"metric": metric, "population": population, "line": number}
            keys["n_values"] = ascending.size
            found = sorted_quantiles(ascending, [percent / 100 for percent in PERCENTS])
            rows += [
                keys | {"percent": percent, "value": value}
                for percent, value in zip(PERCENTS, found, strict=True)
                if ascending.size
            ]
    return table_of_rows(PERCENTILES, rows)


def sorted_quantiles(ascending: FloatArray, shares: Sequence[float]) -> list[float]:
    """Quantiles of sorted values, interpolated between neighbours; NaN without values.

    The quantile of share s lies at place s (n - 1), counted from 0: `quantile_cont` of SQL, the
    usual one of numpy.
    """
    if not ascending.size:
        return [np.nan] * len(shares)
    place = np.array(shares) * (ascending.size - 1)
    below = np.floor(place).astype(np.int64)
    above = np.ceil(place).astype(np.int64)
    low, high = ascending[below], ascending[above]
    found: list[float] = (low + (high - low) * (place - below)).tolist()
    return found


def _spread(values: FloatArray) -> dict[str, float]:
    ascending = _ascending(values)
    found = sorted_quantiles(ascending, list(QUANTILES.values()))
    mean = float(ascending.mean()) if ascending.size else np.nan
    return {"n": ascending.size, "mean": mean} | dict(zip(QUANTILES, found, strict=True))


def _ascending(values: FloatArray) -> FloatArray:
    """The values that are not missing; NaN sorts last."""
    return np.sort(values)[: np.count_nonzero(~np.isnan(values))]
