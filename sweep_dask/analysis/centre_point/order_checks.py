"""Orders whose rows cannot be true: found, named, and left out of the book."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import constant, schema, table
from sweep_dask.market.change_reasons import NEW, TRADED
from sweep_dask.market.order_codes import (
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    CENTRE_POINT_CROSSING,
    SWEEP,
)
from sweep_dask.schema import LARGEST_QUANTITY
from sweep_dask.terms.reasons import LEFT_OUT_REASONS

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.centre_point.tape import Tape
    from sweep_dask.analysis.tables import BoolArray, IntArray

_KNOWN_BITS = 2**13 - 1
_BOOKS = (CENTRE_POINT, CENTRE_POINT_CROSSING, SWEEP, CENTRE_POINT_BLOCK)
_LARGEST_MIDTICK = 6
#: Mid-tick values that a plain Centre Point order (64) cannot have; rules page 2.3.
_BLOCK_MIDTICKS = (5, 6)


@dataclass(frozen=True)
class LeftOut:
    """The orders left out, ascending by dense number."""

    order: IntArray
    sequence: IntArray
    """int64, of the row that shows it."""
    reason: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Orders by reason, in the order of `LEFT_OUT_REASONS`."""
        return {name: n for name in LEFT_OUT_REASONS if (n := self.reason.count(name))}


LEFT_OUT_COLUMNS = schema(
    "date:str security:int32 order_id:int64 sequence:int64 left_out_reason:category"
)


def left_out_table(log: OrderLog, left_out: LeftOut, date: str, security: int) -> pa.Table:
    """The orders left out of the book and why, columns `LEFT_OUT_COLUMNS`."""
    size = left_out.order.size
    return table(
        LEFT_OUT_COLUMNS,
        {
            "date": constant(date, size),
            "security": np.full(size, security),
            "order_id": log.order_id[left_out.order],
            "sequence": left_out.sequence,
            "left_out_reason": list(left_out.reason),
        },
    )


def find_left_out(log: OrderLog, tape: Tape | None) -> LeftOut:
    """Check every order; without a tape its totals cannot be checked."""
    first_row = np.full(log.order_id.size, -1, dtype=np.int64)
    reasons = np.full(log.order_id.size, "", dtype=object)
    for name, rows in _findings(log, tape).items():
        # The last assignment of a repeated index wins: rows backwards leave the first one.
        found = np.flatnonzero(rows)[::-1]
        found = found[first_row[log.order[found]] < 0]
        reasons[log.order[found]] = name
        first_row[log.order[found]] = found
    order = np.flatnonzero(first_row >= 0)
    return LeftOut(order, log.sequence[first_row[order]], tuple(reasons[order]))


def _findings(log: OrderLog, tape: Tape | None) -> dict[str, BoolArray]:
    """By reason, the rows that show it."""
    books = sum((log.type & bit != 0).astype(np.int64) for bit in _BOOKS)
    is_crossing = (log.type & CENTRE_POINT_CROSSING != 0) & (books == 1)
    fills_first = log.is_first & ((log.reason == TRADED) | _traded_before(log, tape))
    return {
        "crossing_order": is_crossing,
        "unknown_order_type": (books != 1) | (log.type & ~_KNOWN_BITS != 0),
        "unknown_side": (log.side != 1) & (log.side != 2),
        "unknown_midtick": _midtick_is_unknown(log),
        "quantity_too_large": _is_too_large(log.leaves) | _is_too_large(log.matched),
        "out_of_order": _rows_out_of_order(log, tape),
        "fills_before_entry": fills_first,
        "totals_contradict_trades": _totals_contradict(log, tape),
    }


def _is_too_large(quantity: IntArray) -> BoolArray:
    return (quantity > LARGEST_QUANTITY) | (quantity < -LARGEST_QUANTITY)


def _midtick_is_unknown(log: OrderLog) -> BoolArray:
    outside = (log.midtick < -1) | (log.midtick > _LARGEST_MIDTICK)
    plain = (log.type & CENTRE_POINT != 0) & np.isin(log.midtick, _BLOCK_MIDTICKS)
    unknown: BoolArray = outside | plain
    return unknown


def _rows_out_of_order(log: OrderLog, tape: Tape | None) -> BoolArray:
    """Among rows and trades in one sequence; a trade shows on the first row of its order.

    Of one sequence number the earlier is ahead, as in `OrderFlow.ordered`.
    """
    if tape is None:
        position = np.lexsort((log.timestamp_ns, log.sequence))
        return _in_row_order(position, _out_of_order(log.timestamp_ns[position]))
    known, order = tape.is_known, tape.order
    timestamp_ns = np.concatenate((log.timestamp_ns, tape.timestamp_ns[known]))
    position = np.lexsort((timestamp_ns, np.concatenate((log.sequence, tape.sequence[known]))))
    out = _in_row_order(position, _out_of_order(timestamp_ns[position]))
    trades_out = np.zeros(log.order_id.size, dtype=bool)
    trades_out[order[known][out[log.size :]]] = True
    rows_out: BoolArray = out[: log.size] | (log.is_first & trades_out[log.order])
    return rows_out


def _in_row_order(position: IntArray, found: BoolArray) -> BoolArray:
    """What was found of rows in another order, in their own."""
    out = np.empty_like(found)
    out[position] = found
    return out


def _out_of_order(timestamp_ns: IntArray) -> BoolArray:
    """The fewest rows without which times do not fall."""
    out = np.zeros(timestamp_ns.size, dtype=bool)
    if timestamp_ns.size < 2 or (np.diff(timestamp_ns) >= 0).all():
        return out
    tails: list[int] = []
    tail_rows: list[int] = []
    before = np.full(timestamp_ns.size, -1, dtype=np.int64)
    for row, time_ns in enumerate(timestamp_ns.tolist()):
        position = bisect_right(tails, time_ns)
        before[row] = tail_rows[position - 1] if position else -1
        tails[position : position + 1] = [time_ns]
        tail_rows[position : position + 1] = [row]
    out[:] = True
    row = tail_rows[-1]
    while row >= 0:
        out[row] = False
        row = int(before[row])
    return out


def _traded_before(log: OrderLog, tape: Tape | None) -> BoolArray:
    """Per row, whether its order has a trade stamped before the order's first row."""
    early = np.zeros(log.order_id.size, dtype=bool)
    if tape is not None:
        known, order = tape.is_known, tape.order
        early[order[known][tape.timestamp_ns[known] < log.entry_ns[order[known]]]] = True
    return early[log.order]


def _totals_contradict(log: OrderLog, tape: Tape | None) -> BoolArray:
    falls = log.newly_matched < 0
    if tape is None:
        return falls
    known, order = tape.is_known, tape.order
    traded = np.zeros(log.order_id.size, dtype=np.int64)
    np.add.at(traded, order[known], tape.quantity[known])
    recorded = np.zeros(log.order_id.size, dtype=np.int64)
    np.add.at(recorded, log.order, log.newly_matched)
    # An order may trade in its first row's transaction; a reloaded one brings fills of other days.
    fresh = log.is_first & (log.reason == NEW)
    np.add.at(recorded, log.order[fresh], log.matched[fresh])
    is_last = np.ones(log.size, dtype=bool)
    is_last[log.previous[~log.is_first]] = False
    contradicts: BoolArray = falls | (is_last & (traded != recorded)[log.order])
    return contradicts


def order_numbers(log: OrderLog, order_id: IntArray) -> tuple[BoolArray, IntArray]:
    """Which ids are in the log, and the dense number of each (any number where it is not)."""
    number = np.minimum(np.searchsorted(log.order_id, order_id), max(log.order_id.size - 1, 0))
    return log.order_id[number] == order_id, number


#: Optional columns and what is taken for granted where the input has no such column.
ASSUMED_WITHOUT = {
    "midtick": "no order has a half tick, a dark limit or the block phase",
    "minimumquantity": "no order has a minimum quantity",
    "singlefillminimumquantity": "minimum quantities may be met by several contras",
    "participantid": "nobody's orders are preferenced or booked",
    "timevalidity": "no order is immediate",
    "national_bid": "orders trade at the quote of the quote file",
    "national_offer": "orders trade at the quote of the quote file",
    "crossingkey": "no match is a booking",
}


def assumptions_without(columns: Collection[str]) -> tuple[str, ...]:
    """What the book takes for granted because the orders have no such column."""
    return tuple(
        f"the orders have no column {name}: {assumption}"
        for name, assumption in ASSUMED_WITHOUT.items()
        if name not in columns
    )
