"""A metric of a reference and of each simulation: agreement, tests, and averages side by side."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.metrics.comparison import (
    AGREEMENT,
    AVERAGES,
    agreement_counts,
    average_values,
)
from sweep_dask.analysis.metrics.lines import comparisons_of
from sweep_dask.analysis.rollups.dimensions import (
    ALL,
    ANSWERED,
    DIMENSIONS,
    POPULATIONS,
    SOURCES,
)
from sweep_dask.analysis.rollups.values import (
    CLUSTER,
    HEADLINE,
    METRICS,
    engaged_column,
    grouped,
    in_population,
    metric_number,
    values_of,
)
from sweep_dask.analysis.stats.segments import METRIC_TESTS, StatisticsSettings, metric_test
from sweep_dask.analysis.tables import schema, table_of_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.rollups.dimensions import Segments
    from sweep_dask.analysis.tables import FloatArray, IntArray, Schema

#: Columns of families, which need the rows of all metrics.
FAMILY_COLUMNS = tuple(name for name in METRIC_TESTS if name.endswith(("_holm", "_hochberg")))
_COUNTS = {name: kind for name, kind in AGREEMENT.items() if name != "n_sweeps"}
#: The numbers of a comparison, without those of families: counts of agreement, then of the test.
COMPARISON_NUMBERS: Schema = {
    name: kind
    for name, kind in {**_COUNTS, **METRIC_TESTS}.items()
    if name not in ("segment_kind", "segment", "metric", *FAMILY_COLUMNS)
}
#: One row per population, pair of lines, dimension and segment; the first columns are places.
COMPARISONS: Schema = {
    **schema("metric:int8 population:int8 reference:int8 line:int8 dimension:int8 segment:int32"),
    **COMPARISON_NUMBERS,
}
AVERAGE_NUMBERS: Schema = {
    name: kind for name, kind in AVERAGES.items() if name not in ("condition", "metric")
}
#: One row per population, pair of lines and condition; the first columns are places.
AVERAGE_PAIRS: Schema = {
    **schema("metric:int8 population:int8 reference:int8 line:int8 condition:int8"),
    **AVERAGE_NUMBERS,
}


class _Pair(NamedTuple):
    """The values of a reference and a simulation, and where these stand among the lines."""

    keys: dict[str, int]
    real: FloatArray
    simulated: FloatArray


def comparisons(
    frame: pd.DataFrame,
    lines: Sequence[Line],
    segments: Segments,
    settings: StatisticsSettings,
) -> pd.DataFrame:
    """Compare all sweeps of each population, and headline metrics by segment; `COMPARISONS`.

    Parameters
    ----------
    frame
        The values of one metric; with the codes of every dimension if it is a headline.
    """
    metric = metric_number(frame)
    rows: list[dict[str, Any]] = []
    for population in range(len(POPULATIONS)):
        dimensions = [ALL]
        if population == ANSWERED and METRICS[metric] in HEADLINE:
            dimensions += SOURCES
        chosen = in_population(frame, population)
        for dimension in dimensions:
            keys = {"metric": metric, "population": population}
            keys["dimension"] = DIMENSIONS.index(dimension)
            # A population without sweeps is told; a segment without any is none.
            groups = grouped(frame, dimension, segments, chosen)
            places = list(groups.slices(with_empty=dimension == ALL))
            found = _by_segment(frame, lines, groups.order, places, settings)
            rows += [keys | row for row in found]
    return table_of_rows(COMPARISONS, rows)


def _by_segment(
    frame: pd.DataFrame,
    lines: Sequence[Line],
    order: IntArray,
    places: Sequence[tuple[int, slice]],
    settings: StatisticsSettings,
) -> Iterator[dict[str, Any]]:
    """Every pair of lines in every segment, whose places are in an order of the sweeps."""
    metric = METRICS[metric_number(frame)]
    cluster = frame[CLUSTER].to_numpy()[order]
    every = np.ones(order.size, dtype=bool)
    for keys, real, simulated in _pairs(lines, lambda line: values_of(frame, line)[order]):
        for segment, where in places:
            one, other = real[where], simulated[where]
            counts = agreement_counts(one, other, every[where], metric)
            tested = metric_test(one, other, cluster[where], settings)
            yield keys | {"segment": segment} | counts | tested


def averages(frame: pd.DataFrame, lines: Sequence[Line]) -> pd.DataFrame:
    """Means over all sweeps and over the engaged ones of each population; `AVERAGE_PAIRS`.

    Parameters
    ----------
    frame
        The values of one metric, and which sweeps found a contra in each line.
    """
    rows = []
    engaged = [frame[engaged_column(line)].to_numpy(dtype=bool) for line in lines]
    for population in range(len(POPULATIONS)):
        chosen = in_population(frame, population)
        for keys, real, simulated in _pairs(lines, lambda line: values_of(frame, line)):
            found = engaged[keys["reference"]] | engaged[keys["line"]]
            for condition, mask in enumerate((chosen, chosen & found)):
                head = {"metric": metric_number(frame), "population": population}
                head |= keys | {"condition": condition}
                rows.append(head | average_values(real, simulated, mask))
    return table_of_rows(AVERAGE_PAIRS, rows)


def _pairs(lines: Sequence[Line], values: Callable[[Line], FloatArray]) -> Iterator[_Pair]:
    """The pairs of lines; no more than the values of two are held at a time."""
    for reference, pairs in groupby(comparisons_of(lines), key=itemgetter(0)):
        real = values(reference)
        for _, line in pairs:
            keys = {"reference": lines.index(reference), "line": lines.index(line)}
            yield _Pair(keys, real, values(line))
