"""Roll-ups of drawn tables are those of the slow way, however the sweeps are cut and merged."""

from __future__ import annotations

import numpy as np
from drawn_rollups import as_read, draw_sweeps
from framed import tables_of
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_rollups import assert_same_rows, slow_rollups

from sweep_dask.analysis.rollups.summary import added, summary_of
from sweep_dask.analysis.rollups.sweeps import Sweeps
from sweep_dask.terms.arms import ARMS, REAL

SOME_ARMS = st.sampled_from([(REAL,), (REAL, ARMS[4]), (REAL, ARMS[2], ARMS[5])])


@st.composite
def markets(draw):
    """Rows of each partition, and the arms."""
    arms, clusters = draw(SOME_ARMS), draw(st.integers(1, 5))
    sweeps, is_constant = draw(st.integers(1, 14)), draw(st.booleans())
    table = draw_sweeps(draw(st.integers(0, 999)), sweeps, clusters, arms, is_constant)
    by_partition = table.groupby(["date", "security"], sort=False)
    return [rows.reset_index(drop=True) for _, rows in by_partition], arms


def merged_at_random(summaries, draw):
    """One summary of all, by merges of a few at a time in a drawn order and grouping."""
    left = list(draw(st.permutations(summaries)))
    while len(left) > 1:
        few = draw(st.integers(2, len(left)))
        left = [*left[few:], added(left[:few])]
    return added(left)


def assert_same_bytes(one, other):
    for ours, theirs in zip(one[:-1], other[:-1], strict=True):
        assert [array.tobytes() for array in ours] == [array.tobytes() for array in theirs]
        assert [array.shape for array in ours] == [array.shape for array in theirs]
    assert one.example == other.example


@settings(max_examples=40)
@given(markets(), st.data())
def test_any_cut_and_any_order_of_merges_give_the_same_bytes(market, data):
    partitions, arms = market
    whole = summary_of(Sweeps(as_read(_joined(partitions)), arms))
    # Cut between partitions, which are put together in another order.
    order = data.draw(st.permutations(partitions))
    ends = data.draw(st.sets(st.integers(1, len(order)))) | {len(order)}
    begins = [0, *sorted(ends)[:-1]]
    pieces = [order[begin:end] for begin, end in zip(begins, sorted(ends), strict=True)]
    summaries = [summary_of(Sweeps(as_read(_joined(piece)), arms)) for piece in pieces]
    assert_same_bytes(merged_at_random(summaries, data.draw), added([whole]))


@settings(max_examples=5)
@given(markets())
def test_all_tables_are_those_of_the_slow_way(market):
    partitions, arms = market
    found = tables_of(added(summary_of(Sweeps(as_read(rows), arms)) for rows in partitions), arms)
    for name, expected in slow_rollups(_joined(partitions), list(arms)).items():
        assert_same_rows(found[name], expected, name)


def test_nothing_is_added_to_nothing():
    summary = added(())
    assert_same_bytes(added([summary, summary]), summary)
    assert all(table.empty for table in tables_of(summary, ARMS).values())


def test_a_summary_does_not_grow_with_the_sweeps():
    """Twenty times as many of the same kind, in the same partition, and a tenth more cells."""
    sizes = []
    for sweeps in (500, 10_000):
        table = draw_sweeps(1, sweeps, 1, (REAL, ARMS[4]))
        summary = summary_of(Sweeps(as_read(table), (REAL, ARMS[4])))
        sizes.append(sum(array.nbytes for cells in summary[:-1] for array in cells))
    assert sizes[1] < 1.1 * sizes[0]


def _joined(partitions):
    import pandas as pd

    return pd.concat(partitions, ignore_index=True)


def test_a_summary_is_of_finite_values():
    arms = (REAL, ARMS[4])
    table = draw_sweeps(5, 30, 2, arms)
    table.loc[::7, "fill_ratio"] = np.inf
    gone = table.assign(fill_ratio=table["fill_ratio"].where(np.isfinite(table["fill_ratio"])))
    one, other = (summary_of(Sweeps(as_read(rows), arms)) for rows in (table, gone))
    assert_same_bytes(one, other)
