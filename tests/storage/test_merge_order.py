"""Rows of a partition in engine order, however they came."""

from __future__ import annotations

import random

import pytest
from ingesting import run_everything
from markets import (
    FIRST_ID,
    OPENS_NS,
    csv_text,
    order_text,
    quote_text,
    trade_text,
    write_files,
)

HOUR = 3600 * 10**9
#: 21:22 in Sydney on the evening before 2024-10-04.
RELOAD_NS = OPENS_NS - 7 - 24 * HOUR + 11 * HOUR + 22 * HOUR // 60


def order_rows():
    chance = random.Random(7)
    return [
        {
            "order_id": FIRST_ID + chance.randrange(9),
            "sequence": 100 + number,
            "timestamp": OPENS_NS + number * 10**6,
            "security_code": 501 + number % 2,
            "exchangeordertype": chance.choice([64, 2048, 2048, 256]),
            "side": chance.choice([1, 2]),
            "quantity": chance.randrange(1, 900),
        }
        for number in range(40)
    ]


def quote_rows():
    # Several quotes of one instant, with and without different numbers.
    return [
        {
            "sequence": k // 3,
            "timestamp": OPENS_NS + k // 6,
            "orderbookid": 501,
            "bidprice": 990 + k % 5,
        }
        for k in range(24)
    ]


def trade_rows():
    return [
        {"sequence": 900 + k, "orderid": FIRST_ID + k % 9, "securitycode": 501 + k % 2}
        for k in range(20)
    ]


def results(tmp_path, name, files, blocksize_bytes):
    folder = write_files(tmp_path / name / "in", files)
    return run_everything(folder, tmp_path / name / "out", blocksize_bytes).files


@pytest.mark.parametrize("seed", range(3))
def test_files_do_not_depend_on_the_order_of_rows_files_or_blocks(tmp_path, seed):
    orders, trades, quotes = order_rows(), trade_rows(), quote_rows()
    plain = {
        "orders/o.csv": order_text(*orders),
        "trades/t.csv": trade_text(*trades),
        "nbbo/n.csv": quote_text(*quotes),
    }
    expected = results(tmp_path, "plain", plain, 1 << 20)
    chance = random.Random(seed)
    for rows in (orders, trades, quotes):
        chance.shuffle(rows)
    shuffled = {
        "orders/a.csv": order_text(*orders[20:]),
        "orders/b.csv": order_text(*orders[:20]),
        "trades/a.csv": trade_text(*trades[5:]),
        "trades/b.csv": trade_text(*trades[:5]),
        "nbbo/a.csv": quote_text(*quotes[10:]),
        "nbbo/b.csv": quote_text(*quotes[:10]),
    }
    assert results(tmp_path, "shuffled", shuffled, chance.choice([83, 250, 1_000])) == expected


def test_engine_order_is_the_sequence_whatever_the_times_say(tmp_path):
    rows = [
        {"sequence": 3, "timestamp": OPENS_NS},
        {"sequence": 1, "timestamp": OPENS_NS + 5},
    ]
    folder = write_files(tmp_path / "in", {"orders/o.csv": order_text(*rows, {"sequence": 2})})
    outcome = run_everything(folder, tmp_path / "out")
    assert outcome.rows("cp_orders_filtered")["sequence"].to_pylist() == [1, 2, 3]


def test_rows_of_the_evening_before_come_first(tmp_path):
    # Sequences begin anew every day: the reload's are larger than the day's.
    rows = [{"sequence": 5}, {"sequence": 9_000, "timestamp": RELOAD_NS}, {"sequence": 4}]
    files = {"orders/o.csv": order_text(*rows), "trades/t.csv": trade_text({})}
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out", by_session=True)
    rows = outcome.rows("cp_orders_filtered")
    assert rows["sequence"].to_pylist() == [9_000, 4, 5]
    assert set(rows["date"].to_pylist()) == {"2024-10-04"}


def test_a_column_one_file_lacks_is_null(tmp_path):
    files = {
        "orders/a.csv": order_text({"midtick": 1, "sequence": 1}),
        "orders/b.csv": order_text({"sequence": 2}),
        "orders/c.csv": order_text({"crossingkey": FIRST_ID, "sequence": 3}),
    }
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out", 60)
    rows = outcome.rows("cp_orders_filtered")
    assert rows["midtick"].to_pylist() == [1, None, None]
    # Nineteen digits beside nulls.
    assert rows["crossingkey"].to_pylist() == [None, None, FIRST_ID]
    assert rows.column_names[-1] == "date"


def test_dated_tables_are_sorted_too(tmp_path):
    day = OPENS_NS // (24 * HOUR) * 24 * HOUR
    people = [{"TradeDate": day, "Id": k % 3, "Name": name} for k, name in enumerate("dbacef")]
    files = {"participants/p.csv": csv_text(people), "participants/q.csv": csv_text(people[::-1])}
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out", 40)
    # By id, the only one of the sort columns there is; names decide among equal ids.
    assert outcome.rows("participants")["Name"].to_pylist() == list("ccddbbeeaaff")


def test_how_many_columns_are_mapped_at_a_time_changes_nothing(tmp_path, monkeypatch):
    files = {
        "orders/o.csv": order_text(*order_rows()),
        "trades/t.csv": trade_text(*trade_rows()),
        "nbbo/n.csv": quote_text(*quote_rows()),
    }
    expected = results(tmp_path, "at once", files, 250)
    monkeypatch.setattr("sweep_dask.storage.merge._GROUP_CELLS", 1)
    assert results(tmp_path, "one by one", files, 250) == expected
