"""Events for the resync mode: predict each event, then set the book to what really was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.order_flow import (
    OrderFlow,
    entries_and_amendments,
    flow_of_rows,
    join,
    keeps_place,
    order_events,
    rests_in_dark,
    with_market,
)
from sweep_dask.matching.events import EventKind

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.market_events import MarketEvents
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.tables import BoolArray
    from sweep_dask.matching.rules import Rules


def resync_flow(log: OrderLog, rules: Rules, is_in: BoolArray, market: MarketEvents) -> OrderFlow:
    """Each row that enters or amends an order looks for contras; each row then is the truth.

    For a book that keeps no fills. Parameters as of `order_flow.free_flow`.
    """
    looks = entries_and_amendments(log, rules, is_in)
    # What arrives rests if the row after it says so, not if the prediction leaves something.
    looks.events["rests"][looks.events["kind"] == EventKind.ENTER] = 0
    rows = np.flatnonzero(is_in[log.order])
    states = order_events(log, rows, EventKind.STATE)
    states["rests"] = (rests_in_dark(log, rules) & log.is_on_book & (log.leaves > 0))[rows]
    states["keeps_place"] = keeps_place(log, rules)[rows]
    flow = join(looks, flow_of_rows(log, states, rows, 1)).ordered()
    return with_market(flow, market)
