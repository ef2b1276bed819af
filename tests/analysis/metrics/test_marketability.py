"""How far the limit of a sweep reaches into the quote that it met, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from sweep_cases import BUY, SECOND, SELL, make_sweeps, markets, mirrored

from sweep_dask.analysis.metrics.populations import marketability
from sweep_dask.terms.dimensions import MARKETABILITY

MARKETABLE, MIDPOINT, NEAR, BEHIND = MARKETABILITY
MIRROR = 6700


def told(side, limit_x2, bid=3330, offer=3340):
    sweep = (1, side, SECOND, SECOND, limit_x2, 100, bid, offer)
    return marketability(make_sweeps(sweep)).to_pylist()[0]


@pytest.mark.parametrize(
    ("side", "limit_x2", "expected"),
    [
        # The midpoint is 3335, and limits are doubled.
        (BUY, 6682, MARKETABLE),
        (BUY, 6680, MARKETABLE),
        (BUY, 6679, MIDPOINT),
        (BUY, 6670, MIDPOINT),
        (BUY, 6669, NEAR),
        (BUY, 6660, NEAR),
        (BUY, 6659, BEHIND),
        (SELL, 6658, MARKETABLE),
        (SELL, 6660, MARKETABLE),
        (SELL, 6661, MIDPOINT),
        (SELL, 6670, MIDPOINT),
        (SELL, 6671, NEAR),
        (SELL, 6680, NEAR),
        (SELL, 6681, BEHIND),
        # Without a limit any price will do.
        (BUY, 0, MARKETABLE),
        (SELL, 0, MARKETABLE),
    ],
)
def test_classes_by_limit_and_side(side, limit_x2, expected):
    assert told(side, limit_x2) == expected


@pytest.mark.parametrize("side", [BUY, SELL])
def test_half_a_unit_decides_in_a_narrow_quote(side):
    """The midpoint of 6 x 7 is 6.5, of which the double is 13."""
    reaches, short = (13, 12) if side == BUY else (13, 14)
    assert told(side, reaches, bid=6, offer=7) == MIDPOINT
    assert told(side, short, bid=6, offer=7) == NEAR


@pytest.mark.parametrize(("bid", "offer"), [(0, 3340), (3330, 0), (3340, 3340), (3350, 3340)])
@pytest.mark.parametrize("limit_x2", [0, 6670])
def test_without_a_midpoint_nothing_is_said(bid, offer, limit_x2):
    assert told(BUY, limit_x2, bid, offer) is None


def test_prices_that_a_float_cannot_hold():
    price = 2**60 + 1
    assert told(BUY, 2 * price - 1, price, price + 8) == BEHIND
    assert told(BUY, 2 * price, price, price + 8) == NEAR


@given(markets())
def test_a_mirrored_market_has_the_same_classes(market):
    sweeps, fills, quotes = market
    other, _, _ = mirrored(sweeps, fills, quotes, MIRROR)
    assert marketability(sweeps).to_pylist() == marketability(other).to_pylist()
