"""The one sweep that is drawn: its quotes, its fills for real and simulated, or why it is not."""

import re
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
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.manifest import read_manifest
from sweep_dask.storage.pieces import file_of
from sweep_dask.terms.arms import ARMS, arms_of


@pytest.fixture
def layout(plain_result, tmp_path):
    return OutputLayout(shutil.copytree(plain_result.output, tmp_path / "copy"))


@pytest.fixture
def chosen(layout):
    row = read_rollups(layout.tables / "rollups").example
    assert row is not None
    return row


def test_fills_are_those_of_the_tables(layout, chosen):
    shown, why = read_example(layout, chosen, ARMS)
    assert why == ""
    keys = {name: chosen[name] for name in ("date", "security", "order_id")}
    sweeps = pq.read_table(
        layout.tables / "sweep_metrics.parquet",
        filters=[(name, "==", value) for name, value in keys.items()],
    ).to_pylist()
    by_arm = {row["scenario"] or row["model"]: row for row in sweeps}
    real, simulated = shown.fills
    assert real.shares == by_arm["tape"]["filled_quantity"]
    assert simulated.shares == by_arm[shown.arm]["filled_quantity"]
    assert shown.quantity == by_arm["tape"]["quantity"]
    arrival = sydney_local_ns(np.array([by_arm["tape"]["arrival_ns"]]))
    assert shown.arrival_ns == arrival[0]
    assert all((fills.time_ns >= shown.arrival_ns).all() for fills in shown.fills)


def test_time_priority_has_the_real_fills_and_its_own(layout):
    sweeps = pq.read_table(layout.tables / "sweep_metrics.parquet").to_pylist()
    real = {row["order_id"]: row["filled_quantity"] for row in sweeps if row["model"] == "tape"}
    ours = [row for row in sweeps if row["model"] == "time-priority"]
    both = [row for row in ours if 0 < real[row["order_id"]] < row["filled_quantity"]]
    assert both
    for row in both:
        keys = {name: row[name] for name in ("date", "security", "order_id", "model", "scenario")}
        shown, why = read_example(layout, keys | {"difference": 1.0}, ARMS)
        assert (shown.arm, why) == ("time-priority", "")
        assert [fills.shares for fills in shown.fills] == [
            real[row["order_id"]],
            row["filled_quantity"],
        ]
        assert (np.diff(shown.fills[1].time_ns) >= 0).all()
        names = shown.source.split(" and ")
        assert names[1].startswith("tables/simulation_match_details.parquet/")
        assert all((layout.root / name).is_file() for name in names)


def test_page_names_the_sweep_and_draws_it(layout, chosen):
    page = write_page(layout, read_manifest(layout))
    assert f"order {chosen['order_id']} of security {chosen['security']}" in page.text
    assert "example-sweep" in page.ids


@pytest.mark.parametrize("gone", ["cp_trades_matched", "centre_point_sweep_fills", "sweep_metrics"])
def test_missing_file_is_said_and_the_rest_shown(layout, chosen, gone):
    partition = Partition(chosen["date"], chosen["security"])
    (layout.processed(*partition) / f"{gone}.parquet").unlink(missing_ok=True)
    path = file_of(layout.table(gone), partition)
    path.unlink(missing_ok=True)
    page = write_page(layout, read_manifest(layout))
    assert "No sweep is drawn: a file of its partition is missing" in page.text
    assert f"{gone}.parquet" in page.text
    assert str(layout.root) not in page.text.partition("One sweep, looked at closely")[2][:600]
    assert "example-sweep" not in page.ids
    assert page.rows("fill-and-cost")


def test_the_page_says_what_tells_more(layout, chosen):
    page = write_page(layout, read_manifest(layout))
    command = f"sweep-dask explain {chosen['order_id']} --output "
    assert page.text.count(command) == 2
    assert ("half a tick beyond it" in page.text) == (chosen["scenario"] == "dual-post")


def test_without_quotes_the_fills_are_drawn(layout, chosen):
    (layout.processed(chosen["date"], chosen["security"]) / "nbbo.parquet").unlink()
    shown, _ = read_example(layout, chosen, ARMS)
    assert shown.quotes.time_ns.size == 0
    assert "this partition has no quotes" in write_page(layout, read_manifest(layout)).text


def test_a_sweep_without_real_fills_needs_no_file_of_trades(layout, chosen):
    path = file_of(layout.table("sweep_metrics"), Partition(chosen["date"], chosen["security"]))
    sweeps = pq.read_table(path).to_pandas()
    sweeps.loc[sweeps["model"] == "tape", "filled_quantity"] = 0
    sweeps.to_parquet(path)
    (layout.processed(chosen["date"], chosen["security"]) / "cp_trades_matched.parquet").unlink()
    shown, why = read_example(layout, chosen, ARMS)
    assert why == ""
    assert shown.fills[0].shares == shown.fills[0].quantity.size == 0


def test_a_sweep_that_does_not_differ_is_not_called_the_one_that_does(layout, chosen):
    path = layout.rollups / "example_sweep.parquet"
    table = pq.read_table(path)
    position = table.schema.get_field_index("difference")
    pq.write_table(table.set_column(position, "difference", pa.array([0.0])), path)
    page = write_page(layout, read_manifest(layout))
    assert "no sweep fills another number of shares than it really did" in page.text
    assert "changes most" not in page.text


def test_why_there_is_no_example(layout):
    arms = arms_of(["centre-point"], ["as-entered"])
    assert read_example(layout, None, arms) == (None, "nothing was changed in this run")
    assert read_example(layout, None, arms[1:])[0] is None


def test_the_chart_names_files_that_are_there(layout):
    page = write_page(layout, read_manifest(layout))
    told = re.search(r"The numbers are in (.*?)\. ", page.text)[1]
    named = told.split(" and ")
    assert all((layout.root / name).is_file() for name in named)


def test_quotes_are_thinned_to_changes_within_the_window(tmp_path):
    count = 50_000
    time_ns = np.arange(count) * 1_000_000_000
    bid = np.where(np.arange(count) % 4 < 2, 1000.0, 1010.0)
    offer = np.where(np.arange(count) == 7, 0.0, bid + 10)
    layout = OutputLayout(tmp_path)
    path = tmp_path / "nbbo.parquet"
    columns = {"timestamp": time_ns, "bidprice": bid, "offerprice": offer}
    pq.write_table(pa.table(columns), path)
    quotes = example.quotes_around(layout, path, 100_000_000_000, 40_000_000_000_000)
    assert quotes.time_ns.size == example.MOST_QUOTES + 1
    few = example.quotes_around(layout, path, 4_000_000_000, 12_000_000_000)
    # Rows 2, 4, 6, ... change; 7 has no offer, so 7 and 8 change too.
    assert few.time_ns.size == len([3, 4, 6, 7, 8, 10, 12]) + 1
    assert np.isnan(few.offer).sum() == 1
    assert few.bid[1] == 1.0
