"""Sentences that are only true of some orders, partitions and inputs."""

from dataclasses import replace

import pytest
from dark_markets import dark_market
from explained import (
    DAY,
    NEXT_DAY,
    SECURITY,
    B,
    C,
    arms,
    fills_of,
    only_day,
    run_dark_market,
    run_market,
)
from markets import BUY, FIRST_ID, OPENING_NS, SECOND, SELL, SHORT_SWEEP, SWEEP
from running import run_here

import sweep_dask
from sweep_dask.explain.explanation import explain
from sweep_dask.explain.text import told
from sweep_dask.storage.layout import OutputLayout

LATE = FIRST_ID + 70


def said(layout, order_id):
    """The text in one line."""
    return " ".join(str(explain(layout, order_id)).split())


def market_of_a_day():
    return dark_market(securities=(SECURITY,), dates=(DAY,))


def add_late_order(market, side, **fields):
    """An order of 40 that stays on the book."""
    row = {"exchangeordertype": SWEEP, "orderstatus": 1, **fields}
    market.order(LATE, OPENING_NS[DAY] + 55 * SECOND, SECURITY, side, 40, **row)


def write_without(market, folder, table, *names):
    """The market's files, one of them without some columns."""
    path = market.write(folder) / table / f"{table}.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()]
    kept = [at for at, name in enumerate(rows[0]) if name not in names]
    path.write_text("".join(",".join(row[at] for at in kept) + "\n" for row in rows))
    return folder


def run_without(folder, table, *names):
    source = write_without(market_of_a_day(), folder / "in", table, *names)
    result = run_here(source, folder / "out", enable_parallel=False, replay=False)
    return OutputLayout(result.output)


def test_a_day_of_a_run_with_another_lifetime_has_its_own(tmp_path):
    source = dark_market(securities=(SECURITY,)).write(tmp_path / "in")
    usual = {"enable_parallel": False, "replay": False}
    run_here(source, tmp_path / "out", dates=DAY, lifetime="clock:10s", **usual)
    run_here(source, tmp_path / "out", dates=NEXT_DAY, lifetime="clock:30min", **usual)
    layout = OutputLayout(tmp_path / "out")
    (day,) = explain(layout, B).days
    assert day.choice.lifetime == "clock:10s"
    text = said(layout, B)
    assert "10 s after it arrived (lifetime clock:10s); one sweep in 20" in text
    assert "do not cover this partition" in text
    (later,) = explain(layout, B + 100).days
    assert later.choice.lifetime == "clock:30min"


@pytest.mark.parametrize("names", [("dealsource",), ("matchgroupid",), ("side", "sidedecoded")])
def test_without_a_tape_nothing_is_said_to_have_filled(tmp_path, names):
    layout = run_without(tmp_path, "trades", *names)
    text = said(layout, B)
    assert "what really filled is not known" in text
    assert list(arms(only_day(layout, B))) == ["as-entered", "dual-post", "rest-dark", "dark-only"]
    assert "tape:" not in text
    assert "time-priority:" not in text
    assert "tape" not in arms(only_day(layout, C))
    assert "<iframe" not in sweep_dask.load(layout.root).explain(B)._repr_html_()


def test_a_run_of_time_priority_without_trades(tmp_path):
    market = dark_market(securities=(SECURITY,), dates=(DAY,), trades=False)
    market.trade(FIRST_ID + 900, OPENING_NS[DAY], SECURITY + 1, BUY, 1, 1000)
    layout = run_market(market, tmp_path, models="time-priority")
    assert arms(only_day(layout, B)) == {}
    assert "what really filled is not known" in said(layout, B)


def test_sweeps_of_others_act_as_recorded(tmp_path):
    layout = run_dark_market(tmp_path, adoption_participant=7)
    text = said(layout, B)
    assert only_day(layout, B).is_affected is False
    assert "No scenario changes it: sweeps of participant 7 alone change." in text
    assert "no limit" not in text
    assert "all sweeps of participant 7 change" in said(layout, C)


def test_a_sweep_that_no_scenario_changes_is_not_among_those_that_change(tmp_path):
    market = market_of_a_day()
    add_late_order(market, BUY, price=0)
    layout = run_market(market, tmp_path)
    assert only_day(layout, LATE).is_affected is False
    text = said(layout, LATE)
    assert "No scenario changes it: it has no limit" in text
    assert "this one among them" not in text


def test_an_order_that_is_left_out_of_the_book_does_not_act_in_it(tmp_path):
    market = market_of_a_day()
    # A mid-tick that does not exist.
    add_late_order(market, BUY, exchangeordertype=64, midtick=9)
    layout = run_market(market, tmp_path)
    text = said(layout, LATE)
    assert "left out of the book" in text
    assert "acts as recorded" not in text


def test_a_short_sale_is_not_asked_about_by_the_time_priority_model(tmp_path):
    market = market_of_a_day()
    add_late_order(market, SELL, exchangeordertype=SHORT_SWEEP, price=1010)
    layout = run_market(market, tmp_path)
    arm = arms(only_day(layout, LATE))["time-priority"]
    assert arm.rest.quantity == 40
    assert arm.rest.words == "its order type is not among those that the model looks at"


def test_without_a_status_what_is_left_tells_that_it_is_on_the_book(tmp_path):
    layout = run_without(tmp_path, "orders", "orderstatus")
    day = only_day(layout, B)
    assert [one.is_on_book for one in day.messages] == [True, True, True, False]
    assert [one.is_on_book for one in only_day(layout, C).messages] == [True, False]
    assert fills_of(arms(day)["tape"])


@pytest.mark.parametrize(
    ("column", "text", "head"),
    [("Name", "BHP", "(BHP)"), ("Name", "BHP GROUP LIMITED", "(BHP)"), ("Name", "a name", None)],
)
def test_the_head_has_the_ticker_that_the_page_has(tmp_path, column, text, head):
    market = market_of_a_day()
    named = {"TradeDate": OPENING_NS[DAY], "Id": SECURITY, column: text}
    market.add("reference", **named)
    layout = run_market(market, tmp_path)
    assert str(explain(layout, B)).splitlines()[0].endswith(head or f"security {SECURITY}")


def test_a_long_head_keeps_to_the_width(tmp_path):
    day = only_day(run_market(market_of_a_day(), tmp_path), B)
    lines = told([replace(day, ticker="A long name " * 3)]).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].endswith("name )")
    assert set(lines[2]) == {"="}
