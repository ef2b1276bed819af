"""A run scores its book in the same pass, as `replay` does, whichever way it got its results."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from dark_markets import dark_market
from markets import BUY, FIRST_ID, OPENING_NS, SECOND, SWEEP
from running import as_printed, replay_here, result_files, run_here

import sweep_dask
from sweep_dask.analysis.centre_point.partition_score import PartitionScore
from sweep_dask.errors import InputError
from sweep_dask.partition import run as running_partitions
from sweep_dask.partition.measures import read_score
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.study import run as running_run
from sweep_dask.study.rebuild import forget, rebuild_report
from sweep_dask.study.replay_summary import describe_replay
from sweep_dask.study.verify import verify_output

MORNING = Path(__file__).parents[2] / ".." / "shared" / "data" / "drr_20240905_morning"
SAMPLE = Path(sweep_dask.__file__).parent / "sample" / "market"
HERE = {"enable_parallel": False}
REPLAY = HERE | {"ablations": False}
#: Keys that `replay` alone writes.
OF_REPLAY = ("ablations", "assumptions")


def score(output):
    return json.loads((output / "fidelity.json").read_text())


def comparable(document):
    return {key: value for key, value in document.items() if key not in OF_REPLAY}


@pytest.fixture(scope="module")
def whole(market, tmp_path_factory):
    """A run of the small market; not to be changed."""
    return run_here(market, tmp_path_factory.mktemp("whole") / "out", **HERE)


@pytest.fixture
def output(whole, tmp_path):
    """A copy of its folder."""
    return shutil.copytree(whole.output, tmp_path / "out")


# --- the same as the command's ------------------------------------------------------------------


def test_the_score_is_that_of_the_command(market, whole, tmp_path):
    document = replay_here(market, tmp_path / "out", **REPLAY).fidelity
    assert score(whole.output) == comparable(document)
    assert list(score(whole.output)) == [
        *["total", "partitions", "hide_and_predict", "dual_posted"]
    ]
    assert whole.fidelity == score(whole.output)
    assert whole.fidelity["total"]["free"]["hits"] == 8


@pytest.mark.parametrize("folder", [SAMPLE, MORNING], ids=["sample", "morning"])
def test_the_score_of_the_sample_and_the_real_morning(folder, tmp_path):
    if not folder.exists():
        pytest.skip("the input is not here")
    run = run_here(folder, tmp_path / "run", **HERE).fidelity
    document = comparable(replay_here(folder, tmp_path / "replay", **REPLAY).fidelity)
    # Only the command reads the trades of orders that are not in the input.
    missing = 0
    for told, entry in zip(document["partitions"], run["partitions"], strict=True):
        for mine, other in zip(entry["misses"], told["misses"], strict=True):
            for side in ("buy_order_id", "sell_order_id"):
                if mine[side] == -1 != other[side]:
                    assert other["cause"] == "order_not_in_input"
                    other[side], missing = -1, missing + 1
    assert run == document
    assert missing == (12 if folder == MORNING else 0)


def test_of_a_match_without_either_order_only_the_command_knows(tmp_path):
    market = dark_market(securities=(101,), dates=("2024-10-04",))
    lost = (FIRST_ID + 3, FIRST_ID + 4)  # C and D, who met
    market.rows["orders"] = [r for r in market.rows["orders"] if r["order_id"] not in lost]
    folder = market.write(tmp_path / "in")
    run = run_here(folder, tmp_path / "run", **HERE).fidelity["total"]["free"]
    told = replay_here(folder, tmp_path / "replay", **REPLAY).fidelity["total"]["free"]
    assert (run["tape"], told["tape"]) == (1, 2)
    assert run["hits"] == told["hits"] == run["reachable"] == told["reachable"] == 1


def test_sweeps_that_were_dual_posted_are_compared_whatever_is_run(tmp_path):
    """E is dual-posted after B and like it, and gets nothing of 40.

    Of B's 150 shares 130 filled, and in `dual-post` all. So in every partition E should have had
    40, and 40 * 130 / 150 if it had done as B.
    """
    market = dark_market()
    places = [(date, security) for date in OPENING_NS for security in (101, 102)]
    for number, (date, security) in enumerate(places):
        at = OPENING_NS[date] + 70 * SECOND
        terms = {"price": 1010, "exchangeordertype": SWEEP, "midtick": 1, "orderstatus": 1}
        market.order(FIRST_ID + 100 * number + 5, at, security, BUY, 40, **terms)
    folder = market.write(tmp_path / "in")
    result = run_here(folder, tmp_path / "run", **HERE)
    told = result.fidelity["dual_posted"]
    assert (told["sweeps"], told["matched"], told["others"]) == (4, 4, 4)
    assert (told["quantity"], told["filled_share"], told["security_days"]) == (160, 0, 4)
    assert told["others_filled_share"] == pytest.approx(130 / 150)
    assert told["predicted_filled_share"] == told["difference"] == 1
    without = run_here(folder, tmp_path / "other", scenarios=("rest-dark",), **HERE)
    replayed = replay_here(folder, tmp_path / "replay", **REPLAY)
    assert without.fidelity["dual_posted"] == replayed.fidelity["dual_posted"] == told
    assert "4, of which 0 without a match" in as_printed(describe_replay(replayed))
    assert verify_output(OutputLayout(result.output))[1] == []


def test_a_score_comes_back_from_its_counts(whole):
    layout = OutputLayout(whole.output)
    for entry in whole.manifest["partitions"]:
        key = Partition(entry["date"], entry["security"])
        found = read_score(layout, key)
        assert PartitionScore.from_json(json.loads(json.dumps(found.as_json()))) == found
        assert found.hidden.orders == 2
        assert layout.relative(layout.score(*key)) in whole.manifest["files"]


# --- whichever way ------------------------------------------------------------------------------


def test_workers_blocks_and_days_one_by_one_make_no_difference(market, whole, tmp_path):
    run_here(market, tmp_path / "workers", workers=2, blocksize=500)
    days = sorted({entry["date"] for entry in whole.manifest["partitions"]})
    for day in days:
        run_here(market, tmp_path / "days", dates=(day,), **HERE)
    for name in ("workers", "days"):
        assert result_files(tmp_path / name) == result_files(whole.output)
        assert score(tmp_path / name) == score(whole.output)
        assert verify_output(OutputLayout(tmp_path / name))[1] == []


def test_kept_partitions_bring_their_scores(market, whole, output, monkeypatch):
    monkeypatch.setattr(running_partitions, "write_score", None)
    again = run_here(market, output, **HERE)
    assert {entry["state"] for entry in again.manifest["partitions"]} == {"kept"}
    assert score(output) == score(whole.output)


def test_a_partition_without_its_score_is_made_again(market, whole, output):
    path = next(output.glob("outputs/*/*/centre-point/score.json"))
    path.unlink()
    again = run_here(market, output, **HERE)
    states = [entry["state"] for entry in again.manifest["partitions"]]
    assert sorted(states) == ["computed", "kept", "kept", "kept"]
    assert (output / "fidelity.json").read_bytes() == (whole.output / "fidelity.json").read_bytes()


def test_a_run_that_was_cut_off_goes_on(market, whole, tmp_path, monkeypatch):
    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(running_run, "write_answer", cut_off)
        run_here(market, tmp_path / "out", **HERE)
    assert not (tmp_path / "out" / "fidelity.json").exists()
    run_here(market, tmp_path / "out", **HERE)
    assert result_files(tmp_path / "out") == result_files(whole.output)
    assert score(tmp_path / "out") == score(whole.output)


def test_what_is_forgotten_is_in_no_score(market, whole, output, tmp_path):
    day = whole.manifest["partitions"][0]["date"]
    forget(OutputLayout(output), [day], ())
    other = ({entry["date"] for entry in whole.manifest["partitions"]} - {day}).pop()
    run_here(market, tmp_path / "other", dates=(other,), **HERE)
    assert score(output) == score(tmp_path / "other")
    assert verify_output(OutputLayout(output))[1] == []


def test_a_report_that_is_made_anew_is_the_same(output):
    report = (output / "report.html").read_bytes()
    rebuild_report(OutputLayout(output))
    assert (output / "report.html").read_bytes() == report


# --- damage -------------------------------------------------------------------------------------


def test_a_score_that_is_not_the_sum_of_its_parts_is_found(output):
    from sweep_dask.storage.atomic import file_digest, write_json
    from sweep_dask.storage.manifest import read_manifest, write_manifest

    layout, document = OutputLayout(output), score(output)
    document["total"]["free"]["hits"] += 1
    write_json(layout.fidelity, document)
    assert [f.where for f in verify_output(layout)[1]] == ["fidelity.json"]
    manifest = read_manifest(layout)
    manifest["files"]["fidelity.json"] = file_digest(layout.fidelity)
    write_manifest(layout, manifest)
    found = {finding.where: finding.what for finding in verify_output(layout)[1]}
    assert found["fidelity.json"] == "it is not the sum of what the partitions' scores say"


def test_a_score_that_cannot_be_read_is_an_error(output):
    (output / "fidelity.json").write_text("{")
    with pytest.raises(InputError, match="score of the run") as caught:
        _ = sweep_dask.load(output).fidelity
    assert "sweep-dask run" in caught.value.cure


# --- without ------------------------------------------------------------------------------------


def test_without_a_replay_there_is_no_score_and_everything_else_is_the_same(
    market, whole, tmp_path
):
    result = run_here(market, tmp_path / "out", replay=False, **HERE)
    assert result.fidelity is None
    assert not list(result.output.rglob("score.json"))
    of_tables = {n: d for n, d in whole.manifest["files"].items() if n.startswith("tables/rollups")}
    # Of intervals with the error of the book, and what they decide.
    for name in ("robustness", "verdicts"):
        del of_tables[f"tables/rollups/{name}.parquet"]
    assert of_tables.items() <= result.manifest["files"].items()
    effects, unchecked = (one.table("rollups/robustness") for one in (whole, result))
    is_plain = effects["interval"] != "security-day and book"
    pd.testing.assert_frame_equal(effects[is_plain], unchecked[is_plain])
    assert verify_output(OutputLayout(result.output))[1] == []


def test_a_run_without_takes_an_earlier_score_away_and_one_with_brings_it_back(
    market, whole, output
):
    run_here(market, output, replay=False, **HERE)
    assert not (output / "fidelity.json").exists()
    assert not list(output.rglob("score.json"))
    run_here(market, output, **HERE)
    assert score(output) == score(whole.output)


def test_without_the_centre_point_model_nothing_is_scored(market, tmp_path):
    result = run_here(market, tmp_path / "out", models=("time-priority",), **HERE)
    assert result.fidelity is None
    assert verify_output(OutputLayout(result.output))[1] == []


def test_without_a_tape_the_score_is_of_nothing(tmp_path):
    market = dark_market(trades=False)
    market.trade(FIRST_ID, OPENING_NS["2024-10-04"], 999, 1, 10, 1005)
    result = run_here(market.write(tmp_path / "in"), tmp_path / "out", **HERE)
    assert result.fidelity["total"]["resync"]["tape"] == 0
    assert result.fidelity["hide_and_predict"] is result.fidelity["dual_posted"] is None
    assert verify_output(OutputLayout(result.output))[1] == []
