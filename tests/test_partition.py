"""One partition: kept, redone or failed, and the same bytes whatever the blocks were."""

from __future__ import annotations

import json

import pytest
from ingesting import is_balanced, run_everything
from markets import FIRST_ID, OPENS_NS, order_text, quote_text, trade_text, write_files

from sweep_dask.errors import UsageError
from sweep_dask.partition import run as partition_module
from sweep_dask.storage import receipts

SECOND = 10**9
SWEEP = FIRST_ID + 9


def market_files(contra_quantity=60, trades=True):
    """A sweep for 100 that meets one contra, and 10 shares it traded for real."""
    sweep = {"order_id": SWEEP, "exchangeordertype": 2048, "timestamp": OPENS_NS}
    contra = {
        "side": 2,
        "quantity": contra_quantity,
        "timestamp": OPENS_NS + SECOND,
        "sequence": 2,
    }
    ended = {"changereason": 1, "leavesquantity": 90, "totalmatchedquantity": 10, "sequence": 3}
    files = {
        "orders/o.csv": order_text(
            sweep, contra, sweep | ended | {"timestamp": OPENS_NS + 5 * SECOND}
        ),
        "nbbo/n.csv": quote_text({}),
    }
    if trades:
        files["trades/t.csv"] = trade_text({"orderid": SWEEP, "sequence": 4})
    return files


@pytest.fixture
def folder(tmp_path):
    return write_files(tmp_path / "in", market_files())


def only(outcome):
    (partition,) = outcome.partitions
    return partition


def bytes_below(output):
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for part in ("processed", "outputs")
        for path in (output / part).rglob("*")
        if path.is_file()
    }


def test_what_a_partition_leaves(tmp_path, folder):
    outcome = run_everything(folder, tmp_path / "out")
    summary = only(outcome)
    assert (summary.state, summary.reason, summary.date, summary.security) == (
        "computed", None, "2024-10-04", 501,
    )  # fmt: skip
    assert summary.counts["sweeps"] == summary.counts["matches"] == 1
    assert summary.counts["orders_rows"] == 3
    assert set(bytes_below(tmp_path / "out")) == set(outcome.files)
    assert summary.peak_memory_bytes > 0


@pytest.mark.parametrize("blocksize_bytes", [40, 100, 333])
def test_bytes_do_not_depend_on_blocks(tmp_path, folder, blocksize_bytes):
    run_everything(folder, tmp_path / "one")
    run_everything(folder, tmp_path / "many", blocksize_bytes)
    assert bytes_below(tmp_path / "many") == bytes_below(tmp_path / "one")


def test_a_finished_partition_is_kept(tmp_path, folder):
    output = tmp_path / "out"
    first = run_everything(folder, output)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*.csv")}
    second = run_everything(folder, output, 77)
    assert only(second).state == "kept"
    assert only(second).counts == only(first).counts
    assert second.files == first.files
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*.csv")} == before


def test_a_kept_partition_still_counts_its_duplicates(tmp_path):
    files = market_files()
    folder = write_files(tmp_path / "in", files | {"orders/p.csv": files["orders/o.csv"]})
    run_everything(folder, tmp_path / "out")
    again = run_everything(folder, tmp_path / "out")
    assert only(again).state == "kept"
    assert dict(again.file("orders/p.csv").filtered) == {"duplicate": 3}


def test_fresh_keeps_nothing(tmp_path, folder):
    run_everything(folder, tmp_path / "out")
    assert only(run_everything(folder, tmp_path / "out", fresh=True)).state == "computed"


def test_every_file_is_needed_to_keep_a_partition(tmp_path, folder):
    output = tmp_path / "out"
    outcome = run_everything(folder, output)
    whole = bytes_below(output)
    for name, data in whole.items():
        changed = bytearray(data)
        changed[len(data) // 2] ^= 1
        (output / name).write_bytes(changed)
        again = run_everything(folder, output)
        assert (name, only(again).state) == (name, "computed")
        assert bytes_below(output) == whole
    for name in whole:
        (output / name).unlink()
        assert only(run_everything(folder, output)).state == "computed"
    assert bytes_below(output) == whole
    assert outcome.files == run_everything(folder, output).files


def receipt_path(output):
    return output / "processed" / "2024-10-04" / "501" / "receipt.json"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "null",
        lambda text: '{"fingerprint": "x"}',
        lambda text: text.replace('"counts"', '"count"'),
        lambda text: text.replace('"matches": 1', '"matches": 2'),
        lambda text: json.dumps(json.loads(text) | {"files": {}}),
        lambda text: json.dumps(json.loads(text) | {"files": []}),
        lambda text: json.dumps(json.loads(text) | {"another": 1}),
    ],
)
def test_a_damaged_receipt_keeps_nothing(tmp_path, folder, damage):
    run_everything(folder, tmp_path / "out")
    whole = bytes_below(tmp_path / "out")
    path = receipt_path(tmp_path / "out")
    path.write_text(damage(path.read_text()))
    assert only(run_everything(folder, tmp_path / "out")).state == "computed"
    assert bytes_below(tmp_path / "out") == whole


def test_a_receipt_that_is_no_text(tmp_path, folder):
    run_everything(folder, tmp_path / "out")
    receipt_path(tmp_path / "out").write_bytes(b"\xff\xfe")
    assert only(run_everything(folder, tmp_path / "out")).state == "computed"


def test_other_rows_are_computed_anew_and_leave_nothing_stale(tmp_path):
    output = tmp_path / "out"
    first = run_everything(write_files(tmp_path / "a", market_files()), output)
    other = market_files(contra_quantity=50, trades=False)
    second = run_everything(write_files(tmp_path / "b", other), output)
    assert only(second).state == "computed"
    assert only(second).fingerprint != only(first).fingerprint
    assert "processed/2024-10-04/501/cp_trades_matched.parquet" in first.files
    assert set(bytes_below(output)) == set(second.files)


def test_another_version_of_the_package_keeps_nothing(tmp_path, folder, monkeypatch):
    run_everything(folder, tmp_path / "out")
    monkeypatch.setattr(partition_module, "VERSION", "another")
    assert only(run_everything(folder, tmp_path / "out")).state == "computed"


def fail(*_, **__):
    raise RuntimeError("no luck")


@pytest.mark.parametrize(
    "step", ["simulate_partition", "csv_bytes", "write_receipt", "merge_tables"]
)
@pytest.mark.parametrize("earlier", [True, False])
def test_a_failing_partition_is_reported_and_leaves_what_was_there(
    tmp_path, folder, monkeypatch, step, earlier
):
    output = tmp_path / "out"
    if earlier:
        run_everything(folder, output)
        receipt_path(output).write_text("damaged")
    before = bytes_below(output)
    monkeypatch.setattr(partition_module, step, fail)
    outcome = run_everything(folder, output)
    summary = only(outcome)
    assert (summary.state, summary.reason) == ("failed", "RuntimeError: no luck")
    assert summary.files == {}
    assert bytes_below(output) == before
    assert all(is_balanced(entry) for entry in outcome.ledger.files)


def test_a_failure_concerns_its_partition_alone(tmp_path, monkeypatch):
    rows = [{"security_code": code, "sequence": code} for code in (501, 502, 503)]
    folder = write_files(tmp_path / "in", {"orders/o.csv": order_text(*rows)})
    simulate = partition_module.simulate_partition

    def fail_for_one(orders, trades, quotes, security):
        return fail() if security == 502 else simulate(orders, trades, quotes, security)

    monkeypatch.setattr(partition_module, "simulate_partition", fail_for_one)
    outcome = run_everything(folder, tmp_path / "out")
    assert [p.state for p in outcome.partitions] == ["computed", "failed", "computed"]
    monkeypatch.undo()
    again = run_everything(folder, tmp_path / "out")
    assert [p.state for p in again.partitions] == ["kept", "computed", "kept"]


def test_a_receipt_of_a_folder_in_place_of_a_file(tmp_path, folder):
    output = tmp_path / "out"
    outcome = run_everything(folder, output)
    name = next(name for name in outcome.files if name.endswith(".csv"))
    (output / name).unlink()
    (output / name).mkdir()
    with pytest.raises(UsageError, match="not of sweep_dask"):
        run_everything(folder, output)


def test_missing_values_reach_the_model_as_missing(tmp_path):
    rows = [
        {"midtick": 1, "sequence": 1},
        {"midtick": -(2**63), "sequence": 2, "order_id": FIRST_ID + 1, "price": -(2**63)},
    ]
    folder = write_files(tmp_path / "in", {"orders/o.csv": order_text(*rows)})
    outcome = run_everything(folder, tmp_path / "out")
    stored = outcome.rows("cp_orders_filtered").to_pylist()
    assert [(row["midtick"], row["price"]) for row in stored] == [(1, 1000.0), (None, None)]
    assert receipts.read_receipt(outcome.layout, "2024-10-04", 501) is not None
