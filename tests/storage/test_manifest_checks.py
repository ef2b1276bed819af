"""The manifest: what `verify` finds, and which files of an earlier run go."""

from __future__ import annotations

import json

import pytest
from ingesting import order_text, run_everything, trade_text, write_files

from sweep_dask.errors import InputError
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest, verify_output, write_manifest


def document_of(outcome, status="done"):
    files = {
        name: digest or file_digest(outcome.layout.root / name)
        for name, digest in outcome.files.items()
    }
    ledger = [entry.as_json() for entry in outcome.ledger.files]
    return {"status": status, "files": files, "ledger": ledger, "partitions": []}


@pytest.fixture
def output(tmp_path):
    """An output folder with one partition, a trade and a rejected row."""
    files = {
        "orders/o.csv": order_text({}, {"sequence": 2, "quantity": "bad"}),
        "trades/t.csv": trade_text({}),
    }
    outcome = run_everything(write_files(tmp_path / "in", files), tmp_path / "out")
    write_manifest(outcome.layout, document_of(outcome))
    return outcome.layout


def findings(layout):
    return {finding.where: finding.what for finding in verify_output(layout)[1]}


def change(layout, **changed):
    write = {"format": 1, **read_manifest(layout), **changed}
    layout.manifest.write_text(json.dumps(write))


def test_a_whole_output_has_no_findings(output):
    manifest, found = verify_output(output)
    assert found == []
    assert manifest["format"] == 1
    assert "rejects/orders.parquet" in manifest["files"]


def test_every_missing_file_is_found(output):
    for name in read_manifest(output)["files"]:
        path = output.root / name
        data = path.read_bytes()
        path.unlink()
        assert findings(output)[name] == "the file is missing"
        path.write_bytes(data)


def test_every_changed_byte_is_found(output):
    for name in read_manifest(output)["files"]:
        path = output.root / name
        data = path.read_bytes()
        path.write_bytes(data[:20] + bytes([data[20] ^ 1]) + data[21:])
        assert "was changed" in findings(output)[name]
        path.write_bytes(data)


def test_a_ledger_that_does_not_balance_is_found(output):
    ledger = read_manifest(output)["ledger"]
    ledger[0]["read"] += 1
    change(output, ledger=ledger)
    assert findings(output) == {"orders/o.csv": "3 rows were read, 2 are accounted for"}


def test_rows_that_are_not_in_the_store_are_found(output):
    ledger = read_manifest(output)["ledger"]
    ledger[1]["read"] += 1
    ledger[1]["kept"] += 1
    change(output, ledger=ledger)
    (what,) = findings(output).values()
    assert what == "the ledger keeps 2 rows of trades, the store holds 1"


@pytest.mark.parametrize("status", ["partial", "failed", "interrupted"])
def test_a_run_that_is_not_done_is_found(output, status):
    change(output, status=status)
    assert findings(output) == {"manifest.json": f"the run's status is {status}"}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "{}", '{"files": {}}', "\0"])
def test_a_manifest_that_cannot_be_read(output, text):
    output.manifest.write_text(text)
    with pytest.raises(InputError, match="no manifest that can be read"):
        verify_output(output)


def test_no_manifest_at_all(tmp_path):
    with pytest.raises(InputError) as caught:
        read_manifest(OutputLayout(tmp_path))
    assert caught.value.where.endswith("manifest.json")


def write_stale(layout, name):
    """A file that only an earlier manifest lists."""
    path = layout.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("stale")
    manifest = read_manifest(layout)
    change(layout, files=manifest["files"] | {name: file_digest(path)})
    return path, manifest


@pytest.mark.parametrize("status", ["done", "partial"])
def test_stale_files_go_when_a_run_is_through(output, status):
    path, manifest = write_stale(output, "outputs/2023-01-02/7/old.csv")
    (output.root / "outputs" / "notes.txt").write_text("of the user")
    write_manifest(output, manifest | {"status": status})
    assert not path.exists()
    assert not (output.root / "outputs" / "2023-01-02").exists()
    assert (output.root / "outputs" / "notes.txt").exists()
    assert read_manifest(output)["files"] == manifest["files"]


def test_a_stale_file_beside_new_ones_does_not_take_them_along(output):
    path, manifest = write_stale(output, "processed/2024-10-04/501/nbbo.parquet")
    write_manifest(output, manifest)
    assert not path.exists()
    assert findings(output) == {}


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_files_of_an_earlier_run_stay_listed_when_it_is_not(output, status):
    path, manifest = write_stale(output, "outputs/2023-01-02/7/old.csv")
    write_manifest(output, manifest | {"status": status, "files": {}})
    assert path.exists()
    assert read_manifest(output)["files"].keys() == {
        *manifest["files"],
        "outputs/2023-01-02/7/old.csv",
    }


def test_files_that_are_gone_are_not_listed_on(output):
    path, manifest = write_stale(output, "outputs/2023-01-02/7/old.csv")
    path.unlink()
    write_manifest(output, manifest | {"status": "interrupted"})
    assert "outputs/2023-01-02/7/old.csv" not in read_manifest(output)["files"]


UNLISTED = [
    "processed/2023-01-02/7/receipt.json",
    "processed/2024-10-04/.nbbo.parquet.1a2b.tmp",
    "outputs/2024-10-04/501/deeper/old.csv",
    "tables/old.parquet",
    "tables/.old.parquet.1a2b.tmp",
    "rejects/nbbo.parquet",
    "rejects/.trades.parquet.1a2b.tmp",
]
OF_THE_USER = [
    "raw/orders/2024-10-04.csv",
    "processed/notes.txt",
    "processed/mine/2024-10-04/file.parquet",
    "outputs/2024-10/file.csv",
    "tables/notes.txt",
    "tables/mine/file.parquet",
    "rejects/notes.md",
    "mine.parquet",
    ".mine.tmp",
]


def write_strangers(layout, names):
    for name in names:
        path = layout.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a stranger")


def test_files_that_are_not_listed_are_found(output):
    write_strangers(output, [*UNLISTED, *OF_THE_USER])
    assert findings(output) == dict.fromkeys(UNLISTED, "not listed in the manifest")


@pytest.mark.parametrize("status", ["done", "partial"])
def test_a_killed_runs_files_go_and_no_others(output, status):
    # A killed run leaves no manifest that could list them.
    manifest = read_manifest(output)
    output.manifest.unlink()
    write_strangers(output, [*UNLISTED, *OF_THE_USER])
    (output.root / "processed/2023-01-03/8").mkdir(parents=True)
    write_manifest(output, manifest | {"status": status})
    assert [name for name in UNLISTED if (output.root / name).exists()] == []
    assert all((output.root / name).exists() for name in [*OF_THE_USER, *manifest["files"]])
    assert not (output.root / "processed/2023-01-02").exists()
    assert not (output.root / "processed/2023-01-03").exists()
    assert not (output.root / "outputs/2024-10-04/501/deeper").exists()


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_killed_runs_files_stay_while_a_run_is_not_through(output, status):
    write_strangers(output, UNLISTED)
    write_manifest(output, read_manifest(output) | {"status": status})
    assert all((output.root / name).exists() for name in UNLISTED)


def test_nothing_outside_the_output_folder_is_removed(output, tmp_path):
    stranger = tmp_path / "stranger.txt"
    stranger.write_text("not ours")
    manifest = read_manifest(output)
    change(output, files=manifest["files"] | {"../stranger.txt": "x", str(stranger): "x"})
    write_manifest(output, manifest)
    assert stranger.exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 5}'])
def test_a_damaged_earlier_manifest_is_replaced(output, text):
    manifest = read_manifest(output)
    output.manifest.write_text(text)
    write_manifest(output, manifest)
    assert findings(output) == {}
