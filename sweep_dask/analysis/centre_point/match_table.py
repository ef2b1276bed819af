"""Fills of the book as the tables of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import constant, labels, schema, table
from sweep_dask.matching.events import EventKind

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.centre_point.order_log import OrderLog

MATCH_COLUMNS = schema(
    "date:str security:int32 timestamp:int64 buy_order_id:int64 sell_order_id:int64 "
    "quantity:int64 price_x2:int64 deal_source:int16 aggressor:int8 trigger:str"
)
REPLAY_MATCH_COLUMNS = {**MATCH_COLUMNS, "mode": "str"}

#: What made a match happen, by the kind of its event: else it was an arrival.
_TRIGGERS = {EventKind.AMEND: "amend", EventKind.QUOTE: "nbbo", EventKind.SESSION: "nbbo"}


def match_table(
    log: OrderLog,
    flow: OrderFlow,
    fills: NDArray[np.void],
    date: str,
    security: int,
    mode: str | None = None,
) -> pa.Table:
    """The fills in order of execution; `MATCH_COLUMNS` or, with a mode, `REPLAY_MATCH_COLUMNS`."""
    values = {
        "date": constant(date, fills.size),
        "security": np.full(fills.size, security),
        "timestamp": flow.timestamp_ns[fills["event"]],
        "buy_order_id": log.order_id[fills["buy"]],
        "sell_order_id": log.order_id[fills["sell"]],
        "quantity": fills["quantity"],
        "price_x2": fills["price_x2"],
        "deal_source": fills["deal_source"],
        "aggressor": fills["aggressor"],
        "trigger": labels(
            [_TRIGGERS.get(kind, "arrival") for kind in EventKind],
            flow.events["kind"][fills["event"]],
        ),
        "mode": constant(mode, fills.size),
    }
    return table(MATCH_COLUMNS if mode is None else REPLAY_MATCH_COLUMNS, values)
