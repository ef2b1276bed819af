"""The command `replay`: its files, its score, and what it leaves alone."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from dark_markets import dark_market
from markets import COLUMNS, FIRST_ID, OPENING_NS, write_rows
from running import as_printed, invoke, replay_here, result_files, run_here

import sweep_dask
from sweep_dask.matching.rules import Rules, names
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.folder_lock import lock_folder
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.replay_summary import describe_replay
from sweep_dask.study.verify import verify_output

MORNING = Path(__file__).parents[2] / ".." / "shared" / "data" / "drr_20240905_morning"
MODES = ("resync", "free")
FILES = ("fidelity.json", "left_out.parquet", "replay_matches.parquet")
SCORE = {
    *("tape", "predicted", "hits", "precision", "recall", "f1"),
    *("reachable", "reachable_recall", "contested", "contested_hits", "contested_random"),
    *("quantity_precision", "quantity_recall", "within_1ms", "by_trigger"),
}
#: Of a score with all rules.
DETAIL = {"dark_sweeps", "by_event", "by_kind", "random_priority"}
HERE = {"enable_parallel": False}


def content(folder):
    """Digests of what may not depend on workers, blocks or chance."""
    return {name: file_digest(folder / name) for name in FILES}


@pytest.fixture(scope="module")
def whole(market, tmp_path_factory):
    """A replay of the small market; not to be changed."""
    return replay_here(market, tmp_path_factory.mktemp("whole") / "out", **HERE)


# --- results ------------------------------------------------------------------------------------


def test_every_dark_match_of_the_small_market_is_predicted(whole):
    assert whole.exit_code == 0
    for mode in MODES:
        score = whole.fidelity["total"][mode]
        assert score.keys() == SCORE | DETAIL
        # Two in each of four partitions; their orders are all there, both times one arrives.
        assert (score["tape"], score["predicted"], score["hits"]) == (8, 8, 8)
        assert (score["precision"], score["recall"], score["f1"]) == (1.0, 1.0, 1.0)
        assert score["by_trigger"]["arrival"]["hits"] == 8
        assert score["contested"] == 0
        assert score["contested_random"] is None
        # B in each: it fills as on the tape, though of 30 shares no lot has to decide.
        assert score["dark_sweeps"] == {
            "sweeps": 4,
            "exact": 4,
            "no_dark_book_exact": 0,
            "random_priority_exact": 4,
            "exact_share": 1.0,
            "no_dark_book_exact_share": 0.0,
            "random_priority_exact_share": 1.0,
        }
        kinds = {name: tally["hits"] for name, tally in score["by_kind"].items()}
        # B and D come in; A and C rest.
        assert kinds == {
            "active_sweeps": 4, "passive_sweeps": 0, "active_orders": 4, "passive_orders": 8
        }  # fmt: skip
        assert score["random_priority"]["f1"] == 1.0


def test_predicted_matches_are_those_of_the_tape(whole):
    rows = pq.read_table(whole.output / "replay_matches.parquet").to_pandas()
    assert len(rows) == 16
    first = rows[rows["mode"] == "free"].iloc[0]
    assert first["buy_order_id"] == FIRST_ID + 2
    assert first["sell_order_id"] == FIRST_ID + 1
    assert (first["quantity"], first["price_x2"], first["deal_source"]) == (100, 2010, 47)
    assert first["trigger"] == "arrival"
    keys = rows[["date", "security"]].drop_duplicates()
    assert keys.to_numpy().tolist() == [[d, s] for d in OPENING_NS for s in (101, 102)]


def test_the_document_is_as_the_contract_has_it(whole):
    document = json.loads((whole.output / "fidelity.json").read_text())
    assert document == whole.fidelity
    assert list(document) == [
        *["total", "partitions", "ablations", "assumptions", "hide_and_predict", "dual_posted"]
    ]
    assert [(p["date"], p["security"]) for p in document["partitions"]] == sorted(
        (p["date"], p["security"]) for p in document["partitions"]
    )
    for partition in document["partitions"]:
        assert partition.keys() == {"date", "security", *MODES, "misses"}
        assert partition["misses"] == []
    rules = [entry["rule"].replace("-", "_") for entry in document["ablations"]]
    assert rules == [name for name in names() if getattr(Rules(), name)]
    assert all(entry["resync"].keys() == SCORE for entry in document["ablations"])
    assert document["assumptions"][0].startswith("preferencing participants learned from")


def test_orders_that_rested_are_hidden_and_predicted(whole):
    told = whole.fidelity["hide_and_predict"]
    # A and C in each of four partitions: B takes 100 from A after 10 s, D 50 from C after 20 s.
    assert (told["one_in"], told["orders"]) == (20, 8)
    assert list(told["until"]) == ["recorded", "clock:5min", "close"]
    for until in (*told["until"].values(), *told["random_priority"]["until"].values()):
        cell = {"orders": 8, "predicted_quantity": 600, "real_quantity": 600}
        assert until["any_fill"]["predicted_and_real"] == cell
        assert (until["right_share"], until["real_share_where_predicted"]) == (1.0, 1.0)
        assert until["real_share_where_not_predicted"] is None
        assert (until["mean_error_quantity"], until["quantity_correlation"]) == (0.0, 1.0)
        assert until["predicted_median_seconds"] == until["real_median_seconds"] == 15.0


def test_the_folder_can_be_verified(whole):
    manifest, findings = verify_output(OutputLayout(whole.output))
    assert findings == []
    assert manifest["command"] == "replay"
    assert manifest["status"] == "done"
    assert {*FILES, "report.html", "logs/run.log"} <= manifest["files"].keys()
    assert not list(whole.output.glob(".scratch*"))
    assert [p.name for p in whole.output.parent.iterdir()] == ["replay"]


def test_the_terminal_shows_both_modes(whole):
    text = as_printed(describe_replay(whole))
    lines = [line.split() for line in text.splitlines()]
    assert ["dark", "matches", "on", "the", "tape", "8", "8"] in lines
    assert ["precision", "100.0", "%", "100.0", "%"] in lines
    assert ["contested", "arrivals", "right", "none", "none"] in lines
    assert "preferencing participants learned" in text
    (exact,) = (line for line in lines if line[:3] == ["of", "these", "exactly"])
    assert exact[-2:] == ["4", "4"]
    assert "8 orders that rested in the dark, hidden one in 20 at a time, and predicted" in text
    assert ["the", "book", "is", "right", *["100.0", "%"] * 3] in lines
    assert "Sweeps that really were dual-posted (mid-tick 1): none in this data" in text
    assert "Orders left out of the book: none" in text
    assert str(whole.output) in text


@pytest.mark.parametrize(
    "settings",
    [{"workers": 2, "blocksize": 500}, {**HERE, "blocksize": 200}],
    ids=["two workers, small blocks", "no cluster, tiny blocks"],
)
def test_results_do_not_depend_on_workers_or_blocks(market, whole, tmp_path, settings):
    result = replay_here(market, tmp_path / "out", **settings)
    assert content(result.output) == content(whole.output)


def test_without_ablations(market, whole, tmp_path):
    result = replay_here(market, tmp_path / "out", ablations=False, **HERE)
    assert result.fidelity == {**whole.fidelity, "ablations": []}
    assert "What each rule is worth" not in as_printed(describe_replay(result))


# --- misses -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def without_d(tmp_path_factory):
    """A replay in which the order file has lost D, the seller of the last match."""
    market = dark_market(securities=(101,), dates=("2024-10-04",))
    market.rows["orders"] = [r for r in market.rows["orders"] if r["order_id"] != FIRST_ID + 4]
    folder = tmp_path_factory.mktemp("lost")
    return replay_here(market.write(folder / "in"), folder / "out", ablations=False, **HERE)


def test_a_match_whose_order_is_missing_counts_and_cannot_be_reached(without_d):
    for mode in MODES:
        score = without_d.fidelity["total"][mode]
        assert (score["tape"], score["predicted"], score["hits"]) == (2, 1, 1)
        assert (score["reachable"], score["reachable_recall"]) == (1, 1.0)
        assert score["by_trigger"]["order_missing"]["tape"] == 1


def test_misses_say_which_match_and_why(without_d):
    (partition,) = without_d.fidelity["partitions"]
    assert partition["misses"] == [
        {
            "buy_order_id": FIRST_ID + 3,
            "sell_order_id": FIRST_ID + 4,
            "timestamp": OPENING_NS["2024-10-04"] + 50 * 10**9,
            "quantity": 50,
            "price_x2": 2010,
            "cause": "order_not_in_input",
        }
    ]
    assert "1  an order of the match has no row in the input" in as_printed(
        describe_replay(without_d)
    )


def test_lit_trades_of_other_orders_are_filtered_and_the_ledger_balances(tmp_path):
    market = dark_market(session=False)
    result = replay_here(market.write(tmp_path / "in"), tmp_path / "out", ablations=False, **HERE)
    # The auction trade opens the day and belongs to no order of the book.
    (trades,) = [e for e in result.record.as_json()["ledger"] if e["table"] == "trades"]
    assert trades["filtered"] == {"no_centre_point_order": 4}
    assert verify_output(OutputLayout(result.output))[1] == []
    assert result.fidelity["total"]["free"]["hits"] == 8


# --- beside a run -------------------------------------------------------------------------------


@pytest.fixture
def output_of_run(market, tmp_path):
    run_here(market, tmp_path / "out", **HERE)
    return tmp_path / "out"


def test_a_run_in_the_same_folder_gets_its_report_anew(market, output_of_run):
    before, report = result_files(output_of_run), (output_of_run / "report.html").read_bytes()
    replay_here(market, output_of_run, ablations=False, **HERE)
    assert result_files(output_of_run) == before
    assert (output_of_run / "report.html").read_bytes() != report
    assert verify_output(OutputLayout(output_of_run))[1] == []
    assert verify_output(OutputLayout(output_of_run / "replay"))[1] == []
    # And a later run leaves the replay where it is.
    scores = content(output_of_run / "replay")
    run_here(market, output_of_run, **HERE)
    assert content(output_of_run / "replay") == scores


def test_a_run_that_works_in_the_folder_is_left_alone(market, tmp_path, output_of_run, caplog):
    report = (output_of_run / "report.html").read_bytes()
    with lock_folder(output_of_run):
        result = replay_here(market, output_of_run, ablations=False, **HERE)
    assert result.exit_code == 0
    assert (output_of_run / "report.html").read_bytes() == report
    assert "was not rebuilt" in caplog.text


def test_a_replay_that_is_refused_leaves_nothing(market, tmp_path):
    with pytest.raises(sweep_dask.errors.InputError):
        replay_here(market, tmp_path / "out", securities=(999,), **HERE)
    assert not (tmp_path / "out").exists()


def test_a_second_replay_takes_the_place_of_the_first(market, tmp_path):
    replay_here(market, tmp_path / "out", ablations=False, **HERE)
    result = replay_here(market, tmp_path / "out", ablations=False, securities=(101,), **HERE)
    assert [p["security"] for p in result.fidelity["partitions"]] == [101, 101]
    assert verify_output(OutputLayout(result.output))[1] == []


# --- nothing to score against -------------------------------------------------------------------


def nothing_on_the_tape(result):
    """A score of nothing: said, and no failure."""
    assert result.exit_code == 0
    for mode in MODES:
        score = result.fidelity["total"][mode]
        assert (score["tape"], score["hits"]) == (0, 0)
        assert score["recall"] is None
        assert score["reachable_recall"] is None
    text = as_printed(describe_replay(result))
    assert "There is no dark match in continuous trading on the tape" in text
    assert verify_output(OutputLayout(result.output))[1] == []
    return text


def test_a_tape_without_dark_matches(tmp_path):
    market = dark_market()
    for row in market.rows["trades"]:
        row["dealsource"] = 1
    nothing_on_the_tape(replay_here(market.write(tmp_path / "in"), tmp_path / "out", **HERE))


def test_trades_without_deal_source(tmp_path):
    market = dark_market()
    folder = market.write(tmp_path / "in")
    columns = [name for name in COLUMNS["trades"] if not name.startswith("dealsource")]
    write_rows(folder / "trades/trades.csv", market.rows["trades"], columns)
    text = nothing_on_the_tape(replay_here(folder, tmp_path / "out", **HERE))
    assert "the trades lack columns that tell dark from lit" in text


def test_no_trades_of_these_securities(tmp_path):
    market = dark_market(trades=False)
    market.trade(FIRST_ID, OPENING_NS["2024-10-04"], 999, 1, 10, 1005)
    result = replay_here(market.write(tmp_path / "in"), tmp_path / "out", **HERE)
    text = nothing_on_the_tape(result)
    assert "there are no trades" in text
    rows = pq.read_table(result.output / "replay_matches.parquet")
    assert rows.num_rows == 0
    assert rows.column_names[-1] == "mode"


def test_a_failed_partition_is_listed_and_the_others_are_scored(market, tmp_path, monkeypatch):
    from sweep_dask.partition import replay as module

    read = module.read_input

    def fail_for_one(job, merged, trading):
        if (job.source.date, job.source.security) == ("2024-10-04", 102):
            raise ArithmeticError("no such luck")
        return read(job, merged, trading)

    monkeypatch.setattr(module, "read_input", fail_for_one)
    result = replay_here(market, tmp_path / "out", ablations=False, **HERE)
    assert result.exit_code == 1
    assert result.fidelity["total"]["free"]["hits"] == 6
    assert len(result.fidelity["partitions"]) == 3
    assert "2024-10-04/102: ArithmeticError: no such luck" in as_printed(describe_replay(result))


# --- command line and Python --------------------------------------------------------------------


def test_the_command_prints_the_document(market, whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ("replay", market, "-o", "out", "--no-parallel", "--no-ablations")
    done = invoke(*arguments, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {**whole.fidelity, "ablations": []}
    done = invoke(*arguments)
    assert "Replay of the Centre Point book against the tape" in done.stdout
    verified = invoke("verify", "out/replay")
    assert verified.exit_code == 0, verified.output
    assert invoke("replay", market, "--scenario", "as-entered").exit_code == 2


def test_the_function_for_python(market, whole, tmp_path):
    result = sweep_dask.replay(market, output=tmp_path / "out", ablations=False, **HERE)
    assert isinstance(result, sweep_dask.ReplayResult)
    assert result.fidelity["total"] == whole.fidelity["total"]


# --- the real morning ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    if not MORNING.exists():
        pytest.skip("the real morning is not here")
    return replay_here(MORNING, tmp_path_factory.mktemp("morning") / "out", **HERE)


def test_the_real_morning_is_reproduced_as_far_as_is_known_to_be_possible(morning):
    resync, free = (morning.fidelity["total"][mode] for mode in MODES)
    assert (resync["tape"], resync["predicted"], resync["hits"]) == (182, 157, 153)
    assert (resync["contested"], resync["contested_hits"]) == (38, 38)
    assert resync["reachable"] == 170
    assert (free["predicted"], free["hits"]) == (172, 150)


def test_the_rules_are_worth_something_on_the_real_morning(morning):
    score = {entry["rule"]: entry["resync"] for entry in morning.fidelity["ablations"]}
    assert (score["half-tick"]["predicted"], score["half-tick"]["hits"]) == (55, 50)
    complete = morning.fidelity["total"]["resync"]["f1"]
    for rule in ("limit-test", "minimum-quantity", "single-fill", "time-priority", "preferencing"):
        assert score[rule]["f1"] < complete


def test_matches_of_the_real_morning_are_in_order(morning):
    rows = pq.read_table(morning.output / "replay_matches.parquet").to_pandas()
    assert rows.groupby("mode", sort=False).size().to_dict() == {"resync": 157, "free": 172}
    for _, of_mode in rows.groupby("mode"):
        assert of_mode["timestamp"].is_monotonic_increasing
    assert rows["buy_order_id"].dtype == "int64"


def test_the_real_morning_in_small_blocks(morning, tmp_path):
    result = replay_here(MORNING, tmp_path / "out", blocksize="64KiB", ablations=False, **HERE)
    for name in ("left_out.parquet", "replay_matches.parquet"):
        assert file_digest(result.output / name) == file_digest(morning.output / name)
    assert result.fidelity == {**morning.fidelity, "ablations": []}
