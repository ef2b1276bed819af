"""The campaign of docs/reliability.md sees what it is there to see."""

from __future__ import annotations

import json
import shutil

import pyarrow.parquet as pq
import pytest
from running import ROOT


@pytest.fixture
def trials(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import trials

    return trials


@pytest.fixture
def copy(plain_result, tmp_path):
    shutil.copytree(plain_result.output, tmp_path / "copy")
    return tmp_path / "copy"


def test_equal_folders_have_nothing_lost_and_nothing_differing(trials, plain_result, copy):
    undisturbed = trials.Undisturbed(plain_result.output)
    assert undisturbed.rows_read > 0
    assert (undisturbed.rows_lost(copy), undisturbed.bytes_differing(copy)) == (0, 0)


def test_each_byte_that_differs_is_counted(trials, plain_result, copy):
    table = next((copy / "outputs").rglob("simulation_order_summary.csv"))
    body = bytearray(table.read_bytes())
    body[3] ^= 1
    table.write_bytes(body + b"12345")
    assert trials.Undisturbed(plain_result.output).bytes_differing(copy) == 6


def test_a_missing_and_a_surplus_file_differ_in_all_bytes(trials, plain_result, copy):
    gone = copy / "tables/sweep_metrics.parquet/2024-10-04-0000000101.parquet"
    rows, size = pq.read_metadata(gone).num_rows, gone.stat().st_size
    gone.unlink()
    (copy / "tables" / "surplus.csv").write_bytes(b"seven..")
    undisturbed = trials.Undisturbed(plain_result.output)
    assert undisturbed.bytes_differing(copy) == size + 7
    assert undisturbed.rows_lost(copy) == rows > 0


def test_rows_that_the_ledger_forgets_are_lost(trials, plain_result, copy):
    manifest = json.loads((copy / "manifest.json").read_bytes())
    manifest["ledger"][0]["read"] -= 2
    manifest["ledger"][0]["kept"] -= 1
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert trials.Undisturbed(plain_result.output).rows_lost(copy) == 3


GOOD = {
    "fault": "driver killed",
    "phase": "ingest",
    "was_hit": True,
    "code": -9,
    "between_code": None,
    "resumed_code": 0,
    "verified_code": 0,
    "rows_lost": 0,
    "bytes_differing": 0,
    "processes_left": 0,
    "is_foreign_kept": True,
    "printed": "",
}


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ({}, None),
        ({"resumed_code": 4}, "the same command fails"),
        ({"code": -999}, "hangs"),
        ({"between_code": -999}, "hangs"),
        ({"between_code": 1}, None),
        ({"rows_lost": 1}, "rows lost"),
        ({"bytes_differing": 1}, "bytes differ"),
        ({"verified_code": 1}, "unsound"),
        ({"is_foreign_kept": False}, "unsound"),
        ({"code": 70}, "told badly"),
        ({"between_code": 70}, "told badly"),
        ({"between_code": -11}, "told badly"),
        ({"printed": "x\nTraceback (most recent call last):\n"}, "told badly"),
        ({"printed": "This is a defect of sweep_dask; please"}, "told badly"),
        ({"processes_left": 1}, "processes left"),
    ],
)
def test_what_should_not_be_is_a_problem(trials, bad, problem):
    trial = trials.Trial(**(GOOD | bad))
    assert trial.problems() == ([problem] if problem else [])
    assert trial.ending() in trials.table([trial])


def test_runs_that_ended_before_are_no_hits(trials):
    hit = trials.Trial(**GOOD)
    missed = trials.Trial(**GOOD | {"was_hit": False, "code": 0, "rows_lost": 7})
    line = trials.table([hit, missed, hit]).splitlines()[2]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:7] == ["2", "1", "2 killed", "3 of 3 done", "7"]
