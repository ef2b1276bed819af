"""What a run that is cut off leaves of those before it: their rejected rows, their scores."""

import pytest
from faults.deaths import dies
from markets import COLUMNS, plain_market, write_rows
from running import run_here

from sweep_dask.errors import InputError
from sweep_dask.settings import load_settings
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest
from sweep_dask.study import run as running_run
from sweep_dask.study.replay import replay
from sweep_dask.study.verify import verify_output

A, B = "2024-10-04", "2024-10-07"


def with_reject(folder, date, quantity):
    """A market of one date in which one row cannot be read."""
    market = plain_market(dates=(date,))
    source = market.write(folder)
    rows = [*market.rows["orders"], market.rows["orders"][0] | {"quantity": quantity}]
    write_rows(source / "orders/orders.csv", rows, COLUMNS["orders"])
    return source


def run(folder, output, **settings):
    return run_here(folder, output, enable_parallel=False, max_bad_fraction=0.5, **settings)


def rejects(output, manifest):
    return (output / manifest.get("rejects", "rejects") / "orders.parquet").read_bytes()


def interrupt(monkeypatch, source, output):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(running_run, "write_dated", interrupted)
    assert run(source, output).exit_code == 130
    monkeypatch.undo()


CUTS = {
    "interrupted before its rows are placed": interrupt,
    "killed before its rows are placed": lambda _, source, output: dies(
        lambda: run(source, output), "a file or folder is moved", 2
    ),
    "killed before a partition is placed": lambda _, source, output: dies(
        lambda: run(source, output), "a partition is placed", 1
    ),
    "killed after a partition": lambda _, source, output: dies(
        lambda: run(source, output), "a partition is placed", 2
    ),
}


@pytest.mark.parametrize("cut", CUTS)
def test_rejected_rows_outlive_a_run_that_is_cut_off(tmp_path, monkeypatch, cut):
    output = tmp_path / "out"
    first = run(with_reject(tmp_path / "first", A, "x"), output).manifest
    theirs = rejects(output, first)
    second = with_reject(tmp_path / "second", B, "y")
    CUTS[cut](monkeypatch, second, output)
    third = run(with_reject(tmp_path / "third", B, "z"), output, securities=(102,))
    assert verify_output(OutputLayout(output))[1] == []
    by_run = {entry["run"]: entry for entry in third.manifest["earlier_runs"]}
    assert rejects(output, by_run[first["run"]]) == theirs
    alone = run(second, tmp_path / "alone")
    for entry in by_run.values():
        if entry["input"] == str(second):
            assert rejects(output, entry) == rejects(tmp_path / "alone", alone.manifest)
    assert (len(by_run) == 2) == (cut == "killed after a partition")


def test_a_replay_that_fails_after_a_killed_one_leaves_the_score_before_them(tmp_path):
    market = plain_market()
    source = market.write(tmp_path / "in")
    given = {"output": str(tmp_path / "out"), "enable_parallel": False, "progress": False}
    settings = load_settings(given, {}, tmp_path)
    replay(settings, str(source))
    layout = OutputLayout(tmp_path / "out").replay()
    before = read_manifest(layout)
    assert dies(lambda: replay(settings, str(source)), "a file or folder is moved", 1)
    broken = [row | {"quantity": "x"} for row in market.rows["orders"]]
    write_rows(source / "orders/orders.csv", broken, COLUMNS["orders"])
    with pytest.raises(InputError):
        replay(settings, str(source))
    after = read_manifest(layout)
    assert {name: after[name] for name in before if name != "digest"} == {
        name: value for name, value in before.items() if name != "digest"
    }
    assert verify_output(layout)[1] == []
