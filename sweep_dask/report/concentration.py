"""Whether one participant entered most of the shares that the answer is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.report.cells import over
from sweep_dask.report.measures import FILLED_SHARE, QUANTITY, SWEEPS, measured
from sweep_dask.report.populations import ANSWERED
from sweep_dask.report.rollups import line_of

if TYPE_CHECKING:
    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.report.cells import Cell
    from sweep_dask.report.rollups import Rollups

#: Those who are not known are not one participant.
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Largest:
    """The participant who entered more than half of the shares."""

    name: str
    share: float | None
    """Of the shares of all."""
    quantity: Cell
    sweeps: Cell
    filled_share: Cell
    """What filled of the shares of this participant."""


def largest_of(found: Rollups, line: Line) -> Largest | None:
    """The participant who entered more than half of the shares; None if nobody did.

    Whole numbers decide: half of the shares is not more than half.
    """
    rows = [row for row in found.segments.get("participant", ()) if line_of(row) == line]
    wanted = sum(row["quantity"] for row in rows)
    for row in rows:
        if row["segment"] != _UNKNOWN and 2 * row["quantity"] > wanted:
            prefix = f"by_participant/{ANSWERED}/{row['segment']}/{line.name}"
            cells = (measured(prefix, row, one) for one in (QUANTITY, SWEEPS, FILLED_SHARE))
            return Largest(row["segment"], over(row["quantity"], wanted), *cells)
    return None
