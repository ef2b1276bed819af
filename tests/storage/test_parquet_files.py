"""Parquet files give the rows their CSV form gives, whatever types their columns have."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingesting import everything, open_file, validated_chunks
from markets import FIRST_ID, OPENS_NS, ORDER, order_text

from sweep_dask.errors import InputError

PRICES = [1000.0, 3330.5, None, 0.0]
CHANGES = [
    {
        "order_id": FIRST_ID + k,
        "timestamp": OPENS_NS + k,
        "price": price,
        "midtick": midtick,
    }
    | {"timevaliditydecoded": text, "sequence": k + 1, "totalmatchedquantity": k}
    for k, (price, midtick, text) in enumerate(
        zip(PRICES, [1, None, 0, None], ["Day", 'a, "b"', None, "Day"], strict=True)
    )
]
COLUMNS = {name: [(ORDER | row)[name] for row in CHANGES] for name in ORDER | CHANGES[0]}


def parquet_bytes(columns, **options) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue().to_pybytes()


def rows_of(tmp_path, columns, blocksize_bytes=1 << 20, **options):
    data = parquet_bytes(columns, **options)
    file, header = open_file(tmp_path, "orders/o.parquet", data)
    rows, rejects, *counts = everything(validated_chunks(file, header, blocksize_bytes))
    return [row for _, row in rows], [(r.line, r.column, r.reason) for r in rejects], counts


@pytest.fixture
def expected(tmp_path):
    quoted = [
        row | {"timevaliditydecoded": '"a, ""b"""'} if k == 1 else row
        for k, row in enumerate(CHANGES)
    ]
    file, header = open_file(tmp_path / "csv", "orders/o.csv", order_text(*quoted))
    rows, rejects, *_ = everything(validated_chunks(file, header, 1 << 20))
    assert rejects == []
    return [row for _, row in rows]


def as_decimals(values, scale):
    texts = [None if v is None else Decimal(str(v)) for v in values]
    return pa.array(texts, pa.decimal128(38, scale))


VARIANTS = {
    "as they are": {},
    "decimal prices": {"price": as_decimals(PRICES, 2)},
    "decimal prices of many places": {"price": as_decimals(PRICES, 18)},
    "float32 prices": {"price": pa.array(PRICES, pa.float32())},
    "decimal ids": {"order_id": as_decimals(COLUMNS["order_id"], 0)},
    "ids as text": {"order_id": [str(value) for value in COLUMNS["order_id"]]},
    "unsigned ids": {"order_id": pa.array(COLUMNS["order_id"], pa.uint64())},
    "times": {"timestamp": pa.array(COLUMNS["timestamp"], pa.timestamp("ns"))},
    "times with a zone": {
        "timestamp": pa.array(COLUMNS["timestamp"], pa.timestamp("ns", tz="Australia/Sydney"))
    },
    "dictionary text": {
        "timevaliditydecoded": pa.array(COLUMNS["timevaliditydecoded"]).dictionary_encode()
    },
    "large text": {
        "timevaliditydecoded": pa.array(COLUMNS["timevaliditydecoded"], pa.large_string())
    },
    "small integers": {"side": pa.array(COLUMNS["side"], pa.int8())},
    "order types as text": {"exchangeordertype": ["64"] * 4},
    "quantities as floats": {"quantity": [100.0] * 4},
    "quantities as decimals": {"quantity": as_decimals([100] * 4, 2)},
    "optional integers as floats": {"midtick": [1.0, None, 0.0, float("nan")]},
    "the missing value": {"midtick": pa.array([1, -(2**63), 0, -(2**63)])},
    "the missing value as a float": {"price": [1000.0, 3330.5, -(2.0**63), 0.0]},
    "other columns": {"nobody reads": [[1], [2], [3], [4]]},
}


@pytest.mark.parametrize("changed", VARIANTS.values(), ids=VARIANTS.keys())
def test_rows_are_those_of_the_csv_file(tmp_path, expected, changed):
    rows, rejects, _ = rows_of(tmp_path, COLUMNS | changed)
    assert (rows, rejects) == (expected, [])


@pytest.mark.parametrize("blocksize_bytes", [1, 200, 700, 1 << 20])
def test_row_groups_are_cut_into_blocks(tmp_path, expected, blocksize_bytes):
    rows, _, (_, n_lines, n_read) = rows_of(tmp_path, COLUMNS, blocksize_bytes, row_group_size=1)
    assert rows == expected
    assert n_lines == n_read == 4


@pytest.mark.parametrize("column", ["order_id", "sequence", "timestamp", "security_code"])
def test_identifiers_stored_as_floats_are_refused(tmp_path, column):
    floats = pa.array([float(value) for value in COLUMNS[column]])
    with pytest.raises(InputError, match=f"Column {column} is stored as floating point"):
        rows_of(tmp_path, COLUMNS | {column: floats})


def test_rows_that_cannot_be_read_are_rejected(tmp_path):
    changed = {"quantity": [1.5, 100.0, None, 100.0], "price": [1.0, 2.25, 3.0, float("inf")]}
    rows, rejects, _ = rows_of(tmp_path, COLUMNS | changed)
    assert rows == []
    assert rejects == [
        (0, "quantity", "not_a_number"),
        (1, "price", "not_a_half_unit"),
        (2, "quantity", "missing_value"),
        (3, "price", "not_a_number"),
    ]


def test_a_line_break_in_a_text_is_a_blank(tmp_path):
    texts = ["Good\ntill", "a\r\nb", None, "\r"]
    for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        changed = {"timevaliditydecoded": pa.array(texts).cast(kind)}
        rows, rejects, _ = rows_of(tmp_path, COLUMNS | changed)
        assert rejects == []
        assert [r["timevaliditydecoded"] for r in rows] == ["Good till", "a  b", None, None]


@pytest.mark.parametrize("neighbour", [100.0, 1.5, None])
def test_large_whole_floats_are_integers_whatever_stands_beside_them(tmp_path, neighbour):
    large = [1e15, 1e16, 2.0**62, neighbour]
    rows, rejects, _ = rows_of(tmp_path, COLUMNS | {"midtick": large, "crossingkey": large})
    assert [row["midtick"] for row in rows[:3]] == [10**15, 10**16, 2**62]
    assert rejects == ([(3, "midtick", "not_a_number")] if neighbour == 1.5 else [])


def test_floats_beyond_64_bits_are_rejected(tmp_path):
    _, rejects, _ = rows_of(tmp_path, COLUMNS | {"midtick": [1e19, float("-inf"), 2.0**63, 1.0]})
    assert [reason for *_, reason in rejects] == ["not_a_number"] * 3


def test_booleans_are_numbers_where_a_column_holds_numbers(tmp_path):
    truths = [True, False, None, True]
    changed = {"midtick": truths, "timevaliditydecoded": truths}
    rows, rejects, _ = rows_of(tmp_path, COLUMNS | changed)
    assert rejects == []
    assert [row["midtick"] for row in rows] == [1, 0, None, 1]
    assert [row["timevaliditydecoded"] for row in rows] == ["true", "false", None, "true"]


def test_rejects_of_parquet_have_no_byte_offset(tmp_path):
    data = parquet_bytes(COLUMNS | {"quantity": [-1, 5, 5, 5]})
    file, header = open_file(tmp_path, "orders/o.parquet", data)
    _, (reject,), *_ = everything(validated_chunks(file, header, 1))
    assert reject.byte_offset is None


def test_a_damaged_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"orders/o\.parquet cannot be read"):
        open_file(tmp_path, "orders/o.parquet", parquet_bytes(COLUMNS)[:-50])
