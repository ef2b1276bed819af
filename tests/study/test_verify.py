"""`verify`: what it finds in a folder in which something was really changed."""

from __future__ import annotations

import json
import os
import shutil

import pyarrow.parquet as pq
import pytest
from markets import COLUMNS, plain_market, write_rows
from running import run_here

from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest, write_manifest
from sweep_dask.study.verify import verify_output

PIECE = "2024-10-04-0000000101.parquet"

#: With one model what `verify` makes again takes a moment; of both, see `test_verify_contents`.
SETTINGS = {"enable_parallel": False, "models": "time-priority"}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A run with rejected rows in three tables, and an earlier run beside it."""
    folder = tmp_path_factory.mktemp("verify")
    market = plain_market()
    source = market.write(folder / "in")
    for table, column in (("orders", "quantity"), ("trades", "tradeprice"), ("nbbo", "bidprice")):
        rows = [*market.rows[table], market.rows[table][0] | {column: "x"}]
        write_rows(source / table / f"{table}.csv", rows, COLUMNS[table])
    for date in ("2024-10-04", "2024-10-07"):
        run_here(source, folder / "out", dates=date, max_bad_fraction=0.5, **SETTINGS)
    return folder / "out"


@pytest.fixture
def layout(untouched, tmp_path):
    return OutputLayout(shutil.copytree(untouched, tmp_path / "out"))


def findings(layout):
    """What is found first of each place."""
    found = verify_output(layout)[1]
    return {finding.where: finding.what for finding in reversed(found)}


def everything_found(layout):
    return " ".join(finding.what for finding in verify_output(layout)[1])


def rewrite(layout, **changed):
    """Change the manifest and make its digest right again, as somebody who knows how would."""
    write_manifest(layout, read_manifest(layout) | changed)


def test_an_intact_folder_has_no_findings(layout):
    manifest, found = verify_output(layout)
    assert found == []
    assert {"rejects/orders.parquet", "rejects/nbbo.parquet"} <= manifest["files"].keys()
    assert len(manifest["earlier_runs"]) == 1


def test_every_missing_file_is_found(layout):
    names = read_manifest(layout)["files"].keys()
    for name in names:
        (layout.root / name).unlink()
    found = findings(layout)
    assert {found[name] for name in names} == {"the file is missing, or no regular file"}


def test_every_changed_byte_is_found(layout):
    names = read_manifest(layout)["files"].keys()
    for name in names:
        data = (layout.root / name).read_bytes()
        (layout.root / name).write_bytes(data[:20] + bytes([data[20] ^ 1]) + data[21:])
    found = verify_output(layout)[1]
    assert {finding.where for finding in found if "was changed" in finding.what} == set(names)


def test_files_that_are_cut_short_are_all_found(layout):
    names = [name for name in read_manifest(layout)["files"] if name.endswith(".parquet")]
    for name in names:
        os.truncate(layout.root / name, 10)
    assert findings(layout).keys() >= set(names)


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_is_no_regular_file_is_not_opened(layout, kind):
    path = layout.table("sweep_metrics") / PIECE
    path.rename(layout.root / "aside")
    path.symlink_to(layout.root / "aside") if kind == "link" else os.mkfifo(path)
    assert findings(layout)[layout.relative(path)].endswith("no regular file")


@pytest.mark.parametrize(
    "name",
    [
        f"tables/sweep_metrics.parquet/{PIECE}",
        f"tables/simulation_order_summary.parquet/{PIECE}",
        "tables/summaries/2024-10-04.parquet",
        "tables/rollups/by_all.parquet",
        "rejects/orders.parquet",
        "outputs/2024-10-04/101/sweep_metrics.parquet",
        "processed/2024-10-04/101/cp_orders_filtered.parquet",
        "processed/2024-10-04/101/receipt.json",
    ],
)
def test_a_file_that_is_deleted_and_unlisted_is_found(layout, name):
    (layout.root / name).unlink()
    rewrite(layout, files={k: v for k, v in read_manifest(layout)["files"].items() if k != name})
    assert findings(layout)


def test_a_partition_that_is_deleted_and_unlisted_is_found(layout):
    manifest = read_manifest(layout)
    shutil.rmtree(layout.processed("2024-10-04", 101))
    shutil.rmtree(layout.outputs("2024-10-04", 101))
    left = {k: v for k, v in manifest["files"].items() if "2024-10-04/101/" not in k}
    rewrite(layout, files=left, partitions=manifest["partitions"][1:])
    assert "the partitions hold" in everything_found(layout)


def test_a_file_and_its_digest_changed_together_contradict_the_receipt(layout):
    name = "outputs/2024-10-07/102/simulation_order_summary.csv"
    (layout.root / name).write_text("changed")
    rewrite(layout, files=read_manifest(layout)["files"] | {name: file_digest(layout.root / name)})
    assert findings(layout) == {name: "the receipt and the manifest disagree about this file"}


def test_a_ledger_that_does_not_match_the_rejects_is_found(layout):
    ledger = read_manifest(layout)["ledger"]
    ledger[0]["rejected"] = {"not_a_number": 2}
    ledger[0]["read"] += 1
    rewrite(layout, ledger=ledger)
    found = findings(layout)
    assert found.keys() == {"orders/orders.csv", "report.html"}  # which shows the ledger
    told = "the ledger has 2 rows rejected as not_a_number, rejects/orders.parquet 1"
    assert found["orders/orders.csv"] == told


def test_a_ledger_that_does_not_balance_is_found(layout):
    ledger = read_manifest(layout)["ledger"]
    ledger[0]["read"] += 1
    rewrite(layout, ledger=ledger)
    assert "are accounted for" in findings(layout)["orders/orders.csv"]


@pytest.mark.parametrize("of", ["last", "earlier"])
def test_rows_that_are_kept_and_not_stored_are_found(layout, of):
    manifest = read_manifest(layout)
    run = manifest if of == "last" else manifest["earlier_runs"][0]
    run["ledger"][0]["kept"] += 1
    run["ledger"][0]["read"] += 1
    write_manifest(layout, manifest)
    assert "the ledger keeps" in findings(layout)["manifest.json"]


def test_fewer_rows_in_a_partition_are_found(layout):
    path = layout.processed("2024-10-04", 101) / "cp_orders_filtered.parquet"
    rows = pq.read_table(path, partitioning=None)
    pq.write_table(rows.slice(1), path)
    assert "rows are told of" in everything_found(layout)


@pytest.mark.parametrize(("key", "sums"), [("counts", {"other": 1}), ("scenarios", {"other": {}})])
def test_sums_that_are_not_of_the_partitions_are_found(layout, key, sums):
    rewrite(layout, **{key: sums})
    assert findings(layout)["manifest.json"] == f"{key} is not the sum over the partitions"


@pytest.mark.parametrize("key", ["inputs", "settings", "format", "machine", "earlier_runs"])
def test_a_changed_manifest_is_found(layout, key):
    document = json.loads(layout.manifest.read_text())
    document[key] = None
    layout.manifest.write_text(json.dumps(document, indent=1) + "\n")
    assert "its digest differs" in everything_found(layout)


@pytest.mark.parametrize("value", [None, 5, [], "x", [{}], {"a": {}}])
@pytest.mark.parametrize(
    "key", ["files", "partitions", "ledger", "earlier_runs", "settings", "status"]
)
def test_no_form_of_a_manifest_is_a_defect(layout, key, value):
    rewrite(layout, **{key: value})
    assert verify_output(layout)[1]


def test_files_among_the_results_that_are_not_listed_are_found(layout):
    names = {
        *("logs/notes.txt", "tables/new/mine.parquet", "rejects/mine.csv"),
        *("processed/2023-01-02/research.csv", "outputs/2024-10-04/101/deeper/old.csv"),
    }
    for name in names:
        path = layout.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("of the user")
    assert findings(layout) == dict.fromkeys(names, "not listed in the manifest")


def test_files_beside_the_results_are_nobodys_business(layout):
    (layout.root / "raw").mkdir()
    (layout.root / "raw" / "orders.csv").write_text("of the user")
    (layout.root / "notes.md").write_text("of the user")
    assert findings(layout) == {}


@pytest.mark.parametrize("status", ["partial", "failed", "interrupted", "running"])
def test_a_run_that_is_not_done_is_found(layout, status):
    rewrite(layout, status=status)
    assert findings(layout)["manifest.json"] == f"the run's status is {status}"
