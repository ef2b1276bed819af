"""The one sweep that is drawn: its quotes, its fills for real and simulated, or why it is not."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_folders import write_page

from sweep_dask.market.trading_day import sydney_local_ns
from sweep_dask.report import example
from sweep_dask.report.example import read_example
from sweep_dask.report.rollups import read_rollups
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.manifest import read_manifest


@pytest.fixture
def layout(plain_result, tmp_path):
    return OutputLayout(shutil.copytree(plain_result.output, tmp_path / "copy"))


@pytest.fixture
def chosen(layout):
    row = read_rollups(layout.tables / "rollups").example
    assert row is not None
    return row


def test_fills_are_those_of_the_tables(layout, chosen):
    shown, why = read_example(layout, chosen)
    assert why == ""
    keys = {name: chosen[name] for name in ("date", "security", "order_id")}
    sweeps = pq.read_table(
        layout.tables / "sweep_metrics.parquet",
        filters=[(name, "==", value) for name, value in keys.items()],
    ).to_pylist()
    by_line = {row["scenario"] or row["model"]: row for row in sweeps}
    real, simulated = shown.fills
    assert real.shares == by_line["tape"]["filled_quantity"]
    assert simulated.shares == by_line[shown.line]["filled_quantity"]
    assert shown.quantity == by_line["tape"]["quantity"]
    arrival = sydney_local_ns(np.array([by_line["tape"]["arrival_ns"]]))
    assert shown.arrival_ns == arrival[0]
    assert all((fills.time_ns >= shown.arrival_ns).all() for fills in shown.fills)


def test_time_priority_can_be_the_line(layout, chosen):
    shown, _ = read_example(layout, chosen | {"model": "time-priority", "scenario": None})
    assert shown.line == "time-priority"
    assert shown.fills[1].price == pytest.approx(shown.fills[1].price)


def test_page_names_the_sweep_and_draws_it(layout, chosen):
    page = write_page(layout, read_manifest(layout))
    assert f"order {chosen['order_id']} of security {chosen['security']}" in page.text
    assert "example-sweep" in page.ids


@pytest.mark.parametrize("gone", ["cp_trades_matched", "centre_point_sweep_fills", "sweep_metrics"])
def test_missing_file_is_said_and_the_rest_shown(layout, chosen, gone):
    folders = [layout.processed(chosen["date"], chosen["security"]), layout.tables]
    for path in (folder / f"{gone}.parquet" for folder in folders):
        path.unlink(missing_ok=True)
    page = write_page(layout, read_manifest(layout))
    assert "No sweep is drawn: a file of its partition is missing" in page.text
    assert "example-sweep" not in page.ids
    assert page.rows("fill-and-cost")


def test_without_quotes_the_fills_are_drawn(layout, chosen):
    (layout.processed(chosen["date"], chosen["security"]) / "nbbo.parquet").unlink()
    shown, _ = read_example(layout, chosen)
    assert shown.quotes.time_ns.size == 0
    assert "this partition has no quotes" in write_page(layout, read_manifest(layout)).text


def test_no_example(layout):
    assert read_example(layout, None)[0] is None


def test_quotes_are_thinned_to_changes_within_the_window(tmp_path):
    count = 50_000
    time_ns = np.arange(count) * 1_000_000_000
    bid = np.where(np.arange(count) % 4 < 2, 1000.0, 1010.0)
    offer = np.where(np.arange(count) == 7, 0.0, bid + 10)
    path = tmp_path / "nbbo.parquet"
    columns = {"timestamp": time_ns, "bidprice": bid, "offerprice": offer}
    pq.write_table(pa.table(columns), path)
    quotes = example._quotes(path, 100_000_000_000, 40_000_000_000_000)
    assert quotes.time_ns.size == example.MOST_QUOTES + 1
    few = example._quotes(path, 4_000_000_000, 12_000_000_000)
    # Rows 2, 4, 6, ... change; 7 has no offer, so 7 and 8 change too.
    assert few.time_ns.size == len([3, 4, 6, 7, 8, 10, 12]) + 1
    assert np.isnan(few.offer).sum() == 1
    assert few.bid[1] == 1.0
