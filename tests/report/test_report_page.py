"""The report shows what the tables hold, says what it cannot answer, and needs nothing else."""

import json
import re
import shutil

import numpy as np
import pytest
from report_folders import (
    FULL,
    LEDGER,
    NONE,
    PART,
    THREE_SWEEPS,
    ledger_entry,
    make_folder,
    page_of,
    partition_entry,
    write_page,
)

from sweep_dask.errors import InputError
from sweep_dask.report import outcomes
from sweep_dask.report.page import rebuild_report, write_report
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"'{{ 7 * 7 }}"


def drawn_sweeps(count):
    """Sweeps of six partitions, drawn at random (seeded)."""
    random = np.random.default_rng(5)
    sweeps = []
    for _ in range(count):
        quantity = int(random.integers(1, 50_000))
        real = int(random.choice([0, quantity, random.integers(0, quantity + 1)]))
        left = quantity - real
        sweeps.append(
            {
                "date": f"2024-10-0{random.integers(4, 6)}",
                "security": int(random.integers(1, 4)),
                "group": FULL if left == 0 else PART if real else NONE,
                "quantity": quantity,
                "left": left,
                "real": real,
                "simulated": int(random.integers(0, left + 1)) if random.random() < 0.5 else 0,
            }
        )
    return sweeps


def totals(sweeps):
    """Cells of some sweeps as the page writes them, worked out one sweep at a time."""
    real, simulated = sum(s["real"] for s in sweeps), sum(s["simulated"] for s in sweeps)
    real_ratio = sum(s["real"] / s["quantity"] for s in sweeps) / len(sweeps)
    ratio = sum(s["simulated"] / s["left"] for s in sweeps if s["left"]) / len(sweeps)
    difference = f"{simulated - real:+,}" if simulated != real else "0"
    return [f"{real:,}", f"{simulated:,}", difference, f"{real_ratio:.1%}", f"{ratio:.1%}"]


def without_spaces(cells):
    return [cell.replace(" %", "%") for cell in cells]


def test_group_summary_is_the_sum_of_the_table(tmp_path):
    sweeps = drawn_sweeps(400)
    rows = page_of(tmp_path / "out", sweeps).rows("group-summary")
    for row, name in zip(rows, [FULL, PART, NONE, "All sweeps"], strict=True):
        members = [s for s in sweeps if name in (s["group"], "All sweeps")]
        assert row[:2] == [name, f"{len(members):,}"]
        assert without_spaces(row[2:7]) == totals(members)
        more = sum(s["simulated"] > s["real"] for s in members) / len(members)
        assert without_spaces(row)[9] == f"{more:.1%}"


def test_means_weigh_every_sweep_once(tmp_path):
    # 100 %, 50 % and 0 % for real: 50 % on average, although 1,200 of 1,700 shares were matched.
    total = page_of(tmp_path / "out").rows("group-summary")[-1]
    assert total == [
        *["All sweeps", "3", "1,200", "300", "-900", "50.0 %", "33.3 %", "0.67", "0.33"],
        *["33.3 %", "66.7 %", "0.0 %"],
    ]


def test_finding_says_counts_and_what_was_left(tmp_path):
    text = page_of(tmp_path / "out").text
    assert "3 sweeps matched 1,200 shares" in text
    assert "300 shares (75.0 % fewer)" in text
    # The first sweep had nothing left; the others 200 and 300, of which 300 are matched.
    assert "it gives nothing to the 1 sweep with nothing left" in text
    assert "the other 2 , which had 500 shares left: of these it matches 60.0 %" in text


def test_partitions_are_sums_of_their_sweeps_the_largest_first(tmp_path):
    sweeps = drawn_sweeps(200)
    rows = page_of(tmp_path / "out", sweeps).rows("partition-table")
    members = {}
    for sweep in sweeps:
        members.setdefault((sweep["date"], str(sweep["security"])), []).append(sweep)
    assert {tuple(row[:2]) for row in rows} == members.keys()
    assert [int(row[5]) for row in rows] == sorted((int(row[5]) for row in rows), reverse=True)
    for row in rows:
        assert without_spaces(row[6:11]) == totals(members[row[0], row[1]])


def test_sums_do_not_depend_on_the_pieces_read(tmp_path, monkeypatch):
    layout, manifest = make_folder(tmp_path / "out", drawn_sweeps(100))
    whole = write_page(layout, manifest).tables
    monkeypatch.setattr(outcomes, "_CHUNK_ROWS", 7)
    assert write_page(layout, manifest).tables == whole


def test_quantities_beyond_a_float_stay_exact(tmp_path):
    # 2**53 + 1 is the first integer that a float cannot hold.
    huge = THREE_SWEEPS[0] | {"quantity": 2**53 + 1, "real": 2**53 + 1}
    page = page_of(tmp_path / "out", [huge])
    assert page.rows("group-summary")[-1][2] == "9,007,199,254,740,993"


def test_rows_of_other_models_are_left_out(tmp_path):
    other = THREE_SWEEPS[2] | {"model": "centre-point"}
    page = page_of(tmp_path / "out", [*THREE_SWEEPS, other])
    assert page.rows("group-summary")[-1][1] == "3"


def test_curve_is_the_share_filled_at_most_that_far(tmp_path):
    quarter = THREE_SWEEPS[1]
    sweeps = [quarter | {"quantity": 100, "real": real} for real in (0, 29, 100, 120)]
    layout, _ = make_folder(tmp_path / "out", sweeps)
    path = layout.tables / "sweep_order_comparison.parquet"
    curve = outcomes.read_comparison(path).fill_ratios
    # 0.29 is in at 0.29, not a point later; an order made smaller, filled to 120 %, is beyond 1.
    assert list(curve.real[[0, 28, 29, 99, 100]]) == [0.25, 0.25, 0.5, 0.5, 0.75]


def test_tests_are_counted_by_direction(tmp_path):
    def tested(difference, significant, kind="Overall"):
        return {
            "segment_type": kind,
            "metric": "Fill Ratio",
            "mean_difference": difference,
            "significant_1pct": significant,
        }

    tests = [tested(1, True), tested(-1, True), tested(-2, True), tested(3, False)]
    page = page_of(tmp_path / "out", tests=[*tests, tested(9, True, "Group")])
    assert page.rows("test-summary") == [["Fill Ratio", "4", "1", "2", "1"]]


def test_limits_of_the_model_stand_beside_the_numbers(tmp_path):
    page = page_of(tmp_path / "out")
    assert page.html.index('id="limits"') < page.html.index('id="groups"')
    for limit in ("No limit is respected", "used twice", "Resting orders are ignored"):
        assert limit in page.text


def test_ledger_shows_every_file_and_explains_its_reasons(tmp_path):
    page = page_of(tmp_path / "out")
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
    rows = page_of(tmp_path / "out", ledger=[*LEDGER, torn]).rows("ledger-files")
    assert rows[3][-1] == "NO"
    sums = ["2 files", "orders", "19", "9", "not_centre_point 2 duplicate 4", "not_a_number 1"]
    assert rows[4] == [*sums, "NO"]


def test_settings_and_machine_with_their_sources(tmp_path):
    page = page_of(tmp_path / "out")
    assert page.rows("settings")[0] == ["workers", "2", "command line"]
    assert ["trading_day", "session", "default"] in page.rows("settings")
    assert ["securities", "all", "default"] in page.rows("settings")
    assert "8.00 GiB" in page.text
    assert page.rows("stages")[1] == ["ingest", "13 min"]
    assert page.rows("model-stages") == [["1 extract orders", "2.500 s"]]


def test_no_sweeps(tmp_path):
    page = page_of(tmp_path / "out", [])
    assert "the input holds no sweep order" in page.text
    assert page.ids.isdisjoint({"groups", "matched-quantity", "fill-ratio"})
    assert page.rows("ledger-files")


def test_no_matches(tmp_path):
    sweeps = [sweep | {"simulated": 0} for sweep in THREE_SWEEPS]
    page = page_of(tmp_path / "out", sweeps)
    assert "the simulation made no match" in page.text
    assert page.rows("group-summary")[-1][3:5] == ["0", "-1,200"]


def test_no_trades_and_no_quotes(tmp_path):
    page = page_of(tmp_path / "out", ledger=LEDGER[:1])
    assert "the input holds no trade of a Centre Point order" in page.text
    assert "no quote belongs to these dates and securities" in page.text


def test_complete_run_has_no_gaps(tmp_path):
    page = page_of(tmp_path / "out")
    assert page.ids.isdisjoint({"gaps", "status", "warnings"})


def test_nothing_could_be_tested(tmp_path):
    assert "It could not be tested" in page_of(tmp_path / "out").text


@pytest.mark.parametrize("with_tables", [False, True])
def test_interrupted_run_shows_no_figures_also_not_older_ones(tmp_path, with_tables):
    layout, manifest = make_folder(tmp_path / "out", status="interrupted")
    if not with_tables:
        for table in layout.tables.iterdir():
            table.unlink()
    page = write_page(layout, manifest)
    assert "Interrupted: this run did not finish" in page.text
    assert "no figures to show" in page.text
    assert "group-summary" not in page.tables
    assert page.rows("partition-table")[0][5:8] == ["3", "\u2013", "\u2013"]


def test_partial_run_cannot_be_overlooked(tmp_path):
    broken = partition_entry(security=7, state="failed", reason="ValueError: no such thing")
    partitions = [partition_entry(sweeps=3), broken]
    page = page_of(tmp_path / "out", status="partial", partitions=partitions)
    assert page.html.index('class="alarm"') < page.html.index('id="found"')
    assert "1 of 2 partitions failed" in page.text
    assert page.rows("failed") == [["2024-10-04", "7", "ValueError: no such thing"]]
    assert len(page.rows("partition-table")) == 1


def test_all_partitions_failed(tmp_path):
    partitions = [partition_entry(state="failed", reason="a worker died")]
    page = page_of(tmp_path / "out", [], status="partial", partitions=partitions)
    assert "no partition that finished holds a sweep order" in page.text
    assert "No partition was finished." in page.text


def test_sample_market_and_warnings_are_named(tmp_path):
    page = page_of(tmp_path / "out", sample=True, warnings=["nbbo/b.csv has no rows"])
    assert "built-in sample market" in page.text
    assert "nbbo/b.csv has no rows" in page.text


def test_hostile_text_stays_text(tmp_path):
    broken = partition_entry(state="failed", reason=HOSTILE)
    harmless = page_of(tmp_path / "harmless", status="partial", partitions=[broken])
    page = page_of(
        tmp_path / "hostile",
        status="partial",
        input=HOSTILE,
        partitions=[broken],
        ledger=[ledger_entry(HOSTILE, "orders", 1, 1)],
        warnings=[HOSTILE],
    )
    assert "img" not in page.elements
    assert page.elements.count("script") == harmless.elements.count("script") == 2
    shown = " ".join(HOSTILE.split())
    assert page.rows("ledger-files")[0][0] == page.rows("failed")[0][2] == shown
    assert page.text.count(shown) == 4


def test_page_asks_the_network_for_nothing(tmp_path):
    page = page_of(tmp_path / "out")
    named = {name for name, _ in page.attributes}
    assert named.isdisjoint({"src", "href", "srcset", "action", "data"})
    style = page.html[page.html.index("<style>") : page.html.index("</style>")]
    assert not re.search(r"@import|url\(", style)
    assert ("http-equiv", "Content-Security-Policy") in page.attributes
    assert any(value and value.startswith("default-src 'none';") for _, value in page.attributes)


def test_large_runs_are_cut_short_and_say_so(tmp_path):
    failed = [partition_entry(security=n, state="failed", reason="x" * 50) for n in range(3_000)]
    finished = [partition_entry(security=n, sweeps=1) for n in range(3_000, 6_000)]
    files = [ledger_entry(f"orders/{n}.csv", "orders", 1, 1) for n in range(3_000)]
    layout, manifest = make_folder(
        tmp_path / "out",
        drawn_sweeps(1_000),
        status="partial",
        partitions=failed + finished,
        ledger=files,
        warnings=["a warning"] * 3_000,
    )
    page = write_page(layout, manifest)
    assert layout.report.stat().st_size < 3_000_000
    assert [len(page.rows(table)) for table in ("failed", "partition-table")] == [100, 50]
    assert "The 50 with most sweeps of 3,000 are shown" in page.text
    assert "2,800 files more are not shown" in page.text
    assert "3,000 files" in page.rows("ledger-files")[-1][0]


def test_same_results_give_the_same_bytes(tmp_path):
    layout, manifest = make_folder(tmp_path / "out")
    write_report(layout, manifest)
    first = layout.report.read_bytes()
    write_report(layout, manifest)
    assert layout.report.read_bytes() == first


@pytest.fixture
def run_folder(plain_result, tmp_path):
    """A copy of what a run left behind."""
    return OutputLayout(shutil.copytree(plain_result.output, tmp_path / "copy"))


def test_rebuilt_report_is_the_one_of_the_run(run_folder):
    manifest, report = read_manifest(run_folder), run_folder.report.read_text(encoding="utf-8")
    assert rebuild_report(run_folder) == run_folder.report
    # The run looks at its clock for the report and again for the manifest.
    finished = re.compile("Finished <b>[^<]*</b>")
    rebuilt = run_folder.report.read_text(encoding="utf-8")
    assert finished.sub("", rebuilt) == finished.sub("", report)
    manifest["files"]["report.html"] = file_digest(run_folder.report)
    assert read_manifest(run_folder) == manifest


def test_report_of_a_run_counts_the_sweeps_of_its_table(run_folder, plain_result):
    total = write_page(run_folder, read_manifest(run_folder)).rows("group-summary")[-1]
    table = plain_result.table("sweep_order_comparison")
    assert total[1] == f"{len(table):,}"
    assert total[2] == f"{table['real_matched_quantity'].sum():,}"
    assert total[3] == f"{table['simulated_matched_quantity'].sum():,}"


def test_rebuilding_writes_the_digest(tmp_path):
    layout, _ = make_folder(tmp_path / "out")
    rebuild_report(layout)
    files = json.loads(layout.manifest.read_text(encoding="utf-8"))["files"]
    assert files["report.html"] == file_digest(layout.report)


def test_rebuilding_leaves_what_a_killed_run_left(run_folder):
    left = run_folder.processed("2024-11-01", 7) / "receipt.json"
    left.parent.mkdir(parents=True)
    left.write_text("the next run may keep this partition")
    rebuild_report(run_folder)
    assert left.exists()


def test_damaged_table_is_named(tmp_path):
    layout, manifest = make_folder(tmp_path / "out")
    (layout.tables / "sweep_order_comparison.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError) as raised:
        write_report(layout, manifest)
    assert raised.value.where == str(layout.tables)
    assert not layout.report.exists()


def test_manifest_of_another_version_is_named(tmp_path):
    layout, manifest = make_folder(tmp_path / "out")
    del manifest["machine"]["cpu_count"]
    layout.manifest.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match="does not say everything"):
        rebuild_report(layout)
