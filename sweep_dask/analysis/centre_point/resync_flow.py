"""Events for the resync mode: predict each event, then set the book to what really was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.lit_levels import Searches, find_searches
from sweep_dask.analysis.centre_point.order_flow import (
    OrderFlow,
    entries_and_amendments,
    flow_of_rows,
    incoming_rows,
    join,
    keeps_place,
    matched_on_entry,
    order_events,
    rests_in_dark,
    search_events,
    with_market,
)
from sweep_dask.analysis.tables import sums_at
from sweep_dask.matching.events import EVENT, EventKind

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.inputs import MarketEvents
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.centre_point.tape import Tape
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.rules import Rules


def resync_flow(
    log: OrderLog, tape: Tape | None, rules: Rules, is_in: BoolArray, market: MarketEvents
) -> OrderFlow:
    """Each row that enters or amends an order looks for contras; each row then is the truth.

    For a book that keeps no fills. Parameters as of `order_flow.free_flow`.
    """
    searches = entries_and_amendments(log, rules, is_in)
    # What arrives rests if the row after it says so, not if the prediction leaves something.
    searches.events["rests"][searches.events["kind"] == EventKind.ENTER] = 0
    rows = np.flatnonzero(is_in[log.order])
    states = order_events(log, rows, EventKind.STATE)
    states["rests"] = (rests_in_dark(log, rules) & log.is_on_book & (log.leaves > 0))[rows]
    states["keeps_place"] = keeps_place(log, rules)[rows]
    if tape is not None:
        searches = join(searches, _repeated_searches(log, tape, is_in))
    flow = join(searches, flow_of_rows(log, states, rows, 1)).ordered()
    return with_market(flow, market)


def _repeated_searches(log: OrderLog, tape: Tape, is_in: BoolArray) -> OrderFlow:
    """What a sweep finds between two lit levels, each time after what really came before it; R22.

    No row tells the truth amid a transaction; the trades ahead of the search do.
    """
    searches = find_searches(log, tape, incoming_rows(log, is_in))
    search, is_own = _trades_ahead(log, tape, searches)
    own = np.flatnonzero((search >= 0) & is_own)
    others = np.flatnonzero((search >= 0) & ~is_own & tape.is_known)
    others = others[is_in[tape.order[others]]]
    states = order_events(log, searches.row, EventKind.STATE)
    filled = sums_at(search[own], tape.quantity[own], searches.size)
    states["quantity"] += matched_on_entry(log)[searches.row] - _so_far(searches, filled)
    reductions = np.zeros(others.size, dtype=EVENT)
    reductions["kind"] = EventKind.REDUCE
    reductions["order"] = tape.order[others]
    reductions["quantity"] = tape.quantity[others]
    flow = join(
        flow_of_rows(log, states, searches.row, 0),
        replace(flow_of_rows(log, reductions, searches.row[search[others]], 0), source=others),
        flow_of_rows(log, search_events(log, searches), searches.row, 0),
    )
    number = np.arange(searches.size)
    return flow.take(np.argsort(np.concatenate((number, search[others], number)), kind="stable"))


def _trades_ahead(log: OrderLog, tape: Tape, searches: Searches) -> tuple[IntArray, BoolArray]:
    """Of each trade row the search that comes next in its transaction, or -1; whether it is own."""
    if not searches.size:
        return np.full(tape.sequence.size, -1), np.zeros(tape.sequence.size, dtype=bool)
    row, last = searches.row, searches.last_sequence
    begin = log.sequence[row]
    begin[1:] = np.where(row[1:] == row[:-1], last[:-1], begin[1:])
    by_sequence = np.argsort(last, kind="stable")
    position = np.searchsorted(last[by_sequence], tape.sequence)
    search = by_sequence[np.minimum(position, last.size - 1)]
    is_ahead = (begin[search] < tape.sequence) & (tape.sequence <= last[search])
    is_ahead &= tape.timestamp_ns == log.timestamp_ns[row[search]]
    is_own = tape.is_known & (tape.order == log.order[row[search]])
    return np.where(is_ahead, search, -1), is_own


def _so_far(searches: Searches, filled: IntArray) -> IntArray:
    """int64[searches], what the sweep has filled since it arrived, from what it did between two."""
    total = np.cumsum(filled)
    first = np.searchsorted(searches.row, searches.row)
    return total - (total - filled)[first]
