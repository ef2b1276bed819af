"""Roll-ups on a cluster and without one: the same bytes, and what the slow way gives."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster
from drawn_rollups import draw_sweeps, write_sweeps
from framed import tables_of
from rolled_up import spec_of, write_rollups_of
from slow_rollups import assert_same_rows, slow_rollups

from sweep_dask.analysis.rollups.tables import ROLLUP_TABLES
from sweep_dask.dataflow import execute
from sweep_dask.dataflow.cluster import HERE, Workers
from sweep_dask.errors import ResourceError
from sweep_dask.partition import piece
from sweep_dask.partition.piece import summary_of_files
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.terms.arms import ARMS, REAL, Arm


def make_table(folder, sweeps, row_group_rows=1 << 20):
    layout = OutputLayout(folder)
    write_sweeps(layout.tables / "sweep_metrics.parquet", sweeps, row_group_rows)
    return layout


def table_of(layout):
    return layout.tables / "sweep_metrics.parquet"


def read(layout, name):
    return pd.read_parquet(layout.tables / "rollups" / f"{name}.parquet")


@pytest.mark.parametrize(
    ("sweeps", "clusters", "arms", "is_constant"),
    [
        (50, 5, ARMS, False),
        (40, 1, (REAL, Arm("time-priority")), False),
        (30, 3, (REAL, ARMS[2], ARMS[4]), True),
        (1, 1, ARMS, False),
        (7, 4, (REAL,), False),
    ],
)
def test_all_tables_are_those_of_the_slow_way(tmp_path, sweeps, clusters, arms, is_constant):
    table = draw_sweeps(sweeps, sweeps, clusters, arms, is_constant)
    # Small row groups, which end in the middle of a partition and of an arm.
    layout = make_table(tmp_path, table, row_group_rows=97)
    summary = summary_of_files([str(table_of(layout))], [], spec_of(arms))
    found = tables_of(summary, arms)
    for name, expected in slow_rollups(table, list(arms)).items():
        assert list(found[name]) == list(ROLLUP_TABLES[name])
        assert_same_rows(found[name], expected, name)


def partition_files(folder, sweeps):
    """A file for each partition, the last one first."""
    found = []
    for (date, security), rows in sweeps.groupby(["date", "security"]):
        path = folder / f"{date}-{security}.parquet"
        write_sweeps(path, rows.reset_index(drop=True))
        found.append(path)
    return found[::-1]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A table of several row groups and its roll-ups made in this process."""
    layout = make_table(tmp_path_factory.mktemp("drawn"), draw_sweeps(1, 200, 6), 300)
    return layout, write_rollups_of(HERE, layout, [table_of(layout)], ARMS)


def test_digests_are_those_of_the_files(drawn):
    layout, digests = drawn
    assert list(digests) == sorted(f"tables/rollups/{name}.parquet" for name in ROLLUP_TABLES)
    for path, digest in digests.items():
        data = (layout.root / path).read_bytes()
        assert digest == f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("workers", [1, 3])
def test_any_cut_of_the_sweeps_and_any_number_of_workers_write_the_same_bytes(
    drawn, workers, tmp_path
):
    layout, expected = drawn
    paths = partition_files(tmp_path, pd.read_parquet(table_of(layout)))
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    )
    with cluster, Client(cluster) as client:
        assert write_rollups_of(Workers(client, 0), OutputLayout(tmp_path), paths, ARMS) == expected


def test_the_example_is_a_sweep_of_the_table(drawn):
    layout, _ = drawn
    (row,) = read(layout, "example_sweep").to_dict("records")
    sweeps = pd.read_parquet(layout.tables / "sweep_metrics.parquet")
    of_order = sweeps[sweeps["order_id"] == row["order_id"]]
    filled = of_order.set_index("scenario")["filled_quantity"]
    assert row["difference"] == filled["rest-dark"] - of_order["filled_quantity"].iloc[0]
    assert (row["date"], row["security"]) == tuple(of_order[["date", "security"]].iloc[0])
    assert (row["reference"], row["scenario"]) == ("tape", "rest-dark")


@pytest.mark.parametrize("with_a_row_group", [False, True])
def test_without_sweeps_every_table_has_its_columns_and_no_rows(tmp_path, with_a_row_group):
    empty = draw_sweeps(1, 3).iloc[:0]
    layout = make_table(tmp_path, empty)
    if not with_a_row_group:
        path = layout.tables / "sweep_metrics.parquet"
        schema = pq.read_schema(path)
        pq.ParquetWriter(path, schema).close()
    assert len(write_rollups_of(HERE, layout, [table_of(layout)], ARMS)) == len(ROLLUP_TABLES)
    for name, columns in ROLLUP_TABLES.items():
        found = read(layout, name)
        assert found.empty, name
        assert list(found) == list(columns), name


def test_types_do_not_depend_on_whether_there_are_rows(drawn, tmp_path):
    layout, _ = drawn
    empty = make_table(tmp_path, draw_sweeps(1, 3).iloc[:0])
    write_rollups_of(HERE, empty, [table_of(empty)], ARMS)
    for name in ROLLUP_TABLES:
        some, none = (
            pq.read_schema(folder.tables / "rollups" / f"{name}.parquet")
            for folder in (layout, empty)
        )
        assert some.equals(none), name


def test_sql_gives_the_same_quantiles(drawn):
    duckdb = pytest.importorskip("duckdb")
    layout, _ = drawn
    sweeps = layout.tables / "sweep_metrics.parquet"
    expected = duckdb.sql(
        f"""
        select model, scenario, count(fill_ratio), sum(filled_quantity),
               quantile_cont(fill_ratio, 0.25), quantile_cont(fill_ratio, 0.5),
               quantile_cont(fill_ratio, 0.75)
        from '{sweeps}' where is_continuous group by all
        """
    ).fetchall()
    found = read(layout, "by_all").query("population == 'continuous'")
    names = ["n", "p25", "p50", "p75"]
    columns = ["model", "scenario", "filled_quantity"]
    rows = found[[*columns, *(f"fill_ratio_{name}" for name in names)]].itertuples(index=False)
    ours = {(row[0], row[1] if isinstance(row[1], str) else None): row[2:] for row in rows}
    assert len(ours) == len(expected)
    for model, scenario, n, filled, *quantiles in expected:
        ours_filled, ours_n, *ours_quantiles = ours[model, scenario]
        assert (ours_filled, ours_n) == (filled, n)
        assert ours_quantiles == pytest.approx(quantiles, rel=2**-8)


def test_a_task_holds_few_rows_however_many_there_are(drawn, tmp_path, monkeypatch):
    layout, expected = drawn
    monkeypatch.setattr("sweep_dask.storage.parquet_files.ROW_GROUP_ROWS", 100)
    sizes = []
    sweeps_of = piece.Sweeps
    monkeypatch.setattr(
        piece, "Sweeps", lambda rows, arms: (sizes.append(len(rows)), sweeps_of(rows, arms))[1]
    )
    assert write_rollups_of(HERE, OutputLayout(tmp_path), [table_of(layout)], ARMS) == expected
    rows = pd.read_parquet(table_of(layout)).groupby(["date", "security"], sort=False).size()
    assert sum(sizes) == rows.sum()
    # A partition that goes on is kept back until it is whole.
    assert max(sizes) <= 300 + rows.max()
    assert np.isin(np.cumsum(sizes), np.cumsum(rows)).all()


def test_a_dead_worker_is_told_with_the_cure(drawn, monkeypatch):
    layout, _ = drawn

    def all_lost(client, tasks, on_result, on_lost, **options):
        on_lost(0, "its worker died 4 times over it")

    monkeypatch.setattr(execute, "run_tasks", all_lost)
    with pytest.raises(ResourceError, match="Rolling up the sweeps") as error:
        write_rollups_of(HERE, layout, [table_of(layout)], ARMS)
    assert "--memory-limit" in error.value.cure
