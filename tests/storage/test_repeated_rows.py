"""Of rows that can be read, the first of an order id and sequence in file order stays."""

from __future__ import annotations

import pytest
from ingesting import is_balanced, run_everything
from markets import FIRST_ID, OPENS_NS, order_text, quote_text, trade_text, write_files

DAY_NS = 24 * 3600 * 10**9
BLOCKSIZES = (1 << 20, 300, 90)


def quantities(outcome):
    return outcome.rows("cp_orders_filtered")["quantity"].to_pylist()


@pytest.mark.parametrize("blocksize_bytes", BLOCKSIZES)
def test_the_same_file_twice(tmp_path, blocksize_bytes):
    orders = order_text(*({"sequence": k} for k in range(1, 9)))
    trades = trade_text({"sequence": 20}, {"sequence": 21})
    files = {f"orders/{name}.csv": orders for name in "ab"}
    files |= {f"trades/{name}.csv": trades for name in "ab"}
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out", blocksize_bytes)
    assert outcome.file("orders/a.csv").kept == 8
    assert dict(outcome.file("orders/b.csv").filtered) == {"duplicate": 8}
    assert dict(outcome.file("trades/b.csv").filtered) == {"duplicate": 2}
    assert outcome.count("cp_orders_filtered") == 8
    assert outcome.count("cp_trades_matched") == 2


@pytest.mark.parametrize("blocksize_bytes", BLOCKSIZES)
def test_the_first_in_file_order_stays(tmp_path, blocksize_bytes):
    files = {
        # Within a file the upper line is the first, over files the name decides.
        "orders/a.csv": order_text({"sequence": 2, "quantity": 1}, {"sequence": 2, "quantity": 2}),
        "orders/b.csv": order_text({"sequence": 1, "quantity": 3}, {"sequence": 2, "quantity": 4}),
    }
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out", blocksize_bytes)
    assert quantities(outcome) == [3, 1]


def test_same_sequence_of_another_order_is_no_repeat(tmp_path):
    # The two ids are one as floats.
    orders = order_text({"order_id": FIRST_ID}, {"order_id": FIRST_ID + 1})
    outcome = run_everything(write_files(tmp_path / "in", {"orders/a.csv": orders}), tmp_path / "o")
    assert outcome.rows("cp_orders_filtered")["order_id"].to_pylist() == [FIRST_ID, FIRST_ID + 1]


SOUND, BROKEN = {"quantity": 7}, {"quantity": "bad"}


@pytest.mark.parametrize("blocksize_bytes", BLOCKSIZES)
@pytest.mark.parametrize(
    "rows",
    [
        [SOUND, BROKEN],
        [BROKEN, SOUND],  # the broken row does not hide the sound one
        [BROKEN, BROKEN],
        [SOUND, BROKEN, SOUND, BROKEN],
        [BROKEN, SOUND, SOUND],
    ],
)
def test_broken_rows_take_no_part(tmp_path, rows, blocksize_bytes):
    orders = order_text({"sequence": 9}, *rows)
    folder = write_files(tmp_path / "in", {"orders/a.csv": orders})
    outcome = run_everything(folder, tmp_path / "out", blocksize_bytes)
    entry = outcome.file("orders/a.csv")
    sound = rows.count(SOUND)
    assert entry.rejected.total() == rows.count(BROKEN) == len(outcome.rejects("orders"))
    assert entry.filtered["duplicate"] == max(0, sound - 1)
    assert entry.kept == outcome.count("cp_orders_filtered") == 1 + min(1, sound)
    assert is_balanced(entry)


def test_a_broken_row_of_an_earlier_file_hides_nothing(tmp_path):
    files = {
        "orders/a.csv": order_text({"note": "\0"}),
        "orders/b.csv": order_text({"note": "x"}),
        "trades/a.csv": trade_text({"quantity": ""}),
        "trades/b.csv": trade_text({}),
    }
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out")
    assert dict(outcome.file("orders/a.csv").rejected) == {"not_text": 1}
    assert dict(outcome.file("trades/a.csv").rejected) == {"missing_value": 1}
    assert outcome.file("orders/b.csv").kept == outcome.file("trades/b.csv").kept == 1


@pytest.mark.parametrize("blocksize_bytes", BLOCKSIZES)
@pytest.mark.parametrize(
    "elsewhere", [{"timestamp": OPENS_NS + 5 * DAY_NS}, {"security_code": 502}]
)
def test_a_row_of_another_day_or_security_is_no_repeat(tmp_path, elsewhere, blocksize_bytes):
    # Sequence numbers may begin anew every day: the same pair need not be the same event.
    orders = order_text(SOUND, SOUND | elsewhere)
    folder = write_files(tmp_path / "in", {"orders/a.csv": orders})
    entry = run_everything(folder, tmp_path / "out", blocksize_bytes).file("orders/a.csv")
    assert (entry.kept, dict(entry.filtered)) == (2, {})


def test_lit_rows_do_not_take_part(tmp_path):
    # The filter comes before the comparison: a lit row repeats nothing.
    orders = order_text({"exchangeordertype": 0}, {}, {"exchangeordertype": 0})
    outcome = run_everything(write_files(tmp_path / "in", {"orders/a.csv": orders}), tmp_path / "o")
    entry = outcome.file("orders/a.csv")
    assert (entry.kept, dict(entry.filtered)) == (1, {"not_centre_point": 2})


def test_both_legs_of_a_trade_stay(tmp_path):
    orders = order_text({}, {"order_id": FIRST_ID + 1, "side": 2})
    trades = trade_text({"sequence": 5}, {"sequence": 5, "orderid": FIRST_ID + 1})
    files = {"orders/a.csv": orders, "trades/a.csv": trades}
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out")
    assert outcome.count("cp_trades_matched") == 2


def test_quotes_are_never_compared(tmp_path):
    files = {"nbbo/a.csv": quote_text({}, {}), "orders/a.csv": order_text({})}
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out")
    assert outcome.rows("nbbo")["timestamp"].to_pylist() == [OPENS_NS, OPENS_NS]
