"""`verify` makes results again: what a file and its digest changed together cannot hide."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from dark_markets import dark_market
from running import result_files, run_here

from sweep_dask.storage.atomic import file_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest, write_manifest
from sweep_dask.study.verify import verify_output

A, B = "2024-10-04", "2024-10-07"
SESSION = f"processed/{A}/session.parquet"
PIECE = f"{A}-0000000101.parquet"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """Two days of two securities, a run a day, with session, reference and participant rows."""
    folder = tmp_path_factory.mktemp("contents")
    market = dark_market()
    for day in (A, B):
        market.add("reference", TradeDate=day_ns(market, day), Name="X", DecimalsInPrice=3, Id=101)
    market.add("participants", TradeDate=day_ns(market, A), ParticipantName="Y", Id=51)
    source = market.write(folder / "in")
    for day in (A, B):
        run_here(source, folder / "out", enable_parallel=False, dates=day)
    return folder / "out"


def day_ns(market, day):
    times = [row["TradeDate"] for row in market.rows["session"]]
    return min(times) if day == A else max(times)


@pytest.fixture
def layout(untouched, tmp_path):
    return OutputLayout(shutil.copytree(untouched, tmp_path / "out"))


def findings(layout):
    return {finding.where: finding.what for finding in verify_output(layout)[1]}


def relist(layout, *names):
    """List files as they are now, or not at all, and make the manifest's digest right again."""
    files = read_manifest(layout)["files"]
    for name in names:
        files.pop(name)
        if (layout.root / name).exists():
            files[name] = file_digest(layout.root / name)
    write_manifest(layout, read_manifest(layout) | {"files": dict(sorted(files.items()))})


def change(layout, name, column, by=1):
    """Add to the numbers of a column, in a sound Parquet file."""
    path = layout.root / name
    rows = pq.read_table(path, partitioning=None)
    position = rows.schema.get_field_index(column)
    changed = pc.add(rows[column], pa.scalar(by, rows.schema.field(column).type))
    pq.write_table(rows.set_column(position, rows.schema.field(column), changed), path)
    relist(layout, name)


def test_an_intact_folder_of_two_runs_has_no_findings(layout):
    before = result_files(layout.root)
    assert findings(layout) == {}
    assert {SESSION, f"processed/{B}/participants.parquet"} <= before.keys()
    assert result_files(layout.root) == before


def test_files_that_are_deleted_and_unlisted_are_missed(layout):
    names = {
        *("report.html", "logs/run.log", SESSION),
        *(f"processed/{B}/{table}.parquet" for table in ("reference", "participants")),
    }
    for name in names:
        (layout.root / name).unlink()
    relist(layout, *names)
    assert {Path(found).name for found in findings(layout)} == {Path(name).name for name in names}


def test_values_and_a_digest_that_were_changed_together_are_found(layout):
    changes = {
        f"tables/simulation_order_summary.parquet/{PIECE}": "quantity",
        f"tables/centre_point_sweep_fills.parquet/{PIECE}": "price_x2",
        "tables/rollups/by_all.parquet": "filled_quantity",
        "tables/rollups/by_day.parquet": "n_sweeps",
        "tables/rollups/comparisons.parquet": "mean_reference",
        SESSION: "Timestamp",
    }
    for name, column in changes.items():
        change(layout, name, column)
    shorter = f"tables/centre_point_order_summary.parquet/{PIECE}"
    rows = pq.read_table(layout.root / shorter, partitioning=None)
    pq.write_table(rows.slice(0, len(rows) - 1), layout.root / shorter)
    relist(layout, shorter)
    assert findings(layout).keys() == {*changes, shorter}


def test_all_of_several_changes_are_found(layout):
    changes = {
        f"tables/sweep_metrics.parquet/{PIECE}": "quantity",
        f"tables/centre_point_matches.parquet/{PIECE}": "quantity",
        SESSION: "Timestamp",
    }
    for name, column in changes.items():
        change(layout, name, column)
    (layout.table("centre_point_left_out") / PIECE).write_bytes(b"no Parquet")
    assert findings(layout).keys() == {*changes, f"tables/centre_point_left_out.parquet/{PIECE}"}


def test_tables_that_another_version_of_a_library_encoded_are_the_same(layout):
    for path in sorted(path for path in layout.tables.rglob("*.parquet") if path.is_file()):
        rows = pq.read_table(path, partitioning=None)
        pq.write_table(rows, path, compression="gzip", row_group_size=50)
        relist(layout, layout.relative(path))
    assert findings(layout) == {}


def test_a_report_that_was_changed_is_found(layout):
    page = layout.report.read_text(encoding="utf-8")
    layout.report.write_text(page.replace('data-value="', 'data-value="1', 1), encoding="utf-8")
    relist(layout, "report.html")
    assert findings(layout).keys() == {"report.html"}


def test_a_manifest_that_was_changed_contradicts_the_report(layout):
    write_manifest(layout, read_manifest(layout) | {"started": "2020-01-01T00:00:00+00:00"})
    assert findings(layout).keys() == {"report.html"}


@pytest.mark.parametrize("blocks", [{101: 200_000.0}, {"2024-07-01": {101: 200_000}}])
def test_a_report_shows_settings_as_the_manifest_has_them(tmp_path, blocks):
    source = dark_market().write(tmp_path / "in")
    told = {"ticks": ((0, 1), (100, 5)), "block_min_value": blocks}
    run_here(source, tmp_path / "out", enable_parallel=False, **told)
    assert findings(OutputLayout(tmp_path / "out")) == {}


def test_session_rows_of_a_date_are_those_of_the_last_run_about_it(tmp_path):
    market, out = dark_market(), tmp_path / "out"
    run_here(market.write(tmp_path / "first"), out, enable_parallel=False, dates=A)
    second = market.write(tmp_path / "second")
    shutil.rmtree(second / "session")
    for security in (101, 102):
        run_here(second, out, enable_parallel=False, dates=A, securities=(security,))
        assert findings(OutputLayout(out)) == {}
        assert not (out / SESSION).exists()
