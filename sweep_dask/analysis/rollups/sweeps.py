"""Sweeps of whole partitions, from the rows of every arm: what roll-ups are made of.

Populations and segments of dimensions are numbers that depend on the sweep and its partition alone,
so that pieces of the sweeps agree on them without knowing of each other.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.analysis.rollups.cells import first_of_each
from sweep_dask.analysis.tables import whole_numbers
from sweep_dask.terms.dimensions import (
    ALL,
    DIMENSIONS,
    HEADLINE_POPULATION,
    POPULATIONS,
    QUARTILES,
    SEGMENT_KINDS,
    UNKNOWN,
)
from sweep_dask.terms.metrics import COMPARED, COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray
    from sweep_dask.terms.arms import Arm

LEVEL_COLUMNS = ("is_continuous", "has_residual")
#: A sweep's level is the number of the innermost of `POPULATIONS` it is in.
HEADLINE_LEVEL = tuple(POPULATIONS).index(HEADLINE_POPULATION)
#: A participant who is not known comes after all others.
NO_PARTICIPANT = 2**63 - 1


def segments_of(sweeps: pd.DataFrame, dimension: str, partition: IntArray) -> IntArray:
    """int64[sweeps], the segment of each sweep; a row a sweep, texts as categories.

    `partition`: int64[sweeps], ascending, a number for each day and security.
    """
    if dimension == ALL:
        return np.zeros(len(sweeps), dtype=np.int64)
    values = sweeps[DIMENSIONS[dimension].column]
    if dimension == "day":
        return codes_of(values, lambda date: dt.date.fromisoformat(date).toordinal())
    if dimension == "participant":
        return values.to_numpy(dtype=np.int64, na_value=NO_PARTICIPANT)
    if dimension == "size_quantile":
        return size_quartiles(whole_numbers(sweeps, "quantity"), partition)
    if dimension in ("security", "short_sell"):
        return values.to_numpy(dtype=np.int64)
    names = list(_names(dimension))
    return codes_of(values, names.index, missing=len(names) - 1)


def names_of(dimension: str, segments: Iterable[int]) -> list[str]:
    """The names of segments, which are told in the order of their numbers."""
    if dimension == "day":
        return [dt.date.fromordinal(segment).isoformat() for segment in segments]
    names = _names(dimension)
    if not names:
        return [UNKNOWN if number == NO_PARTICIPANT else str(number) for number in segments]
    return [names[segment] for segment in segments]


def _names(dimension: str) -> Sequence[str]:
    """Those of segments that have a fixed one, in their order."""
    return (ALL,) if dimension == ALL else DIMENSIONS[dimension].segments or ()


def population_levels(sweeps: pd.DataFrame) -> IntArray:
    """int64[sweeps], the number of the innermost population of each sweep."""
    is_continuous, has_residual = (sweeps[name].to_numpy(dtype=bool) for name in LEVEL_COLUMNS)
    return np.where(is_continuous, has_residual.astype(np.int64) + 1, 0)


def size_quartiles(quantity: IntArray, partition: IntArray) -> IntArray:
    """int64[sweeps], 0 to 3: the quarter of a sweep's quantity among those of its partition.

    The bound of a quarter is the smallest quantity that at least this share of the partition's
    sweeps does not exceed; a quantity on a bound is in the smaller quarter. `partition` ascends.
    """
    order = np.lexsort((quantity, partition))
    _, first, position = np.unique(partition, return_index=True, return_inverse=True)
    count = np.diff(np.append(first, partition.size))
    quarter = np.zeros(quantity.size, dtype=np.int64)
    for share in range(1, QUARTILES):
        # In whole numbers: the first of them with 4 x (sweeps up to it) >= share x sweeps.
        bound = quantity[order][first + (share * count + QUARTILES - 1) // QUARTILES - 1]
        quarter += quantity > bound[position]
    return quarter


def codes_of(values: pd.Series[Any], code: Any, missing: int = -1) -> IntArray:
    """int64[values], what a function makes of each category; missing ones are `missing`."""
    codes = [code(name) for name in values.cat.categories]
    # Code -1, missing, takes the last.
    return np.array([*codes, missing], dtype=np.int64)[values.cat.codes.to_numpy()]


_SOURCES = {dimension.column for dimension in DIMENSIONS.values()}
#: Columns that are read, in the order of the table.
_OTHERS = {
    *("model", "scenario", "order_id", "outcome", "unfilled_reason", "arrival_midpoint"),
    *("parent_id", "added_quantity"),
    *("unfilled_quantity", *COST_PARTS),
}
COLUMNS = tuple(
    name for name in SWEEP_TABLE if name in {*LEVEL_COLUMNS, *_SOURCES, *COMPARED, *_OTHERS}
)
#: Those of text, which come as categories.
CATEGORY_COLUMNS = tuple(name for name in COLUMNS if SWEEP_TABLE[name] in ("str", "category"))


class Sweeps:
    """The sweeps of some partitions in every arm.

    Parameters
    ----------
    rows
        `COLUMNS` of whole partitions, one after the other, a row per sweep and arm; within a
        partition the arms have the same sweeps in the same order.
    arms
        Of the rows, in their order.
    """

    def __init__(self, rows: pd.DataFrame, arms: Sequence[Arm]) -> None:
        self.arms = tuple(arms)
        self._rows = rows
        arm = _arm_numbers(rows, self.arms)
        self._of_arm = np.stack([np.flatnonzero(arm == number) for number in range(len(arms))])
        tape = rows.take(self._of_arm[0])
        self.partition = _partitions(tape)
        """int64[sweeps], ascending: the number of the partition among these."""
        self.level = population_levels(tape)
        """int64[sweeps], the innermost population."""
        self.segments = {name: segments_of(tape, name, self.partition) for name in SEGMENT_KINDS}
        """int64[sweeps], by dimension."""

    def __len__(self) -> int:
        return int(self._of_arm.shape[1])

    def values(self, name: str) -> FloatArray:
        """float64[arms, sweeps], a metric or an amount; NaN where it is missing or not finite."""
        values = self._rows[name].to_numpy(dtype=np.float64)[self._of_arm]
        return np.where(np.isfinite(values), values, np.nan)

    def whole_numbers(self, name: str) -> IntArray:
        """int64[arms, sweeps], a column that has a value in every row."""
        return self._rows[name].to_numpy(dtype=np.int64)[self._of_arm]

    def codes(self, name: str, names: Sequence[str], missing: int = -1) -> IntArray:
        """int64[arms, sweeps], the code of a text, its position among names."""
        code = {text: number for number, text in enumerate(names)}
        codes = codes_of(self._rows[name], lambda text: code.get(text, missing), missing)
        return codes[self._of_arm]

    @property
    def had_dark_fill(self) -> BoolArray:
        """bool[arms, sweeps], whether a sweep found any contra in the dark."""
        return self.whole_numbers("dark_quantity") > 0


def _partitions(sweeps: pd.DataFrame) -> IntArray:
    """int64[sweeps], a number for each date and security, which stand together."""
    dates = sweeps["date"].cat.codes.to_numpy()
    keys = (dates.astype(np.int64), whole_numbers(sweeps, "security"))
    begins = np.zeros(len(sweeps), dtype=np.int64)
    begins[first_of_each(*keys)] = 1
    return np.cumsum(begins) - 1


def _arm_numbers(rows: pd.DataFrame, arms: Sequence[Arm]) -> IntArray:
    """int64[rows], the number of each row's arm."""
    models = list(dict.fromkeys(arm.model for arm in arms))
    scenarios = list(dict.fromkeys(arm.scenario or "" for arm in arms))
    number_of = np.full((len(models), len(scenarios)), -1)
    for number, arm in enumerate(arms):
        number_of[models.index(arm.model), scenarios.index(arm.scenario or "")] = number
    none = scenarios.index("") if "" in scenarios else -1
    scenario = codes_of(rows["scenario"], scenarios.index, missing=none)
    return number_of[codes_of(rows["model"], models.index), scenario]
