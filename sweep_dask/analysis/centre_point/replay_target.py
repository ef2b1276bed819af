"""What the tape of one partition says, for a replay to be measured against."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.fidelity import Kinds, Matches, as_matches, kinds_on_tape
from sweep_dask.analysis.centre_point.latest_rows import LatestRows
from sweep_dask.analysis.centre_point.order_checks import order_numbers
from sweep_dask.analysis.centre_point.order_flow import incoming_rows, rests_in_dark
from sweep_dask.analysis.centre_point.score import Amounts, tape_amounts
from sweep_dask.analysis.centre_point.tape import DarkMatches, dark_matches
from sweep_dask.compiled import entry
from sweep_dask.terms.sides import SELL

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.tables import BoolArray, IntArray


@dataclass(frozen=True)
class Arrivals:
    """Incoming orders that traded in the dark on the tape, one element each."""

    row: IntArray
    """int64, the log row with which it looked for contras."""
    match: list[IntArray]
    """Its matches, as positions on the tape."""
    feasible: IntArray
    """int64, contras on the book that could take part."""
    offered: IntArray
    """int64, shares they offer together."""
    traded: IntArray
    """int64, shares it traded in the dark."""

    @property
    def is_contested(self) -> BoolArray:
        """bool, whether priority among the contras decides."""
        return (self.feasible >= 2) & (self.offered > self.traded)


def find_arrivals(
    log: OrderLog,
    tape: Matches,
    aggressor_id: IntArray,
    trigger_rows: IntArray,
    rests: BoolArray,
) -> Arrivals:
    """The arrivals on the tape and the contras they found on the recorded book.

    Parameters
    ----------
    aggressor_id
        int64[tape], the incoming order of each match; any other value where there is none.
    trigger_rows
        int64, rows that look for contras, ascending.
    rests
        bool[rows], whether the order rests in the dark after the row.
    """
    known, order = order_numbers(log, aggressor_id)
    latest = LatestRows(log.order[trigger_rows], log.timestamp_ns[trigger_rows])
    trigger = latest.at(order, tape.timestamp_ns)
    found = np.flatnonzero(known & (trigger >= 0) & ~tape.both_passive)
    rows, first, arrival = np.unique(
        trigger_rows[trigger[found]], return_index=True, return_inverse=True
    )
    traded = np.bincount(arrival, tape.quantity[found], minlength=rows.size).astype(np.int64)
    feasible, offered = count_contras(
        log.order,
        log.side,
        log.limit_x2,
        log.leaves,
        np.where(log.single_fill, log.minimum_quantity, 0),
        rests,
        log.order_id.size,
        rows,
        tape.price_x2[found[first]],
    )
    matches = [found[arrival == number] for number in range(rows.size)]
    return Arrivals(rows, matches, feasible, offered, traded)


@entry
def count_contras(
    order: IntArray,
    side: IntArray,
    limit_x2: IntArray,
    leaves: IntArray,
    single_minimum: IntArray,
    rests: BoolArray,
    orders: int,
    arrival_row: IntArray,
    price_x2: IntArray,
) -> tuple[IntArray, IntArray]:
    """Walk the log once, with the resting orders of each side in a list without order."""
    resting = np.empty((2, orders), np.int64)
    count = np.zeros(2, np.int64)
    position = np.full(orders, -1, np.int64)
    last_row = np.full(orders, -1, np.int64)
    feasible = np.zeros(arrival_row.size, np.int64)
    offered = np.zeros(arrival_row.size, np.int64)
    arrival = 0
    for row in range(order.size):
        if arrival < arrival_row.size and arrival_row[arrival] == row:
            contra_side = 2 - side[row]
            for index in range(count[contra_side]):
                contra = last_row[resting[contra_side, index]]
                price, limit = price_x2[arrival], limit_x2[contra]
                agrees = limit <= price if side[contra] == SELL else limit >= price
                if agrees and single_minimum[contra] <= leaves[row] and order[contra] != order[row]:
                    feasible[arrival] += 1
                    offered[arrival] += leaves[contra]
            arrival += 1
        number = order[row]
        book = side[row] - 1
        if rests[row] and position[number] < 0:
            position[number] = count[book]
            resting[book, count[book]] = number
            count[book] += 1
        elif not rests[row] and position[number] >= 0:
            count[book] -= 1
            moved = resting[book, count[book]]
            resting[book, position[number]] = moved
            position[moved] = position[number]
            position[number] = -1
        last_row[number] = row
    return feasible, offered


def random_hit_probability(feasible: int, contra_leaves: IntArray, filled: IntArray) -> float:
    """The chance that random priority among the feasible contras makes just these fills.

    The contras filled come first in 1 of `comb(feasible, fills)` draws; the one filled in part
    must be the last of them. Two filled in part no order of the queue explains. `contra_leaves`
    and `filled` are int64[fills], what each contra had, and what it got.
    """
    partly = int((filled < contra_leaves).sum())
    if partly > 1 or filled.size > feasible:
        return 0.0
    first = 1 / comb(feasible, filled.size)
    return first / filled.size if partly else first


@dataclass(frozen=True)
class Target:
    """What the tape says, which no rule changes."""

    recorded: DarkMatches
    tape: Matches
    is_known: BoolArray
    """bool[tape], whether both orders are in the book: in the input, and not left out."""
    reachable: int
    """Matches with both orders in the input."""
    minimum_in_force: BoolArray
    aggressor: IntArray
    """int64[tape], dense number of the incoming order of a match, or -1."""
    contested: list[tuple[IntArray, float]]
    """Of each contested arrival its matches on the tape, and the chance of random priority."""
    kinds: Kinds
    """Of each match on the tape."""
    sweeps: Amounts
    """What each sweep really filled."""

    @classmethod
    def of(cls, partition: PartitionInput) -> Target:
        """Read it off the tape.

        Raises
        ------
        ValueError
            There is no tape.
        """
        log, tape = partition.log, partition.tape
        if tape is None:
            raise ValueError("a replay needs trades with deal source, match group and side")
        recorded = dark_matches(tape, partition.continuous)
        matches = as_matches(recorded)
        buys, buy = order_numbers(log, recorded.buy_order_id)
        sells, sell = order_numbers(log, recorded.sell_order_id)
        has_aggressor, aggressor = order_numbers(log, recorded.aggressor_id)
        is_known = buys & sells & partition.is_in[buy] & partition.is_in[sell]
        rows = LatestRows(log.order, log.timestamp_ns)
        before = [rows.before(order, recorded.timestamp_ns) for order in (buy, sell)]
        minimum = [np.where(row >= 0, log.minimum_quantity[row], 0) for row in before]
        return cls(
            recorded,
            matches,
            is_known,
            int((buys & sells).sum()),
            is_known & ((minimum[0] > 0) | (minimum[1] > 0)),
            np.where(has_aggressor, aggressor, -1),
            _contested(partition, recorded, matches, is_known, before),
            kinds_on_tape(partition, recorded, is_known),
            tape_amounts(partition),
        )


def _contested(
    partition: PartitionInput,
    recorded: DarkMatches,
    matches: Matches,
    is_known: BoolArray,
    row_before: list[IntArray],
) -> list[tuple[IntArray, float]]:
    log, rules = partition.log, partition.settings.rules
    rests = rests_in_dark(log, rules) & log.is_on_book & (log.leaves > 0)
    rests &= partition.is_in[log.order]
    # Whose limits allow a price is asked of the exact one.
    exact = matches._replace(price_x2=recorded.exact_x2)
    incoming = incoming_rows(log, partition.is_in)
    arrivals = find_arrivals(log, exact, recorded.aggressor_id, incoming, rests)
    return [
        (at, _random_chance(partition, arrivals, number, matches, recorded, row_before))
        for number, at in enumerate(arrivals.match)
        if arrivals.is_contested[number] and is_known[at].all()
    ]


def _random_chance(
    partition: PartitionInput,
    arrivals: Arrivals,
    number: int,
    matches: Matches,
    recorded: DarkMatches,
    row_before: list[IntArray],
) -> float:
    at = arrivals.match[number]
    is_buy = recorded.aggressor_id[at[0]] == matches.buy_order_id[at[0]]
    contra_row = row_before[1 if is_buy else 0][at]
    # A contra without an earlier row came in the same instant; it is taken as filled whole.
    leaves = partition.log.leaves[contra_row]
    contra_leaves = np.where(contra_row >= 0, leaves, matches.quantity[at])
    return random_hit_probability(
        int(arrivals.feasible[number]), contra_leaves, matches.quantity[at]
    )
