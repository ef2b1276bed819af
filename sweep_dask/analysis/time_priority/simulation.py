"""The sweeps of one partition, matched by time priority."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.tables import (
    FloatArray,
    IntArray,
    prices,
    ratio,
    schema,
    sums_at,
    table,
    whole_numbers,
)
from sweep_dask.market.order_codes import SWEEP
from sweep_dask.matching.time_priority import Candidates, Matches, Sweeps, match_by_time_priority

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.time_priority.states import OrderStates


ORDER_SUMMARY_COLUMNS = schema(
    "orderid:int64 timestamp:int64 side:int64 quantity:int64 matched_quantity:int64 "
    "remaining_quantity:int64 fill_ratio:float64 num_matches:int64 orderbookid:int64"
)
MATCH_DETAIL_COLUMNS = schema(
    "incoming_orderid:int64 sweep_orderid:int64 timestamp:int64 matched_quantity:int64 "
    "price:float64 orderbookid:int64"
)


class Simulation(NamedTuple):
    """What the model made of the sweeps of one partition."""

    order_summary: pa.Table
    """One row per sweep, by arrival."""
    match_details: pa.Table
    """One row per match, in the order they were made."""
    steps: int
    """What the matching cost, see `Matches.steps`."""


class _Arrivals(NamedTuple):
    """Every order at its arrival, ascending by (timestamp, sequence)."""

    state: IntArray
    """Row of the order in the tables of states."""
    order_id: IntArray
    timestamp_ns: IntArray
    side: IntArray
    quantity: IntArray
    price: FloatArray


def simulate_sweeps(
    states: OrderStates, windows: pa.Table, nbbo: pa.Table, security: int
) -> Simulation:
    """Match every sweep with the orders that arrive on the other side during its window.

    An order is a sweep by the type of its last row. Its side is that of its first row, in both
    roles, so an order is never its own contra.
    """
    arrivals = _arrivals(states.first, nbbo)
    is_sweep = whole_numbers(states.last, "exchangeordertype") == SWEEP
    sweeps = np.flatnonzero(is_sweep[arrivals.state])
    available = whole_numbers(states.last, "leavesquantity")[arrivals.state[sweeps]]
    matches = match_by_time_priority(
        Candidates(
            arrivals.timestamp_ns,
            arrivals.side.astype(np.int8),
            arrivals.quantity,
            ~np.isnan(arrivals.price),
        ),
        Sweeps(
            arrivals.side[sweeps].astype(np.int8),
            whole_numbers(windows, "first_execution_time")[arrivals.state[sweeps]],
            whole_numbers(windows, "last_execution_time")[arrivals.state[sweeps]],
            available,
        ),
    )
    return Simulation(
        _order_summary(arrivals, sweeps, available, matches, security),
        _match_details(arrivals, sweeps, matches, security),
        matches.steps,
    )


def _arrivals(first: pa.Table, nbbo: pa.Table) -> _Arrivals:
    timestamp_ns = whole_numbers(first, "timestamp")
    state = np.lexsort((whole_numbers(first, "sequence"), timestamp_ns))
    return _Arrivals(
        state=state,
        order_id=whole_numbers(first, "order_id")[state],
        timestamp_ns=timestamp_ns[state],
        side=whole_numbers(first, "side")[state],
        quantity=whole_numbers(first, "quantity")[state],
        price=arrival_midpoints(first, nbbo)[state],
    )


def _order_summary(
    arrivals: _Arrivals, sweeps: IntArray, available: IntArray, matches: Matches, security: int
) -> pa.Table:
    matched = sums_at(matches.sweep, matches.quantity, sweeps.size)
    return table(
        ORDER_SUMMARY_COLUMNS,
        {
            "orderid": arrivals.order_id[sweeps],
            "timestamp": arrivals.timestamp_ns[sweeps],
            "side": arrivals.side[sweeps],
            "quantity": available,
            "matched_quantity": matched,
            "remaining_quantity": np.maximum(available, 0) - matched,
            "fill_ratio": ratio(matched, available),
            "num_matches": np.bincount(matches.sweep, minlength=sweeps.size),
            "orderbookid": np.full(sweeps.size, security),
        },
    )


def _match_details(
    arrivals: _Arrivals, sweeps: IntArray, matches: Matches, security: int
) -> pa.Table:
    return table(
        MATCH_DETAIL_COLUMNS,
        {
            "incoming_orderid": arrivals.order_id[matches.candidate],
            "sweep_orderid": arrivals.order_id[sweeps[matches.sweep]],
            "timestamp": arrivals.timestamp_ns[matches.candidate],
            "matched_quantity": matches.quantity,
            "price": arrivals.price[matches.candidate],
            "orderbookid": np.full(matches.quantity.size, security),
        },
    )


def arrival_midpoints(first: pa.Table, nbbo: pa.Table) -> FloatArray:
    """The midpoint of the last quote at or before each order's arrival, NaN if none is known.

    Parameters
    ----------
    first
        First state of each order.
    nbbo
        Quotes of the partition by timestamp, then sequence. A quote has no age limit. Where it is
        missing or one-sided, the quotes on the order itself are used.
    """
    own = _midpoint(prices(first, "bid"), prices(first, "offer"))
    if not len(nbbo):
        return own
    quote_ns = whole_numbers(nbbo, "timestamp")
    latest = np.searchsorted(quote_ns, whole_numbers(first, "timestamp"), side="right") - 1
    quoted = _midpoint(prices(nbbo, "bidprice"), prices(nbbo, "offerprice"))[latest.clip(0)]
    return np.where((latest < 0) | np.isnan(quoted), own, quoted)


def _midpoint(bid: FloatArray, offer: FloatArray) -> FloatArray:
    """`(bid + offer) / 2` by way of doubled integers; a quarter of their sum is exact."""
    quoted = ~(np.isnan(bid) | np.isnan(offer))
    bid_x2 = np.rint(np.where(quoted, bid, 0.0) * 2).astype(np.int64)
    offer_x2 = np.rint(np.where(quoted, offer, 0.0) * 2).astype(np.int64)
    return np.where(quoted, (bid_x2 + offer_x2) / 4, np.nan)
