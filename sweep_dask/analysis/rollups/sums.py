"""Exact sums by segment and line: of a piece, and of all pieces for each population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweep_dask.analysis.metrics.sweep_metrics import STATUSES
from sweep_dask.analysis.rollups.dimensions import (
    DIMENSIONS,
    LEVEL_COLUMNS,
    POPULATIONS,
    SOURCES,
    Segments,
    line_codes,
    population_levels,
)
from sweep_dask.analysis.tables import schema, sums_at, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.analysis.tables import FloatArray, IntArray, Schema

_QUANTITIES = ("quantity", "filled_quantity", "unfilled_quantity", "dark_quantity", "fill_count")
_AMOUNTS = (
    *("arrival_cost_aud", "opportunity_cost_aud", "implementation_shortfall_aud"),
    *("completed_shortfall_aud", "far_touch_improvement_aud"),
)
#: Of all sweeps with a midpoint on arrival, and of those of them that have a shortfall.
_PAPER_VALUES = ("paper_value_aud", "shortfall_paper_value_aud")
_PARTS = ("price_part_aud", "quantity_part_aud", "time_part_aud")
_COUNTS = (*(f"n_{status}" for status in STATUSES), "n_engaged", "n_priced", "n_parts")

#: What is summed, in the order of the tables.
SUMS: Schema = {
    **dict.fromkeys(("n_sweeps", *_QUANTITIES, *_COUNTS), "int64"),
    **dict.fromkeys((*_PAPER_VALUES, *_AMOUNTS, *_PARTS), "float64"),
}
#: Places among the dimensions, their segments, and the lines.
_GROUP = schema("dimension:int8 segment:int32 line:int8")
#: Sums of one population level of a piece or of all: what is in no inner population.
LEVEL_SUMS: Schema = {"level": "int8", **_GROUP, **SUMS}
LEVEL_KEYS = ("level", *_GROUP)
#: The same of the populations.
POPULATION_SUMS: Schema = {"population": "int8", **_GROUP, **SUMS}

#: Columns of the sweeps that are needed; statuses are categories.
SUM_COLUMNS = tuple(
    dict.fromkeys(
        (
            *("model", "scenario", *LEVEL_COLUMNS, *SOURCES.values()),
            *(*_QUANTITIES, "status", "arrival_midpoint", *_AMOUNTS, *_PARTS),
        )
    )
)
#: Prices are in 0.1 cent.
_PRICE_PER_AUD = 1_000


def level_sums(rows: pd.DataFrame, segments: Segments, lines: Sequence[Line]) -> pd.DataFrame:
    """Sum up a piece by dimension, segment, population level and line; columns `LEVEL_SUMS`.

    Parameters
    ----------
    rows
        `SUM_COLUMNS`, a row per sweep and line.
    """
    line = line_codes(rows, lines).astype(np.int64)
    group = population_levels(rows).astype(np.int64) * len(lines) + line
    values = _values(rows)
    sums = [
        _sums(number, segments.codes(rows, dimension).astype(np.int64), group, len(lines), values)
        for number, dimension in enumerate(DIMENSIONS)
    ]
    return pd.concat(sums, ignore_index=True)


def population_sums(levels: pd.DataFrame) -> pd.DataFrame:
    """The sums of each population, which are those of its levels; columns `POPULATION_SUMS`.

    Parameters
    ----------
    levels
        `LEVEL_SUMS` of all pieces, added up.
    """
    ordered = levels.sort_values(list(LEVEL_KEYS))
    parts = []
    for number in range(len(POPULATIONS)):
        within = ordered[ordered["level"] >= number]
        summed = within.groupby(list(_GROUP), sort=True)[list(SUMS)].sum().reset_index()
        parts.append(table(POPULATION_SUMS, {"population": np.full(len(summed), number), **summed}))
    return pd.concat(parts, ignore_index=True)


def _values(rows: pd.DataFrame) -> dict[str, IntArray | FloatArray]:
    """What is summed of each row; a missing amount adds nothing."""
    parts = {name: rows[name].to_numpy(dtype=np.float64) for name in _PARTS}
    has_parts = ~np.isnan(np.array(list(parts.values()))).any(axis=0)
    paper = rows["arrival_midpoint"].to_numpy(dtype=np.float64) * rows["quantity"].to_numpy()
    has_shortfall = rows["implementation_shortfall_aud"].notna().to_numpy()
    amounts = {
        "paper_value_aud": paper / _PRICE_PER_AUD,
        "shortfall_paper_value_aud": np.where(has_shortfall, paper, 0.0) / _PRICE_PER_AUD,
    }
    amounts |= {name: rows[name].to_numpy(dtype=np.float64) for name in _AMOUNTS}
    amounts |= {name: np.where(has_parts, part, 0.0) for name, part in parts.items()}
    is_counted = {f"n_{status}": (rows["status"] == status).to_numpy() for status in STATUSES}
    is_counted["n_engaged"] = rows["dark_quantity"].to_numpy(dtype=np.int64) > 0
    is_counted["n_priced"] = ~np.isnan(paper)
    is_counted["n_parts"] = has_parts
    return {
        "n_sweeps": np.ones(len(rows), dtype=np.int64),
        **{name: rows[name].to_numpy(dtype=np.int64) for name in _QUANTITIES},
        **{name: flags.astype(np.int64) for name, flags in is_counted.items()},
        **{name: np.nan_to_num(amount) for name, amount in amounts.items()},
    }


def _sums(
    dimension: int,
    segment: IntArray,
    group: IntArray,
    n_lines: int,
    values: Mapping[str, IntArray | FloatArray],
) -> pd.DataFrame:
    """One row for each segment, level and line that occurs, ascending."""
    per_segment = len(POPULATIONS) * n_lines
    cells, cell = np.unique(segment * per_segment + group, return_inverse=True)
    columns: dict[str, Any] = {
        name: _sum(cell, value, cells.size) for name, value in values.items()
    }
    columns |= {
        "level": cells % per_segment // n_lines,
        "dimension": np.full(cells.size, dimension),
        "segment": cells // per_segment,
        "line": cells % n_lines,
    }
    return table(LEVEL_SUMS, columns)


def _sum(cell: IntArray, value: Any, cells: int) -> Any:
    if value.dtype == np.int64:
        return sums_at(cell, value, cells)
    return np.bincount(cell, weights=value, minlength=cells)
