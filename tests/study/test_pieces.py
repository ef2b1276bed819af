"""Files of combined tables: what shares one, what stays, and what is read."""

import shutil
from contextlib import suppress

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn_rollups import as_read, draw_sweeps
from markets import plain_market
from running import result_files, run_here

import sweep_dask.dataflow.simulate
import sweep_dask.partition.piece
import sweep_dask.study.rollups
from sweep_dask.analysis.rollups.summary import added, nothing, summary_of
from sweep_dask.analysis.rollups.sweeps import Sweeps
from sweep_dask.errors import ResourceError, UsageError
from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.manifest import read_manifest, write_manifest
from sweep_dask.storage.pieces import file_of, pieces_of
from sweep_dask.storage.summaries import read_summary, write_summary
from sweep_dask.study import answer, jobs
from sweep_dask.study import run as running_run
from sweep_dask.study.rebuild import forget, rebuild_report
from sweep_dask.study.results import load
from sweep_dask.study.verify import verify_output
from sweep_dask.terms.arms import ARMS

A, B = "2024-10-04", "2024-10-07"
SWEEPS = "tables/sweep_metrics.parquet"


def run(folder, output, **settings):
    return run_here(folder, output, enable_parallel=False, **settings)


def inodes(output):
    """Of the files in `tables/` that are of one date."""
    files = (path for path in (output / "tables").rglob("*-*.parquet") if path.is_file())
    return {path: path.stat().st_ino for path in files}


def never(*_, **__):
    pytest.fail("something is made again that is there")


def test_a_date_that_is_added_changes_no_file_of_the_others(plain_input, plain_output):
    output = plain_output(dates=A)
    before = inodes(output)
    assert len(before) == 15 + 1  # a piece of each table, and the summary of the day
    run(plain_input, output, dates=B)
    assert before.items() < inodes(output).items()


def test_what_is_kept_is_not_read_again(plain_input, plain_output, monkeypatch):
    output = plain_output()
    before = result_files(output)
    for module in (sweep_dask.study.rollups, sweep_dask.partition.piece):
        monkeypatch.setattr(module, "summary_of_files", never)
    result = run(plain_input, output)
    assert {p["state"] for p in result.manifest["partitions"]} == {"kept"}
    assert result_files(output) == before


def test_a_table_that_was_changed_is_made_again_from_the_partitions(plain_input, plain_output):
    output = plain_output()
    before = result_files(output)
    layout = OutputLayout(output)
    file_of(layout.table("sweep_metrics"), Partition(A, 102)).write_bytes(b"no Parquet")
    file_of(layout.table("centre_point_matches"), Partition(B, 101)).unlink()
    result = run(plain_input, output)
    assert {p["state"] for p in result.manifest["partitions"]} == {"kept"}
    assert result_files(output) == before


@pytest.mark.parametrize("piece_rows", [1, 10**9])
def test_pieces_of_one_partition_and_of_a_date(
    plain_input, plain_result, tmp_path, monkeypatch, piece_rows
):
    """The same rows; and a file that holds just the sweeps of one partition is there once."""
    whole = plain_result
    monkeypatch.setattr(jobs, "PIECE_ROWS", piece_rows)
    monkeypatch.setattr(answer, "pieces_of", lambda rows: pieces_of(rows, piece_rows))
    output = tmp_path / "out"
    result = run(plain_input, output)
    for name in whole.tables:
        pd.testing.assert_frame_equal(result.table(name), whole.table(name))
    layout = OutputLayout(output)
    key = Partition(A, 102)
    shared = file_of(layout.table("sweep_metrics"), key)
    own = layout.outputs(*key) / "sweep_metrics.parquet"
    assert shared.samefile(own) is (piece_rows == 1)
    assert verify_output(layout)[1] == []
    # Of a piece that loses a partition the rest is made from files.
    forget(layout, [A], [101])
    alone = run(plain_input, tmp_path / "alone", dates=A, securities=(102,))
    run(plain_input, tmp_path / "alone", dates=B)
    assert result_files(output) == result_files(alone.output)


def test_many_small_partitions_are_one_task_and_a_file_of_each_table(tmp_path, monkeypatch):
    folder = plain_market(securities=range(101, 131), dates=(A,)).write(tmp_path / "in")
    tasks = []
    run_tasks = sweep_dask.dataflow.simulate.run_tasks
    monkeypatch.setattr(
        sweep_dask.dataflow.simulate,
        "run_tasks",
        lambda client, given, *others, **named: (
            tasks.extend(given := list(given)),
            run_tasks(client, given, *others, **named),
        ),
    )
    result = run(folder, tmp_path / "out", models="time-priority")
    assert len(result.manifest["partitions"]) == 30
    assert len(tasks) == 1
    layout = OutputLayout(result.output)
    assert [len(list(table.iterdir())) for table in layout.tables.glob("*.parquet")] == [1] * 10
    assert result.table("sweep_metrics")["security"].nunique() == 30


def test_a_table_opens_with_one_line(plain_result):
    expected = plain_result.table("sweep_metrics")
    path = plain_result.output / "tables" / "sweep_metrics.parquet"
    assert len(expected) > 0
    read = pd.read_parquet(path)
    assert read["order_id"].tolist() == expected["order_id"].tolist()
    lazy = dd.read_parquet(path)["order_id"].compute(scheduler="synchronous")
    assert lazy.tolist() == read["order_id"].tolist()
    duckdb = pytest.importorskip("duckdb")
    [(rows,)] = duckdb.sql(f"select count(*) from '{path}/*.parquet'").fetchall()
    assert rows == len(expected)
    polars = pytest.importorskip("polars")
    assert polars.read_parquet(path)["order_id"].to_list() == expected["order_id"].tolist()


# --- summaries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sweeps", [0, 1, 40])
def test_a_summary_is_read_as_it_was_written(tmp_path, sweeps):
    rows = draw_sweeps(sweeps, max(sweeps, 1), 3)[: sweeps * len(ARMS)]
    summary = summary_of(Sweeps(as_read(rows), ARMS)) if sweeps else nothing()
    write_summary(tmp_path / "one.parquet", summary)
    read = read_summary(tmp_path / "one.parquet")
    assert read.example == summary.example
    for ours, theirs in zip(summary[:-1], read[:-1], strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one.shape == other.shape
            assert one.dtype == other.dtype
            assert one.tobytes() == other.tobytes()
    write_summary(tmp_path / "two.parquet", added([read]))
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert pq.read_schema(tmp_path / "one.parquet").names[0] == "kind"


# --- what an earlier run, another one or a fault has left ---------------------------------------


def test_securities_that_are_run_again_alone_leave_the_tables_whole(plain_input, plain_output):
    output = plain_output()
    before = result_files(output)
    for given in ({"securities": (101,)}, {"securities": (101,), "dates": A, "fresh": True}):
        assert run(plain_input, output, **given).exit_code == 0
        assert result_files(output) == before
        assert verify_output(OutputLayout(output))[1] == []


@pytest.mark.parametrize("error", [ResourceError("Workers died."), KeyboardInterrupt()])
@pytest.mark.parametrize("stage", ["write_tables", "write_answer", "settle"])
def test_a_run_that_fails_behind_the_partitions_goes_on(
    plain_input, plain_result, plain_output, monkeypatch, stage, error
):
    output = plain_output(dates=A)

    def fails(*_):
        raise error

    with monkeypatch.context() as patch, suppress(ResourceError, KeyboardInterrupt):
        patch.setattr(running_run, stage, fails)
        run(plain_input, output, dates=B)
    assert run(plain_input, output).exit_code == 0
    assert result_files(output) == result_files(plain_result.output)
    assert verify_output(OutputLayout(output))[1] == []


def test_a_file_of_others_is_seen_before_the_work(plain_input, plain_output, monkeypatch):
    output = plain_output(dates=A)
    theirs = OutputLayout(output).day_summary(B)
    theirs.write_bytes(b"mine")
    monkeypatch.setattr(running_run, "simulate", never)
    with pytest.raises(UsageError, match="Something stands where results belong") as caught:
        run(plain_input, output, dates=B)
    assert caught.value.where == str(theirs)


def test_files_that_the_manifest_does_not_list_are_made_again(plain_input, plain_output):
    output = plain_output()
    before, layout = result_files(output), OutputLayout(output)
    manifest = read_manifest(layout)
    files = {k: v for k, v in manifest["files"].items() if not k.startswith("tables/")}
    shutil.rmtree(layout.tables)
    write_manifest(layout, manifest | {"files": files})
    assert run(plain_input, output).exit_code == 0
    assert result_files(output) == before


def test_another_version_makes_tables_again(plain_output, monkeypatch):
    output = plain_output()
    before = inodes(output)
    for module in (sweep_dask.study.rebuild, sweep_dask.storage.pieces):
        monkeypatch.setattr(module, "VERSION", "9.9.9")
    rebuild_report(OutputLayout(output))
    after = inodes(output)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())


@pytest.mark.parametrize(
    "name", ["tables/summaries/{}.parquet", f"{SWEEPS}/{{}}-0000000101.parquet"]
)
@pytest.mark.parametrize("content", [b"no Parquet", {"other": [1]}, {"kind": ["a"]}])
def test_verify_names_the_file_that_cannot_be_read(plain_output, name, content):
    output = plain_output()
    layout, name = OutputLayout(output), name.format(A)
    path = output / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        pq.write_table(pa.table(content), path)
    manifest = read_manifest(layout)
    files = manifest["files"] | {name: file_digest(path)}
    write_manifest(layout, manifest | {"files": files})
    assert name in {finding.where for finding in verify_output(layout)[1]}
    assert "manifest.json" not in {finding.where for finding in verify_output(layout)[1]}


def test_what_others_put_into_the_folder_of_a_table_is_not_read(plain_output):
    result = load(str(plain_output()))
    folder = OutputLayout(result.output).table("sweep_metrics")
    expected = result.table("sweep_metrics")
    (folder / f"{A}-0000000101 copy.parquet").write_bytes(b"no Parquet")
    pd.testing.assert_frame_equal(result.table("sweep_metrics"), expected)
    assert len(result.frame("sweep_metrics").compute(scheduler="synchronous")) == len(expected)
    assert file_of(folder, Partition(A, 102)).name == f"{A}-0000000101.parquet"
