"""Result tables as CSV, combined into Parquet, and frames that keep their integers."""

from __future__ import annotations

import io
import itertools
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from framed import as_read, csv_bytes, to_table
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep_dask.storage.combine import ResultFile, keyed, result_schema
from sweep_dask.storage.combine import combined as combined_rows
from sweep_dask.storage.frames import gathered, parquet_bytes, to_frame

BIG = 7_904_794_000_123_498_601


def lines_of(tmp_path, frame):
    (tmp_path / "t.csv").write_bytes(csv_bytes(frame))
    return (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.0, "5.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1 / 3, "0.3333333333333333"), (1e-7, "1e-7"),
        (2.5, "2.5"), (123456789.0, "123456789.0"), (9999999999.0, "9999999999.0"),
        (1e10, "1e+10"), (12345678901.0, "1.2345678901e+10"), (1e22, "1e+22"),
        (float("nan"), ""), (None, ""), (float("inf"), "inf"),
    ],
)  # fmt: skip
def test_floats(tmp_path, value, text):
    frame = pd.DataFrame({"x": [value, 1.0]}, dtype="float64")
    # A line that is empty altogether would be no row; beside another column it is.
    assert lines_of(tmp_path, frame.assign(y=1)) == ["x,y", f"{text},1", "1.0,1"]


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_floats_are_read_back_as_the_same_doubles(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("floats")
    cells = lines_of(folder, pd.DataFrame({"x": values}))[1:]
    assert [float(cell) for cell in cells] == values
    assert all(set(cell) & set(".en") for cell in cells)  # none looks like an integer


@given(
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from([0.0, -0.0, 1.0, 1e10, math.nan, -math.inf]), st.floats()),
            st.sampled_from(["", "plain", "a,b", 'say "so"', "line\nbreak", "\r", None]),
        ),
        min_size=1,
    )
)
def test_a_cell_does_not_depend_on_the_other_rows(rows):
    frame = pd.DataFrame(rows, columns=["x", "text"]).astype({"x": "float64", "text": object})
    assert pd.read_csv(io.BytesIO(csv_bytes(frame)), keep_default_na=False)["text"].tolist() == [
        text or "" for _, text in rows
    ]
    alone = [csv_bytes(frame[["x"]].iloc[[row]].assign(y=1))[4:] for row in range(len(rows))]
    assert csv_bytes(frame[["x"]].assign(y=1)) == b"x,y\n" + b"".join(alone)


def test_other_kinds_of_columns(tmp_path):
    frame = pd.DataFrame(
        {
            "id": [BIG, -BIG],
            "maybe": pd.array([BIG, None], dtype="Int64"),
            "flag": [True, False],
            "text": ["plain", None],
        }
    )
    assert lines_of(tmp_path, frame) == [
        "id,maybe,flag,text",
        f"{BIG},{BIG},True,plain",
        f"-{BIG},,False,",
    ]


def test_a_table_without_rows_has_its_header(tmp_path):
    frame = pd.DataFrame({"orderid": pd.Series(dtype="int64"), "group": pd.Series(dtype="str")})
    assert lines_of(tmp_path, frame) == ["orderid,group"]


def test_text_with_commas_quotes_and_line_breaks(tmp_path):
    texts = ["a, b", 'say "so"', "line\nbreak", "Zürich", "plain", " blank "]
    (tmp_path / "t.csv").write_bytes(csv_bytes(pd.DataFrame({"text": texts, "n": range(6)})))
    read = pd.read_csv(tmp_path / "t.csv")
    assert read["text"].tolist() == texts
    assert read["n"].tolist() == list(range(6))


def test_texts_that_a_spreadsheet_would_run(tmp_path):
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a=1", "", None, "'=1"]
    frame = pd.DataFrame({"=name": texts, "n": range(-5, 5)})
    (tmp_path / "raw.csv").write_bytes(csv_bytes(frame))
    raw = pd.read_csv(tmp_path / "raw.csv", keep_default_na=False)
    assert raw["=name"].tolist() == [text or "" for text in texts]
    (tmp_path / "safe.csv").write_bytes(csv_bytes(frame, safe_text=True))
    safe = pd.read_csv(tmp_path / "safe.csv", keep_default_na=False)
    assert safe["=name"].tolist() == [f"'{text}" for text in texts[:6]] + ["a=1", "", "", "'=1"]
    assert safe["n"].tolist() == list(range(-5, 5))


COLUMNS = {
    "orderid": "int64",
    "date": "str",
    "maybe": "Int64",
    "ratio": "float64",
    "flag": "bool",
    "text": "str",
}


def frame_of(*rows):
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(COLUMNS | {"text": object, "date": object})


def combined(tmp_path, *frames):
    files = []
    for number, frame in enumerate(frames):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(csv_bytes(frame))
        files.append(ResultFile("2024-10-04", 501 + number, str(path)))
    rows = combined_rows(files, COLUMNS, "time-priority")
    return pa.concat_tables([rows.schema.empty_table(), *rows.parts])


def test_combined_rows_have_their_keys_types_and_exact_ids(tmp_path):
    table = combined(
        tmp_path,
        frame_of([BIG, "2024-10-04", BIG + 2, 1.0, True, 'a, "b"\r']),
        frame_of(),  # a partition without rows
        frame_of([BIG + 1, "2024-10-04", None, None, False, None]),
    )
    results = [name for name in COLUMNS if name != "date"]
    assert table.schema.names == ["date", "security", "model", "scenario", *results]
    assert table.schema.field("orderid").type == table.schema.field("maybe").type == pa.int64()
    assert table.schema.field("security").type == pa.int32()
    first = {"security": 501, "orderid": BIG, "maybe": BIG + 2, "ratio": 1.0, "flag": True}
    last = {"security": 503, "orderid": BIG + 1, "maybe": None, "ratio": None, "flag": False}
    keys = {"date": "2024-10-04", "model": "time-priority", "scenario": None}
    assert table.to_pylist() == [
        keys | first | {"text": 'a, "b"\r'},
        keys | last | {"text": None},
    ]


def test_combining_nothing_gives_a_typed_table_without_rows(tmp_path):
    table = combined(tmp_path, frame_of(), frame_of())
    assert len(table) == 0
    assert table.schema.field("ratio").type == pa.float64()


def test_to_frame_never_makes_integers_floats():
    table = pa.table(
        {
            "whole": pa.array([BIG, BIG + 1]),
            "holes": pa.array([BIG, None]),
            "none": pa.array([None, None], pa.int64()),
            "price": pa.array([3330.5, None]),
            "text": pa.array(["a", None]),
        }
    )
    frame = to_frame(table)
    dtypes = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert dtypes["whole"] == "int64"
    assert dtypes["holes"] == dtypes["none"] == "Int64"
    assert dtypes["price"] == "float64"
    assert frame["whole"].tolist() == [BIG, BIG + 1]
    assert frame["holes"].iloc[0] == BIG
    assert math.isnan(frame["price"].iloc[1])
    assert to_table(frame).equals(table)


def test_the_same_rows_give_the_same_parquet_bytes():
    rows = pa.table({"line": np.arange(1000), "raw": [str(k % 7) for k in range(1000)]})
    parts = pa.concat_tables([rows.slice(0, 10), rows.slice(10, 500), rows.slice(510)])
    assert parquet_bytes(parts, "rejects") == parquet_bytes(rows, "rejects")
    assert pd.read_parquet(io.BytesIO(parquet_bytes(rows, "rejects"))).shape == (1000, 2)


TEXTS = st.sampled_from(["", "x", "é" * 40, "Good till"]) | st.none()


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-5, 5) | st.none(), TEXTS), min_size=1, max_size=90),
    st.lists(st.integers(0, 90), max_size=6),
    st.integers(1, 40),
)
def test_gathered_tables_depend_on_the_rows_alone(rows, cuts, group_rows):
    numbers, texts = zip(*rows, strict=True)
    table = pa.table({"n": pa.array(numbers, pa.int64()), "t": pa.array(texts, pa.string())})
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [table.slice(low, high - low) for low, high in itertools.pairwise(edges)]

    def written(tables):
        sink = pa.BufferOutputStream()
        with pq.ParquetWriter(sink, table.schema, compression="zstd") as writer:
            for group in gathered(tables, group_rows):
                writer.write_table(group, row_group_size=group_rows)
        return sink.getvalue()

    assert written(parts).equals(written([table]))
    file = pq.ParquetFile(written(parts))
    assert file.read().equals(table)
    sizes = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    assert set(sizes[:-1]) <= {group_rows}


FRAMES = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.integers(-(2**63), 2**63 - 1) | st.none(),
        st.floats(allow_nan=False) | st.none(),
        st.booleans(),
        st.sampled_from(["", "x", '=1+1, "so"', "line\nbreak", "+", "Zürich"]) | st.none(),
    ),
    max_size=8,
)


@settings(max_examples=80)
@given(FRAMES, st.booleans())
def test_rows_in_memory_are_those_that_reading_their_file_gives(tmp_path_factory, rows, is_safe):
    names = ["orderid", "maybe", "ratio", "flag", "text"]
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    frame = frame.astype({name: COLUMNS[name] for name in names[:-1]})
    path = tmp_path_factory.mktemp("rows") / "t.csv"
    path.write_bytes(csv_bytes(frame, safe_text=is_safe))
    columns = COLUMNS | {"gone": "Int64"}
    read = combined_rows([ResultFile("2024-10-04", 501, str(path))], columns, "time-priority")
    held = as_read(frame, result_schema(columns), safe_text=is_safe)
    of = ResultFile("2024-10-04", 501, "")
    assert keyed(held, of, "time-priority", held.schema).equals(pa.concat_tables(read.parts))
