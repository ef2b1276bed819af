"""Counts and exact sums by cell: what a piece of the sweeps leaves, and how pieces are merged.

A cell is known by two numbers. Its *code* packs the small ones (population, dimension, arm, metric
and so on, `numpy.ravel_multi_index`); its *segment* is what the dimension makes of a sweep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.rollups.exact import LIMBS, carried
from sweep_dask.compiled import entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.analysis.tables import IntArray


class Cells(NamedTuple):
    """Cells in ascending order of code and segment, each of them once."""

    code: IntArray
    """int64[cells]"""
    segment: IntArray
    """int64[cells]"""
    counts: IntArray
    """int64[cells, counts]"""
    sums: IntArray
    """int64[cells, sums, LIMBS], see `exact`."""


def no_cells(counts: int, sums: int) -> Cells:
    """No cells, with room for so many counts and sums in each."""
    nothing = np.zeros(0, np.int64)
    return Cells(
        nothing,
        nothing,
        np.zeros((0, counts), np.int64),
        np.zeros((0, sums, LIMBS), np.int64),
    )


def merged(parts: Iterable[Cells]) -> Cells:
    """Add up the cells of at least one part; any grouping and order of parts gives the same.

    The parts may hold a cell more than once, in any order.
    """
    code, segment, counts, sums = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    if not code.size:
        return Cells(code, segment, counts, sums)
    order = _order(code, segment)
    code, segment = code[order], segment[order]
    first = first_of_each(code, segment)
    return Cells(
        code[first],
        segment[first],
        np.add.reduceat(counts[order], first),
        carried(np.add.reduceat(sums[order], first)),
    )


def _order(code: IntArray, segment: IntArray) -> IntArray:
    """The order by code and segment; of one number, where both fit in it, in half the time."""
    segments = int(segment.max()) + 1
    if int(code.max()) >= 2**62 // segments:
        return np.lexsort((segment, code))
    # Runs that are in order already, as those of parts, are merged.
    return np.argsort(code * segments + segment, kind="stable")


def first_of_each(*keys: IntArray) -> IntArray:
    """The positions at which any of several keys, sorted together, takes another value."""
    is_first = np.ones(keys[0].size, dtype=bool)
    is_first[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.flatnonzero(is_first)


def numbered(*keys: IntArray) -> tuple[list[IntArray], IntArray]:
    """The rows of several keys, each once and ascending, and of every row its position there."""
    order = np.lexsort(keys[::-1])
    first = first_of_each(*(key[order] for key in keys))
    position = np.empty(order.size, np.int64)
    position[order] = np.repeat(np.arange(first.size), np.diff(np.append(first, order.size)))
    return [key[order[first]] for key in keys], position


@entry
def added_up(position: IntArray, size: int, values: Any) -> Any:
    """[size, n], the sums of the rows of [rows, n] by position, added in the order of the rows."""
    total = np.zeros((size, values.shape[1]), values.dtype)
    for row in range(position.size):
        for column in range(values.shape[1]):
            total[position[row], column] += values[row, column]
    return total


def by_population(cells: Cells, shape: tuple[int, ...]) -> Cells:
    """The cells of populations from those of levels.

    Parameters
    ----------
    shape
        Of the codes, which begin with the level: a population has its level and all above.
    """
    level, *others = np.unravel_index(cells.code, shape)
    parts = []
    for population in range(shape[0]):
        within = level >= population
        code = np.ravel_multi_index((np.full_like(level, population), *others), shape)
        parts.append(Cells(*(array[within] for array in (code, *cells[1:]))))
    return merged(parts)
