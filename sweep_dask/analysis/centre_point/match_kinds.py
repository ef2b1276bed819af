"""Which matches are of which kind, on the tape and in a replay, and how many of each are hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.fidelity import Keys
from sweep_dask.analysis.centre_point.latest_rows import LatestRows
from sweep_dask.analysis.centre_point.order_checks import order_numbers
from sweep_dask.analysis.centre_point.order_flow import amendment_rows, entry_rows
from sweep_dask.analysis.centre_point.order_log import sweeps_of
from sweep_dask.analysis.centre_point.score import Tallies, Tally
from sweep_dask.matching.events import EventKind
from sweep_dask.terms.score import EVENTS, KINDS
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep_dask.analysis.centre_point.fidelity import Matches
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.centre_point.tape import DarkMatches
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.centre_point import BookResult

#: Of each name in `EVENTS` and `KINDS` whether a match is of it.
Kinds = dict[str, "BoolArray"]


def kinds_on_tape(partition: PartitionInput, recorded: DarkMatches, is_known: BoolArray) -> Kinds:
    """Of each match on the tape; an order that is not in the input is of no kind.

    Parameters
    ----------
    is_known
        bool[tape], whether both orders are in the book.
    """
    log, sweeps = partition.log, sweeps_of(partition.log)
    has_aggressor, aggressor = order_numbers(log, recorded.aggressor_id)
    amends = has_aggressor & _is_amendment(partition, aggressor, recorded.timestamp_ns)
    events = np.select([~is_known, recorded.both_passive, amends], [3, 2, 1], default=0)
    kinds = {name: events == number for number, name in enumerate(EVENTS)}
    kinds |= {name: np.zeros(recorded.size, dtype=bool) for name in KINDS}
    for order_id in (recorded.buy_order_id, recorded.sell_order_id):
        is_there, order = order_numbers(log, order_id)
        _add_leg(kinds, is_there, sweeps[order], order_id == recorded.aggressor_id)
    return kinds


def kinds_in_book(partition: PartitionInput, flow: OrderFlow, result: BookResult) -> Kinds:
    """Of each match that the book predicted."""
    sweeps, fills = sweeps_of(partition.log), result.fills
    is_amendment = flow.events["kind"][fills["event"]] == EventKind.AMEND
    events = np.select([fills["aggressor"] == 0, is_amendment], [2, 1], default=0)
    kinds = {name: events == number for number, name in enumerate(EVENTS)}
    kinds |= {name: np.zeros(fills.size, dtype=bool) for name in KINDS}
    everywhere = np.ones(fills.size, dtype=bool)
    for side, number in (("buy", BUY), ("sell", SELL)):
        _add_leg(kinds, everywhere, sweeps[fills[side]], fills["aggressor"] == number)
    return kinds


def tallies_of(tape: Matches, predicted: Matches, on_tape: Kinds, in_book: Kinds) -> Tallies:
    """Count each kind by itself: a hit is a hit only if it is of the same kind in both."""

    keys = Keys.of(tape, predicted)

    def counted(names: Iterable[str]) -> dict[str, Tally]:
        return {name: _tally(keys.only(on_tape[name], in_book[name])) for name in names}

    return Tallies(_tally(keys), counted(EVENTS), counted(KINDS))


def _tally(keys: Keys) -> Tally:
    is_hit, _ = keys.hits()
    return Tally(keys.tape.size, keys.exact.size, int(is_hit.sum()))


def _add_leg(
    kinds: Mapping[str, BoolArray], is_there: BoolArray, is_sweep: BoolArray, is_active: BoolArray
) -> None:
    """Note what one side of each match is."""
    for role, has_role in (("active", is_active), ("passive", ~is_active)):
        kinds[f"{role}_sweeps"][is_there & has_role & is_sweep] = True
        kinds[f"{role}_orders"][is_there & has_role & ~is_sweep] = True


def _is_amendment(partition: PartitionInput, order: IntArray, timestamp_ns: IntArray) -> BoolArray:
    """Whether an order that looked for contras at a time had been amended; else it arrived."""
    log, is_in = partition.log, partition.is_in
    amendments = amendment_rows(log, is_in)
    rows = np.sort(np.concatenate((entry_rows(log, is_in), amendments)))
    row = LatestRows(log.order[rows], log.timestamp_ns[rows]).at(order, timestamp_ns)
    is_amended: BoolArray = (row >= 0) & np.isin(rows[row] if rows.size else row, amendments)
    return is_amended
