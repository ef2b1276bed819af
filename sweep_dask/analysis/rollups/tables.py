"""The tables of roll-ups: numbers become names, rows stand in the order of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweep_dask.analysis.centre_point.choices import DEFAULT_CHOICES
from sweep_dask.analysis.centre_point.score import no_book_errors
from sweep_dask.analysis.rollups.comparisons import AVERAGE, COMPARISON, averages, comparisons
from sweep_dask.analysis.rollups.pairs import CONDITIONS
from sweep_dask.analysis.rollups.robustness import BY_CHOICE, ROBUSTNESS, effects, levels
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.analysis.rollups.spreads import Spreads
from sweep_dask.analysis.rollups.summary import EXAMPLE, example_sweep
from sweep_dask.analysis.rollups.sweeps import names_of
from sweep_dask.analysis.rollups.totals import TOTALS, UNFILLED, totals, unfilled
from sweep_dask.analysis.rollups.verdicts import VERDICTS, verdicts
from sweep_dask.analysis.tables import schema, table, table_of_rows
from sweep_dask.terms.dimensions import ALL, POPULATIONS, SEGMENT_KINDS
from sweep_dask.terms.metrics import COMPARED, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.analysis.rollups.summary import Summary
    from sweep_dask.analysis.tables import FloatArray, Schema
    from sweep_dask.terms.arms import Arm

_ARM = schema("model:str scenario:str")
QUARTILES = {"p25": 0.25, "p50": 0.5, "p75": 0.75}
_MEANS: Schema = {
    f"{metric}_{name}": kind
    for metric in HEADLINE
    for name, kind in (("n", "int64"), ("mean", "float64"))
}
_QUARTILES: Schema = {f"{metric}_{name}": "float64" for metric in HEADLINE for name in QUARTILES}
#: One row per population, segment and arm.
BY_DIMENSION: Schema = {**schema("population:str segment:str"), **_ARM, **TOTALS, **_MEANS}
#: One row per population, pair of arms, segment and metric.
ALL_COMPARISONS: Schema = {
    **schema("population:str reference:str"),
    **_ARM,
    **schema("dimension:str segment:str metric:str"),
    **COMPARISON,
}
#: One row per population, pair of arms, condition and metric.
ALL_AVERAGES: Schema = {
    **schema("population:str reference:str"),
    **_ARM,
    **schema("condition:str metric:str"),
    **AVERAGE,
}
PERCENTS = tuple(range(101))
#: One row per population, arm, metric and percent.
DISTRIBUTIONS: Schema = {
    "population": "str",
    **_ARM,
    **schema("metric:str n_values:int64 percent:int64 value:float64"),
}

#: Every table and its columns.
ROLLUP_TABLES: dict[str, Schema] = {
    **{
        f"by_{dimension}": {**BY_DIMENSION, **(_QUARTILES if dimension == ALL else {})}
        for dimension in SEGMENT_KINDS
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

_GROUP = ["population", "dimension", "segment", "arm"]


def tables_of(
    summary: Summary,
    arms: Sequence[Arm],
    choices: Choices = DEFAULT_CHOICES,
    errors: FloatArray | None = None,
) -> dict[str, pa.Table]:
    """Every table by its name; `errors` are those of the book (`book_errors`), None: not known."""
    spreads = Spreads(summary.spreads, arms)
    cases = cases_of(arms, choices)
    errors = no_book_errors() if errors is None else errors
    effect_rows = list(effects(summary.sensitivity, cases, errors))
    return {
        **_by_dimension(summary, spreads, arms),
        "comparisons": _comparisons(summary, arms),
        "averages": _averages(summary, arms),
        "distributions": _distributions(spreads, arms),
        "unfilled": unfilled(summary.reasons, arms),
        "by_choice": table(BY_CHOICE, levels(summary.levels, cases)),
        "robustness": table_of_rows(ROBUSTNESS, effect_rows),
        "verdicts": table_of_rows(VERDICTS, verdicts(effect_rows, choices)),
        "example_sweep": example_sweep(summary.example, arms),
    }


def _by_dimension(summary: Summary, spreads: Spreads, arms: Sequence[Arm]) -> dict[str, pa.Table]:
    rows = pd.DataFrame(totals(summary.totals, arms)).merge(
        _quartiles(spreads), on=["population", "arm"], how="left", validate="m:1"
    )
    ordered = rows.sort_values(_GROUP)
    return {
        f"by_{dimension}": _named(
            ROLLUP_TABLES[f"by_{dimension}"], ordered[ordered["dimension"] == number], arms
        )
        for number, dimension in enumerate(SEGMENT_KINDS)
    }


def _quartiles(spreads: Spreads) -> pd.DataFrame:
    """A row per population and arm, a column per headline metric and quartile."""
    rows = pd.DataFrame(spreads.keys)
    for name, share in QUARTILES.items():
        rows[name] = spreads.quantile(share)
    keys = ["population", "arm"]
    wide = rows[keys].drop_duplicates()
    for number, metric in enumerate(HEADLINE):
        of_metric = rows[rows["metric"] == number].drop(columns="metric")
        names = {name: f"{metric}_{name}" for name in QUARTILES}
        wide = wide.merge(of_metric.rename(columns=names), on=keys, how="left")
    return wide


def _comparisons(summary: Summary, arms: Sequence[Arm]) -> pa.Table:
    order = ["population", "reference", "arm", "dimension", "segment", "metric"]
    return _named(ALL_COMPARISONS, comparisons(summary.pairs, arms).sort_values(order), arms)


def _averages(summary: Summary, arms: Sequence[Arm]) -> pa.Table:
    order = ["population", "reference", "arm", "condition", "metric"]
    return _named(ALL_AVERAGES, averages(summary.pairs, arms).sort_values(order), arms)


def _distributions(spreads: Spreads, arms: Sequence[Arm]) -> pa.Table:
    groups = pd.DataFrame({**spreads.keys, "n_values": spreads.count})
    parts = [
        groups.assign(percent=percent, value=spreads.quantile(percent / 100))
        for percent in PERCENTS
    ]
    order = ["population", "arm", "metric", "percent"]
    rows = pd.concat(parts).sort_values(order)
    numbers = np.array([list(COMPARED).index(metric) for metric in HEADLINE])
    return _named(DISTRIBUTIONS, rows.assign(metric=numbers[rows["metric"]]), arms)


def _named(columns: Schema, rows: pd.DataFrame, arms: Sequence[Arm]) -> pa.Table:
    """The rows with names instead of numbers."""
    texts: dict[str, tuple[str, Sequence[str | None]]] = {
        "population": ("population", tuple(POPULATIONS)),
        "reference": ("reference", [arm.name for arm in arms]),
        "model": ("arm", [arm.model for arm in arms]),
        "scenario": ("arm", [arm.scenario for arm in arms]),
        "dimension": ("dimension", SEGMENT_KINDS),
        "metric": ("metric", tuple(COMPARED)),
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
    for number, dimension in enumerate(SEGMENT_KINDS):
        chosen = (rows["dimension"] == number).to_numpy()
        names[chosen] = names_of(dimension, rows["segment"].to_numpy()[chosen].tolist())
    return names
