"""Sweeps of whole partitions, from the rows of every arm: what roll-ups are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.analysis.rollups.cells import first_of_each
from sweep_dask.analysis.rollups.dimensions import (
    LEVEL_COLUMNS,
    codes_of,
    population_levels,
    segments_of,
)
from sweep_dask.analysis.tables import whole_numbers
from sweep_dask.terms.dimensions import DIMENSIONS, SEGMENT_KINDS
from sweep_dask.terms.metrics import COMPARED, COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray
    from sweep_dask.terms.arms import Arm

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
