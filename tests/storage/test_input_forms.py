"""The same rows give the same bytes, whatever the format, quoting, types or order of columns."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from ingesting import run_everything
from markets import FIRST_ID, OPENS_NS, ORDER, TRADE, write_files

#: Blanks around and within, quotes, commas, blanks that are none of ours, what looks like a number.
WORDS = ["", " ", "x", " x", "x ", "\tx\t", '"', 'a "b"', ",", "a,b ", "é", "\u00a0", "007", "5.0",
         "nan", "NULL", "True", "-", "\ufeffx", "'x'", "x\ty", "#", "\\", "a\rb", "\r"]  # fmt: skip
texts = st.sampled_from(WORDS)
prices = st.sampled_from([1000.0, 3330.5, None, 0.0])
optional = st.sampled_from([None, 0, 1, 3])

orders = st.lists(
    st.fixed_dictionaries(
        {"price": prices, "midtick": optional, "timevaliditydecoded": texts, "unread": texts}
    ),
    min_size=1,
    max_size=5,
)
references = st.lists(
    st.fixed_dictionaries({"Sequence": optional, "Name": texts, "a b": texts, "Zone": texts}),
    max_size=4,
)

TYPES = {
    "price": [pa.float64(), pa.float32(), pa.decimal128(20, 4), pa.decimal256(50, 2), pa.string()],
    "midtick": [pa.int64(), pa.int8(), pa.float64(), pa.float16(), pa.decimal128(9, 3)],
    "order_id": [pa.int64(), pa.uint64(), pa.string(), pa.decimal128(38, 0)],
    "timestamp": [pa.int64(), pa.timestamp("ns"), pa.timestamp("ns", "Australia/Sydney")],
}
TEXT_TYPES = [
    *(pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary()),
    pa.dictionary(pa.int32(), pa.string()),
]


def rows_of(orders, references):
    """The tables of an input, the required columns filled in."""
    return {
        "orders": [
            ORDER | {"order_id": FIRST_ID + k, "sequence": k + 1} | row
            for k, row in enumerate(orders)
        ],
        "trades": [TRADE | {"sequence": 90, "sidedecoded": row["unread"]} for row in orders[:1]],
        "reference": [{"TradeDate": OPENS_NS, "Id": k} | row for k, row in enumerate(references)],
    }


def csv_bytes(rows, columns, quoting) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, quoting=quoting, lineterminator="\n")
    writer.writerow(columns)
    # A carriage return within a cell is white space, quoted or not.
    writer.writerows([["" if row[c] is None else row[c] for c in columns] for row in rows])
    return sink.getvalue().encode()


def parquet_bytes(draw, rows, columns) -> bytes:
    arrays = {}
    for name in columns:
        values = [row[name] for row in rows]
        is_text = all(isinstance(value, str) for value in values)
        kinds = TEXT_TYPES if is_text else TYPES.get(name, [pa.int64()])
        kind = draw(st.sampled_from(kinds))
        arrays[name] = _array(values, kind)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays), sink, row_group_size=draw(st.integers(1, 6)))
    return sink.getvalue().to_pybytes()


def _array(values, kind):
    if pa.types.is_string(kind):
        values = [None if value is None else str(value) for value in values]
    if pa.types.is_decimal(kind):
        return pa.array([None if v is None else Decimal(str(v)) for v in values], kind)
    if pa.types.is_dictionary(kind):
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, kind)


def drawn_form(draw, tables):
    """Files that hold the rows of `tables` in some form."""
    files = {}
    for table, rows in tables.items():
        if not rows:
            continue
        columns = draw(st.permutations(list(rows[0])))
        form = draw(st.sampled_from(["csv", "csv.gz", "parquet"]))
        if form == "parquet":
            files[f"{table}/a.parquet"] = parquet_bytes(draw, rows, columns)
            continue
        quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        data = csv_bytes(rows, columns, quoting)
        files[f"{table}/a.{form}"] = data if form == "csv" else gzip.compress(data)
    return files


@settings(max_examples=25)
@given(orders, references, st.sampled_from([60, 300, 1 << 20]), st.data())
def test_results_depend_on_the_rows_alone(orders, references, blocksize_bytes, data):
    tables = rows_of(orders, references)
    plain = {
        f"{table}/a.csv": csv_bytes(rows, list(rows[0]), csv.QUOTE_ALL)
        for table, rows in tables.items()
        if rows
    }
    with tempfile.TemporaryDirectory() as folder:
        found = [
            run_everything(write_files(Path(folder, name, "in"), files), Path(folder, name), size)
            for name, files, size in [
                ("plain", plain, 1 << 20),
                ("other", drawn_form(data.draw, tables), blocksize_bytes),
            ]
        ]
        assert found[0].files == found[1].files
        assert found[0].ledger.total().kept == sum(map(len, tables.values()))
