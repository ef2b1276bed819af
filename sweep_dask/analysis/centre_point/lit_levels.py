"""Where a sweep searched the dark between two lit price levels, and at which quote; R22.

A sweep takes one price level of the lit book and looks into the dark once more before it takes the
next. The tape shows both levels. In between, the level it took next was the best one of the lit
book: that is the quote of the second search, unless a better one elsewhere had stood all the time.
After the last level nothing tells the quote, and no search is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.latest_rows import LatestRows
from sweep_dask.terms.deal_sources import CONTINUOUS_LIT
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.centre_point.tape import Tape
    from sweep_dask.analysis.tables import IntArray


class Searches(NamedTuple):
    """Searches of the dark between two lit levels, by order and in the order of execution."""

    row: IntArray
    """int64, the log row with which the sweep arrived (or was amended)."""
    last_sequence: IntArray
    """int64, sequence of the last trade at the level taken before."""
    bid: IntArray
    offer: IntArray

    @property
    def size(self) -> int:
        """Number of searches."""
        return self.row.size


def find_searches(log: OrderLog, tape: Tape, arrivals: IntArray) -> Searches:
    """The searches between lit levels that one arrival took.

    `arrivals`: int64, rows that look for contras, of orders in the book.
    """
    sweeps = arrivals[log.is_sweep[arrivals] & (log.price_x2[arrivals] > 0)]
    taken = _taken_from_lit_book(tape)
    row = LatestRows(log.order[sweeps], log.timestamp_ns[sweeps]).at(
        tape.order[taken], tape.timestamp_ns[taken]
    )
    row, taken = sweeps[row[row >= 0]], taken[row >= 0]
    order = np.lexsort((tape.sequence[taken], row))
    return _between(log, tape, row[order], taken[order])


def _taken_from_lit_book(tape: Tape) -> IntArray:
    """Trade rows of known orders that came in and took from the lit book."""
    is_lit = np.isin(tape.deal_source, CONTINUOUS_LIT)
    return np.flatnonzero(tape.is_known & tape.is_aggressor & is_lit)


def _between(log: OrderLog, tape: Tape, row: IntArray, taken: IntArray) -> Searches:
    """A search between each two trades of an arrival of which the second is at a worse price."""
    sign = np.where(log.side[row] == BUY, 1, -1)
    price = tape.price_x2[taken] // 2
    is_next = (row[1:] == row[:-1]) & (sign[1:] * (price[1:] - price[:-1]) > 0)
    before = np.flatnonzero(is_next)
    first = np.searchsorted(row, row[before])
    bid, offer = _quotes(log, row[before], price[first], price[before + 1])
    return Searches(row[before], _last_of_match(tape)[taken[before]], bid, offer)


def _quotes(
    log: OrderLog, row: IntArray, first_level: IntArray, next_level: IntArray
) -> tuple[IntArray, IntArray]:
    """Bid and offer: the near side that of the arrival, the far one the level not yet taken.

    A far side better than the first level taken is of another market, and still there.
    """
    is_buy = log.side[row] == BUY
    far = np.where(is_buy, log.offer[row], log.bid[row])
    is_elsewhere = (far > 0) & np.where(is_buy, far < first_level, far > first_level)
    far = np.where(is_elsewhere, far, next_level)
    return np.where(is_buy, log.bid[row], far), np.where(is_buy, far, log.offer[row])


def _last_of_match(tape: Tape) -> IntArray:
    """int64[trades], the last sequence number of the row's match."""
    _, group = np.unique(tape.match, return_inverse=True)
    last = np.full(tape.match.size, np.iinfo(np.int64).min)
    np.maximum.at(last, group, tape.sequence)
    return last[group]
