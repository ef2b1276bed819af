"""Results in an object store: the same as in a folder, whatever is done with them."""

import tempfile

import pandas as pd
import pytest
from object_stores import (
    BUCKET,
    in_memory,
    replay_there,
    result_objects,
    run_there,
    s3_server,
)
from running import invoke, result_files, run_here

from sweep_dask.errors import UsageError
from sweep_dask.explain.explanation import explain
from sweep_dask.locations import location_of
from sweep_dask.settings import load_settings
from sweep_dask.storage.atomic import write_bytes
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.no_follow import files_below, is_there, read_regular
from sweep_dask.storage.objects import remove, upload_folder
from sweep_dask.study import doctor_checks
from sweep_dask.study import run as running
from sweep_dask.study.rebuild import forget, rebuild_report
from sweep_dask.study.results import load
from sweep_dask.study.verify import verify_output
from sweep_dask.study.workspace import workspace

HERE = {"enable_parallel": False, "monitoring": False}


@pytest.fixture(scope="module")
def there(plain_input):
    """A run's results; not to be changed."""
    output = in_memory()
    assert run_there(plain_input, output, **HERE).exit_code == 0
    return output


@pytest.fixture
def output(there):
    """A copy of them."""
    copy = in_memory()
    for name in files_below(there):
        write_bytes(copy / name, read_regular(there / name))
    return copy


def states(result):
    return [entry["state"] for entry in result.manifest["partitions"]]


def test_results_are_the_same_bytes_as_in_a_folder(there, plain_result):
    assert result_objects(there) == result_files(plain_result.output)
    assert not [name for name in files_below(there) if name.startswith(".")]


def test_nothing_is_left_on_the_disk_of_this_machine(plain_input, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    output = in_memory()
    for state in ("computed", "kept"):
        result = run_there(plain_input, output, dates="2024-10-04", **HERE)
        assert set(states(result)) == {state}
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("where", "error", "exit_code"),
    [
        ("sweep_dask.partition.run.write_receipt", KeyboardInterrupt(), 130),
        ("sweep_dask.partition.piece.upload_folder", PermissionError(13, "no"), 1),
    ],
    ids=["interrupted", "refused"],
)
def test_nothing_is_left_on_the_disk_by_a_task_that_fails(
    plain_input, tmp_path, monkeypatch, where, error, exit_code
):
    def fail(*_):
        raise error

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(where, fail)
    result = run_there(plain_input, in_memory(), dates="2024-10-04", **HERE)
    assert result.exit_code == exit_code
    assert not list(tmp_path.iterdir())


def test_a_second_run_keeps_what_is_there(plain_input, output, there):
    result = run_there(plain_input, output, **HERE)
    assert states(result) == ["kept"] * 4
    assert result.manifest["ingest"]["run"] != result.manifest["run"]  # nor was anything parsed
    assert result_objects(output) == result_objects(there)


def test_days_are_added_and_forgotten(plain_input, there):
    output = in_memory()
    for date in ("2024-10-04", "2024-10-07"):
        run_there(plain_input, output, dates=date, **HERE)
    assert result_objects(output) == result_objects(there)
    assert forget(OutputLayout(output), ["2024-10-07"], []).left == 2
    assert not [name for name in files_below(output) if "2024-10-07" in name]
    assert verify_output(OutputLayout(output))[1] == []


def test_fresh_computes_everything_again(plain_input, output, there):
    result = run_there(plain_input, output, fresh=True, **HERE)
    assert states(result) == ["computed"] * 4
    assert result_objects(output) == result_objects(there)


def test_verify_finds_nothing_and_then_a_changed_a_missing_and_a_strange_object(output):
    layout = OutputLayout(output)
    assert verify_output(layout)[1] == []
    changed, missing = (
        "outputs/2024-10-04/101/sweep_metrics.parquet",
        "tables/rollups/by_all.parquet",
    )
    data = read_regular(output / changed)
    write_bytes(output / changed, data[:20] + bytes([data[20] ^ 1]) + data[21:])
    remove(output / missing)
    write_bytes(output / "logs" / "notes.txt", b"mine")
    found = {finding.where: finding.what for finding in reversed(verify_output(layout)[1])}
    assert "was changed" in found[changed]
    assert "missing" in found[missing]
    assert "not listed" in found["logs/notes.txt"]


def test_a_damaged_partition_is_made_again(plain_input, output, there):
    write_bytes(output / "outputs" / "2024-10-04" / "101" / "sweep_metrics.parquet", b"damaged")
    result = run_there(plain_input, output, **HERE)
    assert sorted(states(result)) == ["computed", "kept", "kept", "kept"]
    assert result_objects(output) == result_objects(there)


def test_a_report_is_built_again(output, there):
    remove(output / "report.html")
    rebuild_report(OutputLayout(output))
    pages = [read_regular(folder / "report.html").decode() for folder in (there, output)]
    one, other = (page.replace(str(there), "").replace(str(output), "") for page in pages)
    assert one == other


def test_results_are_read_where_they_are(there, plain_result):
    result = load(str(there))
    assert result.tables == plain_result.tables
    for name in ("sweep_metrics", "centre_point_matches", "rollups/by_all"):
        pd.testing.assert_frame_equal(result.table(name), plain_result.table(name))
        pd.testing.assert_frame_equal(
            result.frame(name).compute().reset_index(drop=True),
            plain_result.frame(name).compute().reset_index(drop=True),
        )
    assert result.processed("orders").to_table() == plain_result.processed("orders").to_table()
    pd.testing.assert_frame_equal(result.summary(), plain_result.summary())
    assert result.fidelity == plain_result.fidelity
    assert "memory://" in repr(result)
    result._repr_html_()


def test_one_order_is_explained(there, plain_result):
    order_id = int(plain_result.table("sweep_metrics")["order_id"].iloc[0])
    told = explain(OutputLayout(there), order_id).to_dict()
    here = explain(OutputLayout(plain_result.output), order_id).to_dict()
    assert str(told).replace(str(there), "") == str(here).replace(str(plain_result.output), "")


def test_a_replay_lies_beside_a_run(plain_input, output, tmp_path):
    result = replay_there(plain_input, output, **HERE)
    assert result.exit_code == 0
    assert verify_output(OutputLayout(output).replay())[1] == []
    assert verify_output(OutputLayout(output))[1] == []
    run_here(plain_input, tmp_path / "out", dates="2024-10-04", **HERE)
    here = replay_there(plain_input, tmp_path / "out", **HERE)
    assert result.fidelity == here.fidelity


def test_scratch_may_lie_elsewhere(plain_input, tmp_path, there):
    """Results in a store and rows on their way in a folder, or the other way round."""
    scratch = tmp_path / "scratch"
    of_store = in_memory()
    run_there(plain_input, of_store, scratch=str(scratch), **HERE)
    assert result_objects(of_store) == result_objects(there)
    assert not list(scratch.iterdir())

    in_store = in_memory()
    run_there(plain_input, tmp_path / "out", scratch=str(in_store), **HERE)
    assert result_files(tmp_path / "out") == result_objects(there)
    assert files_below(in_store) == set()


def test_scratch_of_a_killed_run_on_the_same_output_goes(tmp_path):
    """Not that of a run with another output, which may be at work."""
    layout, other = OutputLayout(tmp_path / "out"), OutputLayout(tmp_path / "other")
    beside = in_memory()
    with workspace(other, beside) as at_work:
        write_bytes(at_work.scratch / "rows", b"")
        with workspace(layout, beside) as killed:
            left = killed.scratch
        for name in ("rows", ".sweep_dask"):
            write_bytes(left / name, b"")
        with workspace(layout, beside) as space:
            assert space.cleared == 1
            assert not is_there(left)
        assert set(files_below(at_work.scratch)) == {"rows", ".sweep_dask"}


def test_scratch_beside_that_of_others_is_told_from_it(tmp_path, monkeypatch):
    """Of a machine whose output folder is called the same, and of a command in that very folder."""
    layout, beside = OutputLayout(tmp_path / "out"), tmp_path / "beside"
    half_written = beside / f".manifest.json.{7:032x}.tmp"
    with workspace(layout, beside) as at_work:
        half_written.write_text("of a command at work")
        (layout.root / ".lock").unlink()  # each machine has a folder of its own
        monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
        with workspace(layout, beside):
            assert at_work.scratch.is_dir()
            assert half_written.exists()


def test_a_killed_run_leaves_what_the_next_one_clears(plain_input, output, there):
    killed, others = f".scratch-{'0' * 32}", f".scratch-{'1' * 32}"
    for name in (f"{killed}/.sweep_dask", f"{killed}/0000000-00000.arrow", f"{others}/file"):
        write_bytes(output / name, b"")
    run_there(plain_input, output, **HERE)
    left = [name for name in files_below(output) if name.startswith(".")]
    assert left == [f"{others}/file"]


def test_an_interrupted_run_keeps_what_is_finished_and_resumes(plain_input, there, monkeypatch):
    output, placed = in_memory(), []
    really = running.place_partition

    def interrupted(space, partition):
        if len(placed) == 2:
            raise KeyboardInterrupt
        placed.append(partition)
        really(space, partition)

    with monkeypatch.context() as patched:
        patched.setattr(running, "place_partition", interrupted)
        assert run_there(plain_input, output, **HERE).exit_code == 130
    assert not [name for name in files_below(output) if name.startswith(".")]
    result = run_there(plain_input, output, **HERE)
    assert states(result).count("kept") >= 2
    assert result_objects(output) == result_objects(there)


def test_a_place_that_another_run_works_in_is_refused(plain_input, output):
    with (
        workspace(OutputLayout(output)),
        pytest.raises(UsageError, match="Another run is working"),
    ):
        run_there(plain_input, output, **HERE)


def test_what_is_not_ours_is_refused_and_stays(plain_input):
    output = in_memory()
    write_bytes(output / "tables" / "mine.txt", b"mine")
    with pytest.raises(UsageError, match="may not be of sweep_dask"):
        run_there(plain_input, output, **HERE)
    assert files_below(output) == {"tables/mine.txt"}


def test_input_and_output_must_not_overlap(plain_input):
    store = in_memory()
    upload_folder(plain_input, store / "market")
    for output in (store / "market", store / "market" / "orders"):
        with pytest.raises(UsageError, match="overlap"):
            run_there(store / "market", output, **HERE)
    assert run_there(store / "market", store / "results", dates="2024-10-04", **HERE).exit_code == 0


@pytest.fixture(scope="module")
def over_http(there):
    """A copy of the results in a store that outlives a command."""
    with s3_server():
        output = location_of(f"s3://{BUCKET}/output")
        for name in files_below(there):
            write_bytes(output / name, read_regular(there / name))
        yield output


def test_plan_and_doctor_ask_for_no_disk(plain_input, over_http):
    output = over_http / "nowhere"
    shown = invoke("plan", plain_input, "-o", output, "--no-parallel")
    assert shown.exit_code == 0
    assert " free" not in shown.output.partition("Disk in total")[2].splitlines()[0]
    settings = load_settings({"output": str(output)}, {}, plain_input)
    (check,) = doctor_checks.output_folder(settings)
    assert check.state == doctor_checks.OK
    assert str(output) in check.found
    assert files_below(output) == set()


def test_the_command_line_takes_an_address_wherever_it_takes_a_folder(over_http):
    for command in (
        ("verify", over_http),
        ("report", over_http),
        ("forget", over_http, "--dates", "2024-10-04"),
    ):
        done = invoke(*command)
        assert done.exit_code == 0, done.output
    done = invoke("verify", "ftp://host/results")
    assert done.exit_code == 2
    assert "s3://" in done.output


@pytest.mark.parametrize(
    "command",
    [
        ("run", "-o", "memory://results"),
        ("plan", "--scratch", "memory://scratch"),
        ("replay", "-o", "memory://results"),
        ("explain", "1", "-o", "memory://results"),
        ("verify", "memory://results"),
        ("report", "memory://results"),
        ("forget", "memory://results", "--dates", "2024-10-04"),
    ],
)
def test_a_place_that_ends_with_the_program_is_none_on_the_command_line(command):
    done = invoke(*command)
    assert done.exit_code == 2
    assert "would end with this program" in done.stderr
    assert "a folder, or s3://" in done.stderr
