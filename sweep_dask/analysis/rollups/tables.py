"""The tables of roll-ups: numbers become names, rows stand in the order of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweep_dask.analysis.centre_point.choices import DEFAULT_CHOICES
from sweep_dask.analysis.rollups.book_errors import no_book_errors
from sweep_dask.analysis.rollups.comparisons import AVERAGE, COMPARISON, averages, comparisons
from sweep_dask.analysis.rollups.dimensions import ALL, DIMENSIONS, POPULATIONS, names_of
from sweep_dask.analysis.rollups.example import EXAMPLE, example_sweep
from sweep_dask.analysis.rollups.metrics import HEADLINE, METRICS
from sweep_dask.analysis.rollups.pairs import CONDITIONS
from sweep_dask.analysis.rollups.robustness import BY_CHOICE, ROBUSTNESS, effects, levels
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.analysis.rollups.spreads import Spreads
from sweep_dask.analysis.rollups.totals import TOTALS, totals
from sweep_dask.analysis.rollups.unfilled import UNFILLED, unfilled
from sweep_dask.analysis.rollups.verdicts import VERDICTS, verdicts
from sweep_dask.analysis.tables import schema, table, table_of_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.rollups.summary import Summary
    from sweep_dask.analysis.tables import FloatArray, Schema

_LINE = schema("model:str scenario:str")
QUARTILES = {"p25": 0.25, "p50": 0.5, "p75": 0.75}
_MEANS: Schema = {
    f"{metric}_{name}": kind
    for metric in HEADLINE
    for name, kind in (("n", "int64"), ("mean", "float64"))
}
_QUARTILES: Schema = {f"{metric}_{name}": "float64" for metric in HEADLINE for name in QUARTILES}
#: One row per population, segment and line.
BY_DIMENSION: Schema = {**schema("population:str segment:str"), **_LINE, **TOTALS, **_MEANS}
#: One row per population, pair of lines, segment and metric.
ALL_COMPARISONS: Schema = {
    **schema("population:str reference:str"),
    **_LINE,
    **schema("segment_kind:str segment:str metric:str"),
    **COMPARISON,
}
#: One row per population, pair of lines, condition and metric.
ALL_AVERAGES: Schema = {
    **schema("population:str reference:str"),
    **_LINE,
    **schema("condition:str metric:str"),
    **AVERAGE,
}
PERCENTS = tuple(range(101))
#: One row per population, line, metric and percent.
DISTRIBUTIONS: Schema = {
    "population": "str",
    **_LINE,
    **schema("metric:str n_values:int64 percent:int64 value:float64"),
}

#: Every table and its columns.
TABLES: dict[str, Schema] = {
    **{
        f"by_{dimension}": {**BY_DIMENSION, **(_QUARTILES if dimension == ALL else {})}
        for dimension in DIMENSIONS
    },
    "comparisons": ALL_COMPARISONS,
    "averages": ALL_AVERAGES,
    "distributions": DISTRIBUTIONS,
    "unfilled": UNFILLED,
    "by_choice": BY_CHOICE,
    "robustness": ROBUSTNESS,
    "verdicts": VERDICTS,
    "example_sweep": EXAMPLE,
}

_GROUP = ["population", "dimension", "segment", "line"]


def tables_of(
    summary: Summary,
    lines: Sequence[Line],
    choices: Choices = DEFAULT_CHOICES,
    errors: FloatArray | None = None,
) -> dict[str, pa.Table]:
    """Every table by its name.

    Parameters
    ----------
    errors
        Of the book: `book_errors`; None: they are not known.
    """
    spreads = Spreads(summary.spreads, lines)
    cases = cases_of(lines, choices)
    errors = no_book_errors() if errors is None else errors
    found = list(effects(summary.sensitivity, cases, errors))
    return {
        **_by_dimension(summary, spreads, lines),
        "comparisons": _comparisons(summary, lines),
        "averages": _averages(summary, lines),
        "distributions": _distributions(spreads, lines),
        "unfilled": unfilled(summary.reasons, lines),
        "by_choice": table(BY_CHOICE, levels(summary.levels, cases)),
        "robustness": table_of_rows(ROBUSTNESS, found),
        "verdicts": table_of_rows(VERDICTS, verdicts(found, choices)),
        "example_sweep": example_sweep(summary.example, lines),
    }


def _by_dimension(summary: Summary, spreads: Spreads, lines: Sequence[Line]) -> dict[str, pa.Table]:
    found = pd.DataFrame(totals(summary.totals, lines)).merge(
        _quartiles(spreads), on=["population", "line"], how="left", validate="m:1"
    )
    ordered = found.sort_values(_GROUP)
    return {
        f"by_{dimension}": _named(
            TABLES[f"by_{dimension}"], ordered[ordered["dimension"] == number], lines
        )
        for number, dimension in enumerate(DIMENSIONS)
    }


def _quartiles(spreads: Spreads) -> pd.DataFrame:
    """A row per population and line, a column per headline metric and quartile."""
    found = pd.DataFrame(spreads.keys)
    for name, share in QUARTILES.items():
        found[name] = spreads.quantile(share)
    keys = ["population", "line"]
    wide = found[keys].drop_duplicates()
    for number, metric in enumerate(HEADLINE):
        of_metric = found[found["metric"] == number].drop(columns="metric")
        names = {name: f"{metric}_{name}" for name in QUARTILES}
        wide = wide.merge(of_metric.rename(columns=names), on=keys, how="left")
    return wide


def _comparisons(summary: Summary, lines: Sequence[Line]) -> pa.Table:
    order = ["population", "reference", "line", "dimension", "segment", "metric"]
    return _named(ALL_COMPARISONS, comparisons(summary.pairs, lines).sort_values(order), lines)


def _averages(summary: Summary, lines: Sequence[Line]) -> pa.Table:
    order = ["population", "reference", "line", "condition", "metric"]
    return _named(ALL_AVERAGES, averages(summary.pairs, lines).sort_values(order), lines)


def _distributions(spreads: Spreads, lines: Sequence[Line]) -> pa.Table:
    groups = pd.DataFrame({**spreads.keys, "n_values": spreads.count})
    parts = [
        groups.assign(percent=percent, value=spreads.quantile(percent / 100))
        for percent in PERCENTS
    ]
    order = ["population", "line", "metric", "percent"]
    rows = pd.concat(parts).sort_values(order)
    numbers = np.array([METRICS.index(metric) for metric in HEADLINE])
    return _named(DISTRIBUTIONS, rows.assign(metric=numbers[rows["metric"]]), lines)


def _named(columns: Schema, rows: pd.DataFrame, lines: Sequence[Line]) -> pa.Table:
    """The rows with names in place of numbers."""
    texts: dict[str, tuple[str, Sequence[str | None]]] = {
        "population": ("population", POPULATIONS),
        "reference": ("reference", [line.name for line in lines]),
        "model": ("line", [line.model for line in lines]),
        "scenario": ("line", [line.scenario for line in lines]),
        "segment_kind": ("dimension", DIMENSIONS),
        "metric": ("metric", METRICS),
        "condition": ("condition", CONDITIONS),
    }
    names: dict[str, Any] = {
        name: [values[number] for number in rows[source]]
        for name, (source, values) in texts.items()
        if name in columns
    }
    if "segment" in columns:
        names["segment"] = _segment_names(rows)
    return table(columns, {**rows, **names})


def _segment_names(rows: pd.DataFrame) -> Any:
    names = np.empty(len(rows), dtype=object)
    for number, dimension in enumerate(DIMENSIONS):
        chosen = (rows["dimension"] == number).to_numpy()
        names[chosen] = names_of(dimension, rows["segment"].to_numpy()[chosen].tolist())
    return names
