"""Gzip files: several members, damage, nothing in them."""

from __future__ import annotations

import gzip

import pytest
from ingesting import open_file, run_everything
from markets import order_text, write_files

from sweep_dask.errors import InputError
from sweep_dask.storage.blocks import cut_file
from sweep_dask.storage.ingest import ingest_block, read_block_stats
from sweep_dask.storage.inputs import open_inputs

ORDERS = order_text(*({"sequence": k, "row": f"{k * 7919 % 1009:>40}"} for k in range(20_000)))


@pytest.fixture(scope="module")
def packed():
    return gzip.compress(ORDERS, mtime=0)


def ingest_packed(tmp_path, data, blocksize_bytes=100_000):
    file, header = open_file(tmp_path / "in", "orders/a.csv.gz", data)
    (block,) = cut_file(file, header, blocksize_bytes, 0)
    (tmp_path / "scratch").mkdir()
    index = ingest_block(block, str(tmp_path / "scratch"))
    return index, read_block_stats(tmp_path / "scratch", 0)


def test_chunks_of_a_file(tmp_path, packed):
    index, stats = ingest_packed(tmp_path, packed)
    assert stats.error is None
    assert stats.n_rows == stats.n_read == index["rows"].sum() == 20_000
    assert stats.n_batches > 10


def test_members_one_after_the_other_are_one_file(tmp_path):
    # As `cat a.csv.gz b.csv.gz` makes them; the seam may lie within a line.
    data = b"".join(gzip.compress(ORDERS[k : k + 500_001]) for k in range(0, len(ORDERS), 500_001))
    _, stats = ingest_packed(tmp_path, data)
    assert (stats.error, stats.n_rows) == (None, 20_000)


def test_damage_in_the_middle_is_reported(tmp_path, packed):
    middle = len(packed) // 2
    damaged = packed[:middle] + bytes(64) + packed[middle + 64 :]
    _, stats = ingest_packed(tmp_path, damaged)
    assert stats.error
    assert stats.n_rows < 20_000


def test_a_file_cut_short_is_reported(tmp_path, packed):
    _, stats = ingest_packed(tmp_path, packed[: len(packed) // 2])
    assert "end-of-stream" in stats.error


# Without a time in it, which would make the name of the test another one in each process.
@pytest.mark.parametrize("data", [b"", gzip.compress(b"", mtime=0), gzip.compress(b"\n", mtime=0)])
def test_an_empty_file_is_a_warning_beside_one_with_rows(tmp_path, data):
    files = {"orders/a.csv.gz": data, "orders/b.csv": order_text({})}
    inputs = open_inputs(write_files(tmp_path, files), {})
    assert inputs.warnings == ("orders/a.csv.gz is empty.",)
    assert [file.name for file in inputs.readable] == ["orders/b.csv", "trades/needed.csv"]


def test_what_is_no_gzip_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"orders/a\.csv\.gz cannot be read"):
        open_inputs(write_files(tmp_path, {"orders/a.csv.gz": ORDERS[:500]}), {})


def test_results_equal_those_of_the_plain_file(tmp_path):
    text = order_text(*({"sequence": k, "exchangeordertype": 2048} for k in range(1, 30)))
    outcomes = []
    for name, data in {"orders/a.csv": text, "orders/a.csv.gz": gzip.compress(text)}.items():
        folder = write_files(tmp_path / f"in{name[-1]}", {name: data})
        outcomes.append(run_everything(folder, tmp_path / f"out{name[-1]}", 400))
    assert outcomes[0].files == outcomes[1].files
