"""To which population and to which segment of a dimension each sweep belongs, as numbers.

A segment is a number that depends on the sweep and its partition alone, so that pieces of the
sweeps agree on it without knowing of each other.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.tables import whole_numbers
from sweep_dask.terms.dimensions import ALL, DIMENSIONS, QUARTILES, UNKNOWN
from sweep_dask.terms.populations import HEADLINE_POPULATION, POPULATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from sweep_dask.analysis.tables import IntArray

LEVEL_COLUMNS = ("is_continuous", "has_residual")
#: A sweep's level is the number of the innermost of `POPULATIONS` it is in.
HEADLINE_LEVEL = tuple(POPULATIONS).index(HEADLINE_POPULATION)
#: A participant who is not known comes after all others.
NO_PARTICIPANT = 2**63 - 1


def segments_of(sweeps: pd.DataFrame, dimension: str, partition: IntArray) -> IntArray:
    """int64[sweeps], the segment of each sweep.

    Parameters
    ----------
    sweeps
        A row a sweep, texts as categories.
    partition
        int64[sweeps], ascending: a number for each day and security.
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
    sweeps does not exceed; a quantity on a bound is in the smaller quarter.

    Parameters
    ----------
    partition
        int64[sweeps], ascending.
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
