"""Which populations a sweep belongs to: labels beside its metrics, and the segments they make.

Labels go by the real outcome, so that a sweep is in the same population in every scenario. Each
depends on the sweep alone and has fixed categories: partitions can be labelled apart and stacked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweep_dask.analysis.groups import SIZES, size_category
from sweep_dask.analysis.metrics.sweep_metrics import STATUSES
from sweep_dask.analysis.stats.segments import Segment
from sweep_dask.analysis.tables import whole_numbers
from sweep_dask.market.order_types import SHORT_SELL
from sweep_dask.market.sessions import is_continuous
from sweep_dask.market.trading_day import sydney_local_ns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweep_dask.analysis.tables import FloatArray, IntArray
    from sweep_dask.market.sessions import Window

#: Column -> what is in it; `category` columns have the categories below, missing is null.
POPULATIONS = {
    "date": "str",
    "security": "int32",
    "participant": "Int32",
    "is_continuous": "bool",
    "has_residual": "bool",
    "is_short_sell": "bool",
    "real_outcome": "category",
    "size_class": "category",
    "size_quantile": "category",
    "hour": "category",
    "spread_class": "category",
}
#: Spreads of this many ticks and more are one class.
WIDE_TICKS = 5
HOURS = [f"{hour:02d}" for hour in range(24)]
SPREADS = [*(str(ticks) for ticks in range(1, WIDE_TICKS)), f"{WIDE_TICKS} or more"]

ALL = ("all", "all")
#: Column -> name of the segment of the sweeps that have it.
_FLAGS = {
    "is_continuous": "entered in continuous trading",
    "has_residual": "residual after entry",
    "is_short_sell": "short sell",
}

_NS_PER_HOUR = 3_600_000_000_000


@dataclass(frozen=True)
class SweepFacts:
    """What no metric says of the sweeps of one partition, in the order of their metrics."""

    date: str
    security: int
    participant: IntArray
    """int[sweeps], -1 if unknown."""
    order_type: IntArray
    """int[sweeps], exchange order type bits."""
    continuous: Sequence[Window]
    """Stretches of continuous trading."""


def populations(
    real: pd.DataFrame, facts: SweepFacts, size_bounds: IntArray | FloatArray
) -> pd.DataFrame:
    """The labels of each sweep, to stand beside its metrics; columns `POPULATIONS`.

    Parameters
    ----------
    real
        `sweep_metrics` of the real fills.
    size_bounds
        Bounds between the quantiles of size over all partitions, ascending: k - 1 of them for k
        quantiles. A quantity on a bound belongs to the smaller quantile.
    """
    quantity, arrival_ns = whole_numbers(real, "quantity"), whole_numbers(real, "arrival_ns")
    columns: dict[str, Any] = {
        "date": pd.Series([facts.date] * len(real), dtype="str").array,
        "security": np.full(len(real), facts.security, dtype=np.int32),
        "participant": _participant(facts.participant),
        "is_continuous": is_continuous(arrival_ns, facts.continuous),
        "has_residual": whole_numbers(real, "entry_filled_quantity") < quantity,
        "is_short_sell": (facts.order_type & SHORT_SELL) != 0,
        "real_outcome": pd.Categorical(real["status"], categories=STATUSES),
        "size_class": pd.Categorical(size_category(quantity), categories=SIZES),
        "size_quantile": _size_quantile(quantity, size_bounds),
        "hour": _categories(_sydney_hour(arrival_ns), HOURS),
        "spread_class": _spread_class(real["arrival_spread_ticks"].to_numpy(np.float64)),
    }
    return pd.DataFrame({name: columns[name] for name in POPULATIONS})


def quantile_names(size_bounds: IntArray | FloatArray) -> list[str]:
    """The categories of `size_quantile`, small first: `Q1` to `Qk`."""
    return [f"Q{number}" for number in range(1, len(size_bounds) + 2)]


def segments(labels: pd.DataFrame) -> list[Segment]:
    """All sweeps, then every population that occurs; of each kind in the order of its values."""
    every = np.ones(len(labels), dtype=bool)
    found = [Segment(*ALL, every)]
    for column, dtype in POPULATIONS.items():
        if dtype == "bool":
            chosen = labels[column].to_numpy(dtype=bool)
            found += [Segment(column, _FLAGS[column], chosen)] if chosen.any() else []
        else:
            found += _by_value(column, labels[column])
    return found


def _by_value(column: str, values: pd.Series[Any]) -> Iterator[Segment]:
    """One segment per value that occurs, ascending; missing ones are in none."""
    codes, uniques = pd.factorize(values, sort=True)
    for code, value in enumerate(uniques):
        yield Segment(column, str(value), codes == code)


def _size_quantile(quantity: IntArray, size_bounds: IntArray | FloatArray) -> pd.Categorical[Any]:
    codes = np.searchsorted(size_bounds, quantity, side="left")
    return _categories(codes, quantile_names(size_bounds))


def _sydney_hour(arrival_ns: IntArray) -> IntArray:
    return sydney_local_ns(arrival_ns) // _NS_PER_HOUR % len(HOURS)


def _spread_class(ticks: FloatArray) -> pd.Categorical[Any]:
    """The class of a spread in ticks; one off the tick table belongs to the wider class."""
    is_known = ~np.isnan(ticks)
    steps = np.ceil(np.where(is_known, ticks, 1)).clip(1, WIDE_TICKS).astype(np.int64)
    return _categories(np.where(is_known, steps - 1, -1), SPREADS)


def _categories(codes: IntArray, names: list[str]) -> pd.Categorical[Any]:
    """The names by number; -1 is missing."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(names))


def _participant(participant: IntArray) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(participant.astype(np.int32), participant < 0)
