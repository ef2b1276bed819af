"""Small sweeps, fills and quotes: made by hand, mirrored, and drawn at random."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from sweep_dask.analysis.metrics.records import Fills, Quotes, Sweeps

SECOND = 1_000_000_000
HALF = SECOND // 2
BUY, SELL = 1, 2
#: Signed metrics and the units they come in.
_SIGNED_UNITS = {
    "limit_improvement": "price bps aud",
    "midpoint_improvement": "price bps aud",
    "far_touch_improvement": "price bps aud",
    "arrival_cost": "bps aud",
    "opportunity_cost": "bps aud",
    "implementation_shortfall": "bps aud",
    "completed_shortfall": "bps aud",
    "slippage": "price bps",
    "effective_spread": "price bps",
    "realised_spread_1s": "price bps",
    "realised_spread_10s": "price bps",
    "realised_spread_60s": "price bps",
    "market_drift": "price bps",
}
SIGNED = [f"{name}_{unit}" for name, units in _SIGNED_UNITS.items() for unit in units.split()]


def ints(values):
    return np.array(values, dtype=np.int64)


def make_sweeps(*rows):
    """Rows of (order_id, side, arrival_ns, end_ns, limit_x2, quantity, bid, offer)."""
    columns = zip(*rows, strict=True) if rows else [[]] * 8
    return Sweeps(*(ints(list(column)) for column in columns))


def make_fills(*rows):
    """Rows of (order_id, timestamp_ns, quantity, price_x2, is_dark)."""
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 5
    return Fills(*map(ints, columns[:4]), np.array(columns[4], dtype=bool))


def make_quotes(*rows):
    """Rows of (timestamp_ns, bid, offer)."""
    columns = zip(*rows, strict=True) if rows else [[]] * 3
    return Quotes(*(ints(list(column)) for column in columns))


def mirrored(sweeps, fills, quotes, total):
    """Buys as sells and a price p as `total` - p; no price stays none."""

    def flip(price, whole=total):
        return np.where(price > 0, whole - price, 0)

    return (
        Sweeps(
            sweeps.order_id,
            3 - sweeps.side,
            sweeps.arrival_ns,
            sweeps.end_ns,
            flip(sweeps.limit_x2, 2 * total),
            sweeps.quantity,
            flip(sweeps.arrival_offer),
            flip(sweeps.arrival_bid),
        ),
        Fills(
            fills.order_id,
            fills.timestamp_ns,
            fills.quantity,
            2 * total - fills.price_x2,
            fills.is_dark,
        ),
        Quotes(quotes.timestamp_ns, flip(quotes.offer), flip(quotes.bid)),
    )


#: Half of the quotes are normal ones; of any two prices, one missing or crossed is as likely.
PRICES = st.one_of(st.just(0), st.integers(3300, 3360))
NORMAL = st.tuples(st.integers(330, 335), st.integers(1, 3)).map(
    lambda ticks: (10 * ticks[0], 10 * sum(ticks))
)
QUOTES = st.one_of(NORMAL, st.tuples(PRICES, PRICES))
TIMES = st.integers(0, 30).map(lambda halves: halves * HALF)


@st.composite
def markets(draw, least_sweeps=0):
    """Sweeps, fills (some of other orders) and quotes, with gaps, ties and crossed quotes."""
    size = draw(st.integers(least_sweeps, 5))
    sweeps = []
    for order_id in draw(st.permutations(range(1, size + 1))):
        arrival, worked = draw(TIMES), draw(TIMES)
        limit = draw(st.one_of(st.just(0), st.integers(6600, 6720)))
        side, quantity = draw(st.sampled_from([BUY, SELL])), draw(st.integers(0, 900))
        row = (order_id, side, arrival, arrival + worked, limit, quantity, *draw(QUOTES))
        sweeps.append(row)
    arrivals = {row[0]: row[2] for row in sweeps}
    fills = []
    for _ in range(draw(st.integers(0, 8))):
        order_id = draw(st.integers(1, size + 1))
        time_ns = arrivals.get(order_id, 0) + draw(TIMES)
        quantity, price_x2 = draw(st.integers(1, 500)), draw(st.integers(6600, 6720))
        fills.append((order_id, time_ns, quantity, price_x2, draw(st.booleans())))
    times = sorted(draw(st.lists(TIMES, max_size=8)))
    quotes = [(time, *draw(QUOTES)) for time in times]
    return make_sweeps(*sweeps), make_fills(*fills), make_quotes(*quotes)
