"""The time during which each order looks for contras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import BoolArray, schema, table, whole_numbers
from sweep_dask.market.change_reasons import TERMINAL, TRADED

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.time_priority.states import OrderRows

WINDOWS = schema("orderid:int64 first_execution_time:int64 last_execution_time:int64")

_NEVER_NS = np.iinfo(np.int64).min


def execution_windows(orders: pa.Table, rows: OrderRows) -> pa.Table:
    """From arrival to the latest row that ends the order, ascending by order id, ns UTC.

    Both names are those of the published tables; neither time is an execution. An order that
    nothing ends stays until the last event of the partition.
    """
    timestamp_ns = whole_numbers(orders, "timestamp")
    end_ns = np.where(_ends_order(orders), timestamp_ns, _NEVER_NS)[rows.position]
    latest_ns = np.maximum.reduceat(end_ns, rows.start)
    closing_ns = timestamp_ns.max(initial=_NEVER_NS)
    return table(
        WINDOWS,
        {
            "orderid": whole_numbers(orders, "order_id")[rows.position[rows.start]],
            "first_execution_time": timestamp_ns[rows.position[rows.start]],
            "last_execution_time": np.where(latest_ns == _NEVER_NS, closing_ns, latest_ns),
        },
    )


def _ends_order(orders: pa.Table) -> BoolArray:
    reason = whole_numbers(orders, "changereason")
    filled = (reason == TRADED) & (whole_numbers(orders, "leavesquantity") == 0)
    ends: BoolArray = filled | np.isin(reason, TERMINAL)
    return ends
