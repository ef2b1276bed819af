"""The time-priority kernel: equal to the slow reference, fair to quantities, and linear."""

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_time_priority import match_by_time_priority_slowly

from sweep_dask.matching.time_priority import Candidates, Sweeps, match_by_time_priority
from sweep_dask.terms.sides import BUY, SELL

MORNING_NS = 1_728_000_000_000_000_000  # too many digits for a float
OFFSETS = st.integers(0, 12)
#: 0 is no side at all.
SIDES = st.sampled_from([BUY, SELL, BUY, SELL, 0])


def candidates_of(rows):
    """Candidates from (offset, side, quantity, priced), sorted by offset."""
    rows = sorted(rows, key=lambda row: row[0])
    return Candidates(
        np.array([MORNING_NS + row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int8),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([row[3] for row in rows], dtype=bool),
    )


def sweeps_of(rows):
    """Sweeps from (side, start, end, available)."""
    return Sweeps(
        np.array([row[0] for row in rows], dtype=np.int8),
        np.array([MORNING_NS + row[1] for row in rows], dtype=np.int64),
        np.array([MORNING_NS + row[2] for row in rows], dtype=np.int64),
        np.array([row[3] for row in rows], dtype=np.int64),
    )


def as_tuples(matches):
    return list(
        zip(
            matches.candidate.tolist(),
            matches.sweep.tolist(),
            matches.quantity.tolist(),
            strict=True,
        )
    )


# Few instants and small quantities: ties, used-up contras and empty windows are common.
markets = st.tuples(
    st.lists(st.tuples(OFFSETS, SIDES, st.integers(0, 5), st.booleans()), max_size=25).map(
        candidates_of
    ),
    st.lists(st.tuples(SIDES, OFFSETS, OFFSETS, st.integers(-1, 12)), max_size=15).map(sweeps_of),
)


# The first example compiles.
@given(markets)
def test_the_kernel_equals_the_reference(market):
    matches = match_by_time_priority(*market)
    assert as_tuples(matches) == as_tuples(match_by_time_priority_slowly(*market))


# The first example compiles.
@given(markets)
def test_quantities_are_conserved(market):
    candidates, sweeps = market
    matches = match_by_time_priority(candidates, sweeps)
    used = np.bincount(matches.candidate, matches.quantity, candidates.quantity.size)
    filled = np.bincount(matches.sweep, matches.quantity, sweeps.available.size)
    assert (matches.quantity > 0).all()
    assert (used <= candidates.quantity).all()
    assert (filled <= np.maximum(sweeps.available, 0)).all()


# The first example compiles.
@given(markets)
def test_every_match_is_allowed_and_in_order(market):
    candidates, sweeps = market
    matches = match_by_time_priority(candidates, sweeps)
    time_ns = candidates.timestamp_ns[matches.candidate]
    assert (time_ns >= sweeps.start_ns[matches.sweep]).all()
    assert (time_ns <= sweeps.end_ns[matches.sweep]).all()
    assert candidates.priced[matches.candidate].all()
    # 1 buys from 2 and the reverse.
    assert (candidates.side[matches.candidate] + sweeps.side[matches.sweep] == BUY + SELL).all()
    pairs = list(zip(matches.sweep, matches.candidate, strict=True))
    assert pairs == sorted(set(pairs))


# The first example compiles.
@given(markets)
def test_the_inputs_are_left_as_they_were(market):
    before = [array.copy() for table in market for array in table]
    match_by_time_priority(*market)
    for array, copy in zip((array for table in market for array in table), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_contra_is_shared_and_both_ends_of_a_window_count():
    # Sweep 0 takes 3 of the 5 at its last instant; sweep 1 the other 2 at its first.
    candidates = candidates_of([(4, SELL, 5, True)])
    sweeps = sweeps_of([(BUY, 0, 4, 3), (BUY, 4, 9, 3)])
    assert as_tuples(match_by_time_priority(candidates, sweeps)) == [(0, 0, 3), (0, 1, 2)]


def test_both_directions_are_told_in_the_order_of_the_sweeps():
    candidates = candidates_of([(1, BUY, 5, True), (2, SELL, 5, True)])
    sweeps = sweeps_of([(SELL, 0, 9, 1), (BUY, 0, 9, 2), (SELL, 0, 9, 3)])
    expected = [(0, 0, 1), (1, 1, 2), (0, 2, 3)]
    assert as_tuples(match_by_time_priority(candidates, sweeps)) == expected


def used_up_in_turn(size):
    """Every sweep may take any contra; each takes one share, that is one whole contra."""
    return np.zeros(size), np.full(size, size), np.ones(size)


def used_up_at_once(size):
    """The first sweep takes everything; all others look for contras from every instant."""
    available = np.ones(size)
    available[0] = size
    start = np.arange(size)
    return start, np.full(size, size), available


def used_up_backwards(size):
    """Windows open ever earlier: each search ends in front of a growing used-up stretch."""
    return np.arange(size)[::-1], np.full(size, size), np.full(size, 2)


def steps_of(windows, size):
    start, end, available = (values.astype(np.int64) for values in windows(size))
    candidates = Candidates(
        MORNING_NS + np.arange(size),
        np.full(size, SELL, dtype=np.int8),
        np.ones(size, dtype=np.int64),
        np.ones(size, dtype=bool),
    )
    sweeps = Sweeps(
        np.full(size, BUY, dtype=np.int8), MORNING_NS + start, MORNING_NS + end, available
    )
    return match_by_time_priority(candidates, sweeps).steps


@pytest.mark.parametrize("windows", [used_up_in_turn, used_up_at_once, used_up_backwards])
def test_a_used_up_side_costs_no_more_than_a_search(windows):
    half, whole = steps_of(windows, 25_000), steps_of(windows, 50_000)
    assert whole / half < 2.5
    # A search of log2(n) probes and a few looks for each sweep.
    assert whole < 3 * 50_000 * log2(50_000)


# The first example compiles.
@given(markets)
def test_the_reference_looks_at_everything(market):
    candidates, sweeps = market
    steps = match_by_time_priority_slowly(candidates, sweeps).steps
    assert steps == candidates.quantity.size * sweeps.available.size
