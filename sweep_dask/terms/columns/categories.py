"""Columns of text that has one of a few values, in the order in which the values are shown."""

from __future__ import annotations

from sweep_dask.terms.dimensions import HOURS, MARKETABILITY, SIZES, SPREADS, STATUSES
from sweep_dask.terms.reasons import LEFT_OUT_REASONS, UNFILLED_REASONS
from sweep_dask.terms.score import PREDICTED
from sweep_dask.terms.sides import SIDES

DARK_VENUE, LIT_VENUE = "dark", "lit"
#: Of fills that are told apart by their event: all of them.
ALL_FILLS = "all"
VENUES = (DARK_VENUE, LIT_VENUE)

#: Column -> its values. Files hold them as dictionaries of all of them, whichever occur.
CATEGORIES: dict[str, tuple[str, ...]] = {
    "side": tuple(SIDES),
    "outcome": STATUSES,
    "real_outcome": STATUSES,
    "size_class": SIZES,
    "hour": HOURS,
    "spread_class": SPREADS,
    "marketability": MARKETABILITY,
    "venue": VENUES,
    "event": (ALL_FILLS, *PREDICTED),
    "left_out_reason": tuple(LEFT_OUT_REASONS),
    # Empty where nothing is left.
    "unfilled_reason": ("", *UNFILLED_REASONS),
}
