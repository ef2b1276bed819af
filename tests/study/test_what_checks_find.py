"""Each check of the input on a market in which one thing is wrong, and on one without fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from dark_markets import add_session
from markets import OPENING_NS, SECOND, SWEEP, plain_market
from running import run_here

from sweep_dask.settings import load_settings
from sweep_dask.study.check import check

A, B = OPENING_NS
WEEK_NS = 7 * 86_400 * SECOND
MINUTES = 70


def sound_market():
    """Two securities on two days, quoted twice a minute from ten to after eleven."""
    market = plain_market(sweeps=MINUTES)
    for opening_ns in OPENING_NS.values():
        for security in (101, 102):
            add_session(market, opening_ns, security)
            for half_minute in range(1, 2 * MINUTES):
                market.quote(opening_ns + half_minute * 30 * SECOND, security, 1000, 1010)
    return market


def look(market, folder):
    return check(load_settings({}, {}, Path("/nonexistent")), str(market.write(folder))).findings


def off_the_grid(market, table, **columns):
    """Prices of half a tick, which no unit takes to the grid."""
    for row in market.rows[table]:
        row.update(columns)


def orders_off_the_grid(market):
    off_the_grid(market, "orders", price=1002.5)


def quotes_off_the_grid(market):
    off_the_grid(market, "nbbo", bidprice=1002.5)


def trades_in_thousandths(market):
    for row in market.rows["trades"]:
        row["quantity"] *= 1_000
    for row in market.rows["orders"]:
        row["totalmatchedquantity"] *= 1_000


def rows_of_one_sequence(market):
    for row in market.rows["orders"]:
        row["sequence"] = 7


def limits_below_the_trades(market):
    for row in market.rows["orders"]:
        if row["exchangeordertype"] == SWEEP:
            row["price"] = 900


def trades_listed_twice(market):
    for row in list(market.rows["trades"]):
        market.rows["trades"].append(row | {"sequence": row["sequence"] + 10**6})


def trades_of_another_week(market):
    for row in market.rows["trades"]:
        row["tradetime"] += WEEK_NS


def is_of(day, time_ns):
    return OPENING_NS[day] - WEEK_NS // 14 < time_ns < OPENING_NS[day] + WEEK_NS // 14


def no_quotes_of_a_day(market):
    market.rows["nbbo"] = [row for row in market.rows["nbbo"] if is_of(A, row["timestamp"])]


def no_session_rows_of_a_day(market):
    market.rows["session"] = [row for row in market.rows["session"] if is_of(B, row["TradeDate"])]


def quotes_of_some_minutes(market):
    def is_early(time_ns):
        return any(0 <= time_ns - opening < 600 * SECOND for opening in OPENING_NS.values())

    market.rows["nbbo"] = [row for row in market.rows["nbbo"] if is_early(row["timestamp"])]


def wide_quotes(market):
    for row in market.rows["nbbo"]:
        row["offerprice"] = 1_000 + 5 * 71


def quotes_of_another_security(market):
    for row in market.rows["nbbo"]:
        if row["orderbookid"] == 102:
            row |= {"bidprice": 3_000, "offerprice": 3_010}


#: What is wrong to check, severity, table, and words of what was found, was expected, and the cure.
WRONG = {
    orders_off_the_grid: (
        *("tick_grid", "warning", "orders"),
        *("66.7 % of", "At least 99 %", "`centre_point.ticks`"),
    ),
    quotes_off_the_grid: (
        *("tick_grid", "warning", "nbbo"),
        *("50 % of 1,120 prices of nbbo", "At least 99 %", "`units`"),
    ),
    rows_of_one_sequence: (
        *("repeats", "warning", "orders"),
        *("% of", "tell the rows of an order apart", "which column `sequence` is"),
    ),
    trades_in_thousandths: (
        *("orders_against_trades", "contradiction", "trades"),
        *("100 % of", "No order trades more than it wants", "quantities are in one unit"),
    ),
    limits_below_the_trades: (
        *("orders_against_trades", "contradiction", "trades"),
        *("traded beyond their limit", "at the limit or better", "prices are in one unit"),
    ),
    trades_listed_twice: (
        *("orders_against_trades", "warning", "orders"),
        *("totalmatchedquantity is not the sum", "is what it traded", "trades are listed twice"),
    ),
    trades_of_another_week: (
        *("coverage", "contradiction", "trades"),
        *(f"2 of 2 days with orders have no trades: {A}, {B}", "Trades on every", "--dates"),
    ),
    no_quotes_of_a_day: (
        *("coverage", "warning", "nbbo"),
        *(f"1 of 2 days with orders have no quotes: {B}", "Quotes on every day", "--dates"),
    ),
    no_session_rows_of_a_day: (
        *("coverage", "warning", "session"),
        *(f"have no session rows: {A}", "Session rows on every day", "Add the session"),
    ),
    quotes_of_some_minutes: (
        *("coverage", "warning", "nbbo"),
        *("cover less than half of the time", "for the whole day", "Add the missing quotes"),
    ),
    wide_quotes: (
        *("spread", "note", "nbbo"),
        *("nbbo are 64 ticks or more", "A few ticks", "what `columns` says"),
    ),
    quotes_of_another_security: (
        *("prices_against_orders", "warning", "nbbo"),
        *("in 1 of 2 securities: 102 (2.", "within a factor of two", "leave them out"),
    ),
}


def test_a_market_without_fault_is_not_talked_about(tmp_path):
    assert look(sound_market(), tmp_path) == ()


@pytest.mark.parametrize("make_wrong", WRONG, ids=lambda make_wrong: make_wrong.__name__)
def test_the_one_thing_that_is_wrong_is_found(make_wrong, tmp_path):
    market = sound_market()
    make_wrong(market)
    (finding,) = look(market, tmp_path)
    *what, found, expected, cure = WRONG[make_wrong]
    assert [finding.check, finding.severity, finding.where] == what
    assert found in finding.found
    assert expected in finding.expected
    assert cure in finding.cure


def test_a_warning_stands_ahead_of_the_answer(tmp_path):
    market = plain_market(sweeps=MINUTES)
    orders_off_the_grid(market)
    folder = market.write(tmp_path / "in")
    result = run_here(folder, tmp_path / "out", enable_parallel=False, models="time-priority")
    warnings = [check["found"] for check in result.manifest["checks"]]
    assert {check["severity"] for check in result.manifest["checks"]} == {"warning"}
    page = result.report.read_text(encoding="utf-8")
    assert any("tick grid" in warning for warning in warnings)
    for warning in warnings:
        assert page.index('id="checks"') < page.index(warning) < page.index('id="answer"')
