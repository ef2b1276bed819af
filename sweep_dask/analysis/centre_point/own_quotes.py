"""Quotes that the record owes to a sweep which would not have been there to make them.

A sweep *made* the best bid where it came with a better one than that on its row, and the first bid
recorded from then on that differs from the one on its row is its limit, while its record had not
ended. The bid is owed to it as long as it stays there and the record goes on; without the sweep it
is what it was before. The same for the best offer. A new price is a new beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.order_flow import amendment_rows, entry_rows
from sweep_dask.matching.events import EventKind
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.tables import BoolArray, IntArray

_SIDES = ((BUY, "bid"), (SELL, "offer"))
_FOREVER = np.iinfo(np.int64).max


class OwnQuotes:
    """To which sweeps the quotes in the events of one flow are owed."""

    def __init__(self, partition: PartitionInput, flow: OrderFlow) -> None:
        beginnings = _beginnings(partition, flow)
        self._sides = {name: _owed(flow, beginnings, side, name) for side, name in _SIDES}

    def are_owed_to(self, orders: BoolArray) -> bool:
        """Whether any quote is owed to one of some orders, bool[orders]."""
        sides = self._sides.values()
        return any(bool(orders[one.order[one.owner]].any()) for one in sides)

    def without(self, orders: BoolArray, events: NDArray[np.void]) -> NDArray[np.void]:
        """The events of the flow with the quotes that there were without some orders."""
        changed = events.copy()
        for name, side in self._sides.items():
            changed[name][side.event] = side.prices(orders)[side.owner]
        return changed


class _Beginnings(NamedTuple):
    """Rows with which sweeps begin to rest at a price, one element each, by time."""

    order: IntArray
    side: IntArray
    event: IntArray
    """int64, where in the flow; the last of an order's alternatives."""
    timestamp_ns: IntArray
    until_ns: IntArray
    """int64, ns UTC: when its record ended, or the order was given another price."""
    limit: IntArray
    bid: IntArray
    """int64, on the row; as all prices here in 0.1 cent, 0 if there is none."""
    offer: IntArray

    def take(self, chosen: IntArray | BoolArray) -> _Beginnings:
        return _Beginnings(*(column[chosen] for column in self))


class _Owed(NamedTuple):
    """What of one side of the quote is owed to sweeps."""

    event: IntArray
    """int64, positions of events with a price that is owed."""
    owner: IntArray
    """int64, to which of the beginnings below."""
    order: IntArray
    """int64[beginnings]."""
    limit: IntArray
    before: IntArray
    """int64[beginnings], the price on the row."""
    earlier: IntArray
    """int64[beginnings], to which earlier beginning that is owed, or -1."""

    def prices(self, orders: BoolArray) -> IntArray:
        """int64[beginnings], what is quoted without some orders."""
        at = np.arange(self.order.size)
        while True:
            goes_back = orders[self.order[at]] & (self.earlier[at] >= 0)
            if not goes_back.any():
                break
            at = np.where(goes_back, self.earlier[at], at)
        return np.where(orders[self.order[at]], self.before[at], self.limit[at])


def _beginnings(partition: PartitionInput, flow: OrderFlow) -> _Beginnings:
    log = partition.log
    amended = amendment_rows(log, partition.is_in)
    amended = amended[log.changed(log.price_x2)[amended]]
    rows = np.sort(np.concatenate((entry_rows(log, partition.is_in), amended)))
    rows = rows[log.is_sweep[rows] & (log.price_x2[rows] > 0)]
    event = _events_of_rows(flow, log.size)[rows]
    found = _Beginnings(
        order=log.order[rows],
        side=log.side[rows],
        event=event,
        timestamp_ns=log.timestamp_ns[rows],
        until_ns=np.minimum(_record_ends_ns(log)[log.order[rows]], _next_ns(log, rows)),
        limit=log.price_x2[rows] // 2,
        bid=log.bid[rows],
        offer=log.offer[rows],
    )
    return found.take(np.argsort(event, kind="stable")[int((event < 0).sum()) :])


def _events_of_rows(flow: OrderFlow, rows: int) -> IntArray:
    """int64[rows], the last ENTER or AMEND event of each row of the log, or -1."""
    at = np.flatnonzero(np.isin(flow.events["kind"], (EventKind.ENTER, EventKind.AMEND)))
    event = np.full(rows, -1, dtype=np.int64)
    np.maximum.at(event, flow.source[at], at)
    return event


def _record_ends_ns(log: OrderLog) -> IntArray:
    """int64[orders], ns UTC."""
    last = log.last_row
    return np.where(log.exits[last] | (log.leaves[last] == 0), log.timestamp_ns[last], _FOREVER)


def _next_ns(log: OrderLog, rows: IntArray) -> IntArray:
    """int64[rows], ns UTC: the time of the next of the rows of the same order."""
    by_order = np.argsort(log.order[rows], kind="stable")
    follows = np.diff(log.order[rows[by_order]]) == 0
    next_ns = np.full(rows.size, _FOREVER)
    next_ns[by_order[:-1][follows]] = log.timestamp_ns[rows[by_order[1:][follows]]]
    return next_ns


def _owed(flow: OrderFlow, beginnings: _Beginnings, side: int, name: str) -> _Owed:
    """One side of the quotes."""
    events, price = flow.events, flow.events[name]
    is_move = events["kind"] == EventKind.QUOTE
    moves = np.flatnonzero(is_move)
    moves = moves[np.diff(price[moves], prepend=-1) != 0]
    ours = beginnings.take(beginnings.side == side)
    has_quote = (ours.bid > 0) | (ours.offer > 0)
    before = np.where(has_quote, getattr(ours, name), _standing(flow, moves, ours, price))
    improves = (before == 0) | (ours.limit * (3 - 2 * side) > before * (3 - 2 * side))
    first = _first_move(flow, moves, ours, price, before)
    is_told = first < moves.size
    move = moves[np.minimum(first, moves.size - 1)] if moves.size else np.zeros_like(first)
    makes = is_told & improves
    makes[makes] &= (price[move] == ours.limit)[makes]
    makes[makes] &= (flow.timestamp_ns[move] <= ours.until_ns)[makes]
    ours, before, first = ours.take(makes), before[makes], first[makes]
    end = np.append(moves, flow.size)[first + 1]
    end = np.minimum(end, np.searchsorted(flow.timestamp_ns, ours.until_ns, side="right"))
    owner = np.full(flow.size, -1, dtype=np.int64)
    has_price = is_move | (events["has_quote"] != 0)
    # Where two come with the same price it is owed to the first.
    for number in range(ours.order.size)[::-1]:
        span = slice(ours.event[number] + 1, end[number])
        owner[span][has_price[span] & (price[span] == ours.limit[number])] = number
    event = np.flatnonzero(owner >= 0)
    return _Owed(event, owner[event], ours.order, ours.limit, before, owner[ours.event])


def _standing(flow: OrderFlow, moves: IntArray, ours: _Beginnings, price: IntArray) -> IntArray:
    """The price of the last move before each beginning, 0 if there is none."""
    last = np.searchsorted(flow.timestamp_ns[moves], ours.timestamp_ns, side="left")
    return np.append(0, price[moves])[last]


def _first_move(
    flow: OrderFlow, moves: IntArray, ours: _Beginnings, price: IntArray, before: IntArray
) -> IntArray:
    """The first of the moves from each beginning on to another price; else their number."""
    first = np.searchsorted(flow.timestamp_ns[moves], ours.timestamp_ns, side="left")
    # No two moves that follow each other are to the same price.
    first += np.append(price[moves], -1)[first] == before
    return first
