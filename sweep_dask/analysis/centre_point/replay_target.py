"""What the tape of one partition says, for a replay to be measured against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.contested import (
    Arrivals,
    find_arrivals,
    random_hit_probability,
)
from sweep_dask.analysis.centre_point.dark_sweeps import Amounts, tape_amounts
from sweep_dask.analysis.centre_point.fidelity import Matches, as_matches
from sweep_dask.analysis.centre_point.latest_rows import LatestRows
from sweep_dask.analysis.centre_point.match_kinds import Kinds, kinds_on_tape
from sweep_dask.analysis.centre_point.order_checks import order_numbers
from sweep_dask.analysis.centre_point.order_flow import incoming_rows, rests_in_dark
from sweep_dask.analysis.centre_point.tape import DarkMatches, dark_matches

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.tables import BoolArray, IntArray


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
