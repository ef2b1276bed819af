"""What became of each sweep in a scenario, beside what really became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweep_dask.analysis.centre_point.order_checks import order_numbers
from sweep_dask.analysis.centre_point.order_flow import entry_rows
from sweep_dask.analysis.tables import BoolArray, IntArray, schema, sums_at, table
from sweep_dask.market.change_reasons import NEW
from sweep_dask.matching.events import EventKind, Obstacle

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.matching.centre_point import BookResult

#: One row per sweep. `quantity` is what could be filled, by the tape and by every scenario alike:
#: the entered quantity and all recorded increases. Values are quantity times doubled price. At
#: arrival: in the transaction of the entry.
SWEEP_SUMMARY = schema(
    "date:str security:int32 order_id:int64 side:int8 entry_timestamp:int64 limit_x2:int64 "
    "quantity:int64 is_affected:bool filled_quantity:int64 unfilled_quantity:int64 "
    "dark_arrival_quantity:int64 dark_resting_quantity:int64 lit_arrival_quantity:int64 "
    "lit_resting_quantity:int64 dark_value_x2:int64 lit_value_x2:int64 fill_count:int64 "
    "first_fill_timestamp:Int64 last_fill_timestamp:Int64 unfilled_reason:str "
    "real_filled_quantity:int64 real_dark_quantity:int64 real_lit_quantity:int64 "
    "real_dark_value_x2:int64 real_lit_value_x2:int64 real_fill_count:int64 "
    "real_first_fill_timestamp:Int64 real_last_fill_timestamp:Int64"
)

#: Every fill of every sweep. `recorded_quantity` is the size on the tape of a lit fill, which may
#: have shrunk, and 0 for a dark one.
SWEEP_FILLS = schema(
    "date:str security:int32 order_id:int64 timestamp:int64 quantity:int64 price_x2:int64 "
    "venue:str deal_source:int16 recorded_quantity:int64"
)

DARK, LIT = "dark", "lit"

#: Why the rest of a sweep did not fill: an amendment took it away, or what stood in the way when
#: the sweep last looked.
DECREASED = "decreased"
REASONS = {
    Obstacle.NONE: "session",
    Obstacle.SESSION: "session",
    Obstacle.NO_QUOTE: "quote_missing",
    Obstacle.LOCKED_OR_CROSSED: "quote_locked_or_crossed",
    Obstacle.NO_CONTRA: "no_contra",
    Obstacle.LIMIT: "limit",
    Obstacle.CONTRA_LIMIT: "contra_limit",
    Obstacle.MINIMUM_QUANTITY: "minimum_quantity",
}


def sweep_fills(
    partition: PartitionInput, flow: OrderFlow, result: BookResult, date: str, security: int
) -> pd.DataFrame:
    """All fills of sweeps, dark and lit, in order of execution; columns `SWEEP_FILLS`."""
    is_sweep = _is_sweep(partition)
    parts = [_dark_fills(result, is_sweep, side) for side in ("buy", "sell")]
    if partition.tape is not None:
        parts.append(_given_fills(partition, flow, result, is_sweep))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((columns["order"], columns["event"]))
    size = order.size
    return table(
        SWEEP_FILLS,
        {
            "date": [date] * size,
            "security": np.full(size, security),
            "order_id": partition.log.order_id[columns["order"]][order],
            "timestamp": flow.timestamp_ns[columns["event"]][order],
            "venue": np.where(columns["is_dark"], DARK, LIT)[order],
            **{
                name: columns[name][order]
                for name in ("quantity", "price_x2", "deal_source", "recorded_quantity")
            },
        },
    )


def sweep_summary(
    partition: PartitionInput,
    fills: pd.DataFrame,
    result: BookResult,
    affected: BoolArray,
    date: str,
    security: int,
) -> pd.DataFrame:
    """One row per sweep in the book, by entry; columns `SWEEP_SUMMARY`."""
    log = partition.log
    rows = entry_rows(log, partition.is_in)
    rows = rows[log.is_sweep[rows]]
    order = log.order[rows]
    quantity = fillable_quantity(partition)[order]
    totals = _totals(partition, fills)
    real = _totals(partition, real_fills(partition))
    filled = totals["filled_quantity"][order]
    unfilled = np.maximum(quantity - filled, 0)
    obstacles = result.obstacle[order].tolist()
    reasons = np.array([REASONS[Obstacle(code)] for code in obstacles], dtype=object)
    reasons = np.where(result.leaves[order] == 0, DECREASED, reasons)
    values: dict[str, Any] = {
        "date": [date] * rows.size,
        "security": np.full(rows.size, security),
        "order_id": log.order_id[order],
        "side": log.side[rows],
        "entry_timestamp": log.timestamp_ns[rows],
        "limit_x2": log.price_x2[rows],
        "quantity": quantity,
        "is_affected": affected[order],
        "unfilled_quantity": unfilled,
        "unfilled_reason": np.where(unfilled > 0, reasons, ""),
    }
    values |= {name: column[order] for name, column in totals.items()}
    values |= {
        "real_dark_quantity": (real["dark_arrival_quantity"] + real["dark_resting_quantity"])[
            order
        ],
        "real_lit_quantity": (real["lit_arrival_quantity"] + real["lit_resting_quantity"])[order],
    }
    values |= {f"real_{name}": column[order] for name, column in real.items()}
    return table(SWEEP_SUMMARY, values)


def real_fills(partition: PartitionInput) -> pd.DataFrame:
    """What the tape says of all sweeps; columns `order_id` to `venue` of `SWEEP_FILLS`."""
    tape = partition.tape
    names = ("order_id", "timestamp", "quantity", "price_x2", "venue")
    if tape is None:
        return pd.DataFrame({name: np.zeros(0, np.int64) for name in names})
    known, order = order_numbers(partition.log, tape.order_id)
    rows = np.flatnonzero(known & _is_sweep(partition)[order])
    return pd.DataFrame(
        {
            "order_id": tape.order_id[rows],
            "timestamp": tape.timestamp_ns[rows],
            "quantity": tape.quantity[rows],
            "price_x2": tape.price_x2[rows],
            "venue": np.where(tape.is_dark[rows], DARK, LIT),
        }
    )


def _is_sweep(partition: PartitionInput) -> BoolArray:
    """bool[orders]."""
    is_sweep = np.zeros(partition.log.order_id.size, dtype=bool)
    is_sweep[partition.log.order] = partition.log.is_sweep
    return is_sweep


def fillable_quantity(partition: PartitionInput) -> IntArray:
    """int64[orders]: leaves on entry and all recorded increases.

    What a decrease took away counts as not filled: a scenario may have filled it before.
    """
    log = partition.log
    entered = np.where(log.is_first, log.leaves, np.maximum(log.leaves_change, 0))
    # A first row that already shows fills of this day had more to fill.
    from_day = log.is_first & (log.reason == NEW)
    return sums_at(log.order, entered + np.where(from_day, log.matched, 0), log.order_id.size)


def _dark_fills(
    result: BookResult, is_sweep: BoolArray, side: str
) -> dict[str, np.ndarray[Any, Any]]:
    fills = result.fills[is_sweep[result.fills[side]]]
    return {
        "event": fills["event"],
        "order": fills[side],
        "quantity": fills["quantity"],
        "price_x2": fills["price_x2"],
        "deal_source": fills["deal_source"],
        "is_dark": np.ones(fills.size, dtype=bool),
        "recorded_quantity": np.zeros(fills.size, dtype=np.int64),
    }


def _given_fills(
    partition: PartitionInput, flow: OrderFlow, result: BookResult, is_sweep: BoolArray
) -> dict[str, np.ndarray[Any, Any]]:
    """Recorded fills that the book was given: lit ones, and dark ones of unknown orders."""
    assert partition.tape is not None
    given = (flow.events["kind"] == EventKind.REDUCE) & (result.applied > 0)
    event = np.flatnonzero(given & is_sweep[flow.events["order"]])
    trade = flow.source[event]
    is_dark = partition.tape.is_dark[trade]
    return {
        "event": event,
        "order": flow.events["order"][event],
        "quantity": result.applied[event],
        "price_x2": partition.tape.price_x2[trade],
        "deal_source": partition.tape.deal_source[trade],
        "is_dark": is_dark,
        "recorded_quantity": np.where(is_dark, 0, flow.events["quantity"][event]),
    }


def _totals(partition: PartitionInput, fills: pd.DataFrame) -> dict[str, Any]:
    """Sums of fills by dense order number."""
    log = partition.log
    size = log.order_id.size
    _, order = order_numbers(log, fills["order_id"].to_numpy(np.int64))
    quantity = fills["quantity"].to_numpy(np.int64)
    value_x2 = quantity * fills["price_x2"].to_numpy(np.int64)
    time_ns = fills["timestamp"].to_numpy(np.int64)
    is_dark = (fills["venue"] == DARK).to_numpy(dtype=bool)
    entry_ns = np.zeros(size, dtype=np.int64)
    entry_ns[log.order[log.is_first]] = log.timestamp_ns[log.is_first]
    at_arrival = time_ns == entry_ns[order]

    def total(chosen: BoolArray, amount: IntArray) -> IntArray:
        return sums_at(order[chosen], amount[chosen], size)

    first, last = _first_and_last(order, time_ns, size)
    every = np.ones(order.size, dtype=bool)
    return {
        "filled_quantity": total(every, quantity),
        "dark_arrival_quantity": total(is_dark & at_arrival, quantity),
        "dark_resting_quantity": total(is_dark & ~at_arrival, quantity),
        "lit_arrival_quantity": total(~is_dark & at_arrival, quantity),
        "lit_resting_quantity": total(~is_dark & ~at_arrival, quantity),
        "dark_value_x2": total(is_dark, value_x2),
        "lit_value_x2": total(~is_dark, value_x2),
        "fill_count": total(every, np.ones(order.size, dtype=np.int64)),
        "first_fill_timestamp": first,
        "last_fill_timestamp": last,
    }


def _first_and_last(
    order: IntArray, time_ns: IntArray, size: int
) -> tuple[pd.arrays.IntegerArray, pd.arrays.IntegerArray]:
    """Times of each order's first and last fill; missing where there is none."""
    bounds = np.iinfo(np.int64)
    first, last = np.full(size, bounds.max), np.full(size, bounds.min)
    np.minimum.at(first, order, time_ns)
    np.maximum.at(last, order, time_ns)
    none = np.ones(size, dtype=bool)
    none[order] = False
    return pd.arrays.IntegerArray(first, none), pd.arrays.IntegerArray(last, none.copy())
