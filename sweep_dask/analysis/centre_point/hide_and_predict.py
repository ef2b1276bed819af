"""A test of the counterfactual itself: real orders are hidden, and the book says what they fill.

Orders that really rested in the dark are dealt into groups. The orders of one group at a time are
taken out of the record, with their dark fills, and put back as a scenario posts a sweep: each
arrives with its own terms, rests after its arrival, and is cancelled when it was. The book then
predicts what they fill, all of the group together, and nothing it is given knows what they did.

What it proves: that the way in which scenarios put orders into the dark, many at a time, makes the
fills that such orders really had. What it does not: that other participants would do the same if
those orders were not there, or others were; they act as recorded, and a record of a market in which
the hidden orders were says something of them. For a single order it is the free replay. And the
record says when an order was cancelled, but not when an order that filled would have been: the
longer orders are asked about, the more that tells (`Reliability.uncancelled_right`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.choices import LOTS, lifetime_of, lots
from sweep_dask.analysis.centre_point.hidden_orders import HiddenOrders, OrderFills, Reliability
from sweep_dask.analysis.centre_point.order_flow import (
    entry_rows,
    flow_of_orders,
    join,
    rests_in_dark,
    with_market,
)
from sweep_dask.analysis.centre_point.scenario_flow import ScenarioFlow
from sweep_dask.analysis.centre_point.scenarios import posts_after_arrival
from sweep_dask.analysis.tables import sums_at
from sweep_dask.market.change_reasons import NEW
from sweep_dask.market.sessions import is_continuous
from sweep_dask.matching.events import Decision, EventKind
from sweep_dask.terms.score import UNTIL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.tables import BoolArray, IntArray

#: Groups, by default; arbitrary: one order in twenty is a visible part of those that rest.
ONE_IN = 20
#: Until when orders are asked about: what each of them is worth is in the docstring above.
SCORED_LIFETIMES = tuple(map(lifetime_of, UNTIL))

_FOREVER = np.iinfo(np.int64).max


def hide_and_predict(
    partition: PartitionInput, one_in: int = ONE_IN, seed: int = 0
) -> HiddenOrders:
    """Hide and predict every order that rested, one in so many at a time, dealt by lots."""
    rested = rested_orders(partition)
    real, records = _real_fills(partition, rested), _Records(partition)
    flow, by_lot = hiding_flow(partition, rested), partition.with_random_priority()
    # All at once, in a single replay: where lots rank the orders it is all the same.
    books = ((flow, one_in), (ScenarioFlow(by_lot, flow.flow), 1))
    order_id = partition.log.order_id
    predicted = [
        _predicted_fills(one, _groups(order_id, rested, groups, seed)) for one, groups in books
    ]
    return HiddenOrders(*(_compared(fills, real, records, rested) for fills in predicted))


def rested_orders(partition: PartitionInput) -> BoolArray:
    """bool[orders], those that arrived in continuous trading and really rested in the dark."""
    log = partition.log
    entries = entry_rows(log, partition.is_in)
    arrived = np.zeros(log.order_id.size, dtype=bool)
    during = is_continuous(log.timestamp_ns[entries], partition.continuous)
    is_new = (log.reason[entries] == NEW) & ~log.is_immediate[entries]
    arrived[log.order[entries]] = during & is_new
    rests = rests_in_dark(log, partition.settings.rules) & log.is_on_book & (log.leaves > 0)
    # In the instant of its arrival an order may be shown as it was before its fills.
    goes_on = ~log.is_first & (log.timestamp_ns == log.before(log.timestamp_ns))
    rests[log.previous[goes_on]] = False
    rested = np.zeros_like(arrived)
    rested[log.order[rests]] = True
    return arrived & rested


def hiding_flow(partition: PartitionInput, rested: BoolArray) -> ScenarioFlow:
    """The recorded flow, in which some orders may be hidden and put back: those that adopt."""
    log, tape = partition.log, partition.tape
    recorded = flow_of_orders(log, tape, partition.settings.rules, partition.is_in).ordered()
    kind, is_ours = recorded.events["kind"], rested[recorded.events["order"]]
    enters = np.flatnonzero((kind == EventKind.ENTER) & is_ours)
    recorded.events["decision"][enters] = Decision.AS_RECORDED
    if tape is not None:
        given = np.flatnonzero((kind == EventKind.REDUCE) & is_ours)
        dark = given[tape.is_dark[recorded.source[given]]]
        recorded.events["decision"][dark] = Decision.AS_RECORDED
    back = recorded.take(enters)
    back.events["rests"], back.events["decision"] = 0, Decision.ADOPTED
    # Each beside the entry that it takes the place of.
    order = np.argsort(np.concatenate((np.arange(recorded.size), enters)), kind="stable")
    posts = posts_after_arrival(partition, rested)
    orders = join(join(recorded, back).take(order), posts).ordered()
    return ScenarioFlow(partition, with_market(orders, partition.market))


def _compared(
    predicted: _Fills, real: _Fills, records: _Records, rested: BoolArray
) -> dict[str, Reliability]:
    orders, arrival_ns = np.flatnonzero(rested), records.arrival_ns
    by_lifetime = {}
    for lifetime in SCORED_LIFETIMES:
        until_ns = lifetime.until_ns(arrival_ns, records.end_ns, records.close_ns)
        by_lifetime[lifetime.name] = Reliability.of(
            predicted.until(until_ns, arrival_ns, orders),
            real.until(until_ns, arrival_ns, orders),
            (records.cancelled_ns <= until_ns)[orders],
        )
    return by_lifetime


class _Fills:
    """Dark fills, one element each."""

    def __init__(self, order: IntArray, timestamp_ns: IntArray, quantity: IntArray) -> None:
        self._order, self._timestamp_ns, self._quantity = order, timestamp_ns, quantity

    def until(self, until_ns: IntArray, arrival_ns: IntArray, orders: IntArray) -> OrderFills:
        """Of some orders, those after their arrival and in time; both int64[all orders], ns UTC."""
        order, timestamp_ns = self._order, self._timestamp_ns
        counts = (timestamp_ns > arrival_ns[order]) & (timestamp_ns <= until_ns[order])
        at = np.flatnonzero(counts)
        first_ns = np.full(until_ns.size, _FOREVER)
        np.minimum.at(first_ns, order[at], timestamp_ns[at] - arrival_ns[order[at]])
        quantity = sums_at(order[at], self._quantity[at], until_ns.size)
        return OrderFills(quantity[orders], first_ns[orders])


class _Records:
    """When each order's record begins and ends; int64[orders], ns UTC."""

    def __init__(self, partition: PartitionInput) -> None:
        log = partition.log
        self.close_ns = max((window.close_ns for window in partition.continuous), default=0)
        self.arrival_ns, last = log.entry_ns, log.last_row
        is_over = log.exits[last] | (log.leaves[last] == 0)
        self.end_ns = np.where(is_over, log.timestamp_ns[last], self.close_ns)
        self.cancelled_ns = np.full(log.order_id.size, _FOREVER)
        self.cancelled_ns[log.order[log.exits]] = log.timestamp_ns[log.exits]


def _groups(order_id: IntArray, rested: BoolArray, one_in: int, seed: int) -> Iterator[BoolArray]:
    """bool[orders] each: who is hidden; nobody is hidden twice."""
    group = lots(order_id, seed) // -(-LOTS // one_in)
    for number in np.unique(group[rested]):
        yield rested & (group == number)


def _predicted_fills(flow: ScenarioFlow, groups: Iterable[BoolArray]) -> _Fills:
    """The fills of each group while it was hidden."""
    none = np.zeros(0, dtype=np.int64)
    parts = [(none, none, none)]
    for hidden in groups:
        fills = flow.run(hidden).fills
        for side in ("buy", "sell"):
            ours = fills[hidden[fills[side]]]
            parts.append((ours[side], flow.flow.timestamp_ns[ours["event"]], ours["quantity"]))
    return _Fills(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _real_fills(partition: PartitionInput, rested: BoolArray) -> _Fills:
    tape = partition.tape
    if tape is None:
        none = np.zeros(0, dtype=np.int64)
        return _Fills(none, none, none)
    rows = np.flatnonzero(tape.is_known & tape.is_dark)
    rows = rows[rested[tape.order[rows]]]
    return _Fills(tape.order[rows], tape.timestamp_ns[rows], tape.quantity[rows])
