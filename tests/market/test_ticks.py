"""The tick table: its borders, half ticks, rounding, and what is no table."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from sweep_dask.errors import UsageError
from sweep_dask.market.ticks import (
    DEFAULT_TICKS,
    UNPRICED_BUY_X2,
    UNPRICED_SELL_X2,
    TickTable,
    configured_ticks,
    effective_limit_x2,
    effective_limits_x2,
    floor_to_tick_x2,
    is_on_tick,
    tick_above,
    tick_below,
)

TABLE = DEFAULT_TICKS.arrays
BUY, SELL = True, False


@pytest.mark.parametrize(
    ("price", "above", "below"),
    [
        (1, 1, 1),
        (99, 1, 1),
        (100, 5, 1),  # 10.0 cents: up to 10.5, down to 9.9
        (105, 5, 5),
        (1995, 5, 5),
        (2000, 10, 5),  # A$2: up to 2.01, down to 1.995
        (134510, 10, 10),
    ],
)
def test_ticks_of_the_default_table(price, above, below):
    assert (tick_above(price, *TABLE), tick_below(price, *TABLE)) == (above, below)


@pytest.mark.parametrize(
    ("price", "is_buy", "midtick", "limit_x2"),
    [
        (3340, BUY, 1, 6690),  # half of 10 is 5, doubled 10
        (3340, SELL, 1, 6670),
        (1000, BUY, 4, 2005),  # half of 5 is 2.5, doubled 5
        (50, SELL, 6, 99),  # half of 1
        (1995, BUY, 1, 3995),  # next price up is 2000: 1997.5
        (2000, SELL, 1, 3995),  # next price down is 1995: 1997.5 again
        (2000, BUY, 1, 4010),
        (100, SELL, 1, 199),
        (3340, BUY, 0, 6680),
        (3340, BUY, 2, 6680),
        (3340, SELL, 3, 6680),
        (3340, SELL, 5, 6680),
        (0, BUY, 2, UNPRICED_BUY_X2),
        (0, SELL, 2, UNPRICED_SELL_X2),
    ],
)
def test_effective_limit(price, is_buy, midtick, limit_x2):
    assert effective_limit_x2(price, is_buy, midtick, *TABLE) == limit_x2
    many = effective_limits_x2(
        np.array([price, price]), np.array([is_buy, is_buy]), np.array([midtick, midtick]), *TABLE
    )
    assert many.tolist() == [limit_x2, limit_x2]
    assert many.dtype == np.int64


@pytest.mark.parametrize(
    ("price_x2", "floor_x2"),
    [
        (8640, 8640),
        (8650, 8640),  # a buy at 432 + half a tick trades at 432
        (3995, 3990),  # 1997.5
        (3999, 3990),
        (199, 198),  # 99.5
        (201, 200),  # 100.5 is below the first tick of its region
        (205, 200),
        (1, 0),
    ],
)
def test_rounding_to_the_tick(price_x2, floor_x2):
    assert floor_to_tick_x2(price_x2, *TABLE) == floor_x2


def test_what_is_on_tick():
    prices = np.array([1, 99, 100, 101, 105, 1995, 1999, 2000, 2005, 2010])
    on_tick = [True, True, True, False, True, True, False, True, False, True]
    assert is_on_tick(prices, *TABLE).tolist() == on_tick


def test_a_constant_tick():
    arrays = TickTable.constant(10).arrays
    assert tick_above(50, *arrays) == 10
    assert effective_limit_x2(50, BUY, 1, *arrays) == 110


PRICES = st.integers(1, 500_000)


@st.composite
def tables(draw):
    rows, start = [], 0
    for _ in range(draw(st.integers(1, 4))):
        tick = draw(st.integers(1, 20))
        rows.append((start, tick))
        start += tick * draw(st.integers(1, 50))
    return TickTable(tuple(rows))


@given(tables(), st.integers(2, 10_000))
def test_rounding_is_idempotent_and_never_more_than_a_tick_away(table, price_x2):
    floor_x2 = int(floor_to_tick_x2(price_x2, *table.arrays))
    assert is_on_tick(floor_x2 // 2, *table.arrays)
    assert floor_to_tick_x2(floor_x2, *table.arrays) == floor_x2
    assert floor_x2 <= price_x2 < floor_x2 + 2 * tick_above(floor_x2 // 2, *table.arrays)


@given(tables(), st.integers(1, 200))
def test_a_walk_up_and_down_visits_all_on_tick_prices_and_no_other(table, steps):
    price, visited = 0, [0]
    for _ in range(steps):
        price += int(tick_above(price, *table.arrays))
        visited.append(price)
    everything = np.arange(price + 1)
    assert everything[is_on_tick(everything, *table.arrays)].tolist() == visited
    for _ in range(steps):
        price -= int(tick_below(price, *table.arrays))
        assert price == visited[steps - 1]
        steps -= 1


@given(tables(), st.integers(1, 2_000), st.sampled_from([1, 4, 6]))
def test_half_ticks_of_both_sides_meet_halfway(table, price_x2, midtick):
    low = int(floor_to_tick_x2(2 * price_x2, *table.arrays)) // 2
    high = low + int(tick_above(low, *table.arrays))
    buy_x2 = effective_limit_x2(low, BUY, midtick, *table.arrays) if low else low + high
    assert buy_x2 == effective_limit_x2(high, SELL, midtick, *table.arrays) == low + high


@given(st.lists(PRICES, min_size=1, max_size=20))
def test_arrays_and_numbers_agree_and_so_does_a_kernel(prices):
    array = np.array(prices)
    for function in (tick_above, tick_below, floor_to_tick_x2, is_on_tick):
        one_by_one = [function(price, *TABLE) for price in prices]
        assert function(array, *TABLE).tolist() == one_by_one
    assert in_a_kernel(array, *TABLE) == sum(tick_above(price, *TABLE) for price in prices)


@njit
def in_a_kernel(prices, from_price, tick):
    total = 0
    for price in prices:
        total += tick_above(price, from_price, tick)
    return total


@pytest.mark.parametrize(
    ("rows", "accepted"),
    [
        (((1, 1), (100, 5)), "begins at price 0"),
        (((0, 0),), "ticks above zero"),
        (((0, 1), (100, -5)), "ticks above zero"),
        (((0, 1), (100, 5), (100, 10)), "ascending order"),
        (((0, 1), (200, 5), (100, 10)), "ascending order"),
        (((0, 3), (100, 5)), "from 0 in steps of 3 none ends at 100"),
    ],
)
def test_what_is_no_tick_table(rows, accepted):
    with pytest.raises(ValueError, match=accepted):
        TickTable(rows)
    with pytest.raises(UsageError) as caught:
        configured_ticks(rows)
    assert caught.value.what == "centre_point.ticks is no tick table."
    assert accepted in caught.value.cure


def test_no_rows_are_no_table_but_the_default_of_the_setting():
    with pytest.raises(ValueError, match="begins at price 0"):
        TickTable(())
    assert configured_ticks(()) is DEFAULT_TICKS
    assert configured_ticks(((0, 1), (100, 5))).rows == ((0, 1), (100, 5))


def test_a_table_is_a_value():
    same = configured_ticks([[0, 1], [100, 5], [2000, 10]])
    assert (same, hash(same)) == (DEFAULT_TICKS, hash(DEFAULT_TICKS))
    assert pickle.loads(pickle.dumps(same)) == same
