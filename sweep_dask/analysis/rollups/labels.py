"""Which labels and quantities occur: counted by piece, added up, and made segments of."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweep_dask.analysis.metrics.lines import REAL
from sweep_dask.analysis.rollups.dimensions import Segments, line_codes, size_bounds
from sweep_dask.analysis.tables import schema, table, whole_numbers

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import IntArray

#: Columns of the sweeps that are counted; every line has the same.
COUNTED = ("date", "security", "participant", "quantity")
LABEL_COLUMNS = ("model", "scenario", *COUNTED)
#: How many sweeps have which value; `column` is a place in `COUNTED`, a date its ordinal number.
LABEL_COUNTS = schema("column:int8 value:int64 n_sweeps:int64")


def label_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Count the values of each column among the sweeps of a piece; columns `LABEL_COUNTS`.

    Parameters
    ----------
    rows
        `LABEL_COLUMNS`, texts as categories; a row per sweep and line.
    """
    sweeps = rows[line_codes(rows, [REAL]) == 0]
    counts = [_counts(place, _numbers(sweeps, name)) for place, name in enumerate(COUNTED)]
    return pd.concat(counts, ignore_index=True)


def segments_of(counts: pd.DataFrame) -> Segments:
    """The segments of all sweeps.

    Parameters
    ----------
    counts
        `LABEL_COUNTS` of all pieces added up, in any order.
    """

    def values(name: str) -> pd.DataFrame:
        chosen = counts[counts["column"] == COUNTED.index(name)]
        return chosen[chosen["value"] >= 0].sort_values("value")

    def numbers(name: str) -> tuple[int, ...]:
        return tuple(values(name)["value"].tolist())

    quantities = values("quantity")
    return Segments(
        days=tuple(dt.date.fromordinal(number).isoformat() for number in numbers("date")),
        securities=numbers("security"),
        participants=numbers("participant"),
        size_bounds=size_bounds(
            dict(zip(quantities["value"], quantities["n_sweeps"], strict=True))
        ),
    )


def _numbers(sweeps: pd.DataFrame, name: str) -> IntArray:
    """The values of a column as numbers; a participant who is not known is -1."""
    if name == "date":
        dates = sweeps["date"].cat
        ordinal = [dt.date.fromisoformat(date).toordinal() for date in dates.categories]
        return np.array(ordinal, dtype=np.int64)[dates.codes.to_numpy()]
    if name == "participant":
        return sweeps[name].to_numpy(dtype=np.int64, na_value=-1)
    return whole_numbers(sweeps, name)


def _counts(place: int, numbers: IntArray) -> pd.DataFrame:
    value, n_sweeps = np.unique(numbers, return_counts=True)
    columns = {"column": np.full(value.size, place), "value": value, "n_sweeps": n_sweeps}
    return table(LABEL_COUNTS, columns)
