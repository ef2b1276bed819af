"""Sweeps that re-enter what was left of another, by hand and against the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_cases import BUY, HALF, SECOND, SELL, ints, make_sweeps

from sweep_dask.analysis.metrics.populations import parents


def joined(*sweeps, participants=None):
    """Of rows of (order_id, arrival, end, shares, filled[, side]): parents and what each adds."""
    rows = [
        (order_id, *(side or [BUY]), arrival, end, 0, shares, 0, 0)
        for order_id, arrival, end, shares, _, *side in sweeps
    ]
    participant = ints(participants or [8] * len(rows))
    found = parents(make_sweeps(*rows), participant, ints([row[4] for row in sweeps]))
    return list(zip(found["parent_id"].tolist(), found["added_quantity"].tolist(), strict=True))


def test_the_same_shares_again_are_wanted_once():
    first, again = (11, 0, SECOND, 100, 0), (12, SECOND + HALF, 9 * SECOND, 100, 0)
    assert joined(first, again) == [(11, 100), (11, 0)]


@pytest.mark.parametrize(
    ("later_ns", "is_joined"), [(0, True), (SECOND, True), (SECOND + 1, False), (-1, False)]
)
def test_within_a_second_of_the_end(later_ns, is_joined):
    """Not before it: two that work at the same time want their shares both."""
    found = joined((11, 0, 5 * SECOND, 100, 0), (12, 5 * SECOND + later_ns, 9 * SECOND, 70, 0))
    assert found == [(11, 100), (11, 0) if is_joined else (12, 70)]


@pytest.mark.parametrize(
    ("again", "participants"),
    [
        ((12, SECOND, SECOND, 50, 0, SELL), [8, 8]),
        ((12, SECOND, SECOND, 50, 0), [8, 9]),
        # Of the unknown nobody can say that they are one.
        ((12, SECOND, SECOND, 50, 0), [-1, -1]),
    ],
)
def test_of_one_participant_and_side(again, participants):
    found = joined((11, 0, SECOND, 100, 0), again, participants=participants)
    assert found == [(11, 100), (12, 50)]


def test_what_was_complete_is_not_entered_again():
    assert joined((11, 0, SECOND, 100, 100), (12, SECOND, SECOND, 50, 0)) == [(11, 100), (12, 50)]


def test_a_re_entry_adds_what_was_not_wanted_before():
    """60 are left; 90 are entered, which with the 40 filled makes 130. Then 10 + 40 are filled."""
    chain = [(11, 0, 1, 100, 40), (12, 2, 3, 90, 10), (13, 4, 5, 80, 0), (14, 6, 7, 81, 0)]
    assert joined(*chain) == [(11, 100), (11, 30), (11, 0), (11, 1)]


def test_less_and_then_as_much_again_adds_nothing():
    assert joined((11, 0, 1, 100, 0), (12, 2, 3, 50, 0), (13, 4, 5, 100, 0)) == [
        *((11, 100), (11, 0), (11, 0))
    ]


def test_two_side_by_side_are_re_entered_side_by_side():
    """The one that ended last is taken, of those of one instant the one entered last."""
    both = [(11, 0, 9, 100, 0), (12, 1, 9, 100, 0)]
    assert joined(*both, (13, 10, 20, 100, 0), (14, 11, 20, 100, 0)) == [
        *((11, 100), (12, 100), (12, 0), (11, 0))
    ]


def test_one_is_re_entered_once():
    assert joined((11, 0, 9, 100, 0), (12, 10, 20, 100, 0), (13, 11, 20, 100, 0)) == [
        *((11, 100), (11, 0), (13, 100))
    ]


def test_shares_beyond_a_float():
    size = 2**53 + 1
    assert joined((11, 0, 1, size, 0), (12, 2, 3, size + 1, 0)) == [(11, size), (11, 1)]


def test_no_sweeps():
    assert joined() == []


SWEEP = st.tuples(
    *(st.integers(0, 6), st.integers(0, 3), st.integers(0, 90), st.integers(0, 90)),
    *(st.sampled_from([BUY, SELL]), st.sampled_from([-1, 7, 8])),
)


@given(st.lists(SWEEP, max_size=12), st.randoms(use_true_random=False))
def test_chains_as_defined_in_any_order_of_rows(drawn, random):
    drawn.sort(key=lambda row: row[0])
    sweeps = [
        (number, at * HALF, (at + worked) * HALF, max(shares, filled), filled, side)
        for number, (at, worked, shares, filled, side, _) in enumerate(drawn)
    ]
    who = [row[5] for row in drawn]
    found = joined(*sweeps, participants=who)
    assert found == slowly(sweeps, who)
    # What fills was wanted.
    for parent in {parent for parent, _ in found}:
        of = [number for number, (one, _) in enumerate(found) if one == parent]
        assert sum(sweeps[n][4] for n in of) <= sum(found[n][1] for n in of)
    # Rows of one instant keep their order, which is that of the engine.
    keys = [(random.random(), at) for at in range(7)]
    order = sorted(range(len(drawn)), key=lambda n: keys[drawn[n][0]])
    shuffled = joined(*(sweeps[n] for n in order), participants=[who[n] for n in order])
    assert shuffled == [found[n] for n in order]


def slowly(sweeps, who):
    """For each sweep look at all before it; a parent wants the most it ever wanted at a time."""
    chains, taken = {}, set()
    found = []
    for number, (_, arrival, _, shares, _, side) in enumerate(sweeps):
        left = [
            (end, one)
            for one, (_, _, end, entered, filled, other) in enumerate(sweeps[:number])
            if one not in taken
            and (who[one], other) == (who[number], side)
            and who[one] >= 0
            and filled < entered
            and 0 <= arrival - end <= SECOND
        ]
        before = chains[max(left)[1]] if left else []
        taken |= {max(left)[1]} if left else set()
        chains[number] = [*before, number]
        most = [_wanted(sweeps, chains[number][:size]) for size in range(1, len(before) + 2)]
        added = shares if not before else max(most[-1] - max(most[:-1]), 0)
        found.append((chains[number][0], added))
    return found


def _wanted(sweeps, chain):
    return sum(sweeps[one][4] for one in chain[:-1]) + sweeps[chain[-1]][3]


def test_ids_are_whole_numbers():
    found = parents(make_sweeps(), ints([]), ints([]))
    assert {values.dtype for values in found.values()} == {np.dtype(np.int64)}
