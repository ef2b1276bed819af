"""Which files of a folder are read, and in which order."""

from __future__ import annotations

import fsspec
import pytest
from ingesting import order_text, run_everything, trade_text, write_files

from sweep_dask.errors import InputError
from sweep_dask.storage.discovery import discover, input_digest
from sweep_dask.storage.inputs import open_inputs


def test_tables_and_names_decide_the_order(tmp_path):
    files = {
        "trades/b.csv": b"",
        "trades/a.CSV.GZ": b"",
        "orders/z.parquet": b"",
        "orders/B.csv": b"",
        "orders/notes.txt": b"",
        "orders/.hidden.csv": b"",
        "orders/_temporary.csv": b"",
        "orders/folder/c.csv": b"",
        "other/a.csv": b"",
        "session/s.csv": b"",
    }
    found = discover(write_files(tmp_path, files))
    assert [(file.name, file.format) for file in found] == [
        ("orders/B.csv", "csv"),
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
    (tmp_path / "in" / "orders" / "folder.csv").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "orders" / "nowhere.csv").symlink_to(tmp_path / "gone.csv")
    found = {file.name: file.bytes for file in discover(folder) if file.table == "orders"}
    assert found == {
        "orders/a.csv": len(order_text({"sequence": 2})),
        "orders/link.csv": len(order_text({})),
    }
    assert run_everything(folder, tmp_path / "out").count("cp_orders_filtered") == 2


def test_a_folder_with_odd_letters(tmp_path):
    folder = write_files(tmp_path / "in put [1] #2 50%", {"orders/a b#1%20*.csv": order_text({})})
    assert run_everything(folder, tmp_path / "out").count("cp_orders_filtered") == 1


def test_a_url_is_an_input_folder(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe({"/market/orders/a.csv": order_text({}), "/market/trades/t.csv": trade_text({})})
    outcome = run_everything("memory://market", tmp_path / "out", 50)
    assert outcome.count("cp_orders_filtered") == outcome.count("cp_trades_matched") == 1
    found = discover("memory://market")
    assert [file.name for file in found] == ["orders/a.csv", "trades/t.csv"]
    assert input_digest(found[0]).startswith("sha256:")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        discover(str(tmp_path / "nowhere"))


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
        discover("s3://bucket/market")
    assert caught.value.where == "s3://bucket/market"
    assert caught.value.value == (str(error) or type(error).__name__)
    assert cure in caught.value.cure


def test_an_unknown_protocol():
    with pytest.raises(InputError, match="cannot be reached") as caught:
        discover("foo://x")
    assert "foo" in caught.value.value
    assert "fsspec" in caught.value.cure


def test_a_folder_that_may_not_be_listed(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    folder = write_files(tmp_path, {})
    monkeypatch.setattr(fsspec.get_filesystem_class("file"), "ls", refuse)
    with pytest.raises(InputError, match="cannot be reached") as caught:
        discover(folder)
    assert "Permission denied" in caught.value.value


def test_missing_tables_are_named_with_what_is_there(tmp_path):
    (tmp_path / "Orders").mkdir()
    with pytest.raises(InputError, match="no orders and no trades files") as caught:
        discover(str(tmp_path))
    assert caught.value.value == "Orders"


def test_a_folder_that_is_no_table_is_a_warning(tmp_path):
    folder = write_files(
        tmp_path / "in",
        {"orders/o.csv": order_text({}), "trades/t.csv": trade_text({}), "nbb/n.csv": b"x\n1\n"},
    )
    assert "nbb/ in the input is no table and is not read." in open_inputs(str(folder), {}).warnings
