"""The tables of roll-ups: places become names, rows stand in the order of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweep_dask.analysis.metrics.comparison import CONDITIONS
from sweep_dask.analysis.metrics.populations import quantile_names
from sweep_dask.analysis.rollups.comparisons import (
    AVERAGE_NUMBERS,
    COMPARISON_NUMBERS,
    FAMILY_COLUMNS,
)
from sweep_dask.analysis.rollups.dimensions import DIMENSIONS, POPULATIONS, QUARTILES
from sweep_dask.analysis.rollups.example import EXAMPLE
from sweep_dask.analysis.rollups.quantiles import QUANTILES
from sweep_dask.analysis.rollups.sums import SUMS
from sweep_dask.analysis.rollups.unfilled import UNFILLED
from sweep_dask.analysis.rollups.values import HEADLINE, METRICS
from sweep_dask.analysis.stats.segments import with_families
from sweep_dask.analysis.tables import schema, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.rollups.dimensions import Segments
    from sweep_dask.analysis.tables import IntArray, Schema

_LINE = schema("model:str scenario:str")
#: Numbers of each headline metric in the tables by segment, `{metric}_{number}`.
_NUMBERS = {"n": "int64", "mean": "float64", **dict.fromkeys(QUANTILES, "float64")}

#: One row per population, segment and line.
BY_DIMENSION: Schema = {
    **schema("population:str segment:str"),
    **_LINE,
    **SUMS,
    **{f"{metric}_{name}": kind for metric in HEADLINE for name, kind in _NUMBERS.items()},
}
#: Why there is no test, and no interval by clusters; the last columns.
_REASONS = schema("reason:str cluster_reason:str")
#: One row per population, pair of lines, segment and metric.
ALL_COMPARISONS: Schema = {
    **schema("population:str reference:str"),
    **_LINE,
    **schema("segment_kind:str segment:str metric:str"),
    **{name: kind for name, kind in COMPARISON_NUMBERS.items() if name not in _REASONS},
    **dict.fromkeys(FAMILY_COLUMNS, "float64"),
    **_REASONS,
}
#: One row per population, pair of lines, condition and metric.
ALL_AVERAGES: Schema = {
    **schema("population:str reference:str"),
    **_LINE,
    **schema("condition:str metric:str"),
    **AVERAGE_NUMBERS,
}
#: One row per population, line, metric and percent.
DISTRIBUTIONS: Schema = {
    "population": "str",
    **_LINE,
    **schema("metric:str n_values:int64 percent:int64 value:float64"),
}
SIZE_BOUNDS = schema("quantile:str upper_quantity:Int64")

#: Every table and its columns.
TABLES: dict[str, Schema] = {
    **{f"by_{dimension}": BY_DIMENSION for dimension in DIMENSIONS},
    "comparisons": ALL_COMPARISONS,
    "averages": ALL_AVERAGES,
    "distributions": DISTRIBUTIONS,
    "unfilled": UNFILLED,
    "size_bounds": SIZE_BOUNDS,
    "example_sweep": EXAMPLE,
}

_GROUP = ["population", "dimension", "segment", "line"]


def by_dimension(
    sums: pd.DataFrame, spreads: pd.DataFrame, lines: Sequence[Line], segments: Segments
) -> dict[str, pd.DataFrame]:
    """A table for each dimension; columns `BY_DIMENSION`.

    Parameters
    ----------
    sums
        `POPULATION_SUMS`.
    spreads
        `SEGMENT_QUANTILES` of every headline metric.
    """
    joined = sums
    for metric in HEADLINE:
        of_metric = spreads[spreads["metric"] == METRICS.index(metric)].drop(columns="metric")
        renamed = of_metric.rename(columns={name: f"{metric}_{name}" for name in _NUMBERS})
        joined = joined.merge(renamed, on=_GROUP, how="left", validate="1:1")
    ordered = joined.sort_values(_GROUP)
    return {
        dimension: _named(BY_DIMENSION, ordered[ordered["dimension"] == place], lines, segments)
        for place, dimension in enumerate(DIMENSIONS)
    }


def all_comparisons(found: pd.DataFrame, lines: Sequence[Line], segments: Segments) -> pd.DataFrame:
    """Every comparison with its family: all rows of a population, reference and kind of segment.

    Columns `ALL_COMPARISONS`.

    Parameters
    ----------
    found
        `COMPARISONS` of every metric.
    """
    order = ["population", "reference", "line", "dimension", "segment", "metric"]
    tested = with_families(found.sort_values(order), ["population", "reference", "dimension"])
    return _named(ALL_COMPARISONS, tested, lines, segments)


def all_averages(found: pd.DataFrame, lines: Sequence[Line], segments: Segments) -> pd.DataFrame:
    """The averages of every metric (`AVERAGE_PAIRS`) with names; columns `ALL_AVERAGES`."""
    order = ["population", "reference", "line", "condition", "metric"]
    return _named(ALL_AVERAGES, found.sort_values(order), lines, segments)


def all_distributions(
    found: pd.DataFrame, lines: Sequence[Line], segments: Segments
) -> pd.DataFrame:
    """The percentiles of every headline metric (`PERCENTILES`); columns `DISTRIBUTIONS`."""
    place = {METRICS.index(metric): number for number, metric in enumerate(HEADLINE)}
    by_headline = found.assign(headline=found["metric"].map(place))
    order = ["population", "line", "headline", "percent"]
    return _named(DISTRIBUTIONS, by_headline.sort_values(order), lines, segments)


def size_bounds_table(segments: Segments) -> pd.DataFrame:
    """The quartiles of quantity over all sweeps; columns `SIZE_BOUNDS`, no rows without sweeps."""
    names = quantile_names(QUARTILES) if segments.size_bounds else []
    upper = [*segments.size_bounds, pd.NA] if segments.size_bounds else []
    return table(SIZE_BOUNDS, {"quantile": names, "upper_quantity": upper})


def _named(
    columns: Schema, rows: pd.DataFrame, lines: Sequence[Line], segments: Segments
) -> pd.DataFrame:
    """The rows with names in place of places; a column of a place becomes one or more of names."""
    names: dict[str, Any] = {}
    places: Mapping[str, IntArray] = {
        name: rows[name].to_numpy(dtype=np.int64)
        for name in rows
        if name in ("population", "reference", "line", "dimension", "metric", "condition")
    }
    texts: dict[str, tuple[str, list[str | None]]] = {
        "population": ("population", list(POPULATIONS)),
        "reference": ("reference", [line.name for line in lines]),
        "model": ("line", [line.model for line in lines]),
        "scenario": ("line", [line.scenario for line in lines]),
        "segment_kind": ("dimension", list(DIMENSIONS)),
        "metric": ("metric", list(METRICS)),
        "condition": ("condition", list(CONDITIONS)),
    }
    for name, (source, values) in texts.items():
        if name in columns:
            names[name] = [values[place] for place in places[source].tolist()]
    if "segment" in columns:
        of_dimension = [segments.names(dimension) for dimension in DIMENSIONS]
        pairs = zip(places["dimension"].tolist(), rows["segment"].tolist(), strict=True)
        names["segment"] = [of_dimension[dimension][segment] for dimension, segment in pairs]
    return table(columns, {**rows, **names})
