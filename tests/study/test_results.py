"""What Python programs and notebooks get of a run: tables, the answer in brief, cards."""

import json
import math
import re
import subprocess
import sys
from html.parser import HTMLParser

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal
from running import program_environment

import sweep_dask
from sweep_dask.analysis.centre_point.score import Detail
from sweep_dask.errors import InputError
from sweep_dask.report.cards import replay_card
from sweep_dask.study.results import RunResult, load

ID = 7_904_794_000_123_498_601
MODES = ("resync", "free")

#: An arm a row: model, scenario, sweeps, filled, partly, unfilled, shares, filled, dark.
BY_ALL = (
    ("tape", None, 4, 1, 1, 2, 1000, 250, 50),
    ("time-priority", None, 4, 2, 1, 1, 1000, 500, 0),
    ("centre-point", "rest-dark", 4, 0, 0, 4, 1000, 0, 0),
)
COUNTS = (
    *("n_sweeps", "n_filled", "n_partly_filled", "n_unfilled"),
    *("quantity", "filled_quantity", "dark_quantity"),
)
MEANS = (
    *("fill_ratio_mean", "far_touch_improvement_bps_mean", "arrival_cost_bps_mean"),
    *("implementation_shortfall_bps_mean", "completed_shortfall_bps_mean"),
    *("far_touch_improvement_aud", "arrival_cost_aud"),
    *("implementation_shortfall_aud", "completed_shortfall_aud"),
    "time_to_first_fill_seconds_p50",
)


def by_all(population="continuous"):
    """A row an arm; every mean is its position, and missing where nothing was filled."""
    rows = [
        {"population": population, "segment": "all", "model": model, "scenario": scenario}
        | dict(zip(COUNTS, counts, strict=True))
        | {name: position if counts[5] else None for position, name in enumerate(MEANS)}
        for model, scenario, *counts in BY_ALL
    ]
    return pa.Table.from_pylist(rows)


def manifest(**changes):
    return {
        "format": 1,
        "command": "run",
        "status": "done",
        "input": "in",
        "sample": False,
        "ledger": [
            {"file": "trades/t.csv", "table": "trades", "read": 5, "kept": 5}
            | {"filtered": {}, "rejected": {}}
        ],
        "partitions": [{"date": "2024-09-05", "security": 1, "state": "computed", "reason": None}],
        "files": {},
        **changes,
    }


@pytest.fixture
def folder(tmp_path):
    """An output folder with a manifest and one roll-up, which has another population as well."""
    rollups = tmp_path / "out" / "tables" / "rollups"
    rollups.mkdir(parents=True)
    other = by_all("all").filter(pa.array([True, False, False]))
    pq.write_table(pa.concat_tables([other, by_all()]), rollups / "by_all.parquet")
    write_manifest(tmp_path / "out")
    return tmp_path / "out"


def write_manifest(folder, **changes):
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest(**changes)))


def write_table(folder, name, columns, rows=None):
    pq.write_table(pa.table(columns), folder / "tables" / f"{name}.parquet", row_group_size=rows)


# --- loading ------------------------------------------------------------------------------------


def test_a_loaded_folder_is_what_the_run_returned(plain_result):
    loaded = sweep_dask.load(plain_result.output)
    assert isinstance(plain_result, sweep_dask.RunResult)
    assert isinstance(loaded, sweep_dask.RunResult)
    assert loaded.manifest == plain_result.manifest
    assert loaded.exit_code == plain_result.exit_code == 0
    assert loaded.tables == plain_result.tables
    assert loaded.report.is_file()
    assert loaded.fidelity == json.loads((plain_result.output / "fidelity.json").read_text())


def test_every_table_of_a_run_is_the_same_lazily(plain_result):
    loaded = load(plain_result.output)
    assert {"sweep_metrics", "rollups/by_all", "rollups/by_hour"} <= set(loaded.tables)
    for name in loaded.tables:
        here, there = loaded.table(name), loaded.frame(name).compute()
        assert_frame_equal(here.select_dtypes("number"), there.select_dtypes("number"))
        # Text may have another type, but says the same.
        assert_frame_equal(as_objects(here), as_objects(there))


def as_objects(frame):
    return frame.astype(object).where(frame.notna(), None)


def test_the_summary_of_a_run_is_that_of_its_sweeps(plain_result):
    sweeps = plain_result.table("sweep_metrics")
    sweeps = sweeps[sweeps["is_continuous"]]
    names = sweeps["scenario"].where(sweeps["scenario"].notna(), sweeps["model"])
    sums = sweeps.groupby(names)[["quantity", "filled_quantity"]].sum()
    summary = plain_result.summary()
    assert set(summary.index) == set(sums.index)
    for arm, row in sums.iterrows():
        assert summary.loc[arm, "filled_share"] == row["filled_quantity"] / row["quantity"]


@pytest.mark.parametrize("reference", ["tape", "as-entered"])
def test_differences_are_simulation_minus_reference(plain_result, reference):
    sweeps = plain_result.table("sweep_metrics")
    name = sweeps["scenario"].where(sweeps["scenario"].notna(), sweeps["model"])
    real, simulated = (
        sweeps[name == arm].reset_index(drop=True) for arm in (reference, "rest-dark")
    )
    found = plain_result.differences("rest-dark", reference=reference)
    assert len(found) == len(real) > 0
    for column in ("date", "security", "order_id"):
        assert found[column].tolist() == real[column].tolist()
    for metric in ("filled_quantity", "vwap", "arrival_cost_bps"):
        expected = simulated[metric].astype(float) - real[metric].astype(float)
        pd.testing.assert_series_equal(found[metric], expected)


def test_an_arm_that_was_not_run_is_an_error_that_lists_them(plain_result):
    with pytest.raises(InputError) as caught:
        plain_result.differences("rest-light")
    assert "rest-dark" in caught.value.cure


def test_a_folder_may_be_named_from_anywhere(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    result = load("out")
    monkeypatch.chdir("/")
    assert result.manifest["input"] == "in"


def test_tables_are_read_without_dask(folder):
    code = (
        "import sys, sweep_dask\n"
        f"result = sweep_dask.load({str(folder)!r})\n"
        "result.summary(), result.table('rollups/by_all'), result._repr_html_()\n"
        "print(*({'dask', 'distributed', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=program_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


def test_a_folder_without_a_run_is_an_error_with_a_cure(tmp_path):
    with pytest.raises(InputError, match="no manifest") as caught:
        load(tmp_path / "nothing")
    assert "sweep-dask run" in caught.value.cure


def test_a_replay_is_no_run(tmp_path):
    write_manifest(tmp_path / "replay", command="replay")
    with pytest.raises(InputError, match="a replay and no run") as caught:
        load(tmp_path)
    assert "sweep-dask run" in caught.value.cure
    with pytest.raises(InputError, match="that of a replay") as caught:
        load(tmp_path / "replay")
    assert str(tmp_path) in caught.value.cure


@pytest.mark.parametrize(
    ("status", "code"), [("done", 0), ("partial", 1), ("failed", 1), ("interrupted", 130)]
)
def test_the_exit_code_is_that_of_the_command(tmp_path, status, code):
    write_manifest(tmp_path, status=status)
    assert load(tmp_path).exit_code == code


# --- tables -------------------------------------------------------------------------------------


def test_tables_come_before_roll_ups(folder):
    for name in ("zebra", "apple"):
        write_table(folder, name, {"order_id": [ID]})
    assert load(folder).tables == ["apple", "zebra", "rollups/by_all"]


@pytest.mark.parametrize("name", ["matches", "by_all", "../manifest", "rollups/by_all.parquet"])
def test_a_name_that_is_no_table_is_an_error_that_lists_them(folder, name):
    result = load(folder)
    for read in (result.table, result.frame):
        with pytest.raises(InputError, match="no table") as caught:
            read(name)
        assert "rollups/by_all" in caught.value.cure


def test_a_folder_without_tables_says_so(tmp_path):
    write_manifest(tmp_path, status="done")
    result = load(tmp_path)
    assert result.tables == []
    with pytest.raises(InputError, match="no table") as caught:
        result.summary()
    assert caught.value.cure == "Run the same command again."


def test_ids_of_nineteen_digits_stay_exact_where_some_are_missing(folder):
    # The gap is in the second row group only; a float would make both ids of the first one.
    ids = [ID, ID + 1, None, ID + 3]
    write_table(folder, "fills", {"order_id": ids, "quantity": [1, 2, 3, 4]}, rows=2)
    frame = load(folder).frame("fills")
    assert frame.npartitions == 2
    assert dict(frame.dtypes) == {"order_id": pd.Int64Dtype(), "quantity": "int64"}
    for number, rows in enumerate((ids[:2], ids[2:])):
        piece = frame.partitions[number].compute()
        assert dict(piece.dtypes) == dict(frame.dtypes)
        assert [None if value is pd.NA else value for value in piece["order_id"]] == rows
    assert_frame_equal(frame.compute(), load(folder).table("fills"))
    assert frame["order_id"].max().compute() == ID + 3
    counts = frame.groupby("order_id")["quantity"].sum().compute()
    assert counts.to_dict() == {ID: 1, ID + 1: 2, ID + 3: 4}


def test_rows_are_numbered_over_row_groups(folder):
    write_table(folder, "fills", {"order_id": range(ID, ID + 5), "quantity": range(5)}, rows=2)
    frame = load(folder).frame("fills")
    assert frame.divisions == (0, 2, 4, 4)
    assert frame.loc[3].compute()["quantity"].tolist() == [3]


def test_only_the_columns_asked_for_are_read(folder, monkeypatch):
    write_table(folder, "fills", {"order_id": [ID], "venue": ["dark"], "quantity": [5]})
    asked = []
    read_row_group = pq.ParquetFile.read_row_group

    def noted(file, group, columns=None):
        asked.append(columns)
        return read_row_group(file, group, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", noted)
    frame = load(folder).frame("fills")
    assert asked == []
    chosen = frame[["quantity", "order_id"]].compute(scheduler="synchronous")
    assert chosen.columns.tolist() == ["quantity", "order_id"]
    assert [set(columns) for columns in asked] == [{"quantity", "order_id"}]


def test_a_table_without_rows_has_its_columns(folder):
    write_table(folder, "fills", {"order_id": pa.array([], pa.int64()), "x": pa.array([], "str")})
    for frame in (load(folder).table("fills"), load(folder).frame("fills").compute()):
        assert len(frame) == 0
        assert frame.columns.tolist() == ["order_id", "x"]
        assert frame["order_id"].dtype == "int64"


# --- the answer ---------------------------------------------------------------------------------


def test_the_summary_has_a_row_for_each_line(folder):
    summary = load(folder).summary()
    assert summary.index.name == "arm"
    assert summary.index.tolist() == ["tape", "time-priority", "rest-dark"]
    # 250 of 1000 shares, 50 of them dark; then 500 of 1000; then nothing, and of nothing no share.
    assert summary["filled_share"].tolist() == [0.25, 0.5, 0.0]
    assert summary["dark_share"].tolist()[:2] == [0.2, 0.0]
    assert math.isnan(summary["dark_share"].iloc[2])
    assert summary["n_sweeps"].tolist() == [4, 4, 4]
    assert summary.loc["tape", list(MEANS)].tolist() == [*range(len(MEANS))]


def test_without_sweeps_the_summary_is_empty(folder):
    write_table(folder, "rollups/by_all", by_all("all"))
    assert load(folder).summary().empty
    assert "No sweep arrived in continuous trading" in load(folder)._repr_html_()


# --- what a notebook shows ----------------------------------------------------------------------


class Text(HTMLParser):
    """Words and addresses of a piece of HTML, whose elements all end."""

    def __init__(self, html):
        super().__init__()
        self.words, self.open, self.addresses = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data.split()

    def __str__(self):
        return " ".join(self.words)


def test_a_run_shows_its_answer_in_a_notebook(folder, monkeypatch):
    (folder / "report.html").write_text("")
    monkeypatch.chdir(folder.parent)
    html = load(folder)._repr_html_()
    shown = Text(html)
    assert "Run : done" in str(shown)
    assert "Input: in; 1 partition" in str(shown)
    assert "tape 25.0 % 20.0 % 50.0 % 2.00 3.00 4.00 9.000 s" in str(shown)
    assert "rest-dark 0.0 % \u2013 0.0 % \u2013 \u2013 \u2013" in str(shown)
    assert "4 sweeps that arrived in continuous trading, 1,000 shares" in str(shown)
    assert shown.addresses == ["out/report.html"]
    # The notebook's colours, in a light or a dark theme; and nothing from elsewhere.
    assert set(re.findall(r"color:([^;\"}]+)", html)) <= {"inherit", "transparent"}
    assert "<style" not in html
    assert "<script" not in html


def test_a_report_elsewhere_is_linked_by_its_address(folder, tmp_path_factory, monkeypatch):
    (folder / "report.html").write_text("")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert Text(load(folder)._repr_html_()).addresses == [(folder / "report.html").as_uri()]


def test_what_the_input_holds_stays_text(folder):
    hostile = "<script>alert(1)</script>&"
    failed = {"date": "2024-09-05", "security": 1, "state": "failed", "reason": hostile}
    write_manifest(folder, status="partial", input=hostile, partitions=[failed] * 7)
    html = load(folder)._repr_html_()
    assert "<script" not in html
    shown = str(Text(html))
    assert shown.count(hostile) == 6
    assert "Run : partial" in shown
    assert "and 2 more" in shown


def test_a_run_without_an_answer_says_so(tmp_path):
    write_manifest(tmp_path, status="interrupted", sample=True)
    shown = str(Text(load(tmp_path)._repr_html_()))
    assert "interrupted" in shown
    assert "There is no answer" in shown
    assert "made up" in shown
    assert Text(load(tmp_path)._repr_html_()).addresses == []


def test_roll_ups_of_an_earlier_run_are_no_answer(folder):
    write_manifest(folder, status="interrupted")
    result = load(folder)
    with pytest.raises(InputError, match="did not come to its end"):
        result.summary()
    assert "There is no answer" in str(Text(result._repr_html_()))


def test_a_run_in_one_line(folder):
    assert repr(load(folder)) == f"<RunResult done: 1 partition in {folder}>"
    assert "without a manifest" in repr(RunResult(folder.parent))


# --- the replay in the same folder --------------------------------------------------------------


def score(hits=3):
    tally = {"tape": 4, "predicted": 3, "hits": hits, "precision": 1.0, "recall": 0.75, "f1": 0.857}
    return tally | {
        "reachable": 4,
        "reachable_recall": 0.75,
        "contested": 2,
        "contested_hits": 1,
        "contested_random": 0.5,
        "quantity_precision": 1.0,
        "quantity_recall": 0.75,
        "within_1ms": {"precision": 1.0, "recall": 0.75, "f1": 0.857},
        "by_trigger": dict.fromkeys(("arrival", "both_passive", "order_missing"), tally),
        **Detail().as_json(),
    }


NOBODY = {"hide_and_predict": None, "dual_posted": None}


def fidelity(**changes):
    total = {mode: score() | changes for mode in MODES}
    entry = {"date": "2024-09-05", "security": 1, "misses": [{"cause": "quote_stale"}], **total}
    return {"total": total, "partitions": [entry], "ablations": [], "assumptions": []} | NOBODY


def write_replay(folder, inputs=()):
    write_manifest(folder / "replay", command="replay", inputs=list(inputs))
    (folder / "replay" / "fidelity.json").write_text(json.dumps(fidelity()))


def test_the_score_of_a_replay_is_part_of_the_result(folder):
    assert load(folder).fidelity is None
    write_manifest(folder, inputs=[])
    write_replay(folder)
    assert load(folder).fidelity == fidelity()
    shown = str(Text(load(folder)._repr_html_()))
    told = "3 of 4 dark matches on the tape are predicted exactly (F1 85.7 %)"
    assert f"Checked against the tape: {told}" in shown


def test_a_replay_of_other_input_says_nothing_of_this_run(folder):
    write_manifest(folder, inputs=[{"file": "a", "digest": "1"}])
    write_replay(folder, [{"file": "a", "digest": "2"}])
    assert "Checked" not in str(Text(load(folder)._repr_html_()))


def test_a_score_that_cannot_be_read_is_an_error(folder):
    write_replay(folder)
    (folder / "replay" / "fidelity.json").write_text("{")
    with pytest.raises(InputError, match="score of the replay") as caught:
        _ = load(folder).fidelity
    assert "sweep-dask replay" in caught.value.cure
    # The answer is shown all the same.
    assert "tape" in load(folder)._repr_html_()


def test_a_replay_shows_its_scores_in_a_notebook(tmp_path):
    html = replay_card(fidelity(), "done", "<in>", tmp_path / "report.html")
    shown = str(Text(html))
    assert "Input: <in>; 1 partition" in shown
    assert "Dark matches on the tape 4 4" in shown
    assert "F1 85.7 % 85.7 %" in shown
    assert "Contested arrivals right 1 of 2 1 of 2" in shown
    assert "quote stale 1" in shown
    nothing = replay_card(fidelity(tape=0), "done", "in", tmp_path / "report.html")
    assert "no dark match in continuous trading" in str(Text(nothing))


def test_the_result_of_a_replay_shows_them_too(plain_input, tmp_path):
    settings = {"enable_parallel": False, "progress": False}
    result = sweep_dask.replay(plain_input, output=tmp_path / "out", ablations=False, **settings)
    assert result.report == tmp_path / "out" / "replay" / "report.html"
    assert result.report.is_file()
    assert repr(result).startswith("<ReplayResult done: ")
    assert "Replay : done" in str(Text(result._repr_html_()))


def test_a_table_is_the_reader_s_to_change(plain_result):
    for name in ("sweep_metrics", "rollups/by_hour"):
        frame = plain_result.table(name)
        for column in frame.columns:
            frame.loc[0, column] = frame[column].iloc[-1]
        changed, again = frame.iloc[0], plain_result.table(name)
        assert changed.astype("str").tolist() == frame.iloc[-1].astype("str").tolist()
        assert changed.astype("str").tolist() != again.iloc[0].astype("str").tolist()
