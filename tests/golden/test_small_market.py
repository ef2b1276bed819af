"""The small golden market: stored tables, a slow recomputation and the pipeline agree."""

import filecmp
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from golden_tables import OUTPUT_TABLES, ROUNDED_TIMES, assert_like_golden
from running import run_here
from slow_model import stored_rows, write_expected
from small_market import (
    BEFORE_DAWN_NS,
    EVENING_NS,
    MISSING,
    PARTITIONS,
    SMALL,
    WITHOUT_TRADES,
    build,
)
from small_tables import CASES, actual_table, expected_path, expected_table


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "output"
    return run_here(SMALL / "input", folder, trading_day="calendar", enable_parallel=False)


def test_stored_input_is_what_the_recipe_makes(tmp_path):
    build().write(tmp_path)
    names = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv")]
    assert len(names) == 6
    assert filecmp.cmpfiles(tmp_path, SMALL / "input", names, shallow=False) == (names, [], [])


# Student's t of differences that are nearly all equal.
@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
def test_stored_tables_are_what_the_recomputation_makes(tmp_path):
    write_expected(SMALL / "input", tmp_path)
    stored = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv"))
    assert len(stored) == len(CASES)
    for date, security, name in CASES:
        again = (tmp_path / date / str(security) / f"{name}.csv").read_text()
        # Text: another Python or scipy may differ in a last digit of a float.
        _assert_same_text(expected_path(date, security, name).read_text(), again)


def _assert_same_text(stored, again):
    for left, right in zip(stored.splitlines(), again.splitlines(), strict=True):
        for one, other in zip(left.split(","), right.split(","), strict=True):
            assert one == other or float(one) == pytest.approx(float(other), rel=1e-9)


@pytest.mark.parametrize(("date", "security", "name"), CASES)
def test_pipeline_equals_stored_table(result, date, security, name):
    expected, actual = (
        expected_table(date, security, name),
        actual_table(result.output, date, security, name),
    )
    if expected is None:
        # A result without rows has a header; an intermediate table without rows no file.
        assert (actual is None) == (name not in OUTPUT_TABLES)
        assert actual is None or (len(actual) == 0 and len(actual.columns) > 5)
    else:
        assert_like_golden(actual, expected, name)


def _as_stored(value, stored):
    """A price is stored as a float, whole or not."""
    return str(float(value) if isinstance(stored, float) else value)


@pytest.mark.parametrize("name", ["cp_orders_filtered", "cp_trades_matched", "nbbo"])
def test_stored_rows_are_those_of_the_files(result, name):
    """To the last digit, in engine order, and none besides."""
    counted = 0
    for (date, security), tables in stored_rows(SMALL / "input").items():
        path = result.output / "processed" / date / str(security) / f"{name}.parquet"
        actual = pq.read_table(path).to_pylist() if path.exists() else []
        assert len(actual) == len(tables[name])
        for stored, row in zip(actual, tables[name], strict=True):
            columns = [column for column in stored if column != "date"]
            assert [str(stored[c]) for c in columns] == [
                _as_stored(row[c], stored[c]) for c in columns
            ]
        counted += len(actual)
    assert counted > 10


def test_a_combined_table_is_its_partitions_in_order(result):
    combined = result.table("sweep_order_comparison")
    parts = {
        key: expected_table(*key, "sweep_order_comparison")["orderid"].tolist()
        for key in PARTITIONS
    }
    keys = [key for key, orders in parts.items() for _ in orders]
    assert list(zip(combined["date"], combined["security"], strict=True)) == keys
    assert combined["orderid"].tolist() == [order for orders in parts.values() for order in orders]


def test_times_are_exact_to_the_nanosecond(result):
    for date, security, name in CASES:
        if name == "trade_level_comparison" and (date, security) != WITHOUT_TRADES:
            actual = actual_table(result.output, date, security, name)
            stored = pd.read_csv(expected_path(date, security, name), dtype="str")
            for column in ROUNDED_TIMES:
                assert actual[column].astype("str").replace("<NA>", np.nan).equals(stored[column])


def test_the_market_holds_the_odd_cases_it_promises():
    orders = build().rows["orders"]
    codes = {row["exchangeordertype"] for row in orders}
    assert codes >= {0, 66, 2050, 4098}
    assert {row["timestamp"] for row in orders} >= {EVENING_NS, BEFORE_DAWN_NS}
    assert any(row["offer"] == MISSING for row in orders)
    assert any(row["offer"] is None for row in orders)
    assert any(row["price"] == 1002.5 for row in orders)
    assert max(Counter((row["order_id"], row["sequence"]) for row in orders).values()) == 2


def test_ledger_counts_repeats_lit_rows_and_the_broken_row(result):
    orders, trades = result.manifest["ledger"][:2]
    lit = sum(row["exchangeordertype"] == 0 for row in build().rows["orders"])
    assert orders["filtered"] == {"duplicate": 2, "not_centre_point": lit}
    assert orders["rejected"] == {"not_a_number": 1}
    # The repeated trade, and the one of an order that is nowhere.
    assert trades["filtered"] == {"duplicate": 1, "no_centre_point_order": 1}


def test_the_broken_row_is_in_the_rejects_with_its_place(result):
    (reject,) = pq.read_table(result.output / "rejects" / "orders.parquet").to_pylist()
    # It is the last line of the file, which has a header.
    lines = (SMALL / "input/orders/orders.csv").read_bytes().splitlines(keepends=True)
    assert reject == {
        "file": "orders/orders.csv",
        "line": len(lines),
        "byte_offset": sum(map(len, lines[:-1])),
        "column": "quantity",
        "reason": "not_a_number",
        "raw": lines[-1].decode().rstrip("\n"),
    }


def test_rows_of_short_sell_siblings_are_stored_and_in_engine_order(result):
    path = result.output / "processed/2024-10-04/501/cp_orders_filtered.parquet"
    rows = pq.read_table(path).to_pylist()
    assert {row["exchangeordertype"] for row in rows} >= {66, 2050, 4098, 2048}
    sequences = [row["sequence"] for row in rows]
    assert sequences == sorted(sequences)


def test_participants_delivered_once_serve_both_dates(result):
    dates = ("2024-10-04", "2024-10-07")
    tables = [
        pq.read_table(result.output / "processed" / date / "participants.parquet").to_pylist()
        for date in dates
    ]
    assert tables[0] == tables[1]
    assert len(tables[0]) == 2
