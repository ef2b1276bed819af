"""Results of other dates and securities stay; only `forget` removes them; the rest is whole."""

import json
import os
import signal

import pytest
from dark_markets import dark_market
from markets import COLUMNS, OPENING_NS, SECOND, plain_market, write_rows
from running import invoke, result_files, run_here

import sweep_dask.study.rebuild
from sweep_dask.errors import UsageError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.rebuild import forget
from sweep_dask.study.verify import verify_output

A, B = "2024-10-04", "2024-10-07"


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out"


def run(folder, output, **settings):
    return run_here(folder, output, enable_parallel=False, **settings)


def keys(result, state=None):
    return [
        (p["date"], p["security"])
        for p in result.manifest["partitions"]
        if state in (None, p["state"])
    ]


def findings(output):
    return verify_output(OutputLayout(output))[1]


def test_days_that_are_added_are_as_if_run_together(plain_input, plain_result, plain_output):
    output = plain_output(dates=A)
    result = run(plain_input, output, dates=B)
    assert keys(result) == [(A, 101), (A, 102), (B, 101), (B, 102)]
    assert keys(result, "kept") == [(A, 101), (A, 102)]
    assert result_files(output) == result_files(plain_result.output)
    assert findings(output) == []
    assert len(result.manifest["earlier_runs"]) == 1


def test_a_security_of_a_date_that_is_there(plain_input, plain_result, plain_output):
    output = plain_output(securities=(101,))
    run(plain_input, output, securities=(102,))
    assert result_files(output) == result_files(plain_result.output)
    assert findings(output) == []


def test_other_input_with_the_same_file_names_keeps_its_rejects(tmp_path, output):
    for date in (A, B):
        market = plain_market(dates=(date,))
        source = market.write(tmp_path / date)
        rows = [*market.rows["orders"], market.rows["orders"][0] | {"quantity": "x"}]
        write_rows(source / "orders/orders.csv", rows, COLUMNS["orders"])
        result = run(source, output, max_bad_fraction=0.5)
    assert findings(output) == []
    (earlier,) = result.manifest["earlier_runs"]
    assert (output / earlier["rejects"] / "orders.parquet").exists()
    assert earlier["rejects"] != "rejects"
    assert len(keys(result)) == 4


def test_other_settings_leave_results_and_tables_say_what_they_cover(plain_input, plain_output):
    output = plain_output()
    whole = result_files(output)
    result = run(plain_input, output, dates=A, models="time-priority")
    covered = {(p["date"], p["security"]): p["covered"] for p in result.manifest["partitions"]}
    assert covered == {(A, 101): True, (A, 102): True, (B, 101): False, (B, 102): False}
    assert set(result.table("sweep_metrics")["date"]) == {A}
    of_b = {name: digest for name, digest in whole.items() if f"/{B}/" in name}
    assert of_b.items() <= result_files(output).items()
    assert "2 of 4 partitions in the folder" in result.report.read_text()
    assert findings(output) == []
    # The day run again as before has all of them in the tables.
    run(plain_input, output, dates=A)
    assert result_files(output) == whole


def test_a_partition_that_fails_leaves_what_an_earlier_run_made_of_it(
    plain_input, plain_output, monkeypatch
):
    output = plain_output()
    before = result_files(output)

    def fail(*_):
        raise ArithmeticError("no luck")

    monkeypatch.setattr("sweep_dask.partition.run.simulate_partition", fail)
    for _ in range(2):
        result = run(plain_input, output, dates=A, fresh=True)
        assert keys(result, "failed") == [(A, 101), (A, 102)]
    assert {n: d for n, d in before.items() if f"/{A}/" in n}.items() <= result_files(
        output
    ).items()
    assert set(result.table("sweep_metrics")["date"]) == {B}
    monkeypatch.undo()
    assert run(plain_input, output).manifest["status"] == "done"
    assert result_files(output) == before
    assert findings(output) == []


def test_session_rows_of_an_earlier_run_are_no_input(tmp_path, output):
    market = plain_market()
    source = market.write(tmp_path / "in")
    run(source, output)
    for path in (source / "session").glob("*"):
        path.unlink()
    for settings in ({}, {"fresh": True}):
        run(source, output, **settings)
        alone = run(source, tmp_path / f"alone-{bool(settings)}")
        assert result_files(output) == result_files(alone.output)
        assert findings(output) == []


def test_session_rows_are_those_of_the_run_also_in_a_process_that_has_read_others(tmp_path, output):
    market = dark_market(securities=(101,), dates=(A,))
    run(market.write(tmp_path / "before"), output)
    for row in market.rows["session"]:
        row["Timestamp"] += 45 * SECOND  # it opens later, amid the orders
    source = market.write(tmp_path / "corrected")
    run(source, output)
    assert result_files(output) == result_files(run(source, tmp_path / "alone").output)


# --- forget -------------------------------------------------------------------------------------


def test_what_is_forgotten_is_gone_and_the_rest_is_whole(plain_run, plain_output):
    output = plain_output()
    (output / f"outputs/{A}/101/notes.md").write_text("of the user")
    done = invoke("forget", output, "--dates", A)
    assert done.exit_code == 0, done.output
    assert "Forgotten: 2 partitions" in done.stdout
    assert (output / f"outputs/{A}/101/notes.md").read_text() == "of the user"
    (output / f"outputs/{A}/101/notes.md").unlink()
    alone = plain_run(dates=B)
    assert result_files(output) == result_files(alone.output)
    assert findings(output) == []


def test_the_settings_of_a_run_that_is_left_come_back(plain_input, plain_run, plain_output):
    output = plain_output(dates=A)
    alone = plain_run(dates=A)
    run(plain_input, output, dates=B, models="time-priority")
    forget(OutputLayout(output), (B,), ())
    assert result_files(output) == result_files(alone.output)
    assert findings(output) == []


def test_everything_can_be_forgotten(plain_input, plain_output):
    output = plain_output()
    forget(OutputLayout(output), (), (101, 102))
    assert result_files(output) == {}
    assert not (output / "tables").exists()
    assert run(plain_input, output).exit_code == 0


def test_rejected_rows_are_told_of_when_everything_is_forgotten(tmp_path, output):
    market = plain_market()
    market.order("no number", OPENING_NS[A], 101, 1, 10)
    folder = market.write(tmp_path / "input")
    run(folder, output, max_bad_fraction=1)
    forget(OutputLayout(output), (A, B), ())
    assert set(result_files(output)) == {"rejects/orders.parquet"}
    assert findings(output) == []


@pytest.mark.parametrize("options", [(), ("--dates", "2023-01-02"), ("--dates", "yesterday")])
def test_nothing_is_forgotten_that_is_not_named(plain_output, tmp_path, monkeypatch, options):
    output = plain_output()
    before = result_files(output)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(f"select: {{dates: ['{A}']}}\n")
    assert invoke("forget", output, *options).exit_code == 2
    assert result_files(output) == before


def test_names_of_which_there_is_nothing_are_told(plain_output):
    output = plain_output()
    options = ("--dates", f"{A},2023-01-02", "--securities", "101,999", "--json")
    done = invoke("forget", output, *options)
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document["forgotten"] == [{"date": A, "security": 101}]
    told = [f"The folder holds no such results of {name}." for name in
            ("date 2023-01-02", "security 999")]  # fmt: skip
    assert document["warnings"] == told
    assert [line for line in done.stderr.splitlines() if "Warning" in line] == [
        f"Warning: {line}" for line in told
    ]


def test_a_link_is_seen_before_anything_is_removed(plain_output, tmp_path):
    output = plain_output()
    (output / "processed" / A / "101").rename(tmp_path / "elsewhere")
    (output / "processed" / A / "101").symlink_to(tmp_path / "elsewhere")
    manifest = (output / "manifest.json").read_bytes()
    before = result_files(output)
    with pytest.raises(UsageError, match="symbolic link"):
        forget(OutputLayout(output), (A,), ())
    assert result_files(output) == before
    assert (output / "manifest.json").read_bytes() == manifest


@pytest.mark.parametrize("point", ["place_report", "write_tables"])
def test_a_killed_forget_is_finished_by_the_next_one(plain_run, plain_output, monkeypatch, point):
    output = plain_output()
    alone = plain_run(dates=B)
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(
            sweep_dask.study.rebuild, point, lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        )
        forget(OutputLayout(output), (A,), ())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert json.loads((output / "manifest.json").read_text())["status"] == "running"
    forget(OutputLayout(output), (A,), ())
    assert result_files(output) == result_files(alone.output)
    assert findings(output) == []


@pytest.mark.parametrize("status", ["interrupted", "failed"])
def test_tables_stay_when_the_last_run_did_not_come_to_its_end(plain_output, status):
    from sweep_dask.storage.manifest import read_manifest, write_manifest

    output = plain_output()
    layout = OutputLayout(output)
    write_manifest(layout, read_manifest(layout) | {"status": status})
    forget(layout, (A,), ())
    assert (output / "tables/sweep_metrics.parquet").exists()
    assert read_manifest(layout)["status"] == status
