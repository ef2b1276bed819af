"""Whose best bid and offer make the midpoint. The national quote is 3330 x 3340 throughout."""

from __future__ import annotations

import pytest
from cp_rows import BUY, DATE, SECURITY, SELL, SWEEP, Day, numbers
from framed import read_sweeps, run_scenario

from sweep_dask.analysis.centre_point.order_log import QuoteSource

NATIONAL, EXCHANGE = QuoteSource.NATIONAL, QuoteSource.EXCHANGE


def matches(day, source):
    result = run_scenario(day.partition(quote_source=source), "as-entered", "", 0)
    return [(at, buy, sell, price_x2) for at, buy, sell, _, price_x2, _ in numbers(result.matches)]


def own(bid, offer):
    return {"bid": bid, "offer": offer}


@pytest.mark.parametrize(("source", "price_x2"), [(NATIONAL, 6670), (EXCHANGE, 6660)])
def test_an_arrival_trades_at_the_midpoint_of_its_row(source, price_x2):
    # The exchange alone bids 3320: its midpoint is 3330, and the national one 3335.
    day = Day().enter(1, 200, BUY, 60, 3340, **own(3320, 3340))
    day.enter(2, 300, SELL, 60, 3330, **own(3320, 3340))
    assert matches(day, source) == [(300, 1, 2, price_x2)]


def test_the_quote_file_is_national_and_moves_nothing_else():
    # At the national 3320 x 3340 of time 350 both would agree on 3330.
    day = Day().enter(1, 200, BUY, 60, 3330, **own(3330, 3340))
    day.enter(2, 300, SELL, 60, 3330, **own(3330, 3340)).quote(350, 3320, 3340)
    assert matches(day, NATIONAL) == [(350, 1, 2, 6660)]
    assert matches(day, EXCHANGE) == []


def test_rows_of_other_orders_show_moves_of_the_exchanges_quote():
    # Buy 3 is far from everybody; its row shows that the bid went to 3320.
    day = Day().enter(1, 200, BUY, 60, 3330, **own(3330, 3340))
    day.enter(2, 300, SELL, 60, 3330, **own(3330, 3340))
    day.enter(3, 400, BUY, 10, 3300, **own(3320, 3340))
    assert matches(day, EXCHANGE) == [(400, 1, 2, 6660)]
    assert matches(day, NATIONAL) == []


def test_a_move_comes_after_the_event_that_shows_it():
    # The first row of buy 3 has the quote before it, the second the one it left; only that stands.
    day = Day().enter(1, 200, SELL, 60, 3340, **own(3330, 3340))
    day.enter(3, 400, BUY, 10, 3340, rows=1, **own(3330, 3340))
    day.row(3, 400, orderstatus=1, **own(3340, 3350))
    day.enter(4, 500, BUY, 60, 3350, bid=0, offer=0)
    # Buy 3 arrives at 3335, below the limit of sell 1; at 3345 it is 4 that still can.
    assert matches(day, EXCHANGE) == [(500, 4, 1, 6690)]


def test_a_row_without_the_exchanges_quote_says_nothing_of_it():
    day = Day().enter(1, 200, BUY, 60, 3340, **own(3320, 3340))
    day.enter(2, 300, SELL, 60, 3330, **own(0, 0))
    assert matches(day, EXCHANGE) == [(300, 1, 2, 6660)]


@pytest.mark.parametrize(("source", "bid"), [(NATIONAL, 3330), (EXCHANGE, 3320)])
def test_sweeps_are_measured_against_the_same_quote(source, bid):
    day = Day().enter(1, 200, BUY, 60, 3330, exchangeordertype=SWEEP, **own(3320, 3340))
    found = read_sweeps(day.partition(quote_source=source), day.quotes, DATE, SECURITY)
    assert found.sweeps.arrival_bid.tolist() == [bid]
    assert found.quotes.bid[0] == bid
