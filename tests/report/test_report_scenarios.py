"""Tape, time priority and scenarios side by side: the page shows sums over the same sweeps."""

import statistics

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from centre_point_folders import drawn_sweeps, make_scenario_folder, sweep
from report_folders import make_folder, write_page

from sweep_dask.analysis.centre_point.order_checks import REASONS as LEFT_OUT_REASONS
from sweep_dask.analysis.centre_point.scenarios import ASSUMPTIONS, SCENARIOS
from sweep_dask.analysis.centre_point.sweep_outcomes import DECREASED, REASONS
from sweep_dask.errors import InputError
from sweep_dask.report import partition_rows
from sweep_dask.report.page import write_report
from sweep_dask.report.side_by_side import LABELS, read_side_by_side
from sweep_dask.report.sweep_reasons import UNFILLED, read_left_out

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
TABLES = ("side-by-side", "unfilled-reasons", "scenario-meanings", "left-out")


def page_of(root, sweeps, **options):
    return write_page(*make_scenario_folder(root, sweeps, **options))


def compared(sweeps):
    return [s for s in sweeps if s["is_affected"] and s["time_priority"]]


def expected_line(sweeps, outcomes):
    """Cells of a line, worked out one sweep at a time; the waits apart."""
    filled = [(dark + lit, dark, lit, wait) for dark, lit, wait in outcomes]
    with_any = [f for f in filled if f[0]]
    quantity = sum(s["quantity"] for s in sweeps)
    total = sum(f[0] for f in filled)
    cells = [
        *(f"{len(sweeps):,}", f"{len(with_any):,}", f"{len(with_any) / len(sweeps):.1%}"),
        *(f"{total:,}", f"{total / quantity:.1%}"),
        *(f"{sum(f[1] for f in filled):,}", f"{sum(f[2] for f in filled):,}"),
    ]
    return cells, statistics.median_low([f[3] for f in with_any])


def plain(cells):
    return [cell.replace(" %", "%") for cell in cells]


def outcomes_of(sweeps, name):
    if name == "Tape":
        return [s["real"] for s in sweeps]
    if name == "Time priority *":
        return [(s["time_priority"][1], 0, s["time_priority"][2]) for s in sweeps]
    scenario = next(key for key in SCENARIOS if LABELS[key] == name)
    return [s["outcomes"][scenario][:3] for s in sweeps]


def test_every_line_is_a_sum_over_the_same_sweeps(tmp_path):
    drawn = drawn_sweeps(500)
    layout, manifest = make_scenario_folder(tmp_path / "out", drawn)
    rows = write_page(layout, manifest).rows("side-by-side")
    medians = {
        LABELS[name]: line.first_fill.median_ns()
        for name, line in read_side_by_side(layout.tables, with_time_priority=True).lines.items()
    }
    sweeps = compared(drawn)
    names = ["Tape", "Time priority *", "As entered", "Dual post", "Rest dark", "Dark only"]
    assert [row[0] for row in rows] == names
    for row in rows:
        cells, median_ns = expected_line(sweeps, outcomes_of(sweeps, row[0]))
        if row[0] == "Time priority *":
            cells[-1] = "\u2013"
        assert plain([*row[1:6], *row[7:9]]) == cells
        assert medians[row[0].rstrip(" *")] == pytest.approx(median_ns, rel=1e-3)


def test_scenarios_are_measured_against_as_entered(tmp_path):
    drawn = drawn_sweeps(200)
    page = page_of(tmp_path / "out", drawn)
    sweeps = compared(drawn)
    filled = {name: sum(sum(s["outcomes"][name][:2]) for s in sweeps) for name in SCENARIOS}
    differences = [f"{filled[name] - filled['as-entered']:+,}" for name in SCENARIOS]
    assert [row[6] for row in page.rows("side-by-side")] == ["\u2013"] * 3 + differences[1:]
    change = (filled["dual-post"] - filled["as-entered"]) / filled["as-entered"]
    assert f"Dual post, against as entered {change:+.1%}".replace("%", " %") in page.text


def test_population_is_said(tmp_path):
    drawn = drawn_sweeps(300)
    text = page_of(tmp_path / "out", drawn).text
    known = [s for s in drawn if s["time_priority"]]
    assert f"of 300 sweeps in the Centre Point book, {len(known)} are known" in text
    assert f"and {len(compared(drawn))} of these have a limit price" in text
    left = sum(s["time_priority"][0] for s in compared(drawn))
    assert f"matches only the {left:,} shares that these sweeps had left" in text


def test_reasons_are_counted_by_scenario(tmp_path):
    drawn = drawn_sweeps(300)
    page = page_of(tmp_path / "out", drawn)
    rows = {row[0]: row[1:] for row in page.rows("unfilled-reasons")}
    together = rows.pop("Together")
    found = {s["outcomes"][name][3] for s in compared(drawn) for name in SCENARIOS}
    assert list(rows) == [words for reason, words in UNFILLED.items() if reason in found]
    for column, name in enumerate(SCENARIOS):
        left = [
            (s["outcomes"][name][3], s["quantity"] - sum(s["outcomes"][name][:2]))
            for s in compared(drawn)
        ]
        for reason in found:
            shares = [n for r, n in left if r == reason and n]
            cells = [f"{len(shares):,}", f"{sum(shares):,}"]
            assert rows[UNFILLED[reason]][2 * column : 2 * column + 2] == cells
        assert together[2 * column + 1] == f"{sum(n for _, n in left):,}"


def test_every_reason_of_the_model_has_words():
    assert UNFILLED.keys() == {*REASONS.values(), DECREASED}


def test_sums_do_not_depend_on_the_pieces_read(tmp_path, monkeypatch):
    layout, manifest = make_scenario_folder(tmp_path / "out", drawn_sweeps(100))
    whole = write_page(layout, manifest).tables
    monkeypatch.setattr(partition_rows, "_CHUNK_ROWS", 7)
    assert write_page(layout, manifest).tables == whole


def test_a_scenario_without_the_others(tmp_path):
    page = page_of(tmp_path / "out", drawn_sweeps(40), scenarios=["rest-dark"])
    assert [row[0] for row in page.rows("side-by-side")][2:] == ["Rest dark"]
    assert "measured against the tape, because the book was not played as entered" in page.text
    assert "Rest dark, against tape" in page.text
    assert len(page.rows("scenario-meanings")) == 1


def test_without_the_time_priority_model(tmp_path):
    drawn = drawn_sweeps(100)
    page = page_of(tmp_path / "out", drawn, time_priority=False)
    rows = page.rows("side-by-side")
    assert [row[0] for row in rows][:2] == ["Tape", "As entered"]
    assert rows[0][1] == f"{sum(s['is_affected'] for s in drawn):,}"
    assert page.ids.isdisjoint({"limits", "groups", "time-priority", "gaps"})
    assert "Time priority" not in page.text
    assert "filled-by-venue" in page.ids


def test_without_the_centre_point_model(tmp_path):
    layout, manifest = make_folder(tmp_path / "out")
    page = write_page(layout, manifest)
    assert page.tables.keys().isdisjoint(TABLES)
    assert page.rows("group-summary")


def test_tables_of_an_earlier_run_are_not_shown(tmp_path):
    layout, manifest = make_scenario_folder(tmp_path / "out", drawn_sweeps(20))
    files = {name: d for name, d in manifest["files"].items() if "centre_point" not in name}
    page = write_page(layout, manifest | {"files": files})
    assert page.tables.keys().isdisjoint(TABLES)


@pytest.mark.parametrize("time_priority", [False, True])
def test_no_sweeps(tmp_path, time_priority):
    page = page_of(tmp_path / "out", [], time_priority=time_priority)
    assert "the input holds no sweep order" in page.text
    assert page.tables.keys().isdisjoint(TABLES)
    assert "filled-by-venue" not in page.ids


def test_no_sweep_can_be_compared(tmp_path):
    page = page_of(tmp_path / "out", [sweep(1, 10, (0, 0, 0), affected=False)])
    assert "no sweep that the time-priority model knows too has a limit price" in page.text
    assert page.tables.keys().isdisjoint(TABLES)


def test_no_fills(tmp_path):
    unknown = sweep(1, 1_000, (0, 0, 0))
    page = page_of(tmp_path / "out", [unknown], time_priority=False)
    dash = "\u2013"
    tape = ["Tape", "1", "0", "0.0 %", "0", "0.0 %", dash, "0", "0", dash]
    assert page.rows("side-by-side")[0] == tape
    assert page.rows("side-by-side")[2][6] == "0"
    assert page.rows("unfilled-reasons")[-1] == ["Together", *["1", "1,000"] * 4]


def test_everything_filled(tmp_path):
    page = page_of(tmp_path / "out", [sweep(1, 100, (40, 60, 0))], time_priority=False)
    assert "Every sweep filled whole, in every scenario." in page.text
    assert page.rows("side-by-side")[0][1:] == [
        *["1", "1", "100.0 %", "100", "100.0 %", "\u2013", "40", "60", "at once"]
    ]


def test_quantities_beyond_a_float_stay_exact(tmp_path):
    huge = sweep(1, 2**53 + 1, (2**53 + 1, 0, 1))
    rows = page_of(tmp_path / "out", [huge], time_priority=False).rows("side-by-side")
    assert rows[0][4] == "9,007,199,254,740,993"
    assert rows[0][-1] == "0.0 \u00b5s"


def test_without_trades_the_tape_is_said_to_be_unknown(tmp_path):
    page = page_of(tmp_path / "out", [sweep(1, 10, (0, 0, 0))], ledger=[], time_priority=False)
    assert "What really filled: the input holds no trade" in page.text


def test_assumptions_are_those_of_the_run(tmp_path):
    sweeps = [sweep(1, 10, (0, 0, 0))]
    page = page_of(tmp_path / "out", sweeps, time_priority=False)
    meanings = [[LABELS[name], meaning] for name, meaning in SCENARIOS.items()]
    assert page.rows("scenario-meanings") == meanings
    assert all(assumption in page.text for assumption in ASSUMPTIONS)
    page = page_of(tmp_path / "own", sweeps, time_priority=False, assumptions=["as we please"])
    assert "as we please" in page.text
    assert ASSUMPTIONS[0] not in page.text


def test_orders_left_out_are_explained(tmp_path):
    names = ["out_of_order", "crossing_order", "out_of_order"]
    left_out = [{"reason": name} for name in names]
    page = page_of(
        tmp_path / "out", [sweep(1, 10, (0, 0, 0))], left_out=left_out, time_priority=False
    )
    assert page.rows("left-out") == [
        ["crossing_order", "1", LEFT_OUT_REASONS["crossing_order"]],
        ["out_of_order", "2", LEFT_OUT_REASONS["out_of_order"]],
    ]


def test_no_order_left_out(tmp_path):
    page = page_of(tmp_path / "out", [sweep(1, 10, (0, 0, 0))], time_priority=False)
    assert "None: every order of the input is in the book." in page.text


def test_reasons_that_nobody_knows_are_shown_as_they_are(tmp_path):
    made = sweep(1, 10, (0, 0, 0))
    made["outcomes"] = dict.fromkeys(SCENARIOS, (0, 0, 0, HOSTILE))
    page = page_of(
        tmp_path / "out",
        [made],
        left_out=[{"reason": HOSTILE}],
        time_priority=False,
        assumptions=[HOSTILE],
    )
    assert "img" not in page.elements
    assert page.elements.count("script") == 2
    assert page.rows("unfilled-reasons")[0][0] == page.rows("left-out")[0][0] == HOSTILE
    assert page.text.count(HOSTILE) == 3


def test_interrupted_run_shows_no_figures(tmp_path):
    page = page_of(tmp_path / "out", drawn_sweeps(20), status="interrupted")
    assert page.tables.keys().isdisjoint(TABLES)
    assert "no figures to show" in page.text


def test_rows_out_of_order_are_refused(tmp_path, monkeypatch):
    layout, manifest = make_scenario_folder(tmp_path / "out", drawn_sweeps(50))
    path = layout.tables / "centre_point_order_summary.parquet"
    rows = pq.read_table(path)
    pq.write_table(pa.concat_tables([rows[-1:], rows[:-1]]), path)
    monkeypatch.setattr(partition_rows, "_CHUNK_ROWS", 1)
    with pytest.raises(InputError) as raised:
        write_report(layout, manifest)
    assert "not in order of date and security" in str(raised.value.value)


def test_missing_left_out_table_of_a_run_that_lists_it_is_named(tmp_path):
    layout, manifest = make_scenario_folder(tmp_path / "out", drawn_sweeps(5))
    (layout.tables / "centre_point_left_out.parquet").unlink()
    with pytest.raises(InputError):
        write_report(layout, manifest)


def test_left_out_table_without_rows(tmp_path):
    layout, _ = make_scenario_folder(tmp_path / "out", [])
    assert read_left_out(layout.tables / "centre_point_left_out.parquet") == []


def test_page_stays_small_and_asks_the_network_for_nothing(tmp_path):
    layout, manifest = make_scenario_folder(tmp_path / "out", drawn_sweeps(3_000))
    page = write_page(layout, manifest)
    assert layout.report.stat().st_size < 1_500_000
    named = {name for name, _ in page.attributes}
    assert named.isdisjoint({"src", "href", "srcset", "action", "data"})


def test_report_of_a_run_sums_its_tables(plain_result):
    """Of a run of both models, from raw files to the page."""
    summary = plain_result.table("centre_point_order_summary")
    known = plain_result.table("sweep_order_comparison")
    keys = ["date", "security", "order_id"]
    sweeps = summary.merge(known.rename(columns={"orderid": "order_id"})[keys], on=keys)
    sweeps = sweeps[sweeps["is_affected"]]
    shown = read_side_by_side(plain_result.output / "tables", with_time_priority=True)
    for name, rows in sweeps.groupby("scenario"):
        assert shown.compared == len(rows)
        assert shown.quantity == rows["quantity"].sum()
        assert shown.tape.filled == rows["real_filled_quantity"].sum()
        assert shown.lines[name].filled == rows["filled_quantity"].sum()
        assert shown.lines[name].filled_sweeps == (rows["filled_quantity"] > 0).sum()
        waits = pd.to_numeric(rows["first_fill_timestamp"] - rows["entry_timestamp"]).dropna()
        if len(waits):
            median_ns = statistics.median_low(waits.astype("int64"))
            assert shown.lines[name].first_fill.median_ns() == pytest.approx(median_ns, rel=1e-3)
