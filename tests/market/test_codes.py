"""The codes of an order row and a trade row: mid-ticks, validities, reasons, deal sources."""

from __future__ import annotations

import numpy as np
import pytest

from sweep_dask.market import change_reasons, order_codes
from sweep_dask.market.order_codes import (
    ANY_PRICE_BLOCKS,
    DARK_LIMITS,
    HALF_TICK,
    OFF,
    UNDEFINED,
    effective_midtick,
    is_dual_posted,
    is_immediate,
)
from sweep_dask.schema import MISSING_INTEGER
from sweep_dask.terms import deal_sources


@pytest.mark.parametrize(
    ("order_type", "effective"),
    [
        (64, [0, 1, 2, 3, 4, 3, 4]),  # the block phase is for block orders
        (66, [0, 1, 2, 3, 4, 3, 4]),
        (4096, [0, 1, 2, 3, 4, 5, 6]),
        (4098, [0, 1, 2, 3, 4, 5, 6]),
        (2048, [2, 1, 2, 2, 2, 2, 2]),  # a sweep has it on or off
        (2050, [2, 1, 2, 2, 2, 2, 2]),
    ],
)
def test_what_counts_of_each_midtick_by_order_type(order_type, effective):
    types, priced = np.full(7, order_type), np.full(7, 3340)
    assert effective_midtick(types, np.arange(7), priced).tolist() == effective


def test_unpriced_orders_trade_at_the_midpoint_alone():
    effective = effective_midtick(np.full(7, 4096), np.arange(7), np.zeros(7, dtype=np.int64))
    assert set(effective) == {2}


@pytest.mark.parametrize("midtick", [MISSING_INTEGER, -1, 7, 2**62])
def test_a_midtick_that_does_not_exist_is_off(midtick):
    assert effective_midtick(np.array([4096]), np.array([midtick]), np.array([3340])) == [2]


def test_every_midtick_has_one_style():
    assert sorted((UNDEFINED, HALF_TICK, OFF, *DARK_LIMITS, *ANY_PRICE_BLOCKS)) == list(range(7))


def test_only_sweeps_are_dual_posted():
    types, midticks = np.array([2048, 2050, 2048, 2048, 4096, 64]), np.array([1, 1, 2, 4, 1, 1])
    assert is_dual_posted(types, midticks).tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("value", "immediate"),
    [
        (0, True),
        (256, False),  # the rest of the day
        (512, False),  # until it is cancelled
        (1370, False),  # 90 days
        (1536, False),  # the current maximum
        (16384, True),  # purged
        (16640, False),  # purged, the rest of the day
        (49408, False),  # the same, with the negative indicator
        (32 * 256 + 4, False),  # to the end of a session of type 4
        (MISSING_INTEGER, False),
    ],
)
def test_what_is_cancelled_at_once(value, immediate):
    assert is_immediate(np.array([value])).tolist() == [immediate]


def test_a_reason_has_one_effect():
    effects = (change_reasons.ENTERS, change_reasons.EXITS)
    assert [list(effect) for effect in effects] == [
        [6, 12, 30, 31, 36, 37, 50],
        [1, 4, 9, 10, 15, 19, 20, 21, 23, 24, 25, 26, 27, 34, 35, 38, 43, 51, 100],
    ]
    assert len(set().union(*effects)) == sum(map(len, effects))


def test_deal_sources():
    assert deal_sources.DARK == (46, 47, 48, 49, 50, 51, 52)
    assert deal_sources.BOOKINGS == (44, 45, 48, 91)
    assert deal_sources.VOLUME_ONLY == (50, 51, 52)
    assert deal_sources.AUCTION == 20
    assert deal_sources.DECODED[48] == "Centre Point UCP"


def test_a_short_sale_is_a_flag_on_another_type():
    assert order_codes.CENTRE_POINT_BLOCK | order_codes.SHORT_SELL == 4098
    assert order_codes.SWEEP | order_codes.SHORT_SELL == 2050
