"""Explanations as short as a hand-worked case writes them."""

from dark_markets import dark_market
from markets import FIRST_ID, OPENING_NS, SECOND
from running import run_here

from sweep_dask.explain.explanation import explain
from sweep_dask.storage.layout import OutputLayout, Partition

DAY, NEXT_DAY = OPENING_NS
SECURITY = 101
KEY = Partition(DAY, SECURITY)
A, B, C, D = (FIRST_ID + number for number in range(1, 5))


def run_market(market, folder, **settings):
    """A run of a market in this process; the layout of its output."""
    source = market.write(folder / "in")
    result = run_here(source, folder / "out", enable_parallel=False, replay=False, **settings)
    return OutputLayout(result.output)


def run_dark_market(folder, **settings):
    """One partition of the market that can be followed by hand."""
    return run_market(dark_market(securities=(SECURITY,), dates=(DAY,)), folder, **settings)


def only_day(layout, order_id):
    (day,) = explain(layout, order_id).days
    return day


def arms(day):
    return {arm.name: arm for arm in day.arms}


def fills_of(arm, date=DAY):
    """Seconds after the opening, shares, doubled price, book, role, contra: of each fill."""
    return [
        (
            (fill.time_ns - OPENING_NS[date]) // SECOND,
            fill.quantity,
            fill.price_x2,
            fill.venue,
            fill.role,
            fill.contra_order_id,
        )
        for fill in arm.fills
    ]
