"""What became of each sweep in a scenario, beside what really became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.centre_point.order_flow import entry_rows
from sweep_dask.analysis.centre_point.order_log import fillable_quantity, sweeps_of
from sweep_dask.analysis.tables import (
    BoolArray,
    IntArray,
    category,
    constant,
    schema,
    side_names,
    sums_at,
    table,
)
from sweep_dask.matching.events import EventKind, Obstacle
from sweep_dask.terms.deal_sources import LIT as LIT_TRADE
from sweep_dask.terms.dimensions import CATEGORIES, DARK_VENUE, LIT_VENUE, VENUES
from sweep_dask.terms.reasons import DECREASED
from sweep_dask.terms.score import PREDICTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.matching.centre_point import BookResult

#: One row per sweep. `quantity` is what could be filled, by the tape and by every scenario alike:
#: the entered quantity and all recorded increases. Values are quantity times doubled price. At
#: arrival: in the transaction of the entry.
SWEEP_SUMMARY = schema(
    "date:str security:int32 order_id:int64 side:category arrival_ns:int64 limit_x2:int64 "
    "quantity:int64 is_affected:bool filled_quantity:int64 unfilled_quantity:int64 "
    "dark_arrival_quantity:int64 dark_resting_quantity:int64 lit_arrival_quantity:int64 "
    "lit_resting_quantity:int64 dark_value_x2:int64 lit_value_x2:int64 fill_count:int64 "
    "first_fill_ns:Int64 last_fill_ns:Int64 unfilled_reason:category "
    "real_filled_quantity:int64 real_dark_quantity:int64 real_lit_quantity:int64 "
    "real_dark_value_x2:int64 real_lit_value_x2:int64 real_fill_count:int64 "
    "real_first_fill_ns:Int64 real_last_fill_ns:Int64"
)

#: Every fill of every sweep. `recorded_quantity` is the size on the tape of a lit fill, which may
#: have shrunk, and 0 for a dark one. `contra_order_id` and `event` are of what the book predicts,
#: and missing where the tape was followed.
SWEEP_FILL_COLUMNS = schema(
    "date:str security:int32 order_id:int64 timestamp:int64 quantity:int64 price_x2:int64 "
    "venue:category deal_source:int16 recorded_quantity:int64 contra_order_id:Int64 event:category"
)

_ARRIVAL, _AMENDMENT, _RESTING = range(len(PREDICTED))

#: Why the rest of a sweep did not fill if nobody took it away: what stood in the way when it last
#: looked.
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
_VALUES = CATEGORIES["unfilled_reason"]
_NO_REASON = _VALUES.index("")
#: By obstacle, and then of what was taken away.
_REASON_CODES = np.array(
    [_VALUES.index(name) for name in (*(REASONS[one] for one in Obstacle), DECREASED)]
)
_DARK_OR_LIT = tuple(map(VENUES.index, (DARK_VENUE, LIT_VENUE)))
#: By number in `PREDICTED`, and then of what is not known, -1.
EVENT_CODES = np.array([*(CATEGORIES["event"].index(name) for name in PREDICTED), -1])


class SweepFills(NamedTuple):
    """Fills of sweeps, one element each."""

    order: IntArray
    """int64, dense number of the sweep."""
    timestamp_ns: IntArray
    quantity: IntArray
    price_x2: IntArray
    is_dark: BoolArray
    deal_source: IntArray
    recorded_quantity: IntArray
    """int64, as the column of that name."""
    contra: IntArray
    """int64, dense number of the order it met in the dark; -1 where that is not known."""
    event: IntArray
    """int64, what made the book predict it, a number in `PREDICTED`; -1: it was given."""

    def chosen(self, rows: IntArray) -> SweepFills:
        """Some of the fills, in the order of these row numbers."""
        return SweepFills._make(column[rows] for column in self)

    @classmethod
    def joined(cls, parts: Iterable[SweepFills]) -> SweepFills:
        """All of some, one after the other."""
        return cls._make(map(np.concatenate, zip(*parts, strict=True)))


class SweepRecord:
    """What no scenario changes of the sweeps in the book, by entry."""

    def __init__(self, partition: PartitionInput, affected: BoolArray) -> None:
        log = partition.log
        rows = entry_rows(log, partition.is_in)
        rows = rows[log.is_sweep[rows]]
        self.partition = partition
        self.order = log.order[rows]
        self.is_sweep = sweeps_of(log)
        self.entry_ns = log.entry_ns
        self.quantity = fillable_quantity(log)[self.order]
        real = self.totals(real_fills(partition))
        self.columns = {
            "order_id": log.order_id[self.order],
            "side": side_names(log.side[rows]),
            "arrival_ns": log.timestamp_ns[rows],
            "limit_x2": log.price_x2[rows],
            "quantity": self.quantity,
            "is_affected": affected[self.order],
            "real_dark_quantity": real["dark_arrival_quantity"] + real["dark_resting_quantity"],
            "real_lit_quantity": real["lit_arrival_quantity"] + real["lit_resting_quantity"],
            **{f"real_{name}": column for name, column in real.items()},
        }

    def totals(self, fills: SweepFills) -> dict[str, Any]:
        """Sums of fills, one element a sweep."""
        order, size = fills.order, self.entry_ns.size
        value_x2 = fills.quantity * fills.price_x2
        is_dark, at_arrival = fills.is_dark, fills.timestamp_ns == self.entry_ns[order]

        def total(amount: IntArray) -> IntArray:
            return sums_at(order, amount, size)[self.order]

        bounds = np.iinfo(np.int64)
        first_ns, last_ns = np.full(size, bounds.max), np.full(size, bounds.min)
        np.minimum.at(first_ns, order, fills.timestamp_ns)
        np.maximum.at(last_ns, order, fills.timestamp_ns)
        count = np.bincount(order, minlength=size)[self.order]
        return {
            "filled_quantity": total(fills.quantity),
            "dark_arrival_quantity": total(fills.quantity * (is_dark & at_arrival)),
            "dark_resting_quantity": total(fills.quantity * (is_dark & ~at_arrival)),
            "lit_arrival_quantity": total(fills.quantity * (~is_dark & at_arrival)),
            "lit_resting_quantity": total(fills.quantity * (~is_dark & ~at_arrival)),
            "dark_value_x2": total(value_x2 * is_dark),
            "lit_value_x2": total(value_x2 * ~is_dark),
            "fill_count": count,
            "first_fill_ns": pa.array(first_ns[self.order], mask=count == 0),
            "last_fill_ns": pa.array(last_ns[self.order], mask=count == 0),
        }


class FillsOfSweeps:
    """The fills of sweeps in any replay of the same events."""

    def __init__(self, record: SweepRecord, flow: OrderFlow) -> None:
        self._is_sweep, self._timestamp_ns = record.is_sweep, flow.timestamp_ns
        self._is_amendment = flow.events["kind"] == EventKind.AMEND
        order, tape = flow.events["order"], record.partition.tape
        is_given = (flow.events["kind"] == EventKind.REDUCE) & record.is_sweep[order]
        # Without a tape, none is.
        self._given = np.flatnonzero(is_given)
        self._order, trade = order[self._given], flow.source[self._given]
        if tape is not None:
            is_dark = tape.is_dark[trade]
            recorded = np.where(is_dark, 0, flow.events["quantity"][self._given])
            self._of_tape = (tape.exact_x2[trade], is_dark, tape.deal_source[trade], recorded)

    def of(self, result: BookResult, among: BoolArray | None = None) -> SweepFills:
        """All of them, or of some sweeps, bool[orders], dark and lit, in order of execution."""
        among = self._is_sweep if among is None else among
        sides = (("buy", "sell"), ("sell", "buy"))
        parts = [self._dark_fills(result, among, *side) for side in sides]
        if self._given.size:
            parts.append(self._given_fills(result, among))
        if result.gains.size:
            parts.append(_gained_fills(result, among))
        event, order, *rest = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        by_time = np.lexsort((order, event))
        columns = (order, self._timestamp_ns[event], *rest)
        return SweepFills(*[column[by_time] for column in columns])

    def _dark_fills(
        self, result: BookResult, among: BoolArray, side: str, contra: str
    ) -> tuple[Any, ...]:
        fills = result.fills[among[result.fills[side]]]
        looked = np.where(self._is_amendment[fills["event"]], _AMENDMENT, _ARRIVAL)
        return (
            fills["event"],
            fills[side],
            fills["quantity"],
            fills["price_x2"],
            np.ones(fills.size, dtype=bool),
            fills["deal_source"],
            np.zeros(fills.size, dtype=np.int64),
            fills[contra],
            np.where(fills["aggressor"] == 0, _RESTING, looked),
        )

    def _given_fills(self, result: BookResult, among: BoolArray) -> tuple[Any, ...]:
        """Recorded fills that the book was given: lit ones, and dark ones of unknown orders."""
        applied = result.applied[self._given]
        rows = np.flatnonzero((applied > 0) & among[self._order])
        price_x2, is_dark, deal_source, recorded = (column[rows] for column in self._of_tape)
        nobody = np.full(rows.size, -1)
        filled = (self._given[rows], self._order[rows], applied[rows], price_x2, is_dark)
        return (*filled, deal_source, recorded, nobody, nobody)


def sweep_fills(log: OrderLog, fills: SweepFills, date: str, security: int) -> pa.Table:
    """Fills as a table, columns `SWEEP_FILL_COLUMNS`."""
    size = fills.order.size
    return table(
        SWEEP_FILL_COLUMNS,
        {
            **fills._asdict(),
            "date": constant(date, size),
            "security": np.full(size, security),
            "order_id": log.order_id[fills.order],
            "timestamp": fills.timestamp_ns,
            "venue": category("venue", np.where(fills.is_dark, *_DARK_OR_LIT)),
            "contra_order_id": pa.array(log.order_id[fills.contra], mask=fills.contra < 0),
            "event": category("event", EVENT_CODES[fills.event]),
        },
    )


def sweep_summary(
    record: SweepRecord, fills: SweepFills, result: BookResult, date: str, security: int
) -> pa.Table:
    """One row per sweep, columns `SWEEP_SUMMARY`."""
    totals, order = record.totals(fills), record.order
    unfilled = np.maximum(record.quantity - totals["filled_quantity"], 0)
    values = {
        "date": constant(date, order.size),
        "security": np.full(order.size, security),
        "unfilled_quantity": unfilled,
        "unfilled_reason": unfilled_reasons(
            unfilled, result.leaves[order], result.obstacle[order].astype(np.int64)
        ),
    }
    return table(SWEEP_SUMMARY, values | record.columns | totals)


def unfilled_reasons(unfilled: IntArray, leaves: IntArray, obstacle: IntArray) -> pa.Array:
    """Why the rest of each sweep did not fill; empty where nothing is left.

    Parameters
    ----------
    unfilled, leaves
        int64[sweeps], shares that did not fill of those that could, and of those still wanted.
    obstacle
        int[sweeps], `Obstacle`.
    """
    reason = np.where(leaves == 0, len(Obstacle), obstacle)
    return category("unfilled_reason", np.where(unfilled > 0, _REASON_CODES[reason], _NO_REASON))


def real_fills(partition: PartitionInput) -> SweepFills:
    """What the tape says of all sweeps."""
    tape = partition.tape
    if tape is None:
        none = np.zeros(0, np.int64)
        return SweepFills(none, none, none, none, none > 0, none, none, none, none)
    rows = np.flatnonzero(tape.is_known & sweeps_of(partition.log)[tape.order])
    return SweepFills(
        tape.order[rows],
        tape.timestamp_ns[rows],
        tape.quantity[rows],
        tape.exact_x2[rows],
        tape.is_dark[rows],
        tape.deal_source[rows],
        np.where(tape.is_dark[rows], 0, tape.quantity[rows]),
        *(np.full(rows.size, -1),) * 2,
    )


def _gained_fills(result: BookResult, among: BoolArray) -> tuple[Any, ...]:
    """What sweeps took in the lit book of what others had freed there; no tape has it."""
    gains = result.gains[among[result.gains["order"]]]
    nothing, nobody = np.zeros(gains.size, np.int64), np.full(gains.size, -1)
    filled = (gains["event"], gains["order"], gains["quantity"], gains["price_x2"])
    return (*filled, nothing > 0, nothing + LIT_TRADE, nothing, nobody, nobody)
