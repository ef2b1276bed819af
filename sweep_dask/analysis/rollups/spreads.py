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
    Cells,
    first_of_each,
    merged,
    no_cells,
)
from sweep_dask.analysis.rollups.dimensions import (
    ALL,
    ANSWERED,
    DIMENSIONS,
    POPULATIONS,
    UNBOUNDED,
)
from sweep_dask.analysis.rollups.exact import LIMBS
from sweep_dask.analysis.rollups.metrics import HEADLINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.rollups.sweeps import Sweeps
    from sweep_dask.analysis.tables import FloatArray, IntArray

#: Of the 52 digits behind the first one of a double, those that are not kept.
_LOST_BITS = 45
#: Shortened values lie in (-`_BINS` / 2, `_BINS` / 2).
_BINS = 1 << 21
#: In place of a bin: after every segment and bin.
_NO_VALUE = 1 << 62


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


def _shape(lines: Sequence[Line]) -> tuple[int, ...]:
    return len(POPULATIONS), len(DIMENSIONS), len(lines), len(HEADLINE), _BINS


def spread_cells(sweeps: Sweeps) -> Cells:
    """Counts of values, no sums, of all populations and of the segments of the one answered for.

    A place is population, dimension, line, headline metric and bin. Dimensions whose segments grow
    with the input have none: each of them would be some hundreds of numbers.
    """
    groups = [(ALL, population) for population in range(len(POPULATIONS))]
    groups += [(name, ANSWERED) for name in DIMENSIONS if name not in (ALL, *UNBOUNDED)]
    members = [np.flatnonzero(sweeps.level >= population) for _, population in groups]
    segments = [
        sweeps.segments[name][chosen] * _BINS
        for (name, _), chosen in zip(groups, members, strict=True)
    ]
    parts = [no_cells(1, 0)]
    for metric, name in enumerate(HEADLINE):
        for line, values in enumerate(sweeps.values(name)):
            bins = np.where(np.isnan(values), _NO_VALUE, shortened(values) + _BINS // 2)
            for (dimension, population), chosen, of in zip(groups, members, segments, strict=True):
                head = (population, DIMENSIONS.index(dimension), line, metric, 0)
                place = int(np.ravel_multi_index(head, _shape(sweeps.lines)))
                parts.append(_counted(place, of + bins[chosen]))
    return merged(parts)


def _counted(place: int, keys: IntArray) -> Cells:
    """How often each segment and bin occurs; `place` is that of the first bin.

    Sorting one number that has both is several times faster than sorting two.
    """
    found, counts = np.unique(keys, return_counts=True)
    values = int(np.searchsorted(found, _NO_VALUE))
    found, counts = found[:values], counts[:values]
    return Cells(
        place + found % _BINS,
        found // _BINS,
        counts[:, None].astype(np.int64),
        np.zeros((values, 0, LIMBS), np.int64),
    )


class Spreads:
    """The values of each population, dimension, segment, line and headline metric, ascending."""

    def __init__(self, cells: Cells, lines: Sequence[Line]) -> None:
        shape = _shape(lines)
        *keys, bins = np.unravel_index(cells.place, shape)
        group = np.stack([*keys[:2], cells.segment, *keys[2:]])
        # By segment, and then by value, within a place.
        order = np.lexsort((bins, *group[::-1]))
        group, self._bins = group[:, order], bins[order] - _BINS // 2
        self._up_to = np.cumsum(cells.counts[order, 0])
        first = first_of_each(*group)
        self._before = np.concatenate([[0], self._up_to])[first]
        self.keys = dict(
            zip(
                ("population", "dimension", "segment", "line", "metric"),
                group[:, first],
                strict=True,
            )
        )
        """int64[groups] each, in ascending order."""
        self.count: IntArray = np.diff(np.append(self._before, self._up_to[-1:]))
        """int64[groups], values."""

    def quantile(self, share: float) -> FloatArray:
        """float64[groups], interpolated between neighbours: `quantile_cont` of SQL."""
        place = share * (self.count - 1)
        below = np.floor(place).astype(np.int64)
        low, high = self._value(below), self._value(np.ceil(place).astype(np.int64))
        value: FloatArray = low + (high - low) * (place - below)
        return value

    def _value(self, rank: IntArray) -> FloatArray:
        """The value of each group that has so many before it."""
        at = np.searchsorted(self._up_to, self._before + rank, side="right")
        return lengthened(self._bins[at])
