"""The Centre Point model in a run: its files, totals, settings, and what a later run keeps."""

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from dark_markets import EXPECTED, SWEEP_QUANTITY, add_session, dark_market
from markets import COLUMNS, FIRST_ID, OPENING_NS, SECOND, SELL, write_rows
from running import ROOT, as_printed, invoke, result_files, run_here

from sweep_dask.analysis.centre_point.match_table import MATCH_COLUMNS
from sweep_dask.analysis.centre_point.order_checks import LEFT_OUT_COLUMNS
from sweep_dask.analysis.centre_point.sweep_outcomes import SWEEP_FILL_COLUMNS, SWEEP_SUMMARY
from sweep_dask.errors import UsageError
from sweep_dask.settings import load_settings
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.book import book_of, book_settings, signature
from sweep_dask.study.plan import make_plan
from sweep_dask.study.summary import describe_run
from sweep_dask.study.verify import verify_output
from sweep_dask.terms.arms import TIME_PRIORITY
from sweep_dask.terms.reasons import LEFT_OUT_REASONS, UNFILLED_REASONS

MODEL = "centre-point"
SCENARIOS = ["as-entered", "dual-post", "rest-dark", "dark-only"]
PARTITIONS = [(date, security) for date in OPENING_NS for security in (101, 102)]
COMBINED = [
    "centre_point_left_out",
    "centre_point_matches",
    "centre_point_order_summary",
    "centre_point_sweep_fills",
]
MATCH_TYPES = {
    "date": "string",
    "security": "int32",
    "timestamp": "int64",
    "buy_order_id": "int64",
    "sell_order_id": "int64",
    "quantity": "int64",
    "price_x2": "int64",
    "deal_source": "int16",
    "aggressor": "int8",
    "trigger": "string",
}
HERE = {"enable_parallel": False}


@pytest.fixture(scope="module")
def whole(market, tmp_path_factory):
    """A run of both models; not to be changed."""
    return run_here(market, tmp_path_factory.mktemp("whole") / "out", **HERE)


@pytest.fixture(scope="module")
def expected_files(whole):
    return result_files(whole.output)


@pytest.fixture
def output(whole, tmp_path):
    """A folder in which a run of both models has finished."""
    return Path(shutil.copytree(whole.output, tmp_path / "out"))


def folder_of(output, date, security):
    return output / "outputs" / date / str(security) / MODEL


def states(result):
    return [partition["state"] for partition in result.manifest["partitions"]]


# --- results ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_sweep_gets_what_was_worked_out_by_hand(whole, scenario):
    sweeps = whole.table("centre_point_order_summary").query("scenario == @scenario")
    assert len(sweeps) == len(PARTITIONS)
    dark = sweeps["dark_arrival_quantity"] + sweeps["dark_resting_quantity"]
    lit = sweeps["lit_arrival_quantity"] + sweeps["lit_resting_quantity"]
    for values, expected in zip(
        (dark, lit, sweeps["unfilled_quantity"]), EXPECTED[scenario], strict=True
    ):
        assert set(values) == {expected}
    tape_dark, tape_lit, _ = EXPECTED["tape"]
    assert set(sweeps["real_dark_quantity"]) == {tape_dark}
    assert set(sweeps["real_lit_quantity"]) == {tape_lit}
    assert set(sweeps["quantity"]) == {SWEEP_QUANTITY}


def test_fills_of_a_sweep_add_up_to_its_summary(whole):
    fills = whole.table("centre_point_sweep_fills")
    keys = ["date", "security", "scenario", "order_id"]
    filled = fills.groupby(keys)["quantity"].sum()
    summary = whole.table("centre_point_order_summary").set_index(keys)["filled_quantity"]
    pd.testing.assert_series_equal(filled, summary[summary > 0].sort_index(), check_names=False)


def test_matches_have_the_columns_of_the_contract(whole):
    for date, security in PARTITIONS:
        for scenario in SCENARIOS:
            path = folder_of(whole.output, date, security) / scenario / "matches.parquet"
            types = {field.name: str(field.type) for field in pq.read_schema(path)}
            assert types == MATCH_TYPES
            rows = pq.read_table(path).to_pandas()
            assert (rows["date"] == date).all()
            assert (rows["security"] == security).all()
    first = rows.iloc[0]
    assert (first["quantity"], first["price_x2"], first["deal_source"]) == (100, 2010, 47)
    assert (first["aggressor"], first["trigger"]) == (1, "arrival")


def test_every_partition_has_its_files_also_without_rows(whole):
    names = ["matches.parquet", "order_summary.parquet", "sweep_fills.parquet"]
    for date, security in PARTITIONS:
        folder = folder_of(whole.output, date, security)
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            [*SCENARIOS, "left_out.parquet", "score.json"]
        )
        for scenario in SCENARIOS:
            assert sorted(path.name for path in (folder / scenario).iterdir()) == names
        left_out = pq.read_table(folder / "left_out.parquet")
        assert left_out.num_rows == 0
        assert left_out.column_names == [
            "date",
            "security",
            "order_id",
            "sequence",
            "left_out_reason",
        ]


@pytest.mark.parametrize("name", ["matches", "order_summary", "sweep_fills"])
def test_combined_tables_are_the_files_in_order(whole, name):
    parts = [
        pq.read_table(folder_of(whole.output, date, security) / scenario / f"{name}.parquet")
        .to_pandas()
        .assign(model=MODEL, scenario=scenario)
        for date, security in PARTITIONS
        for scenario in SCENARIOS
    ]
    combined = whole.table(f"centre_point_{name}")
    assert list(combined.columns[:4]) == ["date", "security", "model", "scenario"]
    expected = pd.concat(parts, ignore_index=True)[list(combined.columns)]
    pd.testing.assert_frame_equal(combined, expected, check_dtype=False)


def test_the_folder_is_as_its_manifest_says(whole):
    manifest, findings = verify_output(OutputLayout(whole.output))
    assert findings == []
    assert manifest["scenarios"] == {
        name: {
            "sweeps": 4,
            "quantity": 4 * SWEEP_QUANTITY,
            "dark": 4 * dark,
            "lit": 4 * lit,
            "unfilled": 4 * unfilled,
        }
        for name, (dark, lit, unfilled) in EXPECTED.items()
    }
    assert manifest["left_out"] == {}
    assert any("preferencing" in text for text in manifest["assumptions"])
    assert [stage["name"] for stage in manifest["centre_point_stages"]][1:-3] == SCENARIOS
    for partition in manifest["partitions"]:
        assert partition["counts"]["centre_point_orders"] == 4
        assert partition["counts"]["centre_point_events"] > 0
        assert partition["left_out"] == {}
        assert partition["gaps"] == []


def test_the_summary_shows_every_line_beside_the_tape(whole):
    text = as_printed(describe_run(whole.record, whole.output))
    effects, _, levels = text.partition("Each sweep as one that changes")
    rows = {line.split()[0]: line.split() for line in levels.splitlines() if line.strip()}
    found = whole.table("rollups/by_choice").query(
        "lifetime == 'clock:5min' and adoption <= 0.05 and switch == ''"
    )
    assert len(found) == len(EXPECTED)
    for row in found.itertuples():
        share = [f"{100 * row.filled_quantity / row.quantity:.1f}", "%"]
        assert rows[row.scenario][1:4] == [f"{row.filled_quantity:,}", *share], row.scenario
    (rest_dark,) = (part for part in effects.split("\n\n") if "\n  rest-dark " in part)
    (fill_ratio,) = (line for line in rest_dark.splitlines() if line.startswith("  fill ratio"))
    assert fill_ratio.endswith("not decided")
    assert "Orders left out of the book: none" in text
    assert "Preferencing: learned" in text


# --- which models and scenarios -----------------------------------------------------------------


def own_files(files):
    """Without those that hold something of every model."""
    shared = ("receipt", "sweep_metrics", "summaries", "rollups")
    return {n: d for n, d in files.items() if not any(name in n for name in shared)}


def test_time_priority_alone_leaves_nothing_of_the_other_model(market, expected_files, tmp_path):
    result = run_here(market, tmp_path / "out", models=(TIME_PRIORITY,), **HERE)
    files = result_files(result.output)
    of_both = {
        name: digest
        for name, digest in expected_files.items()
        if not any(part in name for part in (MODEL, "centre_point", "sensitivity", "fidelity"))
    }
    assert own_files(files) == own_files(of_both)
    arms = result.table("sweep_metrics")["model"].unique().tolist()
    assert arms == ["tape", TIME_PRIORITY]
    assert result.manifest["scenarios"] == {}
    assert "Centre Point" not in as_printed(describe_run(result.record, result.output))


def test_centre_point_alone_leaves_nothing_of_the_other_model(market, expected_files, tmp_path):
    result = run_here(market, tmp_path / "out", models=(MODEL,), **HERE)
    files = result_files(result.output)
    assert not any(name.endswith(".csv") for name in files)
    tables = {n.split("/")[1] for n in own_files(files) if n.startswith("tables/")}
    assert tables == {f"{name}.parquet" for name in (*COMBINED, "sensitivity")}
    assert own_files(files).items() <= expected_files.items()
    arms = result.table("sweep_metrics")[["model", "scenario"]].drop_duplicates()
    assert arms["model"].tolist() == ["tape", *[MODEL] * len(SCENARIOS)]
    assert arms["scenario"].dropna().tolist() == list(SCENARIOS)
    assert (result.output / "report.html").exists()
    assert verify_output(OutputLayout(result.output))[1] == []
    assert "time priority" not in as_printed(describe_run(result.record, result.output))


def test_scenarios_not_asked_for_are_removed(market, whole, output):
    result = run_here(market, output, scenarios=("rest-dark", "as-entered"), **HERE)
    assert states(result) == ["computed"] * 4
    for date, security in PARTITIONS:
        left = sorted(path.name for path in folder_of(output, date, security).iterdir())
        assert left == ["as-entered", "left_out.parquet", "rest-dark", "score.json"]
    rows = result.table("centre_point_order_summary")
    # In the order in which scenarios are shown, not in which they were named.
    assert rows["scenario"].tolist() == ["as-entered", "rest-dark"] * 4
    wanted = whole.table("centre_point_order_summary").query("scenario in @rows.scenario.unique()")
    pd.testing.assert_frame_equal(rows, wanted.reset_index(drop=True))
    assert verify_output(OutputLayout(output))[1] == []
    again = run_here(market, output, scenarios=("as-entered", "rest-dark"), **HERE)
    assert states(again) == ["kept"] * 4


@pytest.mark.parametrize(
    "settings",
    [{"workers": 2, "blocksize": 700}, {**HERE, "blocksize": 200}],
    ids=["two workers, small blocks", "no cluster, tiny blocks"],
)
def test_bytes_do_not_depend_on_workers_or_blocks(market, expected_files, tmp_path, settings):
    assert result_files(run_here(market, tmp_path / "out", **settings).output) == expected_files


# --- what is kept -------------------------------------------------------------------------------


def test_a_second_run_keeps_everything_and_tells_the_same(market, whole, output):
    result = run_here(market, output, **HERE)
    assert states(result) == ["kept"] * 4
    for key in ("scenarios", "left_out", "assumptions", "counts"):
        assert result.manifest[key] == whole.manifest[key]


@pytest.mark.parametrize(
    "changed",
    [
        {"preferencing": (51,)},
        {"rules_off": ("half-tick",)},
        {"ticks": ((0, 1),)},
        {"block_min_value": 1000},
        {"dark_fee_bps": 0.5},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_setting_of_the_book_keeps_nothing(market, output, changed):
    assert states(run_here(market, output, **HERE, **changed)) == ["computed"] * 4


def test_other_session_rows_concern_their_security_alone(output, tmp_path):
    market = dark_market()
    for row in market.rows["session"]:
        if row["OrderBookId"] == 102 and row["Name"] == "PRE_CSPA":
            row["Timestamp"] -= 3600 * SECOND
    result = run_here(market.write(tmp_path / "in"), output, **HERE)
    assert states(result) == ["kept", "computed"] * 2


def test_time_priority_keeps_nothing_of_a_run_of_both(market, output):
    result = run_here(market, output, models=(TIME_PRIORITY,), **HERE)
    assert states(result) == ["computed"] * 4
    assert not any(MODEL in name for name in result_files(output))


# --- continuous trading -------------------------------------------------------------------------


def test_rows_of_the_whole_market_open_every_security(whole, tmp_path):
    market = dark_market(session=False)
    market.rows["session"].clear()
    for opening_ns in OPENING_NS.values():
        add_session(market, opening_ns, None)
    result = run_here(market.write(tmp_path / "in"), tmp_path / "out", **HERE)
    assert result.manifest["scenarios"] == whole.manifest["scenarios"]
    assert all(partition["gaps"] == [] for partition in result.manifest["partitions"])


def test_without_session_rows_the_first_auction_trade_opens(whole, tmp_path):
    # It belongs to lit orders, so it is no row of the partition.
    market = dark_market(session=False)
    for row in market.rows["trades"]:
        row["tradetime"] += (25 * SECOND) if row["dealsource"] == 20 else 0
    for row in market.rows["orders"]:
        # The first new dark order comes later than that.
        row["changereason"] = 12 if row["changereason"] == 6 else row["changereason"]
    result = run_here(market.write(tmp_path / "in"), tmp_path / "out", **HERE)
    # B arrives ahead of the opening: nothing of it trades in the dark.
    assert result.manifest["scenarios"]["as-entered"]["dark"] == 0
    assert whole.manifest["scenarios"]["as-entered"]["dark"] > 0
    assert result.manifest["partitions"][0]["gaps"] == ["no_session_rows"]
    assert "in 4 of 4 partitions no session row" in as_printed(
        describe_run(result.record, result.output)
    )


def test_without_session_rows_the_first_dark_order_opens(whole, tmp_path):
    market = dark_market(session=False)
    for row in market.rows["trades"]:
        # The auction of the closing.
        row["tradetime"] += (3600 * SECOND) if row["dealsource"] == 20 else 0
    result = run_here(market.write(tmp_path / "in"), tmp_path / "out", **HERE)
    assert result.manifest["scenarios"] == whole.manifest["scenarios"]


# --- settings -----------------------------------------------------------------------------------


def loaded(tmp_path, **settings):
    return load_settings({"output": str(tmp_path / "out"), **settings}, {}, tmp_path)


@pytest.mark.parametrize("name", ["half-tick", "half_tick"])
def test_rules_are_named_with_hyphens_or_underscores(tmp_path, name):
    book = book_settings(loaded(tmp_path, rules_off=(name, "preferencing")))
    assert not book.rules.half_tick
    assert not book.rules.preferencing
    assert book.rules.limit_test


def test_scenarios_tell_runs_apart_if_the_model_is_run_and_fees_if_there_are_any(tmp_path):
    def told(**settings):
        chosen = loaded(tmp_path, **settings)
        return signature(book_settings(chosen), chosen)

    alone, both = ("time-priority",), ("time-priority", "centre-point")
    fewer = SCENARIOS[:1]
    assert told(models=alone) == told(models=alone, scenarios=fewer)
    assert told(models=both) != told(models=both, scenarios=fewer)
    for name in ("dark_fee_bps", "lit_fee_bps"):
        assert told(models=alone) == told(models=alone, **{name: 0})
        assert told(models=alone) != told(models=alone, **{name: 0.5})


def test_an_unknown_rule_names_the_nearest(market, tmp_path):
    (tmp_path / "config.yaml").write_text("centre_point:\n  rules_off: [halftick]\n")
    with pytest.raises(UsageError) as raised:
        make_plan(load_settings({}, {}, tmp_path), str(market))
    message = str(raised.value)
    assert "centre_point.rules_off" in message
    assert "'halftick'" in message
    assert "did you mean half-tick?" in message
    assert "config.yaml" in message


def test_ticks_that_are_no_table_are_refused_before_anything_runs(market, tmp_path):
    with pytest.raises(UsageError, match="tick table"):
        run_here(market, tmp_path / "out", ticks=((100, 5),), **HERE)
    assert not (tmp_path / "out").exists()


def test_a_block_value_is_that_of_the_security(tmp_path):
    by_security = loaded(tmp_path, block_min_value={101: 200_000})
    book = book_settings(by_security)
    assert book_of(book, by_security, 101, "2024-09-05").block_min_value_aud == 200_000
    assert book_of(book, by_security, 102, "2024-09-05").block_min_value_aud is None
    for_all = loaded(tmp_path, block_min_value=1_000_000)
    assert book_of(book, for_all, 102, "2024-09-05").block_min_value_aud == 1_000_000


def test_a_block_value_is_that_of_the_date(tmp_path):
    by_quarter = loaded(tmp_path, block_min_value={"2024-10-01": {101: 200_000}, "2024-07-01": 7})
    book = book_settings(by_quarter)

    def found(security, date):
        return book_of(book, by_quarter, security, date).block_min_value_aud

    assert [found(101, date) for date in ("2024-06-30", "2024-07-01", "2024-09-30")] == [None, 7, 7]
    assert [found(101, date) for date in ("2024-10-01", "2025-03-01")] == [200_000, 200_000]
    # A security that the later mapping leaves out has no blocks from then on.
    assert [found(102, date) for date in ("2024-09-30", "2024-10-01")] == [7, None]


#: The shortest run of the book.
ONE_LINE = {"models": (MODEL,), "scenarios": ("as-entered",), **HERE}


def one_partition(folder, change):
    """The market of one security and day, with its order rows changed."""
    market = dark_market((101,), (next(iter(OPENING_NS)),))
    for row in market.rows["orders"]:
        change(row)
    return market.write(folder)


def midpoints_x2(source, output, **settings):
    result = run_here(source, output, **ONE_LINE, **settings)
    return result, set(result.table("centre_point_matches")["price_x2"])


def test_the_exchanges_own_quote_is_taken_if_asked_for(tmp_path):
    # National 1000 to 1010; the exchange's own is 998 to 1006.
    source = one_partition(tmp_path / "in", lambda row: row.update(bid=998, offer=1006))
    _, national = midpoints_x2(source, tmp_path / "national")
    result, own = midpoints_x2(source, tmp_path / "own", quote_source="exchange")
    assert (national, own) == ({2 * 1005}, {2 * 1002})
    told = "midpoints are those of the exchange's own best bid and offer"
    assert told in result.manifest["assumptions"]


def test_without_the_exchanges_own_quote_the_error_says_what_is_missing_and_where(tmp_path):
    market = dark_market()
    for row in market.rows["orders"]:
        row["bid"] = row["offer"] = 0
    source = market.write(tmp_path / "in")
    result = run_here(source, tmp_path / "out", quote_source="exchange", **HERE)
    partition = result.manifest["partitions"][0]
    assert partition["state"] == "failed"
    for text in ("exchange's own best bid", "columns bid and offer of the orders of 101 on 2024-"):
        assert text in partition["reason"]
    assert "quote_source: national" in partition["reason"]


def test_a_rule_switched_off_is_no_longer_in_the_book(tmp_path):
    def sells_above_the_midpoint(row):
        if row["side"] == SELL:
            row["price"] = 1006

    # At the midpoint of 1005 no seller's limit is good.
    source = one_partition(tmp_path / "in", sells_above_the_midpoint)
    with_all = run_here(source, tmp_path / "with", **ONE_LINE)
    without = run_here(source, tmp_path / "without", rules_off=("limit-test",), **ONE_LINE)
    assert with_all.manifest["scenarios"]["as-entered"]["dark"] == 0
    assert without.manifest["scenarios"]["as-entered"]["dark"] == EXPECTED["as-entered"][0]
    assert "rules switched off: limit-test" in without.manifest["assumptions"]
    assert "switched off" not in str(with_all.manifest["assumptions"])


def test_options_on_the_command_line(market, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke(
        *("run", market, "-o", "out", "--no-parallel", "--json"),
        *("--model", MODEL, "--scenario", "dual-post", "--scenario", "as-entered"),
    )
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert list(document["scenarios"]) == ["tape", "as-entered", "dual-post"]
    assert document["settings"]["models"] == {"value": [MODEL], "source": "command line"}


def test_progress_names_the_scenarios(market, tmp_path):
    environment = {name: None for name in os.environ if name.startswith("SWEEP_")}
    done = invoke("run", market, "-o", tmp_path / "out", "--no-parallel", **environment)
    for scenario in SCENARIOS:
        assert f"[centre-point] {scenario}" in done.stderr


# --- input that cannot answer -------------------------------------------------------------------


def test_a_market_without_any_quote_trades_nothing_in_the_dark(tmp_path):
    folder = dark_market(quotes=False).write(tmp_path / "in")
    result = run_here(folder, tmp_path / "out", **HERE)
    assert states(result) == ["computed"] * 4
    assert {n["dark"] for name, n in result.manifest["scenarios"].items() if name != "tape"} == {0}
    assert [p["gaps"] for p in result.manifest["partitions"]] == [["no_quotes"]] * 4
    assert "there is no midpoint" in as_printed(describe_run(result.record, result.output))


@pytest.mark.parametrize("missing", ["dealsource", "matchgroupid", "side"])
def test_trades_that_cannot_tell_dark_from_lit(tmp_path, missing):
    market = dark_market()
    folder = market.write(tmp_path / "in")
    columns = [name for name in COLUMNS["trades"] if not name.startswith(missing)]
    write_rows(folder / "trades/trades.csv", market.rows["trades"], columns)
    result = run_here(folder, tmp_path / "out", **HERE)
    assert states(result) == ["computed"] * 4
    assert [p["gaps"] for p in result.manifest["partitions"]] == [["no_tape"]] * 4
    assert result.manifest["scenarios"]["as-entered"]["dark"] == 400
    assert result.manifest["scenarios"]["tape"]["dark"] == 0
    assert "nothing can be compared with the tape" in as_printed(
        describe_run(result.record, result.output)
    )


def test_trades_of_other_securities_alone(tmp_path):
    market = dark_market(trades=False)
    market.trade(FIRST_ID, OPENING_NS["2024-10-04"], 999, 1, 10, 1005)
    result = run_here(market.write(tmp_path / "in"), tmp_path / "out", **HERE)
    assert states(result) == ["computed"] * 4
    assert [p["gaps"] for p in result.manifest["partitions"]] == [["no_trades"]] * 4
    assert result.manifest["left_out"] == {}
    assert result.manifest["scenarios"]["as-entered"]["dark"] == 400


def test_columns_that_orders_lack_are_said(tmp_path):
    market = dark_market()
    folder = market.write(tmp_path / "in")
    columns = [name for name in COLUMNS["orders"] if name not in ("midtick", "participantid")]
    write_rows(folder / "orders/orders.csv", market.rows["orders"], columns)
    result = run_here(folder, tmp_path / "out", **HERE)
    assert states(result) == ["computed"] * 4
    said = [text for text in result.manifest["assumptions"] if text.startswith("the orders have")]
    assert [text.split(":")[0].split()[-1] for text in said] == ["midtick", "participantid"]


def test_a_market_whose_session_never_opens(tmp_path):
    market = dark_market()
    for row in market.rows["session"]:
        row["Name"], row["MatchingType"] = "SUSPEND", 3
    result = run_here(market.write(tmp_path / "in"), tmp_path / "out", **HERE)
    assert states(result) == ["computed"] * 4
    assert result.manifest["scenarios"]["dark-only"]["dark"] == 0
    assert [p["gaps"] for p in result.manifest["partitions"]] == [["never_continuous"]] * 4


# --- documentation ------------------------------------------------------------------------------


def test_every_column_and_reason_is_documented():
    pages = ("output.md", "file_formats.md", "input.md")
    output, formats, inputs = ((ROOT / "docs" / name).read_text() for name in pages)
    columns = {*MATCH_COLUMNS, *SWEEP_SUMMARY, *SWEEP_FILL_COLUMNS, *LEFT_OUT_COLUMNS}
    assert [name for name in sorted(columns) if f"`{name}`" not in formats] == []
    assert [name for name in SCENARIOS if f"`{name}`" not in output] == []
    reasons = UNFILLED_REASONS
    assert [name for name in sorted(reasons) if f"`{name}`" not in output] == []
    assert [name for name in LEFT_OUT_REASONS if f"`{name}`" not in inputs] == []
