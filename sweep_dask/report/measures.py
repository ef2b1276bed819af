"""What the tables of the page show of an arm: each number with the query that gives it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep_dask.report import wording
from sweep_dask.report.wording import Cell, cell, over
from sweep_dask.terms.metrics import COLUMNS, COST_PARTS
from sweep_dask.terms.units import BPS, PRICE_PER_AUD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Value = Callable[[Mapping[str, Any]], float | None]


@dataclass(frozen=True)
class Measure:
    """A number of one arm over some sweeps."""

    name: str
    heading: str
    sql: str
    """An aggregate over the rows of `tables/sweep_metrics.parquet` of one arm."""
    value: Value
    """The same from a row of a roll-up."""
    form: Callable[[float | None], str]


def column_of(name: str) -> Value:
    """A column of the row."""
    return lambda row: row[name]


def ratio_of(part: str, whole: str, scale: float = 1.0) -> Value:
    """One column of the row over another; None of nothing."""
    return lambda row: over(row[part], row[whole], scale)


def _heading(column: str) -> str:
    return COLUMNS[column].metric.heading


def _per_sweep(
    column: str, name: str, heading: str, form: Callable[[float | None], str]
) -> Measure:
    """The mean of a metric over the sweeps that have it."""
    return Measure(name, heading, COLUMNS[column].query, column_of(f"{column}_mean"), form)


_PAPER_VALUE = f"arrival_midpoint * quantity / {PRICE_PER_AUD}"


def _of_paper_value(amount: str) -> str:
    return f"sum({amount}) / sum({_PAPER_VALUE}) * {BPS}"


def _of_its_paper_value(amount: str) -> str:
    """Of the sweeps that have the amount: one that the quotes end before has no shortfall."""
    worth = f"sum(CASE WHEN {amount} IS NOT NULL THEN {_PAPER_VALUE} END)"
    return f"sum({amount}) / {worth} * {BPS}"


SWEEPS = Measure("sweeps", "Sweeps", "count(*)", column_of("n_sweeps"), wording.number)
QUANTITY = Measure(
    "quantity", "Shares entered", "sum(quantity)", column_of("quantity"), wording.number
)
PARENTS = Measure(
    *("parents", "Parents", "count(*) FILTER (parent_id = order_id)"),
    column_of("n_parents"),
    wording.number,
)
ADDED_QUANTITY = Measure(
    *("added_quantity", "Shares wanted by parents", "sum(added_quantity)"),
    column_of("added_quantity"),
    wording.number,
)
PARENTS_FILLED_SHARE = Measure(
    *("parents_filled_share", "of these", "sum(filled_quantity) / sum(added_quantity)"),
    ratio_of("filled_quantity", "added_quantity"),
    wording.percent,
)
FILLED_ANY = Measure(
    *("filled_any", "with any fill"),
    "count(*) FILTER (filled_quantity > 0)",
    lambda row: row["n_sweeps"] - row["n_unfilled"],
    wording.number,
)
FILLED_QUANTITY = Measure(
    *("filled_quantity", "filled", "sum(filled_quantity)"),
    column_of("filled_quantity"),
    wording.number,
)
FILLED_SHARE = Measure(
    *("filled_share", "of all shares", "sum(filled_quantity) / sum(quantity)"),
    ratio_of("filled_quantity", "quantity"),
    wording.percent,
)
FILL_RATIO = _per_sweep("fill_ratio", "fill_ratio", "per sweep", wording.percent)
DARK_SHARE = Measure(
    *("dark_share", "in the dark", "sum(dark_quantity) / sum(filled_quantity)"),
    ratio_of("dark_quantity", "filled_quantity"),
    wording.percent,
)
FIRST_FILL_MEDIAN = Measure(
    *("first_fill_median", "median", "quantile_cont(time_to_first_fill_seconds, 0.5)"),
    column_of("time_to_first_fill_seconds_p50"),
    wording.decimals,
)
FIRST_FILL_MEAN = _per_sweep(
    "time_to_first_fill_seconds", "first_fill_mean", "mean", wording.decimals
)
EFFECTIVE_SPREAD = _per_sweep(
    "effective_spread_bps",
    "effective_spread_bps",
    _heading("effective_spread_bps"),
    wording.decimals,
)
ARRIVAL_COST = Measure(
    *("arrival_cost_bps", _heading("arrival_cost_bps"), _of_paper_value("arrival_cost_aud")),
    ratio_of("arrival_cost_aud", "paper_value_aud", BPS),
    wording.decimals,
)
SHORTFALL = Measure(
    "implementation_shortfall_bps",
    *("of all value", _of_its_paper_value("implementation_shortfall_aud")),
    ratio_of("implementation_shortfall_aud", "shortfall_paper_value_aud", BPS),
    wording.decimals,
)
SHORTFALL_MEAN = _per_sweep(
    "implementation_shortfall_bps", "implementation_shortfall_mean", "per sweep", wording.decimals
)
SHORTFALL_AUD = Measure(
    *("implementation_shortfall_aud", "AUD", COLUMNS["implementation_shortfall_aud"].query),
    column_of("implementation_shortfall_aud"),
    wording.whole,
)
WITH_CLEAN_UP = Measure(
    "completed_shortfall_bps",
    *("of all value", _of_its_paper_value("completed_shortfall_aud")),
    ratio_of("completed_shortfall_aud", "shortfall_paper_value_aud", BPS),
    wording.decimals,
)
WITH_CLEAN_UP_MEAN = _per_sweep(
    "completed_shortfall_bps", "completed_shortfall_mean", "per sweep", wording.decimals
)
#: Of the difference to the tape in arrival cost; a sweep has all of its parts, or none counts.
ALL_PARTS = Measure(
    *("all_parts_aud", "Arrival cost against the tape, AUD", f"sum({' + '.join(COST_PARTS)})"),
    lambda row: sum(row[name] for name in COST_PARTS),
    lambda amount: wording.change(amount, 0),
)

#: The table "Fill and cost"; its heading groups these in the template.
FILL_AND_COST = (
    *(SWEEPS, FILLED_ANY, FILLED_QUANTITY, FILLED_SHARE, FILL_RATIO, DARK_SHARE),
    *(FIRST_FILL_MEDIAN, FIRST_FILL_MEAN, EFFECTIVE_SPREAD, ARRIVAL_COST),
    *(SHORTFALL, SHORTFALL_MEAN, SHORTFALL_AUD, WITH_CLEAN_UP, WITH_CLEAN_UP_MEAN),
)
#: Every number of an arm that the page shows, by name.
MEASURES = {
    measure.name: measure
    for measure in (
        *FILL_AND_COST,
        *(QUANTITY, PARENTS, ADDED_QUANTITY, PARENTS_FILLED_SHARE, ALL_PARTS),
    )
}


def measured(prefix: str, row: Mapping[str, Any], measure: Measure) -> Cell:
    """A measure of a row of a roll-up; `prefix` is the key up to the arm."""
    return cell(f"{prefix}/{measure.name}", measure.value(row), measure.form)
