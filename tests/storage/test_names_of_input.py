"""Tickers, dates, securities, models and scenarios that a command names, against what there is."""

from __future__ import annotations

import json

import pytest
from markets import FIRST_ID, OPENS_NS, order_text, trade_text
from running import invoke

DAY_NS = 86_400 * 10**9

#: The ticker of 502 was that of 501 before; 503 is only known by the first word of a longer name.
REFERENCE = (
    b"Sequence,TradeDate,Id,ContractName,Name\n"
    b"1,1728000000000000000,501,BHP SECURITY,Big Digger\n"
    b"2,1728000000000000000,502,CBA SECURITY,CBA\n"
    b"3,1728000000000000000,503,TLS SECURITY,A phone company\n"
    b"4,1727913600000000000,504,TLS SECURITY,TLS\n"
)


@pytest.fixture
def market(tmp_path):
    orders = [
        {"order_id": FIRST_ID + k, "sequence": k + 1, "security_code": security, "timestamp": time}
        for k, (security, time) in enumerate(
            [(501, OPENS_NS), (502, OPENS_NS), (501, OPENS_NS + 3 * DAY_NS)]
        )
    ]
    files = {
        "orders/o.csv": order_text(*orders),
        "trades/t.csv": trade_text({}),
        "reference/ob.csv": REFERENCE,
    }
    for name, data in files.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return tmp_path / "in"


def ran(market, *arguments):
    output = market.parent / "out"
    return invoke("run", market, "-o", output, "--no-parallel", "--no-progress", *arguments)


def test_tickers_are_looked_up(market):
    done = ran(market, "--securities", "cba,BHP,501", "--json")
    assert done.exit_code == 0, done.stderr
    manifest = json.loads(done.stdout)
    assert manifest["settings"]["securities"] == {"value": [502, 501], "source": "command line"}
    assert {p["security"] for p in manifest["partitions"]} == {501, 502}


@pytest.mark.parametrize(
    ("ticker", "says"),
    [
        ("BPH", "has the ticker BPH (did you mean BHP?)."),
        ("XYZ", "Give one of BHP, CBA, TLS, or an order book id."),
        ("TLS", "Give the order book id: one of 503, 504."),
    ],
)
def test_tickers_that_tell_no_security(market, ticker, says):
    done = ran(market, "--securities", ticker)
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_ticker_without_a_reference_table(market):
    (market / "reference/ob.csv").unlink()
    done = ran(market, "--securities", "BHP")
    assert done.exit_code == 2
    assert "no reference table" in done.stderr


def test_dates_and_securities_that_there_are(market):
    done = ran(market, "--dates", "2024-10-05", "--securities", "5001")
    assert done.exit_code == 3
    assert "of dates 2024-10-05 (nearest: 2024-10-0" in done.stderr
    assert "the input has 2024-10-04, 2024-10-07." in done.stderr
    assert "of securities 5001 (nearest: 501): the input has 501, 502." in done.stderr


def test_one_date_of_two_that_is_not_there_is_a_warning(market):
    done = ran(market, "--dates", "2024-10-04,2024-10-09")
    assert done.exit_code == 0
    log = (market.parent / "out/logs/run.log").read_text()
    assert "no Centre Point orders of dates 2024-10-09" in log
    assert "the input has 2024-10-04, 2024-10-07." in log


@pytest.mark.parametrize(
    ("option", "word", "near"),
    [
        ("--model", "center-point", "centre-point"),
        ("--scenario", "dual-pots", "dual-post"),
        ("--trading-day", "calender", "calendar"),
    ],
)
def test_words_that_there_are(market, option, word, near):
    done = ran(market, option, word)
    assert done.exit_code == 2
    assert f"(did you mean {near}?)" in done.stderr


def test_forgetting_takes_tickers_of_the_last_date(market):
    output = market.parent / "out"
    assert ran(market).exit_code == 0
    done = invoke("forget", output, "--securities", "CBA", "--json")
    assert done.exit_code == 0, done.stderr
    forgotten = json.loads(done.stdout)["forgotten"]
    assert {key["security"] for key in forgotten} == {502}
    unknown = invoke("forget", output, "--securities", "BPH")
    assert unknown.exit_code == 2
    assert "No security of the folder has the ticker BPH" in unknown.stderr
    assert (output / "processed/2024-10-04/501").is_dir()
