"""Parquet columns of any type: read, rejected row by row, or refused in words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingesting import everything, open_file, validated_chunks
from markets import OPENS_NS, ORDER

from sweep_dask.errors import InputError

ROWS = 3
COLUMNS = {name: [value] * ROWS for name, value in ORDER.items()}
COLUMNS |= {"sequence": [1, 2, 3], "midtick": [1, None, 3], "timevaliditydecoded": ["a", None, "c"]}
DAY = dt.date(2024, 10, 4)


def parquet_bytes(columns, **options) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue().to_pybytes()


def read(tmp_path, table="orders", columns=COLUMNS, **changed):
    data = parquet_bytes(columns | changed)
    file, header = open_file(tmp_path, f"{table}/o.parquet", data)
    rows, rejects, *_ = everything(validated_chunks(file, header, 1 << 20))
    return [row for _, row in rows], [(r.line, r.column, r.reason) for r in rejects]


NESTED = {
    "list": pa.array([[1], [2], [3]]),
    "struct": pa.array([{"a": 1}] * ROWS),
    "map": pa.array([[(1, 2)]] * ROWS, pa.map_(pa.int8(), pa.int8())),
    "fixed list": pa.array([[1]] * ROWS, pa.list_(pa.int8(), 1)),
    "fixed bytes": pa.array([b"1"] * ROWS, pa.binary(1)),
    "duration": pa.array([1] * ROWS, pa.duration("ns")),
    "time": pa.array([1] * ROWS, pa.time64("ns")),
    "uuid": pa.array([b"0" * 16] * ROWS, pa.uuid()),
}


@pytest.mark.parametrize("column", ["quantity", "price", "timevaliditydecoded", "midtick"])
@pytest.mark.parametrize("values", NESTED.values(), ids=NESTED.keys())
def test_a_type_that_holds_no_cells_is_refused(tmp_path, values, column):
    with pytest.raises(InputError, match=f"Column {column} has a type that cannot be read") as told:
        read(tmp_path, **{column: values})
    assert told.value.where == "orders/o.parquet"
    assert "Export the column" in told.value.cure


@pytest.mark.parametrize("values", NESTED.values(), ids=NESTED.keys())
def test_a_column_that_nobody_reads_may_have_any_type(tmp_path, values):
    assert len(read(tmp_path, nobody=values)[0]) == ROWS


@pytest.mark.parametrize("column", ["price", "quantity", "timestamp"])
def test_a_date_is_no_number(tmp_path, column):
    with pytest.raises(InputError, match=f"Column {column} has a type"):
        read(tmp_path, **{column: pa.array([DAY] * ROWS)})


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_a_trade_date_may_be_a_date(tmp_path, kind):
    columns = {"TradeDate": pa.array([DAY], kind), "Id": [7], "Since": pa.array([DAY], kind)}
    rows, rejects = read(tmp_path, "reference", columns)
    midnight_ns = OPENS_NS - OPENS_NS % (24 * 3600 * 10**9)
    assert (rows, rejects) == ([{"TradeDate": midnight_ns, "Id": 7, "Since": "2024-10-04"}], [])


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("zone", [None, "UTC", "Australia/Sydney", "+10:30"])
def test_times_that_nanoseconds_cannot_hold_are_out_of_range(tmp_path, unit, zone):
    seconds = OPENS_NS // 10**9
    scale = {"s": 1, "ms": 10**3, "us": 10**6}[unit]
    wild = [seconds * scale, 10**12 * scale, -(10**12) * scale]
    times = pa.array(wild, pa.timestamp(unit, zone))
    rows, rejects = read(tmp_path, timestamp=times)
    assert [row["timestamp"] for row in rows] == [seconds * 10**9]
    assert rejects == [(k, "timestamp", "out_of_range") for k in (1, 2)]


TEXT_TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(),
              pa.binary_view(), pa.dictionary(pa.int8(), pa.string())]  # fmt: skip


@pytest.mark.parametrize("kind", TEXT_TYPES, ids=str)
def test_text_of_any_type_is_text(tmp_path, kind):
    texts = pa.array(["a\nb", None, ' "c", '])
    expected = [row["timevaliditydecoded"] for row in read(tmp_path / "a")[0]]
    rows, rejects = read(
        tmp_path / "b", timevaliditydecoded=texts.cast(kind), side=["1", "2", " 1"]
    )
    assert (expected, rejects) == (["a", None, "c"], [])
    assert [row["timevaliditydecoded"] for row in rows] == ["a b", None, '"c",']
    assert [row["side"] for row in rows] == [1, 2, 1]


@pytest.mark.parametrize("column", ["timevaliditydecoded", "midtick"])
def test_bytes_that_are_no_text_cost_their_row(tmp_path, column):
    bad = pa.array([b"1", b"\xff\xfe\n", b"\0"], pa.binary())
    as_text = pa.Array.from_buffers(pa.string(), ROWS, bad.buffers())
    for k, values in enumerate([bad, as_text, as_text.dictionary_encode()]):
        rows, rejects = read(tmp_path / str(k), **{column: values})
        assert len(rows) == 1
        assert rejects == [(1, None, "not_text"), (2, None, "not_text")]


def test_nulls_in_required_columns_are_rejected(tmp_path):
    for k, kind in enumerate(
        [pa.int64(), pa.string(), pa.null(), pa.float64(), pa.decimal32(5, 1)]
    ):
        rows, rejects = read(tmp_path / str(k), quantity=pa.nulls(ROWS, kind))
        assert rows == []
        assert rejects == [(k, "quantity", "missing_value") for k in range(ROWS)]


def test_numbers_of_any_width(tmp_path):
    expected = read(tmp_path / "x")[0]
    kinds = [pa.float32(), pa.decimal128(21, 2), pa.decimal256(76, 20), pa.uint8(), pa.float16()]
    for k, kind in enumerate(kinds):
        whole = pa.array([100] * ROWS, pa.float32() if kind == pa.float16() else pa.int64())
        values = whole.cast(kind)
        assert read(tmp_path / str(k), quantity=values) == (expected, [])


def test_a_number_in_a_text_column_has_one_spelling(tmp_path):
    for k, values in enumerate([
        pa.array([1.5, 2.0, None]), pa.array([1.5, 2.0, None], pa.float16()),
        pa.array([Decimal("1.50"), Decimal("2.00"), None], pa.decimal128(9, 2)),
        pa.array(["1.5", "2", ""]),
    ]):  # fmt: skip
        rows, _ = read(tmp_path / str(k), timevaliditydecoded=values)
        assert [row["timevaliditydecoded"] for row in rows] == ["1.5", "2", None]


def test_a_file_with_fewer_rows_than_its_footer_says_is_refused(tmp_path):
    # A row group whose number of rows is one more than its pages hold.
    data = parquet_bytes(
        {name: pa.array([v] * ROWS) for name, v in ORDER.items()}, compression="none"
    )
    assert data.count(bytes([0x16, ROWS * 2])) > 0  # Thrift's zigzag of the number of rows
    lying = data.replace(bytes([0x16, ROWS * 2]), bytes([0x16, ROWS * 2 + 2]))

    def read_to_the_end():
        file, header = open_file(tmp_path, "orders/o.parquet", lying)
        return validated_chunks(file, header, 1 << 20)

    with pytest.raises(InputError, match=r"orders/o\.parquet cannot be read"):
        read_to_the_end()
