"""Events of a day as tests read them."""

from __future__ import annotations

import numpy as np
from cp_rows import (
    CONTINUOUS,
)

from sweep_dask.analysis.centre_point.order_flow import free_flow
from sweep_dask.matching.events import EventKind

SESSION, QUOTE, ENTER, AMEND, TAKE, REDUCE, CANCEL, STATE, OPT_IN = (
    EventKind.SESSION,
    EventKind.QUOTE,
    EventKind.ENTER,
    EventKind.AMEND,
    EventKind.TAKE,
    EventKind.REDUCE,
    EventKind.CANCEL,
    EventKind.STATE,
    EventKind.OPT_IN,
)
OF_ORDERS = (ENTER, AMEND, TAKE, REDUCE, CANCEL, STATE)


def flow_of(day, continuous=CONTINUOUS, rules=None):
    partition = day.partition(continuous, rules)
    rules = partition.settings.rules
    return free_flow(partition.log, partition.tape, rules, partition.is_in, partition.market)


def events_of(day, **arguments):
    """The records of the order events, with their fields by name."""
    events = flow_of(day, **arguments).events
    return events[np.isin(events["kind"], OF_ORDERS)]


def told(day, **arguments):
    """Order events as (kind, order, quantity)."""
    return [
        (EventKind(event["kind"]), int(event["order"]) + 1, int(event["quantity"]))
        for event in events_of(day, **arguments)
    ]


def kinds_and_times(flow):
    return list(zip(map(EventKind, flow.events["kind"]), flow.timestamp_ns.tolist(), strict=True))
