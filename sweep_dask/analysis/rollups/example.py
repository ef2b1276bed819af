"""The one sweep that shows best what a scenario changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.scenarios import DARK_ONLY, DUAL_POST, REST_DARK
from sweep_dask.analysis.metrics.lines import CENTRE_POINT, REAL, Line
from sweep_dask.analysis.rollups.dimensions import ANSWERED
from sweep_dask.analysis.rollups.values import (
    METRICS,
    ORDER_ID,
    in_population,
    metric_number,
    values_of,
)
from sweep_dask.analysis.tables import schema, table_of_rows
from sweep_dask.analysis.time_priority import MODEL as TIME_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sweep_dask.analysis.rollups.dimensions import Segments
    from sweep_dask.analysis.tables import BoolArray, FloatArray

#: The metric by which lines differ most.
EXAMPLE_METRIC = "filled_quantity"
#: No row or one.
EXAMPLE = schema(
    "date:str security:int32 order_id:int64 reference:str model:str scenario:str metric:str "
    "difference:float64"
)
#: The first of them that was run is shown beside the tape.
_SHOWN = (
    *(Line(CENTRE_POINT, name) for name in (REST_DARK, DUAL_POST, DARK_ONLY)),
    Line(TIME_PRIORITY),
)


def example_sweep(frame: pd.DataFrame, lines: Sequence[Line], segments: Segments) -> pd.DataFrame:
    """The sweep in continuous trading whose filled quantity differs most; columns `EXAMPLE`.

    One with fills on both sides if any of these differs, else any that differs, else any; the
    first of several.

    Parameters
    ----------
    frame
        The values of `EXAMPLE_METRIC`, order ids, and the codes of day and security.
    """
    shown = next((line for line in _SHOWN if line in lines), None)
    row = None if shown is None else _row(frame, shown)
    if shown is None or row is None:
        return table_of_rows(EXAMPLE, [])
    sweep = frame.iloc[row]
    return table_of_rows(
        EXAMPLE,
        [
            {
                "date": segments.days[int(sweep["day"])],
                "security": segments.securities[int(sweep["security"])],
                # Not from the row: as a row of floats it would lose digits.
                "order_id": int(frame[ORDER_ID].to_numpy()[row]),
                "reference": REAL.name,
                "model": shown.model,
                "scenario": shown.scenario,
                "metric": METRICS[metric_number(frame)],
                "difference": float(sweep[REAL.name] - sweep[shown.name]),
            }
        ],
    )


def _row(frame: pd.DataFrame, shown: Line) -> int | None:
    real, simulated = values_of(frame, REAL), values_of(frame, shown)
    apart = np.abs(real - simulated)
    answered = in_population(frame, ANSWERED)
    differs = answered & (apart > 0)
    for chosen in (differs & (real > 0) & (simulated > 0), differs, answered):
        if chosen.any():
            return _first_largest(apart, chosen)
    return None


def _first_largest(apart: FloatArray, chosen: BoolArray) -> int:
    return int(np.where(chosen, apart, -1.0).argmax())
