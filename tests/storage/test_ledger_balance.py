"""Every row of every file ends in exactly one place, and the store holds the rows that are kept."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from ingesting import is_balanced, run_everything
from markets import FIRST_ID, OPENS_NS, ORDER, QUOTE, TRADE, csv_text, write_files

DAY = 24 * 3600 * 10**9
EVENING = 12 * 3600 * 10**9
TIMES = [
    OPENS_NS,
    OPENS_NS + 1,
    OPENS_NS + EVENING,
    OPENS_NS + DAY,
    OPENS_NS + 3 * DAY,
]

ids = st.integers(FIRST_ID, FIRST_ID + 3) | st.sampled_from(["", "x"])
sequences = st.integers(1, 6) | st.just("1.5")
times = st.sampled_from([*TIMES, "soon"])
securities = st.sampled_from([501, 502, -1])
quantities = st.sampled_from([1, 100, "", "many"])
prices = st.sampled_from([1000, 1000.5, "", 0.25])

orders = st.fixed_dictionaries(
    {
        "order_id": ids,
        "sequence": sequences,
        "timestamp": times,
        "security_code": securities,
        "exchangeordertype": st.sampled_from([0, 64, 2048, 2050, 4098, "?"]),
        "side": st.integers(1, 2),
        "quantity": quantities,
        "price": prices,
    }
)
trades = st.fixed_dictionaries(
    {
        "orderid": ids,
        "sequence": sequences,
        "tradetime": times,
        "securitycode": securities,
        "quantity": quantities,
        "tradeprice": prices,
    }
)
quotes = st.fixed_dictionaries({"timestamp": times, "orderbookid": securities, "bidprice": prices})
people = st.fixed_dictionaries({"TradeDate": times, "Id": st.integers(1, 3) | st.just("")})


def files_of(table, rows):
    """Rows of a table, split over two files."""
    half = len(rows) // 2
    parts = {f"{table}/a.csv": rows[:half], f"{table}/b.csv": rows[half:]}
    return {name: csv_text(part) for name, part in parts.items() if part}


STEMS = {"orders": "cp_orders_filtered", "trades": "cp_trades_matched", "nbbo": "nbbo"}


@settings(max_examples=60)
@given(
    st.lists(orders, min_size=2, max_size=14),
    st.lists(trades, min_size=2, max_size=8),
    st.lists(quotes, max_size=5),
    st.lists(people, max_size=5),
    st.sampled_from([90, 400, 10_000]),
    st.booleans(),
)
def test_the_ledger_balances(orders, trades, quotes, people, blocksize_bytes, by_session):
    rows = {
        "orders": [ORDER | row for row in orders],
        "trades": [TRADE | row for row in trades],
        "nbbo": [QUOTE | row for row in quotes],
        "participants": people,
    }
    files = {}
    for table, its_rows in rows.items():
        files |= files_of(table, its_rows)
    with tempfile.TemporaryDirectory() as folder:
        source = write_files(Path(folder) / "in", files)
        outcome = run_everything(
            source, Path(folder) / "out", blocksize_bytes, by_session=by_session
        )
        assert [p.state for p in outcome.partitions] == ["computed"] * len(outcome.partitions)
        for entry in outcome.ledger.files:
            assert is_balanced(entry)
            assert min([entry.kept, *entry.filtered.values(), *entry.rejected.values()]) >= 0
        for table, its_rows in rows.items():
            total = outcome.ledger.total(table)
            assert total.read == len(its_rows)
            assert total.rejected.total() == len(outcome.rejects(table))
        for table, stem in STEMS.items():
            assert outcome.ledger.total(table).kept == outcome.count(stem)
        assert outcome.ledger.total().read == sum(len(its_rows) for its_rows in rows.values())
        _check_places(outcome, rows["orders"])


def _check_places(outcome, orders):
    """No order row is in the store twice, and each of those there was in a file."""
    stored = outcome.rows("cp_orders_filtered")
    if stored is None:
        return
    rows = [(row["order_id"], row["sequence"], row["timestamp"]) for row in stored.to_pylist()]
    assert len(rows) == len(set(rows))
    assert set(rows) <= {(row["order_id"], row["sequence"], row["timestamp"]) for row in orders}
