"""Why a dark match on the tape was not predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.latest_rows import LatestRows
from sweep_dask.market.ticks import is_published_as
from sweep_dask.matching.events import EventKind
from sweep_dask.terms.score import CAUSES

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.fidelity import Matches
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.tables import BoolArray, IntArray


@dataclass(frozen=True)
class Misses:
    """Matches of the tape that were not predicted, in the order of execution."""

    match: IntArray
    """int64, position among the tape's dark matches."""
    cause: tuple[str, ...]


def find_misses(
    tape: Matches,
    on_tape: BoolArray,
    is_known: BoolArray,
    flow: OrderFlow,
    minimum_in_force: BoolArray,
    aggressor: IntArray,
) -> Misses:
    """Name the cause of every miss.

    Parameters
    ----------
    on_tape, is_known
        bool[tape], whether the match was predicted, and whether both its orders are in the book.
    flow
        The events of the replay.
    minimum_in_force
        bool[tape], whether one of its orders carried a minimum just before.
    aggressor
        int64[tape], dense number of the incoming order, or -1.
    """
    missed = np.flatnonzero(~on_tape)
    searched, midpoint_x2 = _midpoints(flow, tape.timestamp_ns[missed], aggressor[missed])
    causes = np.select(
        [
            ~is_known[missed],
            tape.both_passive[missed] & ~searched,
            ~is_published_as(tape.price_x2[missed], midpoint_x2),
            minimum_in_force[missed],
        ],
        list(CAUSES)[:-1],
        default="other",
    )
    return Misses(missed, tuple(causes.tolist()))


def _midpoints(
    flow: OrderFlow, timestamp_ns: IntArray, aggressor: IntArray
) -> tuple[BoolArray, IntArray]:
    """Whether anything looked for contras at each time, and the doubled midpoint it did it at.

    If the incoming order is known, it is its search that counts, else the last one of that time.
    """
    is_quote = flow.events["kind"] == EventKind.QUOTE
    searches = np.flatnonzero((flow.events["trades"] == 1) | is_quote)
    order = np.where(is_quote[searches], -1, flow.events["order"][searches])
    times = flow.timestamp_ns[searches]
    own = LatestRows(order, times).at(aggressor, timestamp_ns)
    any_order = LatestRows(np.zeros_like(order), times).at(np.zeros_like(aggressor), timestamp_ns)
    search = np.where((aggressor >= 0) & (own >= 0), own, any_order)
    searched = search >= 0
    midpoint_x2 = np.zeros(timestamp_ns.size, dtype=np.int64)
    midpoint_x2[searched] = _midpoint_at_events(flow, is_quote)[searches[search[searched]]]
    return searched, midpoint_x2


def _midpoint_at_events(flow: OrderFlow, is_quote: BoolArray) -> IntArray:
    """int64[events]: twice the midpoint of the event's own quote, else of the standing one."""
    events = flow.events
    last_quote = np.maximum.accumulate(np.where(is_quote, np.arange(flow.size), -1))
    sum_x2 = events["bid"] + events["offer"]
    standing_x2 = np.where(last_quote >= 0, sum_x2[last_quote], 0)
    return np.where(events["has_quote"] == 1, sum_x2, standing_x2)
