"""What a run leaves opens well in the programs that people have."""

import shutil

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from markets import plain_market
from running import run_here

import sweep_dask
from sweep_dask.errors import InputError
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.rebuild import forget
from sweep_dask.terms.dimensions import CATEGORIES

DATES, SECURITIES = ("2024-10-04", "2024-10-07"), (101, 1102)
PARTITIONS = [(date, security) for date in DATES for security in SECURITIES]
OF_SWEEPS = ("side", "outcome", "real_outcome", "size_class", "hour", "unfilled_reason")


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readers")
    market = plain_market(securities=SECURITIES, dates=DATES, sweeps=3)
    run_here(market.write(folder / "input"), folder / "output", enable_parallel=False)
    return folder / "output"


@pytest.fixture
def sweeps(output):
    return output / "tables" / "sweep_metrics.parquet"


def test_pandas_and_arrow_open_categories_with_all_their_values(sweeps):
    frame = pd.read_parquet(sweeps)
    kept = pq.read_table(sweeps, partitioning=None).to_pandas()
    for column in OF_SWEEPS:
        for opened in (frame, kept):
            assert opened[column].cat.categories.tolist() == list(CATEGORIES[column])
    assert set(frame["side"]) <= {"buy", "sell"}
    assert frame[["date", "model"]].dtypes.astype(str).tolist() == ["str", "str"]
    # In the order of the values, not of the alphabet.
    assert frame.groupby("size_class", observed=False).size().index.tolist() == [
        *("Small", "Medium", "Large")
    ]


def test_dask_opens_categories(sweeps, output):
    counts = pd.read_parquet(sweeps).groupby("side", observed=True).size()
    for frame in (dd.read_parquet(sweeps), sweep_dask.load(output).frame("sweep_metrics")):
        assert frame["side"].dtype == "category"
        assert frame.groupby("side", observed=True).size().compute().sort_index().equals(counts)


def test_polars_opens_categories(sweeps):
    frame = pl.read_parquet(sweeps / "*.parquet")
    assert all(frame.schema[column] == pl.Categorical for column in OF_SWEEPS)
    assert frame.schema["date"] == pl.String
    buys = int((pd.read_parquet(sweeps)["side"] == "buy").sum())
    assert frame.filter(pl.col("side") == "buy").height == buys


def test_duckdb_opens_categories_as_text(sweeps):
    rows = duckdb.sql(f"SELECT side, count(*) FROM '{sweeps}/*.parquet' GROUP BY side").fetchall()
    assert dict(rows) == pd.read_parquet(sweeps)["side"].astype(str).value_counts().to_dict()


@pytest.mark.parametrize("name", ["orders", "cp_orders_filtered", "nbbo", "last_execution_time"])
def test_rows_of_all_partitions_have_date_and_security(output, name):
    rows = sweep_dask.load(output).processed(name)
    table = rows.to_table()
    assert table.column_names[:2] == ["date", "security"]
    assert table.column_names.count("date") == 1
    keys = table.select(["date", "security"]).to_pandas().drop_duplicates()
    assert list(keys.itertuples(index=False, name=None)) == PARTITIONS
    stem = {"orders": "cp_orders_filtered"}.get(name, name)
    files = [output / "processed" / date / str(security) / f"{stem}.parquet"
             for date, security in PARTITIONS]  # fmt: skip
    assert len(table) == sum(pq.read_metadata(file).num_rows for file in files)
    columns = [column for column in pq.read_schema(files[0]).names if column != "date"]
    parts = [pq.read_table(file, columns=columns, partitioning=None) for file in files]
    assert table.select(columns).to_pylist() == [row for part in parts for row in part.to_pylist()]


def test_other_programs_take_the_data_set(output):
    rows = sweep_dask.load(output).processed("last_execution_time")
    asked = "SELECT date, security, count(*) FROM rows GROUP BY ALL ORDER BY ALL"
    counts = {
        (date, security): pq.read_metadata(
            output / "processed" / date / str(security) / "last_execution_time.parquet"
        ).num_rows
        for date, security in PARTITIONS
    }
    assert {row[:2]: row[2] for row in duckdb.sql(asked).fetchall()} == counts
    of_polars = pl.scan_pyarrow_dataset(rows).group_by("date", "security").len().collect()
    assert {row[:2]: row[2] for row in of_polars.rows()} == counts


def test_rows_of_others_and_of_what_is_gone_are_not_among_them(output, tmp_path):
    shutil.copytree(output, tmp_path / "copy")
    layout = OutputLayout(tmp_path / "copy")
    foreign = layout.processed(DATES[0], 999)
    shutil.copytree(layout.processed(*PARTITIONS[0]), foreign)
    forget(layout, [DATES[1]], [])
    rows = sweep_dask.load(layout.root).processed("orders").to_table()
    assert set(rows["date"].to_pylist()) == {DATES[0]}
    assert set(rows["security"].to_pylist()) == set(SECURITIES)


def test_rows_that_are_not_there_are_told(output):
    with pytest.raises(InputError, match="no rows called 'quotes'") as error:
        sweep_dask.load(output).processed("quotes")
    assert "nbbo" in error.value.cure
