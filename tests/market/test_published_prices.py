"""Prices as the exchange publishes them: truncated to a whole unit."""

from __future__ import annotations

import numpy as np
import pytest

from sweep_dask.market.ticks import exact_x2, is_published_as, truncated_x2


def test_a_published_price_is_truncated_and_never_rounded():
    # 6.5 is published as 6, and so is 6; 7 as 7.
    assert truncated_x2(np.array([13, 12, 14])).tolist() == [12, 12, 14]


@pytest.mark.parametrize(
    ("tape_x2", "price_x2", "agrees"),
    [
        (12, 12, True),
        # 6.5 is published as 6, but not as 7.
        (12, 13, True),
        (14, 13, False),
        # A tape with half units tells all of them: 6 is not published as 6.5.
        (13, 13, True),
        (13, 12, False),
        (12, 14, False),
    ],
)
def test_what_the_tape_shows_of_an_exact_price(tape_x2, price_x2, agrees):
    assert is_published_as(np.array([tape_x2]), np.array([price_x2])).tolist() == [agrees]


@pytest.mark.parametrize(
    ("tape_x2", "midpoint_x2", "price_x2"),
    [
        # 6 was 6.5 if that was the midpoint; if it was 6 or 7, or there was none, 6 it stays.
        (12, 13, 13),
        (12, 12, 12),
        (12, 14, 12),
        (12, 0, 12),
        (13, 13, 13),
    ],
)
def test_an_exact_price_is_told_by_the_midpoint_that_truncates_to_it(
    tape_x2, midpoint_x2, price_x2
):
    assert exact_x2(np.array([tape_x2]), np.array([midpoint_x2])).tolist() == [price_x2]
