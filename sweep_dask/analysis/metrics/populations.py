"""Which populations a sweep belongs to: labels beside its metrics.

Labels go by the real outcome, so that a sweep is in the same population in every scenario. Each
depends on the sweep and its partition alone: partitions can be labelled apart and stacked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.metrics.records import midpoint_x2, spread_ticks
from sweep_dask.analysis.metrics.sweep_metrics import outcome
from sweep_dask.analysis.tables import category, constant, schema, table
from sweep_dask.analysis.time_priority.states import size_category
from sweep_dask.market.order_codes import SHORT_SELL
from sweep_dask.market.sessions import is_continuous
from sweep_dask.market.ticks import DEFAULT_TICKS
from sweep_dask.market.trading_day import sydney_local_ns
from sweep_dask.terms.dimensions import HOURS, WIDE_TICKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.metrics.fill_sums import FillSums
    from sweep_dask.analysis.metrics.records import Sweeps
    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray
    from sweep_dask.market.sessions import Window
    from sweep_dask.market.ticks import TickTable


#: Column -> type; a label that is not known is null.
POPULATION_COLUMNS = schema(
    "date:str security:int32 participant:Int64 is_continuous:bool has_residual:bool "
    "is_short_sell:bool real_outcome:category size_class:category hour:category "
    "spread_class:category marketability:category parent_id:int64 added_quantity:int64"
)

_NS_PER_HOUR = 3_600_000_000_000


@dataclass(frozen=True)
class SweepFacts:
    """What no metric says of the sweeps of one partition, in the order of their metrics."""

    date: str
    security: int
    participant: IntArray
    """int[sweeps], -1 if unknown."""
    order_type: IntArray
    """int[sweeps], exchange order type bits."""
    continuous: Sequence[Window]
    """Stretches of continuous trading."""


def populations(real: FillSums, facts: SweepFacts, ticks: TickTable = DEFAULT_TICKS) -> pa.Table:
    """The labels of each sweep by all that it really filled; columns `POPULATION_COLUMNS`."""
    sweeps, filled = real.sweeps, real.quantity
    size, quantity = sweeps.size, sweeps.quantity
    spread = spread_ticks(sweeps.arrival_bid, sweeps.arrival_offer, ticks)
    columns: dict[str, Any] = {
        "date": constant(facts.date, size),
        "security": np.full(size, facts.security),
        "participant": pa.array(facts.participant, mask=facts.participant < 0),
        "is_continuous": is_continuous(sweeps.arrival_ns, facts.continuous),
        "has_residual": real.quantity_where(real.waited_ns == 0) < quantity,
        "is_short_sell": (facts.order_type & SHORT_SELL) != 0,
        "real_outcome": outcome(filled, quantity),
        "size_class": size_category(quantity),
        "hour": category("hour", _sydney_hour(sweeps.arrival_ns)),
        "spread_class": _spread_class(spread),
        "marketability": marketability(sweeps),
        **parents(sweeps, facts.participant, filled),
    }
    return table(POPULATION_COLUMNS, columns)


def _sydney_hour(arrival_ns: IntArray) -> IntArray:
    return sydney_local_ns(arrival_ns) // _NS_PER_HOUR % len(HOURS)


def _spread_class(ticks: FloatArray) -> pa.Array:
    """The class of a spread in ticks; one off the tick table belongs to the wider class."""
    is_known = ~np.isnan(ticks)
    steps = np.ceil(np.where(is_known, ticks, 1)).clip(1, WIDE_TICKS).astype(np.int64)
    return category("spread_class", np.where(is_known, steps - 1, -1))


def marketability(sweeps: Sweeps) -> pa.Array:
    """How far each limit reaches into the quote on arrival; null if that has no midpoint.

    Classes in the manner of SEC Rule 605 as amended in 2024, which reports orders that can trade
    at once, those beyond the midpoint, other executable ones and the rest apart from one another.
    All prices are doubled whole numbers, so that a limit at the midpoint is told from one just
    short of it.
    """
    sign, limit_x2 = sweeps.sign, sweeps.limit_x2
    middle_x2 = midpoint_x2(sweeps.arrival_bid, sweeps.arrival_offer)
    bounds_x2 = (sweeps.far_touch_x2, middle_x2, sweeps.near_touch_x2)
    # Each bound that a limit falls short of puts it one class back.
    short_of = sum(sign * limit_x2 < sign * bound_x2 for bound_x2 in bounds_x2)
    code = np.where(limit_x2 > 0, short_of, 0)
    return category("marketability", np.where(middle_x2 > 0, code, -1))


#: How long after the end of a sweep another is taken for its re-entry; arbitrary.
WITHIN_NS = 1_000_000_000


def parents(
    sweeps: Sweeps, participant: IntArray, filled_quantity: IntArray
) -> dict[str, IntArray]:
    """`parent_id`, the order id of the first of the chain, and `added_quantity`, in their order.

    Who cancels and enters the same shares again wants them once. Sweeps of a parent are a chain:
    each comes within a second of the end of one that was not complete, of the same participant
    and side.

    A parent wants, when a sweep of it is entered, what the ones before have filled and what this
    one asks for. A sweep adds what that is above the most that the parent wanted before.

    Parameters
    ----------
    sweeps
        All of one security and day, those of one instant in engine order.
    participant
        int64[sweeps], -1 if unknown; such a sweep is a parent by itself.
    filled_quantity
        int64[sweeps], what really filled.
    """
    before = _re_entered(sweeps, participant, filled_quantity < sweeps.quantity)
    parent_id, added = sweeps.order_id.copy(), sweeps.quantity.copy()
    filled_before, most = np.zeros_like(added), sweeps.quantity.copy()
    order = _by_arrival(sweeps)
    for sweep in order[before[order] >= 0]:
        last = before[sweep]
        parent_id[sweep] = parent_id[last]
        filled_before[sweep] = filled_before[last] + filled_quantity[last]
        most[sweep] = max(most[last], filled_before[sweep] + sweeps.quantity[sweep])
        added[sweep] = most[sweep] - most[last]
    return {"parent_id": parent_id, "added_quantity": added}


def _re_entered(sweeps: Sweeps, participant: IntArray, has_left: BoolArray) -> IntArray:
    """int64[sweeps], the position of the sweep that each re-enters, or -1.

    Of several it is the one that ended last and, of those, was entered last; each is re-entered
    once.
    """
    before = np.full(sweeps.size, -1, np.int64)
    # By participant and side: when those with something left ended, and their positions.
    ended: defaultdict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
    order = _by_arrival(sweeps)
    columns = (
        np.arange(sweeps.size),
        participant,
        sweeps.side,
        sweeps.arrival_ns,
        sweeps.end_ns,
        has_left,
    )
    rows = zip(*(column[order].tolist() for column in columns), strict=True)
    for number, (sweep, who, side, arrival_ns, end_ns, is_left) in enumerate(rows):
        if who < 0:
            continue
        of_owner = ended[who, side]
        last = bisect_right(of_owner, (arrival_ns, number, 0)) - 1
        if last >= 0 and of_owner[last][0] >= arrival_ns - WITHIN_NS:
            before[sweep] = of_owner.pop(last)[2]
        if is_left:
            entry = (end_ns, number, sweep)
            of_owner.insert(bisect_right(of_owner, entry), entry)
    return before


def _by_arrival(sweeps: Sweeps) -> IntArray:
    return np.argsort(sweeps.arrival_ns, kind="stable")
