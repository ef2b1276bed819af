"""The page around the answer: input, run, bounds, bytes - and nothing from the network."""

import json
import re
import shutil

import pyarrow.parquet as pq
import pytest
from drawn_market import drawn_market
from report_folders import (
    LEDGER,
    bare_page,
    ledger_entry,
    make_bare_folder,
    partition_entry,
    write_page,
    write_report,
)
from rollup_folders import make_answer_folder

from sweep_dask.errors import InputError
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest, write_manifest
from sweep_dask.study.rebuild import rebuild_report

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"'{{ 7 * 7 }}"


def test_ledger_shows_every_file_and_explains_its_reasons(tmp_path):
    page = bare_page(tmp_path / "out")
    assert page.rows("ledger-files")[0] == [
        *["orders/a.csv", "orders", "9", "6", "not_centre_point 2", "not_a_number 1", "yes"]
    ]
    assert [row[:3] for row in page.rows("ledger-reasons")] == [
        ["not_centre_point", "2", "filtered"],
        ["not_a_number", "1", "rejected"],
    ]
    assert "an order type without any Centre Point or sweep bit" in page.text


def test_ledger_sums_files_of_a_table_and_shows_what_does_not_balance(tmp_path):
    torn = ledger_entry("orders/b.csv", "orders", 10, 3, {"duplicate": 4})
    rows = bare_page(tmp_path / "out", ledger=[*LEDGER, torn]).rows("ledger-files")
    assert rows[3][-1] == "NO"
    sums = ["2 files", "orders", "19", "9", "not_centre_point 2 duplicate 4", "not_a_number 1"]
    assert rows[4] == [*sums, "NO"]


def test_settings_and_machine_with_their_sources(tmp_path):
    page = bare_page(tmp_path / "out")
    assert page.rows("settings")[0] == ["workers", "2", "command line"]
    assert ["trading_day", "session", "default"] in page.rows("settings")
    assert ["securities", "all", "default"] in page.rows("settings")
    assert "8.00 GiB" in page.text
    assert page.rows("stages")[1] == ["ingest", "754.00"]
    assert page.rows("model-stages") == [["1 extract orders", "2.50"]]


def test_sample_market_and_warnings_are_named(tmp_path):
    page = bare_page(tmp_path / "out", sample=True, warnings=["nbbo/b.csv has no rows"])
    assert "built-in sample market" in page.text
    assert "nbbo/b.csv has no rows" in page.text


def test_hostile_text_stays_text(tmp_path):
    broken = partition_entry(state="failed", reason=HOSTILE)
    harmless = bare_page(tmp_path / "harmless", status="partial", partitions=[broken])
    market = drawn_market(40)
    for arm, frame in market.items():
        market[arm] = frame.assign(unfilled_reason="limit")
    layout, manifest = make_answer_folder(
        tmp_path / "hostile",
        market,
        status="partial",
        input=HOSTILE,
        partitions=[broken],
        ledger=[ledger_entry(HOSTILE, "orders", 1, 1), *LEDGER[1:]],
        warnings=[HOSTILE],
        left_out={HOSTILE: 1},
        assumptions=[HOSTILE],
    )
    page = write_page(layout, manifest)
    assert "img" not in page.elements
    assert harmless.elements.count("script") == 1
    assert page.elements.count("script") == 1
    shown = " ".join(HOSTILE.split())
    assert page.rows("ledger-files")[0][0] == page.rows("failed")[0][2] == shown
    assert page.rows("left-out")[0][0] == shown
    assert page.text.count(shown) == 6


def test_page_asks_the_network_for_nothing(page):
    named = {name for name, _ in page.attributes}
    assert named.isdisjoint({"src", "srcset", "action", "data"})
    links = {value for name, value in page.attributes if name == "href"}
    assert links
    assert all(link.startswith("#") and link[1:] in page.ids for link in links)
    style = page.html[page.html.index("<style>") : page.html.index("</style>")]
    assert not re.search(r"@import|url\(", style)
    assert ("http-equiv", "Content-Security-Policy") in page.attributes
    assert any(value and value.startswith("default-src 'none';") for _, value in page.attributes)


def test_large_runs_are_cut_short_and_say_so(tmp_path):
    failed = [partition_entry(security=n, state="failed", reason="x" * 50) for n in range(3_000)]
    finished = [partition_entry(security=n, sweeps=1) for n in range(3_000, 6_000)]
    files = [ledger_entry(f"orders/{n}.csv", "orders", 1, 1) for n in range(3_000)]
    layout, manifest = make_answer_folder(
        tmp_path / "out",
        drawn_market(1_000, days=40, securities=60),
        status="partial",
        partitions=failed + finished,
        ledger=files,
        warnings=["a warning"] * 3_000,
        left_out={"out_of_order": 10**9},
    )
    page = write_page(layout, manifest)
    assert layout.report.stat().st_size < 3_000_000
    assert [len(page.rows(table)) for table in ("failed", "partition-table")] == [100, 50]
    assert [len(page.rows(f"by-{name}")) for name in ("day", "security")] == [20, 20]
    assert "The 50 with most sweeps of 3,000 partitions" in page.text
    assert "2,800 files more are not shown" in page.text
    assert "3,000 files" in page.rows("ledger-files")[-1][0]


def test_same_results_give_the_same_bytes(answer_folder):
    layout, manifest = answer_folder
    write_report(layout, manifest)
    first = layout.report.read_bytes()
    write_report(layout, manifest)
    assert layout.report.read_bytes() == first


@pytest.fixture
def run_folder(plain_result, tmp_path):
    """A copy of what a run left behind."""
    return OutputLayout(shutil.copytree(plain_result.output, tmp_path / "copy"))


def test_rebuilt_report_is_the_one_of_the_run(run_folder):
    manifest, report = read_manifest(run_folder), run_folder.report.read_bytes()
    assert rebuild_report(run_folder) == run_folder.report
    assert run_folder.report.read_bytes() == report
    assert read_manifest(run_folder) == manifest


def test_report_of_a_run_counts_the_sweeps_of_its_table(run_folder, plain_result):
    shown = write_page(run_folder, read_manifest(run_folder)).numbers
    table = plain_result.table("sweep_metrics")
    real = table[(table["model"] == "tape") & table["is_continuous"]]
    key = "by_all/continuous/all/tape"
    assert shown[f"{key}/sweeps"] == len(real)
    assert shown[f"{key}/filled_quantity"] == real["filled_quantity"].sum()


def test_rebuilding_writes_the_digest(tmp_path):
    layout, _ = make_bare_folder(tmp_path / "out")
    rebuild_report(layout)
    files = json.loads(layout.manifest.read_text(encoding="utf-8"))["files"]
    assert files["report.html"] == file_digest(layout.report)


def test_rebuilding_leaves_what_a_killed_run_left(run_folder):
    left = run_folder.processed("2024-11-01", 7) / "receipt.json"
    left.parent.mkdir(parents=True)
    left.write_text("the next run may keep this partition")
    rebuild_report(run_folder)
    assert left.exists()


@pytest.mark.parametrize("name", ["by_all", "comparisons", "example_sweep"])
@pytest.mark.parametrize("content", [b"PAR1 no more", None])
def test_damaged_or_missing_roll_up_is_named(tmp_path, name, content):
    layout, manifest = make_answer_folder(tmp_path / "out", drawn_market(20))
    path = layout.tables / "rollups" / f"{name}.parquet"
    path.unlink()
    if content:
        path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        write_report(layout, manifest)
    assert raised.value.where == str(path.parent)
    assert not layout.report.exists()


def test_roll_up_of_another_version_is_named(tmp_path):
    layout, _ = make_answer_folder(tmp_path / "out", drawn_market(20))
    path = layout.tables / "rollups" / "by_all.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["fill_ratio_mean"]), path)
    with pytest.raises(InputError, match="a roll-up does not say everything") as raised:
        rebuild_report(layout)
    assert raised.value.where == str(layout.root)
    assert "fill_ratio_mean" in str(raised.value)


def test_partitions_are_counted_by_the_book_where_there_is_one(tmp_path):
    book = partition_entry(security=1)
    book["counts"] = {"orders_rows": 9, "centre_point_orders": 5, "centre_point_sweeps": 4}
    page = bare_page(tmp_path / "out", partitions=[partition_entry(security=2, sweeps=1), book])
    assert [row[4:6] for row in page.rows("partition-table")] == [["5", "4"], ["6", "1"]]
    assert "Sweeps are those of tables/sweep_metrics.parquet" in page.text


def test_manifest_of_another_version_is_named(tmp_path):
    layout, manifest = make_bare_folder(tmp_path / "out")
    del manifest["machine"]["cpu_count"]
    write_manifest(layout, manifest)
    with pytest.raises(InputError, match="does not say everything"):
        rebuild_report(layout)
