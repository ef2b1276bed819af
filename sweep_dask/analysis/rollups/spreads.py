"""How the values of a metric are spread: counts of shortened values, and the quantiles they give.

A value is kept by its first eight binary digits, and whether more follow. Values that need no more
- 0, 1, a half, whole numbers up to 256 - are kept as they are; others are told by the middle of
those with the same digits, which is wrong by 0.4 % at most. Counts of such values add up in any
order, and there are some hundreds of them, however many sweeps. (Bins of equal relative width, as
of DDSketch (Masson, Rim and Lee 2019), but linear between powers of two: no logarithm, which not
every processor rounds alike.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.rollups.cells import (
    LIMBS,
    Cells,
    by_population,
    first_of_each,
    merged,
    no_cells,
)
from sweep_dask.terms.dimensions import POPULATIONS
from sweep_dask.terms.metrics import HEADLINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.rollups.sweeps import Sweeps
    from sweep_dask.analysis.tables import FloatArray, IntArray
    from sweep_dask.terms.arms import Arm

#: Of the 52 digits behind the first one of a double, those that are not kept.
_LOST_BITS = 45
#: Shortened values lie in (-`_BINS` / 2, `_BINS` / 2).
_BINS = 1 << 21


def shortened(values: FloatArray) -> IntArray:
    """int64[n], ascending with the values, which are finite; `lengthened` is the way back."""
    bits = np.abs(values).view(np.int64)
    size: IntArray = (bits >> _LOST_BITS) * 2 + ((bits & ((1 << _LOST_BITS) - 1)) != 0)
    return np.where(values < 0, -size, size)


def lengthened(bins: IntArray) -> FloatArray:
    """float64[n], the value of each shortened one: itself, or the middle of its like."""
    bits = np.abs(bins) >> 1 << _LOST_BITS
    bits += (np.abs(bins) & 1) << (_LOST_BITS - 1)
    return np.copysign(bits.view(np.float64), bins)


def _shape(arms: Sequence[Arm]) -> tuple[int, ...]:
    return len(POPULATIONS), len(arms), len(HEADLINE), _BINS


def spread_cells(sweeps: Sweeps) -> Cells:
    """Counts of values, no sums, no segments; a code is level, arm, headline metric and bin.

    Segments of dimensions have none: each would be some hundreds of numbers, for every arm, and a
    query over the sweeps gives them.
    """
    # Sorting one number that has both is several times faster than sorting two.
    level = sweeps.level * (int(np.prod(_shape(sweeps.arms)[1:])))
    found = [no_cells(1, 0)]
    for metric, name in enumerate(HEADLINE):
        for arm, values in enumerate(sweeps.values(name)):
            has_value = ~np.isnan(values)
            bins = shortened(values[has_value]) + _BINS // 2
            head = (0, arm, metric, 0)
            code = level[has_value] + bins + int(np.ravel_multi_index(head, _shape(sweeps.arms)))
            found.append(_counted(code))
    return merged(found)


def _counted(codes: IntArray) -> Cells:
    """How often each code occurs."""
    code, counts = np.unique(codes, return_counts=True)
    return Cells(
        code,
        np.zeros_like(code),
        counts[:, None].astype(np.int64),
        np.zeros((code.size, 0, LIMBS), np.int64),
    )


class Spreads:
    """The values of each population, arm and headline metric, ascending."""

    def __init__(self, cells: Cells, arms: Sequence[Arm]) -> None:
        shape = _shape(arms)
        nested = by_population(cells, shape)
        *group, bins = np.unravel_index(nested.code, shape)
        self._bins = bins - _BINS // 2
        self._up_to = np.cumsum(nested.counts[:, 0])
        first = first_of_each(*group)
        self._before = np.concatenate([[0], self._up_to])[first]
        self.keys = {
            name: key[first]
            for name, key in zip(("population", "arm", "metric"), group, strict=True)
        }
        """int64[groups] each, in ascending order."""
        self.count: IntArray = np.diff(np.append(self._before, self._up_to[-1:]))
        """int64[groups], values."""

    def quantile(self, share: float) -> FloatArray:
        """float64[groups], interpolated between neighbours: `quantile_cont` of SQL."""
        position = share * (self.count - 1)
        below = np.floor(position).astype(np.int64)
        low, high = self._value(below), self._value(np.ceil(position).astype(np.int64))
        value: FloatArray = low + (high - low) * (position - below)
        return value

    def _value(self, rank: IntArray) -> FloatArray:
        """The value of each group that has so many before it."""
        at = np.searchsorted(self._up_to, self._before + rank, side="right")
        return lengthened(self._bins[at])
