"""Small files that stand for much: memory stays within what was projected, whatever they hold."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from markets import OPENS_NS, ORDER, csv_text, order_text, write_files

from sweep_dask.memory import BLOCK_MEMORY_FACTOR

pytestmark = pytest.mark.slow

CHILD = Path(__file__).with_name("reading_in_a_child.py")
#: The package and the tools of the tests.
PYTHONPATH = os.pathsep.join(str(Path(__file__).parents[k]) for k in (2, 1))
BLOCKSIZE_BYTES = 4 << 20
#: What a block may take, and what the interpreter's allocators keep.
MOST_BYTES = BLOCK_MEMORY_FACTOR * BLOCKSIZE_BYTES + (64 << 20)
LARGE = 192 << 20

HEADER, ROW = order_text({}).rstrip().split(b"\n")


def read_in_a_child(folder: str) -> dict:
    done = subprocess.run(
        [sys.executable, str(CHILD), folder, str(BLOCKSIZE_BYTES)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
    )
    return json.loads(done.stdout)


def compressed(path: Path, *parts: tuple[bytes, int]) -> None:
    """Write a gzip file of parts and how often each is repeated, a MiB in memory at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb", compresslevel=1) as file:
        for data, count in parts:
            at_once = max(1, (1 << 20) // len(data))
            for done in range(0, count, at_once):
                file.write(data * min(at_once, count - done))


def text_bomb(folder: Path, *parts: tuple[bytes, int]) -> str:
    compressed(folder / "orders/a.csv.gz", (HEADER + b"\n", 1), *parts, (ROW + b"\n", 1))
    return write_files(folder, {})


@pytest.mark.parametrize("unit", [b"\0", b" ", b"1,"], ids=repr)
def test_one_long_line_is_one_row_that_cannot_be_read(tmp_path, unit):
    folder = text_bomb(tmp_path, (ROW + b"\n", 2), (unit, LARGE // len(unit)), (b"\n", 1))
    found = read_in_a_child(folder)
    assert (found["read"], found["rejected"], found["errors"]) == (6, 1, 0)
    assert found["kept"] == 5
    assert found["bytes"] < MOST_BYTES


def test_a_long_line_of_a_plain_file_is_the_same(tmp_path):
    text = b"\n".join([HEADER, ROW, b"7," * (LARGE // 16), ROW, b""])
    found = read_in_a_child(write_files(tmp_path, {"orders/a.csv": text}))
    assert (found["read"], found["rejected"], found["kept"]) == (4, 1, 3)
    assert found["bytes"] < MOST_BYTES


@pytest.mark.parametrize(("unit", "rejected"), [(b"\n", 0), (b"x\n", 1)], ids=repr)
def test_many_short_lines(tmp_path, unit, rejected):
    count = 800_000
    found = read_in_a_child(text_bomb(tmp_path, (unit, count)))
    assert (found["rejected"], found["kept"]) == (rejected * count, 3)
    assert found["bytes"] < MOST_BYTES


def test_a_header_of_very_many_columns_is_refused(tmp_path):
    wide = b",".join([HEADER, *(b"c%d" % k for k in range(130_000))]) + b"\n" + ROW
    found = read_in_a_child(write_files(tmp_path, {"orders/a.csv": wide}))
    assert "orders/a.csv has 130,013 columns; a table may have 4,000." in found["refused"]
    assert len(found["refused"]) < 5_000
    assert found["bytes"] < MOST_BYTES


@pytest.mark.parametrize("start", [b"x", b"\n"], ids=repr)
def test_a_file_that_begins_with_anything_but_a_header_is_refused(tmp_path, start):
    compressed(tmp_path / "orders/a.csv.gz", (start, LARGE))
    found = read_in_a_child(write_files(tmp_path, {}))
    assert "orders/a.csv.gz is not CSV: it begins with no header" in found["refused"]
    assert found["bytes"] < MOST_BYTES


def write_parquet(path: Path, columns: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="zstd")


def test_one_long_text_that_a_dictionary_repeats(tmp_path):
    # 20,000 rows with a cell of 20 kB, in a file of some kB.
    rows = 20_000
    columns = {name: pa.repeat(pa.scalar(value), rows) for name, value in ORDER.items()}
    indices = pa.repeat(pa.scalar(0, pa.int32()), rows)
    columns["timevaliditydecoded"] = pa.DictionaryArray.from_arrays(indices, ["x" * 20_000])
    columns["exchangeordertype"] = pa.repeat(pa.scalar(0), rows)
    write_parquet(tmp_path / "orders/a.parquet", columns)
    assert (tmp_path / "orders/a.parquet").stat().st_size < 300_000
    found = read_in_a_child(write_files(tmp_path, {"orders/b.csv": order_text({})}))
    assert (found["read"], found["rejected"], found["kept"]) == (rows + 2, 0, 2)
    assert found["bytes"] < MOST_BYTES


def test_a_cell_of_many_megabytes(tmp_path):
    columns = {name: [value] * 3 for name, value in ORDER.items()}
    columns["sequence"] = [1, 2, 3]
    columns["timevaliditydecoded"] = ["Day", "x" * (32 << 20), "Day"]
    write_parquet(tmp_path / "orders/a.parquet", columns)
    found = read_in_a_child(write_files(tmp_path, {}))
    assert (found["read"], found["rejected"], found["kept"]) == (5, 1, 4)


def test_a_table_of_other_columns_that_is_wide(tmp_path):
    day = OPENS_NS
    row = {"TradeDate": day, "Id": 1} | {f"column {k}": "x" for k in range(3_900)}
    found = read_in_a_child(write_files(tmp_path, {"reference/r.csv": csv_text([row] * 300)}))
    assert (found["read"], found["kept"]) == (302, 302)
    assert found["bytes"] < MOST_BYTES
