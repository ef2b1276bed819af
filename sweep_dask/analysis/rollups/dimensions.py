"""What roll-ups are made by: three nested populations, and dimensions with their segments.

Millions of labels are kept as small whole numbers; a number is the place of a segment among those
of its dimension, in their natural order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.analysis.groups import SIZES
from sweep_dask.analysis.metrics.populations import (
    HOURS,
    SPREADS,
    quantile_names,
    size_quantile,
)
from sweep_dask.analysis.metrics.sweep_metrics import STATUSES
from sweep_dask.analysis.tables import whole_numbers
from sweep_dask.matching.events import BUY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.tables import IntArray

#: Each within the one before: every sweep; arrived in continuous trading; and of those with
#: something left after their entry. A sweep's level is the number of the innermost it is in.
POPULATIONS = ("all", "continuous", "residual")
LEVEL_COLUMNS = ("is_continuous", "has_residual")
#: The population that is asked about most: its segments are tested.
ANSWERED = POPULATIONS.index("continuous")

ALL = "all"
UNKNOWN = "unknown"
#: Dimension -> the column its segments come from; `all` is one segment of every sweep.
SOURCES = {
    "day": "date",
    "security": "security",
    "participant": "participant",
    "size": "size_class",
    "size_quantile": "quantity",
    "hour": "hour",
    "outcome": "real_outcome",
    "spread": "spread_class",
    "side": "side",
    "short_sell": "is_short_sell",
}
DIMENSIONS = (ALL, *SOURCES)
SIDES = ("buy", "sell")
SHORT_SELLS = ("not short sell", "short sell")
QUARTILES = 4

#: Labels that take few values and come as categories.
TEXT_LABELS = ("date", "size_class", "hour", "real_outcome", "spread_class")


@dataclass(frozen=True)
class Segments:
    """The segments of every dimension, from what occurs among all sweeps."""

    days: tuple[str, ...] = ()
    securities: tuple[int, ...] = ()
    participants: tuple[int, ...] = ()
    """Those that are known."""
    size_bounds: tuple[int, ...] = ()
    """Largest quantity of each quartile but the last; none without sweeps."""

    def names(self, dimension: str) -> Sequence[str]:
        """The names of a dimension's segments, in their order."""
        found: dict[str, Sequence[str]] = {
            ALL: (ALL,),
            "day": self.days,
            "security": [str(security) for security in self.securities],
            "participant": [*(str(number) for number in self.participants), UNKNOWN],
            "size": SIZES,
            "size_quantile": quantile_names(QUARTILES),
            "hour": HOURS,
            "outcome": STATUSES,
            "spread": (*SPREADS, UNKNOWN),
            "side": SIDES,
            "short_sell": SHORT_SELLS,
        }
        return found[dimension]

    def codes(self, labels: pd.DataFrame, dimension: str) -> NDArray[np.signedinteger[Any]]:
        """int8, int16 or int32[sweeps], the place of each sweep's segment."""
        places = self._places(labels, dimension, self.names(dimension))
        return places.astype(self.width(dimension))

    def width(self, dimension: str) -> np.dtype[Any]:
        """The smallest type that holds the places of a dimension's segments."""
        return np.min_scalar_type(-max(len(self.names(dimension)), 1))

    def _places(self, labels: pd.DataFrame, dimension: str, names: Sequence[str]) -> IntArray:
        if dimension == ALL:
            return np.zeros(len(labels), dtype=np.int64)
        source = SOURCES[dimension]
        if source in TEXT_LABELS:
            # Missing ones are the last, `unknown` where that can be.
            return _text_places(labels[source], names, missing=len(names) - 1)
        if dimension == "side":
            return whole_numbers(labels, source) - BUY
        if dimension == "short_sell":
            return labels[source].to_numpy(dtype=np.int64)
        if dimension == "size_quantile":
            return size_quantile(
                whole_numbers(labels, source), np.array(self.size_bounds, dtype=np.int64)
            )
        known = self.securities if dimension == "security" else self.participants
        return _number_places(labels[source], known)


def population_levels(labels: pd.DataFrame) -> NDArray[np.int8]:
    """int8[sweeps], the number of the innermost population of each sweep."""
    is_continuous, has_residual = (labels[name].to_numpy(dtype=bool) for name in LEVEL_COLUMNS)
    return np.where(is_continuous, has_residual.astype(np.int8) + np.int8(1), np.int8(0))


def line_codes(labels: pd.DataFrame, lines: Sequence[Line]) -> NDArray[np.int8]:
    """int8[rows], the place of each row's line; -1 is none of them."""
    models, scenarios = list(dict.fromkeys(line.model for line in lines)), ["", *_scenarios(lines)]
    place = np.full((len(models) + 1, len(scenarios)), -1, dtype=np.int8)
    for number, line in enumerate(lines):
        place[models.index(line.model), scenarios.index(line.scenario or "")] = number
    model = _text_places(labels["model"], models, missing=len(models))
    # Missing is the first: no scenario.
    scenario = _text_places(labels["scenario"], scenarios, missing=0)
    return place[model, scenario]


def size_bounds(quantities: Mapping[int, int]) -> tuple[int, ...]:
    """The exact quartiles of quantity, from how many sweeps have which.

    A bound is the smallest quantity that at least a quarter, half or three quarters of all sweeps
    do not exceed. None without sweeps.
    """
    if not quantities:
        return ()
    quantity = np.array(sorted(quantities), dtype=np.int64)
    up_to = np.cumsum([quantities[int(size)] for size in quantity])
    # In whole numbers: the first place with 4 x (sweeps up to it) >= share x sweeps.
    wanted = np.arange(1, QUARTILES) * up_to[-1]
    return tuple(int(size) for size in quantity[np.searchsorted(QUARTILES * up_to, wanted)])


def _text_places(values: pd.Series[Any], names: Sequence[str], missing: int) -> IntArray:
    place = {name: number for number, name in enumerate(names)}
    categories = [place.get(name, missing) for name in values.cat.categories]
    # Code -1, missing, takes the last.
    return np.array([*categories, missing], dtype=np.int64)[values.cat.codes.to_numpy()]


def _number_places(values: pd.Series[Any], known: Sequence[int]) -> IntArray:
    """Missing ones are after the last."""
    numbers = values.to_numpy(dtype=np.int64, na_value=-1)
    places = np.searchsorted(np.array(known, dtype=np.int64), numbers)
    return np.where(numbers < 0, len(known), places)


def _scenarios(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(line.scenario for line in lines if line.scenario))
