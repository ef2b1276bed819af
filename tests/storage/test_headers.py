"""Names of columns in headers, and what is said when they do not fit."""

from __future__ import annotations

import gzip
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingesting import run_everything
from markets import OPENS_NS, ORDER, order_text, write_files

from sweep_dask.errors import InputError
from sweep_dask.schema import NBBO, ORDERS, SESSION, TRADES
from sweep_dask.storage.header_columns import match_columns
from sweep_dask.storage.inputs import open_inputs

FILE = SimpleNamespace(name="orders/o.csv")
WHERE = "orders/o.csv, line 1"


def names_of(header, table=ORDERS, mapping=None):
    fields = match_columns(header, table, mapping or {}, FILE, WHERE)
    return {field.column.name: field.position for field in fields}


def header_with(**spelled):
    return [spelled.get(name, name) for name in ORDER]


@pytest.mark.parametrize("spelling", ["order_id", "orderid", "ORDER_ID", " Order_Id", "OrderID "])
def test_spellings_of_a_name(spelling):
    assert names_of(header_with(order_id=spelling))["order_id"] == 0


@pytest.mark.parametrize(
    "spelling", ["security_code", "SecurityCode", " orderbookid", "OrderBookId"]
)
def test_names_of_the_security(spelling):
    assert names_of(header_with(security_code=spelling))["security_code"] == 2


def test_aliases_hold_in_every_table():
    quotes = ["bidprice", "offerprice", "SECURITY_CODE", "timestamp"]
    assert names_of(quotes, NBBO)["orderbookid"] == 2
    trades = ["sequence", "tradetime", "order_book_id", "order_id", "tradeprice", "quantity"]
    assert names_of(trades, TRADES) == {
        "sequence": 0,
        "tradetime": 1,
        "securitycode": 2,
        "orderid": 3,
        "tradeprice": 4,
        "quantity": 5,
    }


def test_unknown_columns_are_left_out_of_partitioned_tables():
    assert "colour" not in names_of([*ORDER, "colour"])


def test_other_columns_of_dated_tables_keep_their_names():
    # A column of our own name would stand twice in the store.
    names = names_of(["TradeDate", " Phase Name", "date", "_day", ""], SESSION)
    assert names == {"TradeDate": 0, "Phase Name": 1}


def test_a_mapped_name():
    mapping = {"order_id": "My Key"}
    assert names_of(header_with(order_id="mykey"), mapping=mapping)["order_id"] == 0
    # The mapped name wins over the column whose own name it is.
    header = [*header_with(price="limit"), "price"]
    assert names_of(header, mapping={"price": "limit"})["price"] == list(ORDER).index("price")


def test_the_usual_name_no_longer_counts_where_one_is_mapped():
    with pytest.raises(InputError, match=r"order_id \(mapped to key\)"):
        names_of(list(ORDER), mapping={"order_id": "key"})


def test_missing_columns_are_named_with_the_nearest():
    header = header_with(leavesquantity="leaves_qty", price="prices")
    with pytest.raises(InputError) as caught:
        names_of(header)
    assert "price, leavesquantity" in caught.value.what
    assert "price (nearest: prices" in caught.value.cure
    assert caught.value.where == WHERE
    assert "leaves_qty" in caught.value.value


def test_the_example_of_the_cure_is_of_the_column_that_it_names():
    with pytest.raises(InputError) as caught:
        names_of(header_with(price="qqqqq", leavesquantity="leaves_qty"))
    assert caught.value.cure == (
        "Map leavesquantity (nearest: leaves_qty) under columns.orders in config.yaml, "
        "as in `columns: {orders: {leavesquantity: leaves_qty}}`."
    )


def test_an_error_tells_where_the_names_stand(tmp_path):
    text = order_text({}).replace(b"price", b"limit", 1)
    write_files(tmp_path / "in", {"orders/o.csv": b"\n\n" + text})
    with pytest.raises(InputError) as caught:
        open_inputs(str(tmp_path / "in"), {})
    assert caught.value.where == "orders/o.csv, line 3"


def test_names_of_parquet_stand_on_no_line(tmp_path):
    write_files(tmp_path / "in", {"orders/o.parquet": b""})
    pq.write_table(pa.table({"order_id": [1]}), tmp_path / "in/orders/o.parquet")
    with pytest.raises(InputError) as caught:
        open_inputs(str(tmp_path / "in"), {})
    assert caught.value.where == "orders/o.parquet"


def test_two_fields_for_one_column():
    with pytest.raises(InputError, match="claim the column order_id: order_id and OrderID"):
        names_of([*ORDER, "OrderID"])


def test_a_header_in_quotes_with_a_byte_order_mark(tmp_path):
    text = order_text({})
    header, body = text.split(b"\n", 1)
    quoted = b"\xef\xbb\xbf" + b",".join(b'"%s"' % name for name in header.split(b",")) + b"\r\n"
    folder = write_files(tmp_path / "in", {"orders/o.csv": quoted + body})
    assert run_everything(folder, tmp_path / "out").count("cp_orders_filtered") == 1


@pytest.mark.parametrize(
    "data",
    [
        order_text({}).replace(b"\n", b"\r"),  # line ends of another age: one line in all
        order_text({}).decode().encode("utf-16"),
        b'"' + b"x" * 200_000 + b'"\n1\n',
        b"x" * (1 << 20) + b"\n1\n",
        bytes(range(256)) * 10,
    ],
    ids=["carriage returns alone", "UTF-16", "endless cell", "endless line", "bytes"],
)
def test_what_is_no_csv_is_refused(tmp_path, data):
    with pytest.raises(InputError, match=r"orders/o\.csv"):
        open_inputs(write_files(tmp_path, {"orders/o.csv": data}), {})


def test_all_files_that_cannot_be_used_are_listed(tmp_path):
    files = {
        "orders/a.csv": b"order_id\n1\n",
        "orders/b.csv": order_text({}),
        "orders/c.csv.gz": b"no gzip at all",
        "trades/d.parquet": b"no Parquet at all",
        "nbbo/e.csv": b"bid\n1\n",
    }
    with pytest.raises(InputError) as caught:
        open_inputs(write_files(tmp_path, files), {})
    text = str(caught.value)
    assert text.startswith("4 input files cannot be used:")
    assert all(name in text for name in files if name != "orders/b.csv")
    assert "orders/b.csv" not in text


def test_files_without_rows_are_warnings_while_another_has_some(tmp_path):
    header = order_text({}).split(b"\n")[0]
    files = {
        "orders/a.csv": order_text({}),
        "orders/b.csv": header,
        "orders/c.csv": header + b"\r\n \r\n",
        "orders/d.csv": b"",
        "orders/e.csv": b"\xef\xbb\xbf\r\n",
        "orders/f.csv": b"\n \r\n\t\n",
    }
    inputs = open_inputs(write_files(tmp_path, files), {})
    assert inputs.warnings == (
        "orders/b.csv has a header and no rows.",
        "orders/c.csv has a header and no rows.",
        "orders/d.csv is empty.",
        "orders/e.csv is empty.",
        "orders/f.csv is empty.",
    )


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_rows_after_many_blank_lines_are_found(tmp_path, ending):
    header, row = order_text({}).rstrip().split(b"\n")
    text = header + b"\n" * 70_000 + row + b"\n"
    data = text if ending == "csv" else gzip.compress(text)
    folder = write_files(tmp_path / "in", {f"orders/a.{ending}": data})
    assert run_everything(folder, tmp_path / "out").count("cp_orders_filtered") == 1


BLANK_STARTS = {
    "a blank line": b"\n",
    "several, with blanks": b"  \r\n\t\n\r\n",
    "behind a byte order mark": b"\xef\xbb\xbf\n \n",
    "a long one": b" " * (1 << 20) + b"\n\n",
}


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
@pytest.mark.parametrize("start", BLANK_STARTS.values(), ids=BLANK_STARTS.keys())
def test_the_header_is_the_first_line_that_is_not_blank(tmp_path, start, ending):
    rows = [{"sequence": k, "quantity": -1 if k == 3 else 5} for k in range(1, 6)]
    text = start + order_text(*rows)
    data = text if ending == "csv" else gzip.compress(text)
    folder = write_files(tmp_path / "in", {f"orders/a.{ending}": data})
    for blocksize_bytes in (1 << 22, 90):
        outcome = run_everything(folder, tmp_path / f"out{blocksize_bytes}", blocksize_bytes)
        entry = outcome.file(f"orders/a.{ending}")
        assert (entry.read, entry.kept) == (5, 4)
        (reject,) = outcome.rejects("orders")
        # The header stands below the blank lines, the bad row is the third below it.
        assert reject["line"] == start.count(b"\n") + 1 + 3
        assert text[reject["byte_offset"] :].startswith(reject["raw"].encode())


def test_a_header_below_blank_lines_is_named_by_its_line(tmp_path):
    with pytest.raises(InputError) as caught:
        open_inputs(write_files(tmp_path, {"orders/a.csv": b"\n\n\xff\n1\n"}), {})
    assert caught.value.where == "orders/a.csv, line 3"


def test_a_mapped_column_that_is_not_required_may_be_in_some_files_alone(tmp_path):
    files = {
        "orders/a.csv": order_text({}),
        "orders/b.csv": order_text({"my tick": 1, "sequence": 2}),
    }
    folder = write_files(tmp_path, files)
    columns = open_inputs(folder, {"orders": {"midtick": "my tick"}}).columns()
    assert "midtick" in columns["orders"].names
    with pytest.raises(InputError, match="None of the orders files has a column 'tick'") as caught:
        open_inputs(folder, {"orders": {"midtick": "tick"}, "nbbo": {"userid": "user"}})
    assert caught.value.where == "columns.orders.midtick in config.yaml"


def test_a_required_table_without_rows_is_an_error(tmp_path):
    header = order_text({}).split(b"\n")[0]
    with pytest.raises(InputError, match="orders files hold no rows"):
        open_inputs(write_files(tmp_path, {"orders/a.csv": header, "orders/b.csv": b""}), {})


def test_columns_of_a_table_are_those_of_all_its_files(tmp_path):
    files = {
        "orders/a.csv": order_text({"midtick": 1}),
        "orders/b.csv": order_text({"national_bid": 990, "sequence": 2}),
    }
    folder = write_files(tmp_path / "in", files)
    names = open_inputs(folder, {}).columns()["orders"].names
    # In the order of the extract, whatever the order in the files.
    listed = [column.name for column in ORDERS.columns]
    assert names == tuple(sorted((*ORDER, "midtick", "national_bid"), key=listed.index))
    rows = run_everything(folder, tmp_path / "out").rows("cp_orders_filtered").to_pylist()
    assert [(row["midtick"], row["national_bid"]) for row in rows] == [(1, None), (None, 990.0)]
    assert rows[0]["timestamp"] == OPENS_NS


def test_a_column_that_is_another_one_is_not_suggested():
    """`order_id: ordertype` would be believed, and give another answer without an error."""
    with pytest.raises(InputError) as caught:
        names_of(header_with(order_id="ordernumber"))
    assert "order_id: ordernumber" in caught.value.cure
    assert "ordertype" not in caught.value.cure


@pytest.mark.parametrize(
    "mapping", [{"order_id": "ordertype"}, {"order_id": "key", "sequence": "Key"}]
)
def test_a_name_that_is_taken_cannot_be_mapped(mapping):
    with pytest.raises(InputError, match="it is the column"):
        names_of([*ORDER, "key"], mapping=mapping)
