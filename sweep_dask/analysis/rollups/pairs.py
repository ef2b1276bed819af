"""A reference and a simulation, sweep by sweep: counts and sums of every pair of arms.

Sweeps of one security and day share its market. So every cell also has what its clusters, the
security-days, leave of the differences of their sweeps: numbers and sums, and the squares and
products of these, which is all that a cluster-robust interval needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.rollups.cells import (
    Cells,
    exact,
    first_of_each,
    merged,
    no_cells,
    numbered,
)
from sweep_dask.analysis.rollups.sweeps import HEADLINE_LEVEL
from sweep_dask.compiled import entry
from sweep_dask.terms.arms import comparisons_of
from sweep_dask.terms.dimensions import ALL, DIMENSIONS, POPULATIONS, SEGMENT_KINDS
from sweep_dask.terms.metrics import COMPARED, HEADLINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.rollups.sweeps import Sweeps
    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray
    from sweep_dask.terms.arms import Arm

#: Every sweep; and those that found a contra in the dark, in either arm.
CONDITIONS = ("all", "engaged")
#: What a sweep is in: neither value, one of them, or both, which are equal or not.
_NEITHER, _REAL_ONLY, _SIMULATED_ONLY, _EQUAL, _LARGER, _SMALLER = range(6)
_KINDS = 6
#: Of every cell; `n_larger` are pairs in which the simulation is. Of clusters: those with pairs,
#: those of which the mean difference is above and below 0, and the squares of their pairs.
COUNTS = (
    *("n_sweeps", "n_reference", "n_simulated", "n_pairs", "n_larger", "n_smaller"),
    *("n_clusters", "n_clusters_above", "n_clusters_below", "squared_pairs"),
)
#: Over pairs; over sweeps without the other value; and over clusters, of their sums of differences.
SUMS = (
    *("real", "difference", "squared_difference", "real_alone", "simulated_alone"),
    *("squared_cluster", "cluster_times_pairs"),
)
#: A sum that is smaller, as a share of what it is of, is 0 but for rounding.
_ROUNDING = 1e-9
#: What the code of a cell packs, in its order.
PACKED = ("condition", "population", "dimension", "pair", "metric")


def arm_pairs(arms: Sequence[Arm]) -> list[tuple[int, int]]:
    """The numbers of the two arms of every pair, the reference first."""
    return [(arms.index(one), arms.index(other)) for one, other in comparisons_of(arms)]


def pair_shape(arms: Sequence[Arm]) -> tuple[int, ...]:
    """How many there are of everything that a code packs."""
    counts = (len(CONDITIONS), len(POPULATIONS), len(SEGMENT_KINDS), len(arm_pairs(arms)))
    return *(max(count, 1) for count in counts), len(COMPARED)


def pair_cells(sweeps: Sweeps) -> Cells:
    """Counts `COUNTS` and sums `SUMS` of every pair of arms.

    All metrics for every population and condition; headline metrics also for the segments of the
    headline population.
    """
    groups: list[_Everything | _Group] = [_Everything(sweeps)]
    groups += [_Group(sweeps, dimension) for dimension in DIMENSIONS]
    ends = np.cumsum([group.cells for group in groups])
    # The cells of all groups are numbered together.
    cells = np.stack(
        [group.cell + end - group.cells for group, end in zip(groups, ends, strict=True)]
    )
    arms = np.array(arm_pairs(sweeps.arms), dtype=np.int64).reshape(-1, 2)
    had_dark_fill = np.any(sweeps.had_dark_fill[arms], axis=1)
    shape = pair_shape(sweeps.arms)
    parts = [no_cells(len(COUNTS), len(SUMS))]
    for metric, name in enumerate(COMPARED if len(arms) else ()):
        asked = len(groups) if name in HEADLINE else 1
        counted = count_pairs(
            cells[:asked], int(ends[asked - 1]), had_dark_fill, sweeps.values(name), arms
        )
        by_group = np.split(counted, ends[: asked - 1], axis=1)
        for group, found in zip(groups[:asked], by_group, strict=True):
            kinds, amounts = found[..., :_KINDS].astype(np.int64), found[..., _KINDS:]
            parts.append(group.as_cells(kinds, amounts, metric, shape))
    return merged(parts)


class _Everything:
    """All sweeps of each population and condition."""

    def __init__(self, sweeps: Sweeps) -> None:
        self._partitions = int(sweeps.partition.max(initial=-1)) + 1
        self.cell = sweeps.partition * len(POPULATIONS) + sweeps.level
        self.cells = self._partitions * len(POPULATIONS)

    def as_cells(
        self, kinds: IntArray, amounts: FloatArray, metric: int, shape: tuple[int, ...]
    ) -> Cells:
        """A cell for each pair, population and condition, whether it has sweeps or not."""
        levels = (kinds.shape[0], self._partitions, len(POPULATIONS), len(CONDITIONS))
        found = (_nested(array.reshape(*levels, -1)) for array in (kinds, amounts))
        counts, sums = (array.sum(axis=1) for array in _with_clusters(*found))
        pair, condition, population = np.indices(counts.shape[:3]).reshape(3, -1)
        numbers = np.broadcast_arrays(condition, population, SEGMENT_KINDS.index(ALL), pair, metric)
        return Cells(
            np.ravel_multi_index(numbers, shape),
            np.zeros_like(pair),
            counts.reshape(pair.size, -1),
            sums.reshape(pair.size, *sums.shape[-2:]),
        )


def _nested(levels: Any) -> Any:
    """Populations from levels, and all sweeps from those with a dark fill and those without.

    [pairs, partitions, levels, without and with a dark fill, n] to
    [pairs, partitions, conditions, populations, n].
    """
    populations = np.cumsum(levels[:, :, ::-1], axis=2)[:, :, ::-1]
    return np.stack([populations.sum(axis=3), populations[..., 1, :]], axis=2)


class _Group:
    """The sweeps of the headline population, by the segments of a dimension."""

    def __init__(self, sweeps: Sweeps, dimension: str) -> None:
        self._dimension = SEGMENT_KINDS.index(dimension)
        chosen = sweeps.level >= HEADLINE_LEVEL
        (segment, _), cell = numbered(sweeps.segments[dimension][chosen], sweeps.partition[chosen])
        # Others are in one cell more.
        self.cell = np.full(chosen.size, segment.size)
        self.cell[chosen] = cell
        self.cells = segment.size + 1
        self._first = first_of_each(segment)
        self._segment = segment[self._first]

    def as_cells(
        self, kinds: IntArray, amounts: FloatArray, metric: int, shape: tuple[int, ...]
    ) -> Cells:
        """A cell for each pair and segment that has sweeps."""
        if not self._segment.size:
            return no_cells(len(COUNTS), len(SUMS))
        found = (array[:, :-1].sum(axis=2) for array in (kinds, amounts))
        counts, sums = (
            np.add.reduceat(array, self._first, axis=1) for array in _with_clusters(*found)
        )
        pair = np.arange(counts.shape[0])
        numbers = np.broadcast_arrays(0, HEADLINE_LEVEL, self._dimension, pair, metric)
        return Cells(
            np.repeat(np.ravel_multi_index(numbers, shape), self._segment.size),
            np.tile(self._segment, pair.size),
            counts.reshape(-1, counts.shape[-1]),
            sums.reshape(-1, *sums.shape[-2:]),
        )


def _with_clusters(kinds: IntArray, amounts: FloatArray) -> tuple[IntArray, IntArray]:
    """Counts and sums of cells of which each is of one cluster; int64[..., n], [..., n, LIMBS]."""
    n_pairs = kinds[..., _EQUAL:].sum(axis=-1)
    total, squared = (amounts[..., SUMS.index(f"{name}difference")] for name in ("", "squared_"))
    is_off = np.abs(total) > _ROUNDING * np.sqrt(squared * n_pairs)
    counts = (
        kinds.sum(axis=-1),
        kinds[..., _REAL_ONLY] + n_pairs,
        kinds[..., _SIMULATED_ONLY] + n_pairs,
        *(n_pairs, kinds[..., _LARGER], kinds[..., _SMALLER]),
        *(n_pairs > 0, is_off & (total > 0), is_off & (total < 0), n_pairs**2),
    )
    of_clusters = np.stack([total**2, total * n_pairs], axis=-1)
    return (
        np.stack(counts, axis=-1).astype(np.int64),
        exact(np.concatenate([amounts, of_clusters], axis=-1)),
    )


@entry
def count_pairs(
    cell: IntArray, cells: int, had_dark_fill: BoolArray, values: FloatArray, arms: IntArray
) -> FloatArray:
    """Sweeps by kind, and sums of their values, of every pair of arms and cell.

    float64[pairs, cells, without and with a dark fill, kinds and then sums]; `cell` is
    int64[groups, sweeps], a cell of each group. Floats are added in the order of the sweeps.
    """
    found = np.zeros((arms.shape[0], cells, 2, 11))
    for pair in range(arms.shape[0]):
        real, simulated = values[arms[pair, 0]], values[arms[pair, 1]]
        for sweep in range(cell.shape[1]):
            one, other = real[sweep], simulated[sweep]
            kind, difference = _NEITHER, other - one
            if not np.isnan(difference):
                kind = _EQUAL + int(difference > 0) + 2 * int(difference < 0)
            elif not np.isnan(one):
                kind = _REAL_ONLY
            elif not np.isnan(other):
                kind = _SIMULATED_ONLY
            of = int(had_dark_fill[pair, sweep])
            for group in range(cell.shape[0]):
                total = found[pair, cell[group, sweep], of]
                total[kind] += 1
                if kind >= _EQUAL:
                    total[6] += one
                    total[7] += difference
                    total[8] += difference * difference
                elif kind == _REAL_ONLY:
                    total[9] += one
                elif kind == _SIMULATED_ONLY:
                    total[10] += other
    return found
