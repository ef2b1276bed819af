"""What happens around the orders: sessions, quote moves, and participants seen to opt in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import BoolArray, IntArray, prices, whole_numbers
from sweep_dask.matching.events import EVENT, EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.centre_point.preferencing import OptIns
    from sweep_dask.market.sessions import Window


@dataclass(frozen=True)
class MarketEvents:
    """Events that concern no order; the arrays have one element an event, in any order."""

    events: NDArray[np.void]
    timestamp_ns: IntArray
    is_known_later: BoolArray
    """bool, whether an order event of the very same time does not know of it yet."""

    def with_others(self, others: MarketEvents) -> MarketEvents:
        """These events and others."""
        return _together(self, others)


def market_events(
    quotes: MarketEvents, continuous: Sequence[Window], opt_ins: OptIns
) -> MarketEvents:
    """Quotes, continuous trading and opt-ins as events for the book.

    Parameters
    ----------
    continuous
        Stretches of continuous trading.
    """
    return _together(quotes, _sessions(continuous), _opt_ins(opt_ins))


def _together(*parts: MarketEvents) -> MarketEvents:
    return MarketEvents(
        np.concatenate([part.events for part in parts]),
        np.concatenate([part.timestamp_ns for part in parts]),
        np.concatenate([part.is_known_later for part in parts]),
    )


def quotes_of_file(nbbo: pa.Table | None) -> MarketEvents:
    """Moves of the national quote.

    Parameters
    ----------
    nbbo
        Columns of `schema.NBBO`, by timestamp; each quote holds from its timestamp on.
    """
    if nbbo is None or not len(nbbo):
        return _empty()
    bid, offer = whole_units(prices(nbbo, "bidprice")), whole_units(prices(nbbo, "offerprice"))
    return _moves(bid, offer, whole_numbers(nbbo, "timestamp"), is_known_later=False)


def quotes_of_rows(log: OrderLog) -> MarketEvents:
    """Moves of the quote as order rows tell them: each shows it as the event of its time left it.

    Of several rows of one time the last counts; a row without a quote says nothing.
    """
    rows = np.flatnonzero((log.bid > 0) | (log.offer > 0))
    if not rows.size:
        return _empty()
    is_last = np.append(log.timestamp_ns[rows[1:]] != log.timestamp_ns[rows[:-1]], True)
    rows = rows[is_last]
    return _moves(log.bid[rows], log.offer[rows], log.timestamp_ns[rows], is_known_later=True)


def _moves(
    bid: IntArray, offer: IntArray, timestamp_ns: IntArray, *, is_known_later: bool
) -> MarketEvents:
    """The quotes that differ from the one before."""
    moves = np.ones(bid.size, dtype=bool)
    moves[1:] = (np.diff(bid) != 0) | (np.diff(offer) != 0)
    events = np.zeros(int(moves.sum()), dtype=EVENT)
    events["kind"] = EventKind.QUOTE
    events["bid"], events["offer"] = bid[moves], offer[moves]
    return MarketEvents(events, timestamp_ns[moves], np.full(events.size, is_known_later))


def whole_units(values: NDArray[np.float64]) -> IntArray:
    """Quotes as whole price units, 0 where there is none or where it is none of the market's."""
    usable = (values > 0) & (values % 1 == 0)
    return np.where(usable, values, 0).astype(np.int64)


def _sessions(continuous: Sequence[Window]) -> MarketEvents:
    """What happens at the very moment of the opening belongs to the auction."""
    events = np.zeros(2 * len(continuous), dtype=EVENT)
    events["kind"] = EventKind.SESSION
    events["quantity"] = np.tile([1, 0], len(continuous))
    times = np.array(continuous, dtype=np.int64).reshape(-1)
    return MarketEvents(events, times, events["quantity"] == 1)


def _opt_ins(opt_ins: OptIns) -> MarketEvents:
    events = np.zeros(opt_ins.timestamp_ns.size, dtype=EVENT)
    events["kind"] = EventKind.OPT_IN
    events["participant"] = opt_ins.participant
    events["is_sweep"] = opt_ins.is_sweep
    return MarketEvents(events, opt_ins.timestamp_ns, np.ones(events.size, dtype=bool))


def _empty() -> MarketEvents:
    return MarketEvents(np.zeros(0, EVENT), np.zeros(0, np.int64), np.zeros(0, bool))
