"""Zstandard and zip files: the rows of the plain file, or why they cannot be read."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace

import pyarrow as pa
import pytest
from ingesting import open_file, run_everything
from markets import order_text, write_files

from sweep_dask.errors import InputError
from sweep_dask.storage import formats
from sweep_dask.storage.blocks import cut_file, read_chunks
from sweep_dask.storage.ingest import ingest_block, read_block_stats
from sweep_dask.storage.inputs import open_inputs

ORDERS = order_text(*({"sequence": k, "row": f"{k * 7919 % 1009:>40}"} for k in range(5_000)))


def zstd(text):
    return pa.Codec("zstd").compress(text, asbytes=True)


def zipped(members, **options):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return sink.getvalue()


def damaged(data):
    middle = len(data) // 2
    return data[:middle] + bytes(64) + data[middle + 64 :]


def encrypted(data):
    """With the flag set in the member's own header and in the directory."""
    local, central = data.index(b"PK\3\4") + 6, data.index(b"PK\1\2") + 8
    changed = bytearray(data)
    changed[local] |= 1
    changed[central] |= 1
    return bytes(changed)


PACKED = {
    "csv.zst": zstd(ORDERS),
    # As `cat a.csv.zst b.csv.zst` makes them; the seam lies within a line.
    "CSV.ZST": zstd(ORDERS[:100_001]) + zstd(b"") + zstd(ORDERS[100_001:]),
    "csv.zip": zipped(
        {"folder/": b"", "folder/orders.csv": ORDERS, "__MACOSX/folder/._orders.csv": b"notes"}
    ),
}


@pytest.mark.parametrize("ending", PACKED)
def test_results_equal_those_of_the_plain_file(tmp_path, ending):
    plain = run_everything(write_files(tmp_path / "in", {"orders/a.csv": ORDERS}), tmp_path / "a")
    folder = write_files(tmp_path / "packed", {f"orders/a.{ending}": PACKED[ending]})
    packed = run_everything(folder, tmp_path / "b", 40_000)
    assert packed.errors == []
    assert packed.files == plain.files
    assert packed.count("cp_orders_filtered") == 5_000


@pytest.mark.parametrize("ending", PACKED)
def test_a_file_is_one_block_read_in_chunks(tmp_path, ending):
    file, header = open_file(tmp_path, f"orders/a.{ending}", PACKED[ending])
    (block,) = cut_file(file, header, 40_000, 0)
    chunks = list(read_chunks(block))
    longest_line = max(map(len, ORDERS.splitlines())) + 1
    assert max(len(chunk.text) for chunk in chunks) < 40_000 + longest_line
    assert b"".join(chunk.text for chunk in chunks) == ORDERS[header.body_offset :]


@pytest.mark.parametrize(
    ("ending", "data"),
    [
        ("csv.zst", zstd(ORDERS)[:-100]),
        ("csv.zst", zstd(ORDERS) + b"something else"),
        ("csv.zst", damaged(zstd(ORDERS))),
        ("csv.zip", damaged(PACKED["csv.zip"])),
    ],
    ids=["cut short", "rubbish behind", "damaged", "damaged archive"],
)
def test_damage_is_reported(tmp_path, ending, data):
    assert why_unreadable(tmp_path, f"orders/a.{ending}", data)


def why_unreadable(tmp_path, name, data):
    """Damage shows when the header is read, or later."""
    try:
        file, header = open_file(tmp_path / "in", name, data)
    except InputError as error:
        return error.what
    (block,) = cut_file(file, header, 40_000, 0)
    (tmp_path / "scratch").mkdir()
    ingest_block(block, str(tmp_path / "scratch"))
    return read_block_stats(tmp_path / "scratch", 0).error


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zipped({"a.csv": ORDERS, "b.csv": ORDERS}), "holds 2 files, not one"),
        (zipped({"folder/": b""}), "holds 0 files, not one"),
        (encrypted(zipped({"a.csv": ORDERS})), "the archive is encrypted"),
        (PACKED["csv.zip"][:-30], "File is not a zip file"),
    ],
    ids=["two files", "no file", "encrypted", "cut short"],
)
def test_archives_that_cannot_be_read(tmp_path, data, reason):
    with pytest.raises(InputError, match=r"orders/a\.csv\.zip cannot be read") as caught:
        open_inputs(write_files(tmp_path, {"orders/a.csv.zip": data}), {})
    assert reason in caught.value.value


def test_a_build_of_the_library_without_the_format(tmp_path, monkeypatch):
    codecs = SimpleNamespace(is_available=lambda name: name != "zstd")
    monkeypatch.setattr(formats, "pa", SimpleNamespace(Codec=codecs))
    with pytest.raises(InputError, match=r"orders/a\.csv\.zst cannot be read") as caught:
        open_inputs(write_files(tmp_path, {"orders/a.csv.zst": zstd(ORDERS)}), {})
    assert caught.value.value == "pyarrow was built without Zstandard"


@pytest.mark.parametrize("data", [b"", zstd(b""), zstd(b"\n \n")])
def test_an_empty_file_is_a_warning_beside_one_with_rows(tmp_path, data):
    files = {"orders/a.csv.zst": data, "orders/b.csv": order_text({})}
    assert open_inputs(write_files(tmp_path, files), {}).warnings == ("orders/a.csv.zst is empty.",)
