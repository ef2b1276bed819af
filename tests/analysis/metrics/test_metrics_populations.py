"""Which populations a sweep is in, and that partitions can be labelled apart."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from framed import populations
from sweep_cases import BUY, SECOND, ints, make_fills, make_sweeps

from sweep_dask.analysis.metrics.fill_sums import fill_sums
from sweep_dask.analysis.metrics.populations import POPULATION_COLUMNS, SweepFacts
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.market.order_codes import SHORT_SELL, SWEEP
from sweep_dask.market.sessions import Window

#: 10:15 in Sydney, in daylight saving time (UTC + 11).
MORNING_NS = int(dt.datetime(2024, 12, 2, 23, 15, tzinfo=dt.UTC).timestamp()) * SECOND
OPEN = (Window(MORNING_NS, MORNING_NS + 3600 * SECOND),)


def sweep(order_id, quantity, *, after=1, lasts=0, bid=3330, offer=3340):
    arrival_ns = MORNING_NS + after * SECOND
    return (order_id, BUY, arrival_ns, arrival_ns + lasts * SECOND, 0, quantity, bid, offer)


def labels(sweeps, fills=(), types=None, participants=None):
    made = make_sweeps(*sweeps)
    size = made.size
    facts = SweepFacts(
        "2024-12-03",
        501,
        ints(participants or [8] * size),
        ints(types or [SWEEP] * size),
        OPEN,
    )
    return populations(fill_sums(made, make_fills(*fills)), facts)


def test_sizes_are_those_of_the_time_priority_model():
    found = labels([sweep(number, size) for number, size in enumerate([1, 500, 501, 2000, 2001])])
    assert list(found["size_class"]) == ["Small", "Small", "Medium", "Medium", "Large"]


def test_outcome_and_residual_are_the_real_ones():
    fills = [(1, MORNING_NS + SECOND, 100, 6670, True), (2, MORNING_NS + SECOND, 60, 6670, True)]
    fills.append((3, MORNING_NS + 2 * SECOND, 100, 6670, True))
    found = labels([sweep(number, 100, lasts=1) for number in (1, 2, 3, 4)], fills)
    assert list(found["real_outcome"]) == ["filled", "partly_filled", "filled", "unfilled"]
    # The third was filled, but only a second after it entered.
    assert list(found["has_residual"]) == [False, True, True, True]


def test_hour_is_that_of_sydney():
    found = labels([sweep(1, 100), sweep(2, 100, after=45 * 60), sweep(3, 100, after=-15 * 60 - 1)])
    assert list(found["hour"]) == ["10", "11", "09"]


def test_the_opening_instant_is_not_yet_continuous_trading():
    found = labels([sweep(1, 100, after=0), sweep(2, 100), sweep(3, 100, after=3600)])
    assert list(found["is_continuous"]) == [False, True, False]


def test_spreads_by_ticks_missing_where_there_is_no_quote():
    offers = [3340, 3350, 3380, 3900, 0]
    found = labels([sweep(number, 1, offer=offer) for number, offer in enumerate(offers)])
    assert list(found["spread_class"][:4]) == ["1", "2", "5 or more", "5 or more"]
    assert found["spread_class"].isna().tolist() == [False] * 4 + [True]


def test_short_sells_by_bits_and_unknown_participants():
    sweeps = [sweep(number, 1) for number in (1, 2, 3)]
    found = labels(sweeps, types=[SWEEP, SWEEP | SHORT_SELL, SWEEP], participants=[8, -1, 61])
    assert list(found["is_short_sell"]) == [False, True, False]
    assert found["participant"].isna().tolist() == [False, True, False]


def test_re_entries_are_joined_within_a_partition():
    """The second comes as the first has gone, which left 40; it asks for 10 more than that."""
    fills = [(1, MORNING_NS + SECOND, 60, 6670, True)]
    found = labels([sweep(1, 100), sweep(2, 50)], fills)
    assert list(found["parent_id"]) == [1, 1]
    assert list(found["added_quantity"]) == [100, 10]


def test_partitions_labelled_apart_have_the_same_types():
    some = labels([sweep(1, 100), sweep(2, 5000)], participants=[8, 9])
    none = labels([])
    assert list(some) == list(none) == list(POPULATION_COLUMNS)
    assert some.dtypes.equals(none.dtypes)
    apart = [labels([sweep(1, 100)]), labels([sweep(2, 5000)], participants=[9])]
    stacked = pd.concat(apart, ignore_index=True)
    pd.testing.assert_frame_equal(stacked, some)


def test_labels_have_the_types_of_the_combined_table():
    assert {name: SWEEP_TABLE[name] for name in POPULATION_COLUMNS} == dict(POPULATION_COLUMNS)
