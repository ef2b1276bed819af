"""What the sweeps got, for real and in the simulation, summed up from the combined tables.

A market has millions of sweeps: they are read a chunk at a time and only their sums are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from sweep_dask.analysis.groups import GROUPS
from sweep_dask.analysis.time_priority import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sweep_dask.analysis.tables import FloatArray, IntArray

_KEYS = ["date", "security", "group"]
_COLUMNS = [
    "model",
    *_KEYS,
    "available_quantity",
    "real_matched_quantity",
    "simulated_matched_quantity",
    "real_fill_ratio",
    "simulated_fill_ratio",
    "real_num_matches",
    "simulated_num_matches",
]

#: About 20 MB of the columns above; arbitrary.
_CHUNK_ROWS = 250_000

#: The curve of the fill ratio has a point at every percent.
_AT_MOST: FloatArray = np.arange(101) / 100


@dataclass(frozen=True)
class Outcome:
    """Real and simulated outcome of some sweeps, as sums over them."""

    sweeps: int
    open_sweeps: int
    """Sweeps with something left after their last real event."""
    open_quantity: int
    """What they had left; all that the time-priority model matches."""
    real_matched: int
    simulated_matched: int
    real_ratios: float
    simulated_ratios: float
    real_matches: int
    simulated_matches: int
    better: int
    """Sweeps whose simulated matched quantity is above the real one."""
    worse: int
    same: int

    @property
    def difference(self) -> int:
        """Matched quantity, simulated minus real."""
        return self.simulated_matched - self.real_matched

    def mean(self, total: float) -> float:
        """`total` per sweep; not a number without sweeps."""
        return total / self.sweeps if self.sweeps else np.nan


@dataclass(frozen=True)
class FillRatios:
    """Cumulative distribution of the fill ratio over all sweeps."""

    at_most: FloatArray
    """float64[101], fill ratio 0, 0.01 ... 1."""
    real: FloatArray
    """float64[101], share of sweeps with a real fill ratio of at most that."""
    simulated: FloatArray


class Comparison:
    """Outcomes of all sweeps of a run: in total, by group and by partition."""

    def __init__(self, sums: pd.DataFrame, fill_ratios: FillRatios) -> None:
        self._sums = sums
        self.fill_ratios = fill_ratios
        self.total = _outcome(sums)

    @property
    def groups(self) -> dict[str, Outcome]:
        """By name of the group, in the order of `GROUPS`; only groups that occur."""
        by_group = {str(name): _outcome(frame) for name, frame in self._sums.groupby("group")}
        return {name: by_group[name] for name in GROUPS if name in by_group}

    def partition(self, date: str, security: int) -> Outcome:
        """Of one partition; zeros if it has no sweeps."""
        sums = self._sums
        return _outcome(sums[(sums["date"] == date) & (sums["security"] == security)])


def read_comparison(path: Path) -> Comparison:
    """Sum up `sweep_order_comparison.parquet`, the time-priority model's rows of it."""
    parts = []
    real, simulated = np.zeros(_AT_MOST.size, np.int64), np.zeros(_AT_MOST.size, np.int64)
    for sweeps in _chunks(path):
        parts.append(_sums(sweeps))
        real += _counts_by_ratio(sweeps["real_fill_ratio"])
        simulated += _counts_by_ratio(sweeps["simulated_fill_ratio"])
    sums = pd.concat(parts).groupby(_KEYS, as_index=False).sum()
    return Comparison(sums, _fill_ratios(real, simulated, int(sums["sweeps"].sum())))


def _chunks(path: Path) -> Iterator[pd.DataFrame]:
    """The rows in pieces; the first one is empty, so that no sweeps have sums too, of 0."""
    with pq.ParquetFile(path) as file:
        yield file.schema_arrow.empty_table().select(_COLUMNS).to_pandas()
        for batch in file.iter_batches(batch_size=_CHUNK_ROWS, columns=_COLUMNS):
            sweeps = batch.to_pandas()
            yield sweeps[sweeps["model"] == MODEL]


def _sums(sweeps: pd.DataFrame) -> pd.DataFrame:
    """One row per partition and group; the columns after the keys are the fields of `Outcome`."""
    available = sweeps["available_quantity"]
    difference = sweeps["simulated_matched_quantity"] - sweeps["real_matched_quantity"]
    each = sweeps[_KEYS].assign(
        sweeps=1,
        open_sweeps=(available > 0).astype("int64"),
        open_quantity=available.clip(lower=0),
        real_matched=sweeps["real_matched_quantity"],
        simulated_matched=sweeps["simulated_matched_quantity"],
        real_ratios=sweeps["real_fill_ratio"],
        simulated_ratios=sweeps["simulated_fill_ratio"],
        real_matches=sweeps["real_num_matches"].astype("int64"),
        simulated_matches=sweeps["simulated_num_matches"],
        better=(difference > 0).astype("int64"),
        worse=(difference < 0).astype("int64"),
        same=(difference == 0).astype("int64"),
    )
    return each.groupby(_KEYS, as_index=False).sum()


def _outcome(sums: pd.DataFrame) -> Outcome:
    # Column by column: the sum of a whole frame would take its integers through a float.
    fields = sums.columns.difference(_KEYS)
    return Outcome(**{name: sums[name].to_numpy().sum().item() for name in fields})


def _counts_by_ratio(ratios: pd.Series[float]) -> IntArray:
    """int64[101], sweeps by the first point of the curve that is not below their fill ratio."""
    points = np.searchsorted(_AT_MOST, ratios.to_numpy(), side="left")
    return np.bincount(points, minlength=_AT_MOST.size + 1)[: _AT_MOST.size]


def _fill_ratios(real: IntArray, simulated: IntArray, sweeps: int) -> FillRatios:
    at_least_one = max(sweeps, 1)
    return FillRatios(_AT_MOST, real.cumsum() / at_least_one, simulated.cumsum() / at_least_one)
