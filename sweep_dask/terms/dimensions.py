"""What sweeps are told apart by: populations, labels, dimensions, and columns of few values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.terms.reasons import LEFT_OUT_REASONS, UNFILLED_REASONS
from sweep_dask.terms.score import PREDICTED
from sweep_dask.terms.sides import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Population(NamedTuple):
    """Some of the sweeps, by what became of them for real."""

    name: str
    heading: str
    query: str
    """Which rows of `tables/sweep_metrics.parquet` are in it, in SQL."""


#: Every sweep; arrived in continuous trading; and of those with something left after their entry.
POPULATIONS = {
    one.name: one
    for one in (
        Population("all", "All sweeps", "true"),
        Population("continuous", "Entered in continuous trading", "is_continuous"),
        Population(
            *("residual", "of these, something left after the entry"),
            "is_continuous AND has_residual",
        ),
    )
}
#: The one of the headlines of a run: its segments are tested.
HEADLINE_POPULATION = "continuous"
#: The one that only the tape can tell.
OF_TAPE = "residual"


#: What became of a sweep, from nothing to everything.
STATUSES = ("unfilled", "partly_filled", "filled")
SIZES = ("Small", "Medium", "Large")
#: Largest quantity of a small and of a medium sweep, shares; as published.
SMALL_MOST = 500
MEDIUM_MOST = 2000
#: From the limit that reaches farthest to the one that waits for the market to come.
MARKETABILITY = (
    "marketable",
    "reaches the midpoint",
    "at or inside the near touch",
    "behind the near touch",
)
#: Spreads of this many ticks and more are one class.
WIDE_TICKS = 5
SPREADS = (*(str(ticks) for ticks in range(1, WIDE_TICKS)), f"{WIDE_TICKS} or more")
HOURS = tuple(f"{hour:02d}" for hour in range(24))
SHORT_SELLS = ("not short sell", "short sell")
#: Parts of the sizes of a security-day, small first.
QUARTILES = 4

ALL = "all"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Dimension:
    """One thing that sweeps are told apart by."""

    name: str
    column: str
    """Of `sweep_metrics`, that its segments come from."""
    heading: str
    segments: Sequence[str] | None
    """Their names in order; where a label can be missing the last is `UNKNOWN`. None: as many as
    there are days, securities or participants."""
    is_of_tape: bool = False
    """Whether only the tape can tell it."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Segments whose name says less than it could."""


_SIZE_WORDS = (
    *(f"up to {SMALL_MOST:,}", f"{SMALL_MOST + 1:,} to {MEDIUM_MOST:,}"),
    f"above {MEDIUM_MOST:,}",
)
# fmt: off
#: In the order in which roll-ups are made of them.
_DIMENSIONS = (
    Dimension("marketability", "marketability", "Limit against the quote on arrival",
        (*MARKETABILITY, UNKNOWN)),
    Dimension("day", "date", "Trading date", None),
    Dimension("security", "security", "Security", None),
    Dimension("participant", "participant", "Participant", None),
    Dimension("size", "size_class", "Size of the order, shares", SIZES,
        words=dict(zip(SIZES, _SIZE_WORDS, strict=True))),
    Dimension("size_quantile", "quantity", "Size of the order, quarters of its security-day",
        [f"Q{number}" for number in range(1, QUARTILES + 1)]),
    Dimension("hour", "hour", "Hour of arrival, Sydney", HOURS,
        words={hour: f"{hour}:00" for hour in HOURS}),
    Dimension("outcome", "real_outcome", "What really became of it", STATUSES, is_of_tape=True,
        words=dict(zip(STATUSES, ("unfilled", "partly filled", "filled whole"), strict=True))),
    Dimension("spread", "spread_class", "Spread on arrival, ticks", (*SPREADS, UNKNOWN)),
    Dimension("side", "side", "Side", tuple(SIDES)),
    Dimension("short_sell", "is_short_sell", "Short sell", SHORT_SELLS),
)
# fmt: on
#: By name; `ALL`, one segment of every sweep, is none of them.
DIMENSIONS = {dimension.name: dimension for dimension in _DIMENSIONS}
#: What roll-ups call them in the column `dimension`.
SEGMENT_KINDS = (ALL, *DIMENSIONS)


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
