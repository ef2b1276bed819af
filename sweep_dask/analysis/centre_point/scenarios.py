"""What-if questions put to the book: the recorded flow with the sweeps treated differently.

All other participants act as recorded; liquidity is shared in event time, so that sweeps compete
and nobody's quantity is used twice. A recorded lit fill of a sweep shrinks to what is left of the
sweep; what that frees in the lit book is given to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
from sweep_dask.analysis.centre_point.sweep_outcomes import (
    SweepFills,
    SweepRecord,
    fills_of_sweeps,
    sweep_fills,
    sweep_summary,
)
from sweep_dask.market.change_reasons import NEW
from sweep_dask.market.sessions import is_continuous
from sweep_dask.matching.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.tables import BoolArray
    from sweep_dask.matching.centre_point import BookResult

AS_ENTERED, DUAL_POST, REST_DARK, DARK_ONLY = "as-entered", "dual-post", "rest-dark", "dark-only"

#: Each scenario and what it assumes, in the order in which they are shown.
SCENARIOS = {
    AS_ENTERED: "Sweeps act as recorded: they search the dark book on arrival and their remainder "
    "rests in the lit book, and in the dark only if they asked for it. This is the free replay.",
    DUAL_POST: "What is left of a sweep after its arrival also rests in the dark, at its limit "
    "improved by half a tick; its recorded lit fills stay possible.",
    REST_DARK: "What is left of a sweep after its arrival rests in the dark at its limit instead "
    "of in the lit book, until it is cancelled on record or continuous trading ends. Lit fills as "
    "the incoming order, on arrival or after an amendment, stay.",
    DARK_ONLY: "A sweep never takes from the lit book; all of it looks for contras in the dark.",
}

#: What every scenario assumes of the rest of the market.
ASSUMPTIONS = (
    "All other participants act as recorded: nobody reacts to fills that did not really happen.",
    (
        "A recorded lit fill shrinks to what is left of the sweep; what that frees in the lit book "
        "is given to nobody."
    ),
    "Quotes are those recorded, whatever the sweeps do.",
    (
        "Only sweeps with a limit that arrive in continuous trading are treated differently; "
        "sweeps entered before the opening or reloaded, and those without a price, act as recorded."
    ),
    "A recorded dark fill whose counterparty is not in the input counts as given.",
)


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario of one partition."""

    matches: pa.Table
    """Every dark match, columns `match_table.MATCHES`."""
    order_summary: pa.Table
    """One row per sweep, columns `sweep_outcomes.SWEEP_SUMMARY`."""
    sweep_fills: pa.Table
    """Every fill of every sweep in both books, columns `sweep_outcomes.SWEEP_FILLS`."""
    fills: SweepFills
    """The same."""
    event_count: int
    step_count: int


def scenario_results(
    partition: PartitionInput, names: Iterable[str], date: str, security: int
) -> Iterator[ScenarioResult]:
    """Run scenarios one after the other.

    Raises
    ------
    KeyError
        There is no scenario of that name.
    """
    affected = affected_sweeps(partition)
    record = SweepRecord(partition, affected)
    recorded = flow_of_orders(
        partition.log, partition.tape, partition.settings.rules, partition.is_in
    ).ordered()
    posts = _posts(partition, affected)
    for name in names:
        if name not in SCENARIOS:
            raise KeyError(name)
        orders = recorded
        if name != AS_ENTERED:
            orders = _changed(partition, name, affected, recorded, posts)
        flow = with_market(orders, partition.market)
        yield _result(record, flow, partition.run(flow), date, security)


def run_scenario(partition: PartitionInput, name: str, date: str, security: int) -> ScenarioResult:
    """Run one scenario, see `scenario_results`."""
    return next(scenario_results(partition, [name], date, security))


def _result(
    record: SweepRecord, flow: OrderFlow, result: BookResult, date: str, security: int
) -> ScenarioResult:
    log, fills = record.partition.log, fills_of_sweeps(record, flow, result)
    return ScenarioResult(
        matches=match_table(log, flow, result.fills, date, security),
        order_summary=sweep_summary(record, fills, result, date, security),
        sweep_fills=sweep_fills(log, fills, date, security),
        fills=fills,
        event_count=flow.size,
        step_count=result.steps,
    )


def affected_sweeps(partition: PartitionInput) -> BoolArray:
    """bool[orders], the sweeps that a scenario may treat differently."""
    log = partition.log
    entries = entry_rows(log, partition.is_in)
    affected = np.zeros(log.order_id.size, dtype=bool)
    during = is_continuous(log.timestamp_ns[entries], partition.continuous)
    priced = (log.price_x2[entries] > 0) & (log.reason[entries] == NEW)
    affected[log.order[entries]] = log.is_sweep[entries] & during & priced
    return affected


def _changed(
    partition: PartitionInput, name: str, affected: BoolArray, recorded: OrderFlow, posts: OrderFlow
) -> OrderFlow:
    """The events of orders in a scenario that treats sweeps differently; what is given stays."""
    gone = np.zeros(recorded.size, dtype=bool)
    if name != DUAL_POST:
        gone = _lost_lit_fills(partition, recorded, affected, all_of_them=name == DARK_ONLY)
    flow = join(recorded.take(~gone), posts).ordered()
    events = flow.events
    amends = (events["kind"] == EventKind.AMEND) & affected[events["order"]]
    events["rests"][amends] = 1
    if name == DUAL_POST:
        improved = amends | (events["kind"] == EventKind.POST)
        events["limit_x2"][improved] = partition.log.posted_limit_x2[flow.source[improved]]
    return flow


def _lost_lit_fills(
    partition: PartitionInput, flow: OrderFlow, affected: BoolArray, *, all_of_them: bool
) -> BoolArray:
    """Recorded lit fills that the sweep cannot have: all, or those while it rested."""
    is_reduce = flow.events["kind"] == EventKind.REDUCE
    at = np.flatnonzero(is_reduce & affected[flow.events["order"]])
    gone = np.zeros(flow.size, dtype=bool)
    if at.size:
        assert partition.tape is not None, "only the tape makes REDUCE events"
        trade = flow.source[at]
        lost = ~partition.tape.is_dark[trade]
        gone[at] = lost if all_of_them else lost & ~partition.tape.is_aggressor[trade]
    return gone


def _posts(partition: PartitionInput, affected: BoolArray) -> OrderFlow:
    """POST events: what is left after the trades of the arrival rests in the dark."""
    log = partition.log
    entries = entry_rows(log, partition.is_in)
    rows = entries[affected[log.order[entries]] & ~log.is_immediate[entries]]
    events = order_events(log, rows, EventKind.POST)
    events["trades"] = 1
    flow = flow_of_rows(log, events, rows, AFTER_TRADES - 1)
    return flow.not_before(last_trade_sequence(log, partition.tape, rows), AFTER_TRADES - 1)
