"""Which files of a folder are read, and in which order."""

from __future__ import annotations

import hashlib
import os

import fsspec
import pytest
from ingesting import run_everything
from markets import order_text, trade_text, write_files

from sweep_dask.errors import InputError
from sweep_dask.storage.address import InputAddresses
from sweep_dask.storage.inputs import discover, open_inputs
from sweep_dask.storage.raw_files import input_digest


def found_in(folder, *ignore):
    return discover(InputAddresses.of(str(folder)), ignore).files


def test_tables_and_names_decide_the_order(tmp_path):
    files = {
        "trades/b.csv": b"",
        "trades/a.CSV.GZ": b"",
        "orders/z.parquet": b"",
        "orders/B.csv": b"",
        "orders/.hidden.csv": b"",
        "orders/.hidden/c.csv": b"",
        "orders/_temporary.txt": b"",
        "orders/c.csv.zst": b"",
        "orders/d.Csv.Zip": b"",
        "other/a.csv": b"",
        "session/s.csv": b"",
    }
    (tmp_path / "orders" / "nothing" / ".in_it").mkdir(parents=True)
    found = found_in(write_files(tmp_path, files))
    assert [(file.name, file.format) for file in found] == [
        ("orders/B.csv", "csv"),
        ("orders/c.csv.zst", "csv.zst"),
        ("orders/d.Csv.Zip", "csv.zip"),
        ("orders/z.parquet", "parquet"),
        ("trades/a.CSV.GZ", "csv.gz"),
        ("trades/b.csv", "csv"),
        ("session/s.csv", "csv"),
    ]


def test_links_to_files_are_files(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "big.csv").write_bytes(order_text({}))
    folder = write_files(tmp_path / "in", {"orders/a.csv": order_text({"sequence": 2})})
    (tmp_path / "in" / "orders" / "link.csv").symlink_to(tmp_path / "elsewhere" / "big.csv")
    found = {file.name: file.bytes for file in found_in(folder) if file.table == "orders"}
    assert found == {
        "orders/a.csv": len(order_text({"sequence": 2})),
        "orders/link.csv": len(order_text({})),
    }
    assert run_everything(folder, tmp_path / "out").count("cp_orders_filtered") == 2


UNREAD = (
    "orders/a.csv.lz4",
    "orders/a.txt",
    "orders/folder.parquet/",
    "orders/link.csv",
    "orders/nowhere.csv",
    "trades/b.xlsx",
    "trades/old/",
)


def folder_with_unread_files(tmp_path):
    files = {
        "orders/a.txt": b"1",
        "orders/a.csv.lz4": b"1",
        "orders/folder.parquet/part.parquet": b"1",
        "trades/b.xlsx": b"1",
        "trades/old/2023/a.csv": trade_text({}),
    }
    sound = {"orders/a.csv": order_text({}), "trades/needed.csv": trade_text({})}
    folder = write_files(tmp_path / "in", files | sound)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "in/orders/link.csv").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/orders/nowhere.csv").symlink_to(tmp_path / "gone.csv")
    return folder


def test_what_cannot_be_read_beside_what_can_is_named(tmp_path):
    with pytest.raises(InputError, match="7 of what lies in the folders of tables") as caught:
        found_in(folder_with_unread_files(tmp_path))
    assert caught.value.value == ", ".join(UNREAD)
    assert ".csv.zst" in caught.value.cure
    assert "Rename" in caught.value.cure
    assert "--ignore" in caught.value.cure


def test_what_is_ignored_is_not_looked_at(tmp_path):
    folder = folder_with_unread_files(tmp_path)
    patterns = ["orders/*.csv.lz4", "*.txt", "*.xlsx", "trades/old/*", "*/folder.parquet"]
    assert [f.name for f in found_in(folder, *patterns, "*/link.csv", "orders/no*")] == [
        "orders/a.csv",
        "trades/needed.csv",
    ]
    with pytest.raises(InputError, match="no trades files"):
        found_in(folder, *patterns, "*/link.csv", "orders/no*", "trades/need*")


@pytest.mark.parametrize("name", ["a.csv::b.csv", "file:b.csv", "a b#1%20*?[ab].csv", "s3:::b.csv"])
@pytest.mark.parametrize("parent", ["in", "in::put", "file::x [1]*?#2 50%", "zip:"])
def test_a_file_is_the_one_of_its_name(tmp_path, name, parent):
    """Names that a URL or a pattern would be, beside the files they would lead to."""
    files = {
        f"orders/{name}": order_text({"quantity": 77}),
        "orders/b.csv": order_text({"sequence": 2}),
    }
    folder = write_files(tmp_path / parent, files)
    outcome = run_everything(folder, tmp_path / "out", 50)
    assert outcome.rows("cp_orders_filtered")["quantity"].to_pylist() == [77, 100]
    for file in found_in(folder):
        if file.name in files:
            digest = hashlib.sha256(files[file.name]).hexdigest()
            assert input_digest(file) == f"sha256:{digest}"


def test_a_url_is_an_input_folder(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe({"/market/orders/a.csv": order_text({}), "/market/trades/t.csv": trade_text({})})
    outcome = run_everything("memory://market", tmp_path / "out", 50)
    assert outcome.count("cp_orders_filtered") == outcome.count("cp_trades_matched") == 1
    found = found_in("memory://market")
    assert [file.name for file in found] == ["orders/a.csv", "trades/t.csv"]
    assert input_digest(found[0]).startswith("sha256:")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        found_in(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (ImportError("Install s3fs to access S3"), "Install the package"),
        (PermissionError("Forbidden"), "permission"),
        (ConnectionError(), "connection"),
        (TimeoutError(), "connection"),
    ],
)
def test_an_input_that_cannot_be_reached(monkeypatch, error, cure):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(fsspec.core, "url_to_fs", fail)
    with pytest.raises(InputError, match="cannot be reached") as caught:
        found_in("s3://bucket/market")
    assert caught.value.where == "s3://bucket/market"
    assert caught.value.value == (str(error) or type(error).__name__)
    assert cure in caught.value.cure


def test_an_unknown_protocol():
    with pytest.raises(InputError, match="cannot be reached") as caught:
        found_in("foo://x")
    assert "foo" in caught.value.value
    assert "fsspec" in caught.value.cure


def test_a_folder_that_may_not_be_listed(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    folder = write_files(tmp_path, {})
    monkeypatch.setattr(fsspec.get_filesystem_class("file"), "ls", refuse)
    with pytest.raises(InputError, match="cannot be reached") as caught:
        found_in(folder)
    assert "Permission denied" in caught.value.value


def test_missing_tables_are_named_with_what_is_there(tmp_path):
    (tmp_path / "Orders").mkdir()
    with pytest.raises(InputError, match="no orders and no trades files") as caught:
        found_in(tmp_path)
    assert caught.value.value == "Orders"


def test_a_folder_that_is_no_table_is_a_warning(tmp_path):
    folder = write_files(
        tmp_path / "in",
        {"orders/o.csv": order_text({}), "trades/t.csv": trade_text({}), "nbb/n.csv": b"x\n1\n"},
    )
    assert "nbb/ in the input is no table and is not read." in open_inputs(str(folder), {}).warnings
    assert open_inputs(str(folder), {}, ignore=["nb*"]).warnings == ()


def test_a_warning_can_be_written_whatever_a_name_holds(tmp_path):
    latin = os.fsdecode("Bücher".encode("latin-1"))
    folder = write_files(tmp_path / "in", {f"{latin}\n/n.csv": b"x\n1\n"})
    (warning,) = open_inputs(folder, {}).warnings
    assert warning == "B\\udcfccher\\n/ in the input is no table and is not read."


def test_names_that_are_not_utf_8_are_refused(tmp_path):
    latin = os.fsdecode("Bücher".encode("latin-1"))
    with pytest.raises(InputError, match="The name of a file is not UTF-8") as caught:
        found_in(write_files(tmp_path / "in", {f"orders/{latin}\n.csv": order_text({})}))
    assert caught.value.where == "orders/B\\xfccher\n.csv"
    assert "B\\xfccher\\n.csv" in str(caught.value)
    with pytest.raises(InputError, match="The name of the input folder is not UTF-8") as caught:
        found_in(write_files(tmp_path / latin, {}))
    assert str(caught.value).encode()


def test_control_characters_are_part_of_a_name(tmp_path):
    name = "orders/a\n\x1b[31mb\t.csv"
    folder = write_files(tmp_path / "in", {name: order_text({}, {"quantity": -1, "sequence": 2})})
    outcome = run_everything(folder, tmp_path / "out")
    assert outcome.file(name).kept == 1
    assert [row["file"] for row in outcome.rejects("orders")] == [name]
