"""Which partitions there are, and what becomes of rows that are in none."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from ingesting import is_balanced, run_everything
from markets import (
    FIRST_ID,
    OPENS_NS,
    csv_text,
    order_text,
    quote_text,
    trade_text,
    write_files,
)

from sweep_dask.storage.partition_index import build_partition_index
from sweep_dask.storage.spill import INDEX_DTYPE

HOUR = 3600 * 10**9
DAY = 24 * HOUR
#: Midnight UTC of 2024-10-04, which is that Friday also in Sydney.
FRIDAY_NS = OPENS_NS - 7
#: 21:22 in Sydney on that Friday (UTC+10).
RELOAD_NS = FRIDAY_NS + 11 * HOUR + 22 * HOUR // 60
MONDAY_NS, TUESDAY_NS = FRIDAY_NS + 3 * DAY, FRIDAY_NS + 4 * DAY


def run(tmp_path, files, **options):
    return run_everything(write_files(tmp_path / "in", files), tmp_path / "out", **options)


def keys(outcome):
    return [(source.date, source.security) for source in outcome.partition_index.partitions]


def test_partitions_ascend_by_date_then_security(tmp_path):
    rows = [
        {"sequence": 4, "timestamp": MONDAY_NS, "security_code": 7},
        {"sequence": 1, "security_code": 900},
        {"sequence": 2, "security_code": 70},
        {"sequence": 3, "security_code": 900},
    ]
    outcome = run(tmp_path, {"orders/o.csv": order_text(*rows)})
    assert keys(outcome) == [("2024-10-04", 70), ("2024-10-04", 900), ("2024-10-07", 7)]
    assert [source.rows["orders"] for source in outcome.partition_index.partitions] == [1, 2, 1]


def test_without_centre_point_orders_there_is_no_partition(tmp_path):
    outcome = run(tmp_path, {"orders/o.csv": order_text({"exchangeordertype": 0})})
    assert keys(outcome) == []
    assert dict(outcome.file("trades/needed.csv").filtered) == {"no_centre_point_order": 1}


@pytest.mark.parametrize(
    ("sessions", "trades", "date"),
    [
        ([], [], "2024-10-07"),  # nothing known: the next weekday
        ([TUESDAY_NS], [], "2024-10-08"),  # the next session, Monday is a holiday
        ([FRIDAY_NS], [], "2024-10-07"),  # the same day's session is no later one
        ([], [TUESDAY_NS], "2024-10-08"),  # the next day with a trade of the security
        ([TUESDAY_NS], [MONDAY_NS], "2024-10-07"),
    ],
)
def test_a_reload_in_the_evening_belongs_to_the_next_trading_day(tmp_path, sessions, trades, date):
    files = {"orders/o.csv": order_text({"timestamp": RELOAD_NS})}
    if sessions:
        rows = [{"TradeDate": day, "OrderBookId": 501} for day in sessions]
        files["session/s.csv"] = csv_text(rows)
    # Trades of another security say nothing about this one.
    rows = [{"tradetime": day, "sequence": k} for k, day in enumerate(trades)]
    other = {"tradetime": TUESDAY_NS + DAY, "sequence": 99, "securitycode": 502}
    files["trades/t.csv"] = trade_text(*rows, other)
    assert keys(run(tmp_path, files, by_session=True)) == [(date, 501)]


def test_the_calendar_keeps_a_reload_on_its_date(tmp_path):
    files = {"orders/o.csv": order_text({"timestamp": RELOAD_NS})}
    assert keys(run(tmp_path, files, by_session=False)) == [("2024-10-04", 501)]


def test_a_session_of_the_whole_market_counts_for_every_security(tmp_path):
    rows = [{"TradeDate": TUESDAY_NS, "OrderBookId": None}]
    files = {"orders/o.csv": order_text({"timestamp": RELOAD_NS}), "session/s.csv": csv_text(rows)}
    assert keys(run(tmp_path, files, by_session=True)) == [("2024-10-08", 501)]


def test_quotes_and_trades_of_the_evening_move_with_the_orders(tmp_path):
    files = {
        "orders/o.csv": order_text({"timestamp": MONDAY_NS}),
        "trades/t.csv": trade_text({"tradetime": RELOAD_NS}),
        "nbbo/n.csv": quote_text({"timestamp": RELOAD_NS}),
    }
    outcome = run(tmp_path, files, by_session=True)
    assert keys(outcome) == [("2024-10-07", 501)]
    assert (outcome.count("cp_trades_matched"), outcome.count("nbbo")) == (1, 1)


@pytest.fixture
def market():
    """Two securities on two days, with a trade and a quote for each and some for none."""
    days = (FRIDAY_NS + 5, MONDAY_NS + 5)
    orders = [
        {
            "order_id": FIRST_ID + k,
            "sequence": k,
            "timestamp": days[k % 2],
            "security_code": 501 + k // 2,
        }
        for k in range(4)
    ]
    trades = [
        {
            "orderid": FIRST_ID + k,
            "sequence": 10 + k,
            "tradetime": days[k % 2],
            "securitycode": 501 + k // 2,
        }
        for k in range(4)
    ]
    strangers = [
        {"orderid": 7, "sequence": 20},  # no order of that id
        {"orderid": FIRST_ID, "sequence": 21, "securitycode": 999},  # no such security
        {"orderid": FIRST_ID, "sequence": 22, "tradetime": TUESDAY_NS},  # no order on that date
    ]
    quotes = [{"timestamp": day, "orderbookid": code} for day in days for code in (501, 502, 999)]
    return {
        "orders/o.csv": order_text(*orders),
        "trades/t.csv": trade_text(*trades, *strangers),
        "nbbo/n.csv": quote_text(*quotes, {"timestamp": TUESDAY_NS}),
        "session/s.csv": csv_text(
            [{"TradeDate": day, "OrderBookId": 501} for day in (*days, TUESDAY_NS)]
        ),
        "participants/p.csv": csv_text(
            [{"TradeDate": day - 9 * DAY, "Id": 5} for day in (days[0], days[1])]
        ),
    }


def counts(outcome, name):
    entry = outcome.file(name)
    return entry.kept, dict(entry.filtered)


def test_rows_in_no_partition_are_counted(tmp_path, market):
    outcome = run(tmp_path, market)
    assert counts(outcome, "orders/o.csv") == (4, {})
    assert counts(outcome, "trades/t.csv") == (4, {"no_centre_point_order": 3})
    assert counts(outcome, "nbbo/n.csv") == (4, {"no_partition": 3})
    assert counts(outcome, "session/s.csv") == (2, {"no_partition": 1})


def test_participants_of_the_latest_list_serve_days_that_have_none(tmp_path, market):
    outcome = run(tmp_path, market)
    assert counts(outcome, "participants/p.csv") == (1, {"no_partition": 1})
    rows = outcome.rows("participants").to_pylist()
    # One row for each of the two dates, and both say which day's list they are of.
    assert [row["date"] for row in rows] == ["2024-09-28", "2024-09-28"]


def test_participants_of_the_day_come_first(tmp_path, market):
    rows = [{"TradeDate": day, "Id": k} for k, day in enumerate((FRIDAY_NS, MONDAY_NS))]
    outcome = run(tmp_path, market | {"participants/p.csv": csv_text(rows)})
    assert [row["Id"] for row in outcome.rows("participants").to_pylist()] == [0, 1]


def test_a_selected_date(tmp_path, market):
    outcome = run(tmp_path, market, dates=("2024-10-07",))
    assert keys(outcome) == [("2024-10-07", 501), ("2024-10-07", 502)]
    assert counts(outcome, "orders/o.csv") == (2, {"not_selected": 2})
    assert counts(outcome, "trades/t.csv") == (2, {"not_selected": 5})
    assert counts(outcome, "nbbo/n.csv") == (2, {"not_selected": 4, "no_partition": 1})
    assert counts(outcome, "session/s.csv") == (1, {"no_partition": 2})


def test_a_selected_security(tmp_path, market):
    outcome = run(tmp_path, market, securities=(502,))
    assert keys(outcome) == [("2024-10-04", 502), ("2024-10-07", 502)]
    assert counts(outcome, "orders/o.csv") == (2, {"not_selected": 2})
    assert counts(outcome, "trades/t.csv") == (2, {"not_selected": 5})


def test_a_selection_of_nothing(tmp_path, market):
    outcome = run(tmp_path, market, securities=(503,))
    assert keys(outcome) == []
    assert all(is_balanced(entry) for entry in outcome.ledger.files)


@pytest.mark.slow
def test_the_index_of_many_blocks_and_securities_takes_little_memory():
    blocks = securities = 2_000
    tracemalloc.start()
    try:
        index = np.empty(blocks * securities, INDEX_DTYPE)
        for name, values in {"batch": 0, "day": 20_000, "evening": False, "rows": 7}.items():
            index[name] = values
        index["block"] = np.repeat(np.arange(blocks), securities)
        index["security"] = np.tile(np.arange(securities), blocks)
        index["start"] = 7 * index["security"]
        assert index.nbytes <= 41 * index.size
        partition_index = build_partition_index(
            index, dict.fromkeys(range(blocks), "orders"), by_session=True
        )
        del index
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held_bytes <= 42 * blocks * securities
    assert len(partition_index.partitions) == securities
    last = partition_index.partitions[-1]
    assert (last.security, last.rows["orders"]) == (securities - 1, 7 * blocks)
    assert last.ranges["orders"]["block"].tolist() == list(range(blocks))
    assert partition_index.removed == {}
