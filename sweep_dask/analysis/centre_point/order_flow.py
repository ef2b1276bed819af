"""Events for the Centre Point book from the order log, the tape and the quotes, in engine order.

Everything an event carries was known when it happened: the row's own values, the quote stamped
before it, preferenced trades that lie in the past. `require_causal` asserts it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.latest_rows import LatestRows
from sweep_dask.analysis.centre_point.lit_levels import find_searches
from sweep_dask.market.change_reasons import NEW
from sweep_dask.market.order_codes import ANY_PRICE_BLOCKS, DARK_LIMITS, is_dual_posted
from sweep_dask.matching.events import EVENT, EventKind, Style, Validity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.inputs import MarketEvents
    from sweep_dask.analysis.centre_point.lit_levels import Searches
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.centre_point.tape import Tape
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.rules import Rules

#: Events of one sequence number follow each other in this order; a step of 1 apart.
_STEPS = 4
#: What a transaction leaves to do after its trades: a remainder is cancelled, or posted.
AFTER_TRADES = 3

#: Events as bytes, which are copied at once.
_BYTES = np.dtype((np.void, EVENT.itemsize))


@dataclass(frozen=True)
class OrderFlow:
    """Events in engine order; the arrays have one element an event."""

    events: NDArray[np.void]
    """`EVENT[n]`."""
    timestamp_ns: IntArray
    """int64, ns UTC, not descending."""
    key: IntArray
    """int64, position in engine order: four times the sequence number, plus the step."""
    source: IntArray
    """int64, the row it comes from: of the order log or, for a REDUCE, of the tape; else -1."""

    @property
    def size(self) -> int:
        """Number of events."""
        return self.events.size

    def ordered(self) -> OrderFlow:
        """The same events by sequence number, time and step; equal ones keep their order.

        A sequence number belongs to one transaction, at one time. Where it is repeated, time tells
        the transactions apart.
        """
        return self.take(np.lexsort((self.key, self.timestamp_ns, self.key // _STEPS)))

    def not_before(self, sequence: IntArray, step: int) -> OrderFlow:
        """The same events, each at the earliest at a step of a sequence number."""
        return replace(self, key=np.maximum(self.key, _STEPS * sequence + step))

    def take(self, chosen: IntArray | BoolArray) -> OrderFlow:
        """Some of the events."""
        rows = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        # Records that are taken are copied as bytes; indexed, field by field, sixty times as slow.
        events = self.events.take(rows)
        return OrderFlow(events, self.timestamp_ns[rows], self.key[rows], self.source[rows])


def join(*flows: OrderFlow) -> OrderFlow:
    """All events of several flows, one flow after the other."""
    return OrderFlow(
        np.concatenate([flow.events.view(_BYTES) for flow in flows]).view(EVENT),
        np.concatenate([flow.timestamp_ns for flow in flows]),
        np.concatenate([flow.key for flow in flows]),
        np.concatenate([flow.source for flow in flows]),
    )


def free_flow(
    log: OrderLog, tape: Tape | None, rules: Rules, is_in: BoolArray, market: MarketEvents
) -> OrderFlow:
    """Recorded entries, amendments, cancels and lit fills; dark fills are the book's own.

    A recorded dark fill whose counterparty is not in the input counts as given. `is_in`:
    bool[orders], False for those left out of the book.
    """
    return with_market(flow_of_orders(log, tape, rules, is_in).ordered(), market)


def flow_of_orders(log: OrderLog, tape: Tape | None, rules: Rules, is_in: BoolArray) -> OrderFlow:
    """The same without the market around it, and not yet ordered."""
    orders = join(entries_and_amendments(log, rules, is_in), _cancels(log, tape, is_in))
    if tape is None:
        return orders
    return join(orders, given_fills(tape, is_in), _repeated_searches(log, tape, is_in))


# --- orders -------------------------------------------------------------------------------------


#: What an event says of its order as the log has it, under the same name.
_TERMS = (
    *("order", "side", "limit_x2", "minimum_quantity", "participant", "crossing_key"),
    *("single_fill", "preference_only", "is_sweep", "bid", "offer"),
)


def order_events(log: OrderLog, rows: IntArray, kind: EventKind) -> NDArray[np.void]:
    """`EVENT[rows]` of one kind with the terms of each row; quantity is the leaves."""
    events = np.zeros(rows.size, dtype=EVENT)
    for name in _TERMS:
        events[name] = getattr(log, name)[rows]
    midtick = log.effective_midtick[rows]
    events["kind"] = kind
    events["style"] = np.where(
        np.isin(midtick, ANY_PRICE_BLOCKS),
        Style.ANY_PRICE_BLOCK,
        np.where(np.isin(midtick, DARK_LIMITS), Style.DARK_LIMIT, Style.MIDPOINT),
    )
    events["validity"] = np.where(log.is_immediate[rows], Validity.FILL_AND_KILL, Validity.DAY)
    events["has_quote"] = (log.bid[rows] > 0) | (log.offer[rows] > 0)
    events["price"] = log.price_x2[rows] // 2
    events["quantity"] = log.leaves[rows]
    return events


def entries_and_amendments(log: OrderLog, rules: Rules, is_in: BoolArray) -> OrderFlow:
    """ENTER and AMEND events; both look for contras, R1, R15, R16."""
    entries, amendments = entry_rows(log, is_in), amendment_rows(log, is_in)
    enter = order_events(log, entries, EventKind.ENTER)
    enter["quantity"] += matched_on_entry(log)[entries]
    enter["trades"] = 1
    enter["rests"] = rests_in_dark(log, rules)[entries]
    amend = order_events(log, amendments, EventKind.AMEND)
    amend["quantity"] = log.leaves_change[amendments]
    amend["keeps_place"] = keeps_place(log, rules)[amendments]
    amend["trades"] = _amendment_trades(log, rules)[amendments]
    amend["rests"] = rests_in_dark(log, rules)[amendments]
    return join(flow_of_rows(log, enter, entries, 0), flow_of_rows(log, amend, amendments, 0))


def matched_on_entry(log: OrderLog) -> IntArray:
    """int64, what a new order had traded by its first row; a reloaded one did on other days."""
    return np.where(log.is_first & (log.reason == NEW), log.matched, 0)


def flow_of_rows(log: OrderLog, events: NDArray[np.void], rows: IntArray, step: int) -> OrderFlow:
    """Events at the position of their log rows."""
    return OrderFlow(events, log.timestamp_ns[rows], _STEPS * log.sequence[rows] + step, rows)


def entry_rows(log: OrderLog, is_in: BoolArray) -> IntArray:
    """Rows with which orders come into the book: each first row that is no exit."""
    inactive = log.is_first & ~log.enters & ~log.is_on_book
    return np.flatnonzero(log.is_first & ~log.exits & ~inactive & is_in[log.order])


def amendment_rows(log: OrderLog, is_in: BoolArray) -> IntArray:
    """Rows that change the terms of an order; fills and what they reset are no amendments."""
    from_fill = log.newly_matched > 0
    changed = (
        log.changed(log.price_x2)
        | log.changed(log.midtick)
        | (log.leaves_change != 0)
        | (log.changed(log.minimum_quantity) & ~from_fill)
        | log.changed(log.single_fill.astype(np.int64))
        | log.changed(log.crossing_key)
    )
    stays = ~log.is_first & ~log.exits & ~log.enters & ~from_fill
    return np.flatnonzero(changed & stays & is_in[log.order])


def incoming_rows(log: OrderLog, is_in: BoolArray) -> IntArray:
    """Rows with which orders look for contras: those of entries and amendments, ascending."""
    return np.sort(np.concatenate((entry_rows(log, is_in), amendment_rows(log, is_in))))


def rests_in_dark(log: OrderLog, rules: Rules) -> BoolArray:
    """Whether what is left of an order rests where later orders find it; R22, R23."""
    return log.is_dark | (is_dual_posted(log.type, log.midtick) & rules.dual_post)


def keeps_place(log: OrderLog, rules: Rules) -> BoolArray:
    """Whether an amendment leaves the order its place; R14."""
    return ~log.loses_place | (not rules.priority_loss)


def _amendment_trades(log: OrderLog, rules: Rules) -> BoolArray:
    if not rules.amendment_trigger:
        return np.zeros(log.size, dtype=bool)
    decrease_only = (log.leaves_change < 0) & ~log.loses_place
    return ~decrease_only | rules.decrease_trigger


def _cancels(log: OrderLog, tape: Tape | None, is_in: BoolArray) -> OrderFlow:
    """CANCEL events. The remainder of an order that traded goes after its trades."""
    off_book = log.enters & ~log.is_first & ~log.is_on_book & (log.leaves > 0)
    rows = np.flatnonzero((log.exits | off_book) & ~log.is_first & is_in[log.order])
    flow = flow_of_rows(log, order_events(log, rows, EventKind.CANCEL), rows, AFTER_TRADES)
    return flow.not_before(last_trade_sequence(log, tape, rows), AFTER_TRADES)


def last_trade_sequence(log: OrderLog, tape: Tape | None, rows: IntArray) -> IntArray:
    """Sequence of the last trade of each row's order at the row's time, else of the row."""
    last = log.sequence[rows].copy()
    if tape is None:
        return last
    known, order = tape.is_known, tape.order
    at = np.flatnonzero(known)
    trade = LatestRows(order[at], tape.timestamp_ns[at]).at(log.order[rows], log.timestamp_ns[rows])
    found = trade >= 0
    last[found] = np.maximum(last[found], tape.sequence[at[trade[found]]])
    return last


def given_fills(tape: Tape, is_in: BoolArray) -> OrderFlow:
    """REDUCE events: lit fills, and dark ones whose counterparty is not in the book."""
    known, order = tape.is_known, tape.order
    known = known & is_in[order]
    rows = np.flatnonzero(known & (~tape.is_dark | ~_both_legs(tape, known)))
    events = np.zeros(rows.size, dtype=EVENT)
    events["kind"] = EventKind.REDUCE
    events["order"] = order[rows]
    events["quantity"] = tape.quantity[rows]
    return OrderFlow(events, tape.timestamp_ns[rows], _STEPS * tape.sequence[rows], rows)


def _repeated_searches(log: OrderLog, tape: Tape, is_in: BoolArray) -> OrderFlow:
    """TAKE events: a sweep searches the dark again before it takes the next lit level; R22."""
    searches = find_searches(log, tape, incoming_rows(log, is_in))
    rows, key = searches.row, _STEPS * searches.last_sequence + 1
    return OrderFlow(search_events(log, searches), log.timestamp_ns[rows], key, rows)


def search_events(log: OrderLog, searches: Searches) -> NDArray[np.void]:
    """`EVENT[searches]`, TAKE events with the quote between two lit levels."""
    events = order_events(log, searches.row, EventKind.TAKE)
    events["trades"] = events["has_quote"] = 1
    events["bid"], events["offer"] = searches.bid, searches.offer
    return events


def _both_legs(tape: Tape, known: BoolArray) -> BoolArray:
    """bool[trades], whether both orders of the match are in the book."""
    _, group = np.unique(tape.match, return_inverse=True)
    legs = np.bincount(group[known], minlength=int(group.max(initial=-1)) + 1)
    both: BoolArray = legs[group] == 2
    return both


# --- the market around the orders ---------------------------------------------------------------


def with_market(flow: OrderFlow, market: MarketEvents) -> OrderFlow:
    """Put sessions, quote moves and opt-ins where they belong among ordered events of orders.

    Each comes ahead of the first event that may know of it.
    """
    position = np.where(
        market.is_known_later,
        np.searchsorted(flow.timestamp_ns, market.timestamp_ns, side="right"),
        np.searchsorted(flow.timestamp_ns, market.timestamp_ns, side="left"),
    )
    order = np.lexsort((market.timestamp_ns, position))
    nowhere = np.full(order.size, -1, dtype=np.int64)
    around = OrderFlow(market.events, market.timestamp_ns, nowhere, nowhere).take(order)
    # An event of an order stands between two positions.
    slot = np.concatenate((2 * np.arange(flow.size) + 1, 2 * position[order]))
    merged = join(flow, around).take(np.argsort(slot, kind="stable"))
    require_causal(merged)
    return merged


def require_causal(flow: OrderFlow) -> None:
    """Assert that no event stands behind one that happened after it.

    Raises
    ------
    AssertionError
        An event would know of something later: a defect of this package.
    """
    backwards = np.flatnonzero(np.diff(flow.timestamp_ns) < 0)
    if backwards.size:
        at = int(backwards[0])
        raise AssertionError(
            f"event {at + 1} at {flow.timestamp_ns[at + 1]} follows one at {flow.timestamp_ns[at]}"
        )
