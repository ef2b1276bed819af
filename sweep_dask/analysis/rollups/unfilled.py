"""Why the scenarios left something: sweeps and shares by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sweep_dask.analysis.rollups.dimensions import (
    LEVEL_COLUMNS,
    POPULATIONS,
    line_codes,
    population_levels,
)
from sweep_dask.analysis.tables import schema, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.metrics.lines import Line

REASON_COLUMNS = ("model", "scenario", *LEVEL_COLUMNS, "unfilled_reason", "unfilled_quantity")
#: Of one population level of a piece, or of all added up; the line is a place.
LEVEL_REASONS = schema("level:int8 line:int8 reason:str n_sweeps:int64 unfilled_quantity:int64")
REASON_KEYS = ["level", "line", "reason"]
UNFILLED = schema("population:str scenario:str reason:str n_sweeps:int64 unfilled_quantity:int64")


def level_reasons(rows: pd.DataFrame, lines: Sequence[Line]) -> pd.DataFrame:
    """Sum up a piece; columns `LEVEL_REASONS`. Lines that give no reason have no rows.

    Parameters
    ----------
    rows
        `REASON_COLUMNS`, a row per sweep and line.
    """
    reason = rows["unfilled_reason"].astype("str")
    sums = pd.DataFrame(
        {
            "level": population_levels(rows),
            "line": line_codes(rows, lines),
            "reason": reason.array,
            "n_sweeps": 1,
            "unfilled_quantity": rows["unfilled_quantity"].to_numpy(),
        }
    )
    given = sums[(sums["reason"] != "") & sums["reason"].notna()]
    return table(LEVEL_REASONS, dict(given.groupby(REASON_KEYS).sum().reset_index()))


def unfilled(reasons: pd.DataFrame, lines: Sequence[Line]) -> pd.DataFrame:
    """By population, line and reason; columns `UNFILLED`.

    Parameters
    ----------
    reasons
        `LEVEL_REASONS` of all pieces, added up.
    """
    parts = []
    for number, population in enumerate(POPULATIONS):
        within = reasons[reasons["level"] >= number]
        summed = within.groupby(["line", "reason"])[["n_sweeps", "unfilled_quantity"]].sum()
        found = summed.reset_index()
        scenario = [lines[line].scenario for line in found["line"]]
        columns = {**found, "population": [population] * len(found), "scenario": scenario}
        parts.append(table(UNFILLED, columns))
    return pd.concat(parts, ignore_index=True)
