"""A partition that fails is listed and alone in it; a second run does only what is not done."""

import json

import pytest
from markets import COLUMNS, plain_market, write_rows
from running import as_printed, result_files, run_here

import sweep_dask.partition.run
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.summary import describe_run
from sweep_dask.study.verify import verify_output

KEYS = [
    ("2024-10-04", 101),
    ("2024-10-04", 102),
    ("2024-10-07", 101),
    ("2024-10-07", 102),
]

#: Results of all partitions together.
OF_ALL = ("tables/", "fidelity.json")


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out"


def run(folder, output, **settings):
    return run_here(folder, output, enable_parallel=False, **settings)


def states(result):
    return [partition["state"] for partition in result.manifest["partitions"]]


def times(output):
    """When the files of each partition were last written, ns."""
    return {
        path.relative_to(output).as_posix(): path.stat().st_mtime_ns
        for folder in ("processed", "outputs")
        for path in (output / folder).glob("*/*/*")
    }


@pytest.fixture
def _one_fails(monkeypatch):
    simulate = sweep_dask.partition.run.simulate_partition

    def fail_one(orders, trades, nbbo, security):
        if (orders["date"][0].as_py(), security) == KEYS[1]:
            raise ArithmeticError("no such luck")
        return simulate(orders, trades, nbbo, security)

    monkeypatch.setattr(sweep_dask.partition.run, "simulate_partition", fail_one)


@pytest.mark.usefixtures("_one_fails")
def test_a_failed_partition_is_listed_and_the_others_are_complete(
    plain_input, plain_result, output
):
    result = run(plain_input, output)
    assert result.exit_code == 1
    assert result.manifest["status"] == "partial"
    assert states(result) == ["computed", "failed", "computed", "computed"]
    assert result.manifest["partitions"][1]["reason"] == "ArithmeticError: no such luck"

    # Its files are nowhere, all others are those of a whole run.
    whole = result_files(plain_result.output)
    elsewhere = {
        name: digest
        for name, digest in whole.items()
        if "2024-10-04/102/" not in name and not name.startswith(OF_ALL)
    }
    found = result_files(output)
    assert {n: d for n, d in found.items() if not n.startswith(OF_ALL)} == elsewhere
    rows = result.table("sweep_order_comparison")
    assert sorted(set(zip(rows["date"], rows["security"], strict=True))) == [KEYS[0], *KEYS[2:]]

    text = as_printed(describe_run(result.record, output))
    assert "Failed partitions (all others are complete)" in text
    assert "2024-10-04/102: ArithmeticError: no such luck" in text
    _, findings = verify_output(OutputLayout(output))
    assert [finding.what for finding in findings] == ["the run's status is partial"]
    # The traceback is for the log alone.
    assert "Traceback" in (output / "logs/run.log").read_text()


def test_the_next_run_computes_what_failed(plain_input, plain_result, output, request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep_dask.partition.run, "simulate_partition", _always_fails)
        assert states(run(plain_input, output)) == ["failed"] * 4
    assert states(run(plain_input, output)) == ["computed"] * 4
    assert result_files(output) == result_files(plain_result.output)


def _always_fails(orders, trades, nbbo, security):
    raise ArithmeticError("no such luck")


def test_a_second_run_keeps_everything_untouched(plain_input, plain_output):
    output = plain_output()
    before = times(output)
    result = run(plain_input, output)
    assert states(result) == ["kept"] * 4
    assert times(output) == before
    assert verify_output(OutputLayout(output))[1] == []


def test_another_blocksize_keeps_partitions(plain_input, plain_output):
    output = plain_output()
    assert states(run(plain_input, output, blocksize=1000)) == ["kept"] * 4


def test_fresh_computes_everything_again(plain_input, plain_output):
    output = plain_output()
    before = times(output)
    result = run(plain_input, output, fresh=True)
    assert states(result) == ["computed"] * 4
    assert all(time_ns > before[name] for name, time_ns in times(output).items())


def test_one_changed_row_recomputes_its_partition_alone(tmp_path, output):
    market = plain_market()
    folder = market.write(tmp_path / "in")
    run(folder, output)
    before = times(output)
    rows = market.rows["orders"]
    # The last contra of the last partition offers one share less.
    changed = [row for row in rows if row["quantity"] == 60][-1]
    rows[rows.index(changed)] = changed | {"quantity": 59, "leavesquantity": 59}
    write_rows(folder / "orders/orders.csv", rows, COLUMNS["orders"])

    result = run(folder, output)
    assert states(result) == ["kept", "kept", "kept", "computed"]
    after = times(output)
    touched = {name for name in after if after[name] != before[name]}
    assert touched
    assert all("/2024-10-07/102/" in name for name in touched)
    again = run(folder, tmp_path / "fresh")
    assert result_files(output) == result_files(again.output)


def test_a_damaged_result_is_computed_again(plain_input, plain_result, plain_output):
    output = plain_output()
    damaged = output / "outputs/2024-10-07/101/simulation_order_summary.csv"
    damaged.write_text("")
    _, findings = verify_output(OutputLayout(output))
    assert "the file's digest differs" in findings[0].what
    assert states(run(plain_input, output)) == ["kept", "kept", "computed", "kept"]
    assert result_files(output) == result_files(plain_result.output)


def test_the_manifest_lists_every_result_file(plain_result):
    listed = json.loads((plain_result.output / "manifest.json").read_text())["files"]
    found = result_files(plain_result.output)
    assert found.items() <= {n: d.removeprefix("sha256:") for n, d in listed.items()}.items()


def test_a_run_that_fails_after_its_partitions_says_so_in_the_manifest(
    plain_input, output, monkeypatch
):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sweep_dask.study.run.write_tables", full_disk)
    with pytest.raises(OSError, match="No space left"):
        run(plain_input, output)
    manifest = json.loads((output / "manifest.json").read_text())
    assert manifest["status"] == "failed"
    assert {partition["state"] for partition in manifest["partitions"]} == {"computed"}
    assert (output / "logs/run.log").exists()
    monkeypatch.undo()
    again = run(plain_input, output)
    assert {partition.state for partition in again.record.partitions} == {"kept"}
