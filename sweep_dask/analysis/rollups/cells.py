"""Counts and exact sums by cell: what a piece of the sweeps leaves, and how pieces are merged.

A cell is known by two numbers. Its *code* packs the small ones (population, dimension, arm, metric
and so on, `numpy.ravel_multi_index`); its *segment* is what the dimension makes of a sweep.

Sums are the same to the last bit in whatever order and grouping they are added. Floats are not
associative: their sum depends on who adds first. So a float becomes a whole number of units of
2**-64, written in `LIMBS` digits of 32 bits; whole numbers add up in any order. The lower digits
lie in [0, 2**32), so that a sum has one form only; the highest carries the sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.compiled import entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.analysis.tables import FloatArray, IntArray

LIMBS = 4
_BITS = 32
#: Of the last digit.
_UNIT = 2.0**-64
#: Magnitudes from here on count as this, 10**24: beyond any money or time, and far enough from what
#: the highest digit holds for as many to be added as there are security-days.
_LARGEST = 2.0**80


def exact(values: FloatArray) -> IntArray:
    """int64[..., LIMBS], the lowest digit first, of finite float64[...].

    A value is rounded to a multiple of 2**-64, once.
    """
    left = np.clip(values, -_LARGEST, _LARGEST) / _UNIT
    limbs = np.empty((*left.shape, LIMBS), np.int64)
    for limb in range(LIMBS - 1, 0, -1):
        scale = 2.0 ** (_BITS * limb)
        whole = np.trunc(left / scale)
        limbs[..., limb] = whole
        left = left - whole * scale
    limbs[..., 0] = np.rint(left)
    return carried(limbs)


def carried(limbs: IntArray) -> IntArray:
    """The same sums with every digit but the highest in [0, 2**32); changes its argument."""
    for limb in range(LIMBS - 1):
        carry = limbs[..., limb] >> _BITS
        limbs[..., limb] -= carry << _BITS
        limbs[..., limb + 1] += carry
    return limbs


def as_floats(limbs: IntArray) -> FloatArray:
    """float64[...], the sums; correct to a few units of the last place."""
    is_negative = limbs[..., -1] < 0
    # Digit by digit from below: of a negative number the lower digits would cancel the highest.
    size = carried(np.where(is_negative[..., None], -limbs, limbs))
    total = np.zeros(size.shape[:-1])
    for limb in range(LIMBS):
        total += size[..., limb] * (2.0 ** (_BITS * limb) * _UNIT)
    return np.where(is_negative, -total, total)


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
    """The cells of populations from those of levels: a population has its level and all above.

    `shape`: of the codes, which begin with the level.
    """
    level, *others = np.unravel_index(cells.code, shape)
    parts = []
    for population in range(shape[0]):
        within = level >= population
        code = np.ravel_multi_index((np.full_like(level, population), *others), shape)
        parts.append(Cells(*(array[within] for array in (code, *cells[1:]))))
    return merged(parts)
