"""What-if questions put to the book: the recorded flow with the sweeps treated differently.

All other participants act as recorded; liquidity is shared in event time, so that sweeps compete
and nobody's quantity is used twice. A recorded lit fill of a sweep shrinks to what is left of the
sweep; what that frees in the lit book is given to nobody. These and other assumptions can be put
the other way; see `switches`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.inputs import MarketEvents
from sweep_dask.analysis.centre_point.match_table import match_table
from sweep_dask.analysis.centre_point.order_flow import (
    AFTER_TRADES,
    OrderFlow,
    entry_rows,
    flow_of_orders,
    flow_of_rows,
    join,
    last_trade_sequence,
    order_events,
    with_market,
)
from sweep_dask.analysis.centre_point.scenario_flow import ScenarioFlow
from sweep_dask.analysis.centre_point.sweep_outcomes import (
    FillsOfSweeps,
    SweepFills,
    SweepRecord,
    sweep_summary,
)
from sweep_dask.market.change_reasons import NEW
from sweep_dask.market.sessions import is_continuous
from sweep_dask.matching.adopting import LitAccess
from sweep_dask.matching.events import EVENT, Decision, EventKind
from sweep_dask.terms.arms import SCENARIOS, DarkRest
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.centre_point import BookResult
    from sweep_dask.matching.rules import Rules
    from sweep_dask.terms.arms import Scenario


class ScenarioOrders(NamedTuple):
    """What the orders do in one scenario."""

    flow: OrderFlow
    """Events in order, those included that follow from adopting or not."""
    lit_access: LitAccess
    """Of the sweeps that adopt."""


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario of one partition."""

    matches: pa.Table
    """Every dark match, columns `match_table.MATCH_COLUMNS`."""
    order_summary: pa.Table
    """One row per sweep, columns `sweep_outcomes.SWEEP_SUMMARY`."""
    fills: SweepFills
    """Every fill of every sweep in both books."""
    event_count: int
    step_count: int


class Scenarios:
    """The scenarios of one partition, and what none of them changes.

    `among`: bool[orders], the sweeps that may change at all; None: all of them.
    """

    def __init__(self, partition: PartitionInput, among: BoolArray | None = None) -> None:
        self.partition = partition
        self.affected = affected_sweeps(partition)
        if among is not None:
            self.affected &= among
        self.record = SweepRecord(partition, self.affected)
        self._recorded = flow_of_orders(
            partition.log, partition.tape, partition.settings.rules, partition.is_in
        ).ordered()
        self._posts = posts_after_arrival(partition, self.affected)

    def results(self, names: Iterable[str], date: str, security: int) -> Iterator[ScenarioResult]:
        """Run scenarios one after the other, in each of which all sweeps change.

        Raises
        ------
        KeyError
            There is no scenario of that name.
        """
        for name in names:
            orders = self.orders(name)
            replayed = self.flow(orders)
            yield _result(self.record, replayed.flow, replayed.run(self.affected), date, security)

    def orders(self, name: str) -> ScenarioOrders:
        """The events of all orders, and what those do that adopt.

        Raises
        ------
        KeyError
            There is no scenario of that name.
        """
        scenario = SCENARIOS[name]
        is_recorded = scenario.dark_rest is DarkRest.AS_RECORDED
        flow = self._recorded if is_recorded else self._changed(scenario)
        return ScenarioOrders(flow, _lit_access(scenario))

    def flow(self, orders: ScenarioOrders, until_ns: IntArray | None = None) -> ScenarioFlow:
        """The same with the market around them.

        `until_ns`: int64[orders], ns UTC, how long each sweep waits that changes; None: until it is
        cancelled or trading ends.
        """
        market = self.partition.market
        if until_ns is not None:
            market = market.with_others(_expiries(np.flatnonzero(self.affected), until_ns))
        flow = with_market(orders.flow, market)
        return ScenarioFlow(self.partition, flow, orders.lit_access)

    def _changed(self, scenario: Scenario) -> OrderFlow:
        """What sweeps do that adopt the scenario, and what they do that act as recorded."""
        recorded, affected = self._recorded, self.affected
        events = recorded.events
        decision = np.where(
            _is_idle(events, affected, self.partition.settings.rules), Decision.IDLE, Decision.ANY
        )
        if not scenario.rests_lit:
            lost = _lost_lit_fills(
                self.partition, recorded, affected, all_of_them=not scenario.takes_lit
            )
            decision[lost] = np.where(
                decision[lost] == Decision.IDLE, Decision.IDLE_AS_RECORDED, Decision.AS_RECORDED
            )
        amends = np.flatnonzero((events["kind"] == EventKind.AMEND) & affected[events["order"]])
        decision[amends] = Decision.AS_RECORDED
        changed = recorded.take(amends)
        changed.events["rests"] = 1
        posts = self._posts
        if scenario.dark_rest is DarkRest.HALF_TICK_BETTER:
            improved = self.partition.log.posted_limit_x2
            changed.events["limit_x2"] = improved[changed.source]
            posts = posts.take(np.arange(posts.size))
            posts.events["limit_x2"] = improved[posts.source]
        every = np.arange(recorded.size)
        as_recorded = recorded.take(every)
        as_recorded.events["decision"] = decision
        changed.events["decision"] = Decision.ADOPTED
        # Each change beside what it changes.
        order = np.argsort(np.concatenate((every, amends)), kind="stable")
        return join(join(as_recorded, changed).take(order), posts).ordered()


def _result(
    record: SweepRecord, flow: OrderFlow, result: BookResult, date: str, security: int
) -> ScenarioResult:
    log, fills = record.partition.log, FillsOfSweeps(record, flow).of(result)
    return ScenarioResult(
        matches=match_table(log, flow, result.fills, date, security),
        order_summary=sweep_summary(record, fills, result, date, security),
        fills=fills,
        # Some happen only where an assumption is put the other way.
        event_count=int((flow.events["decision"] != Decision.IDLE_AS_RECORDED).sum()),
        step_count=result.steps,
    )


def _lit_access(scenario: Scenario) -> LitAccess:
    """What a sweep that adopts goes on to do in the lit book."""
    takes = LitAccess.TAKES if scenario.takes_lit else LitAccess.NONE
    return takes | (LitAccess.RESTS if scenario.rests_lit else LitAccess.NONE)


def affected_sweeps(partition: PartitionInput) -> BoolArray:
    """bool[orders], the sweeps that a scenario may treat differently."""
    log = partition.log
    entries = entry_rows(log, partition.is_in)
    affected = np.zeros(log.order_id.size, dtype=bool)
    during = is_continuous(log.timestamp_ns[entries], partition.continuous)
    priced = (log.price_x2[entries] > 0) & (log.reason[entries] == NEW)
    affected[log.order[entries]] = log.is_sweep[entries] & during & priced
    return affected


def _is_idle(events: NDArray[np.void], affected: BoolArray, rules: Rules) -> BoolArray:
    """Whether an event of a sweep that acts as recorded changes nothing for anybody else.

    A sweep that does not rest in the dark is there for an instant: what comes later, unless its
    terms change or it searches the dark between two lit levels, is between it and the lit book. And
    if its limit is on its side of the midpoint, it does not find anybody in that instant.
    """
    kind, order = events["kind"], events["order"]
    stays = np.zeros(affected.size, dtype=bool)
    acts = (kind == EventKind.AMEND) | (kind == EventKind.TAKE) | (events["rests"] != 0)
    stays[order[acts]] = True
    is_idle: BoolArray = affected[order] & ~stays[order]
    is_idle &= (kind != EventKind.ENTER) | ~_finds(events, rules)
    return is_idle


def _finds(events: NDArray[np.void], rules: Rules) -> BoolArray:
    """Whether an order that arrives may find anybody at the quote on its row."""
    if not rules.limit_test or not rules.own_quote or rules.sweep_on_tick:
        return np.ones(events.size, dtype=bool)
    midpoint_x2 = events["bid"] + events["offer"]
    short_x2 = np.where(events["side"] == BUY, 1, -1) * (midpoint_x2 - events["limit_x2"])
    finds: BoolArray = short_x2 <= 0
    finds |= (events["has_quote"] == 0) | (events["preference_only"] != 0)
    return finds


def _lost_lit_fills(
    partition: PartitionInput, flow: OrderFlow, affected: BoolArray, *, all_of_them: bool
) -> BoolArray:
    """Recorded lit fills that the sweep cannot have: all, or those while it rested.

    Without any, it also does not search the dark between them.
    """
    kind, is_affected = flow.events["kind"], affected[flow.events["order"]]
    at = np.flatnonzero((kind == EventKind.REDUCE) & is_affected)
    gone: BoolArray = (kind == EventKind.TAKE) & is_affected & all_of_them
    if at.size:
        assert partition.tape is not None, "only the tape makes REDUCE events"
        trade = flow.source[at]
        lost = ~partition.tape.is_dark[trade]
        gone[at] = lost if all_of_them else lost & ~partition.tape.is_aggressor[trade]
    return gone


def _expiries(orders: IntArray, until_ns: IntArray) -> MarketEvents:
    """CANCEL events after everything of the last instant that each order waits."""
    events = np.zeros(orders.size, dtype=EVENT)
    events["kind"], events["decision"] = EventKind.CANCEL, Decision.ADOPTED
    events["order"] = orders
    return MarketEvents(events, until_ns[orders], np.ones(orders.size, dtype=bool))


def posts_after_arrival(partition: PartitionInput, adopting: BoolArray) -> OrderFlow:
    """POST events: what is left of some orders, bool[orders], after the trades of their arrival.

    It rests in the dark; those that are immediate leave nothing.
    """
    log = partition.log
    entries = entry_rows(log, partition.is_in)
    rows = entries[adopting[log.order[entries]] & ~log.is_immediate[entries]]
    events = order_events(log, rows, EventKind.POST)
    events["trades"] = 1
    events["decision"] = Decision.ADOPTED
    flow = flow_of_rows(log, events, rows, AFTER_TRADES - 1)
    return flow.not_before(last_trade_sequence(log, partition.tape, rows), AFTER_TRADES - 1)
