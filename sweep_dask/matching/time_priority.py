"""The time-priority model: sweeps take whatever arrived on the other side, oldest first.

No limit price, minimum quantity or cancellation is looked at. A contra is offered for the whole
window of the sweep, at its entry quantity, until sweeps have used it up. An order whose side is
neither buy nor sell matches nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep_dask.compiled import entry, kernel
from sweep_dask.terms.sides import BUY, SELL

IntArray = NDArray[np.int64]
SideArray = NDArray[np.int8]
BoolArray = NDArray[np.bool_]


class Candidates(NamedTuple):
    """The orders that may be a contra, ascending by (timestamp, sequence)."""

    timestamp_ns: IntArray
    """int64[candidates], ns UTC, not descending."""
    side: SideArray
    """int8[candidates], 1 buy, 2 sell."""
    quantity: IntArray
    """int64[candidates], shares; an order without any is passed over."""
    priced: BoolArray
    """bool[candidates], whether a price is known; an order without one is passed over."""


class Sweeps(NamedTuple):
    """The orders that look for contras, in the order in which they do so."""

    side: SideArray
    """int8[sweeps], 1 buy, 2 sell."""
    start_ns: IntArray
    """int64[sweeps], ns UTC: the first instant of the window."""
    end_ns: IntArray
    """int64[sweeps], ns UTC: the last instant of the window, which belongs to it."""
    available: IntArray
    """int64[sweeps], shares to fill; zero or less fills nothing."""


class Matches(NamedTuple):
    """The matches in the order they were made: by sweep, then by arrival of the contra."""

    candidate: IntArray
    """int64[matches], index of the contra among the candidates."""
    sweep: IntArray
    """int64[matches], index among the sweeps, not descending."""
    quantity: IntArray
    """int64[matches], shares, each above zero."""
    steps: int
    """What the matching cost: contras looked at, hops over used-up contras, search probes."""


def match_by_time_priority(candidates: Candidates, sweeps: Sweeps) -> Matches:
    """Fill each sweep in turn from the contras that arrived in its window, oldest first.

    Costs O((candidates + sweeps) log candidates) steps, however many contras are used up.
    """
    # A contra is used by sweeps of the other side only, so the two directions are independent.
    buying = _match_side(candidates, sweeps, sweep_side=BUY, contra_side=SELL)
    selling = _match_side(candidates, sweeps, sweep_side=SELL, contra_side=BUY)
    sweep = np.concatenate((buying.sweep, selling.sweep))
    created = np.argsort(sweep, kind="stable")
    return Matches(
        candidate=np.concatenate((buying.candidate, selling.candidate))[created],
        sweep=sweep[created],
        quantity=np.concatenate((buying.quantity, selling.quantity))[created],
        steps=buying.steps + selling.steps,
    )


def _match_side(
    candidates: Candidates, sweeps: Sweeps, *, sweep_side: int, contra_side: int
) -> Matches:
    live = candidates.priced & (candidates.quantity > 0)
    contras = np.flatnonzero(live & (candidates.side == contra_side))
    takers = np.flatnonzero((sweeps.side == sweep_side) & (sweeps.available > 0))
    contra, taker, quantity, steps = fill_sweeps(
        candidates.timestamp_ns[contras],
        candidates.quantity[contras],
        sweeps.start_ns[takers],
        sweeps.end_ns[takers],
        sweeps.available[takers],
    )
    return Matches(contras[contra], takers[taker], quantity, int(steps))


@entry
def fill_sweeps(
    timestamp_ns: IntArray,
    remaining: IntArray,
    start_ns: IntArray,
    end_ns: IntArray,
    available: IntArray,
) -> tuple[IntArray, IntArray, IntArray, int]:
    """Match sweeps of one side with the contras of the other; `remaining` is used up."""
    contras = timestamp_ns.size
    next_live = np.arange(contras + 1)
    # Each match uses up its contra or fills its sweep.
    most_matches = contras + available.size
    contra = np.empty(most_matches, np.int64)
    sweep = np.empty(most_matches, np.int64)
    quantity = np.empty(most_matches, np.int64)
    matches = 0
    steps = 0
    for taker in range(available.size):
        left = available[taker]
        position, probes = _first_arrival(timestamp_ns, start_ns[taker])
        steps += probes
        while left > 0:
            position, hops = _live_contra(next_live, position)
            steps += hops + 1
            if position == contras or timestamp_ns[position] > end_ns[taker]:
                break
            filled = min(left, remaining[position])
            contra[matches] = position
            sweep[matches] = taker
            quantity[matches] = filled
            matches += 1
            left -= filled
            remaining[position] -= filled
            if remaining[position] == 0:
                next_live[position] = position + 1
    return contra[:matches], sweep[:matches], quantity[:matches], steps


@kernel
def _first_arrival(timestamp_ns: IntArray, start_ns: int) -> tuple[int, int]:
    """The first position at or after an instant by binary search, and the probes it took."""
    low = 0
    high = timestamp_ns.size
    probes = 0
    while low < high:
        middle = (low + high) // 2
        probes += 1
        if timestamp_ns[middle] < start_ns:
            low = middle + 1
        else:
            high = middle
    return low, probes


@kernel
def _live_contra(next_live: IntArray, position: int) -> tuple[int, int]:
    """The first contra from a position on that is not used up, and the hops it took.

    A union-find: each path walked is halved, so a used-up stretch is crossed only once.
    """
    hops = 0
    while next_live[position] != position:
        next_live[position] = next_live[next_live[position]]
        position = next_live[position]
        hops += 1
    return position, hops
