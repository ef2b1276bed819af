"""The page on extending: its patches, applied to a copy of the package, do what they promise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fenced_blocks import blocks_of
from patches import apply
from running import ROOT, result_files, run_program

PATCHES = {b.title: b.text for b in blocks_of(ROOT / "docs/extending.md") if b.language == "diff"}
#: What the page is to show an extension in.
MOST_LINES = 40


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """The folder of a package with all extensions of the page."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copytree(ROOT / "sweep_dask", folder / "sweep_dask")
    for patch in PATCHES.values():
        apply(patch, folder)
    return folder


def run(folder, market, output, *options):
    arguments = ("run", market, "--output", output, "--no-parallel", "--no-progress", *options)
    done = run_program(*arguments, cwd=output.parent, PYTHONPATH=str(folder))
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="module")
def results(extended, reader_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("extended-results")
    market = folder / "market"
    shutil.copytree(reader_folder / "market", market)
    for path in (*market.glob("orders/*"), *market.glob("trades/*")):
        packed = pa.compress(path.read_bytes(), codec="lz4", asbytes=True)
        path.with_name(f"{path.name}.lz4").write_bytes(packed)
        path.unlink()
    return run(extended, market, folder / "results")


def test_each_extension_is_short():
    assert len(PATCHES) == 3
    for block in blocks_of(ROOT / "docs/extending.md"):
        assert block.text.count("\n") < MOST_LINES, block.where


def test_lz4_is_read_like_any_other_form(results, reader_folder):
    plain = {name: digest for name, digest in result_files(reader_folder / "results").items()
             if name.startswith("processed") and name.endswith("parquet")}  # fmt: skip
    extended = result_files(results)
    assert plain
    assert {name: extended[name] for name in plain} == plain


def test_the_metric_is_measured_and_compared(results):
    sweeps = pq.read_table(results / "tables" / "sweep_metrics.parquet").to_pandas()
    assert np.allclose(
        sweeps["entry_fill_ratio"] * sweeps["quantity"], sweeps["arrival_filled_quantity"]
    )
    assert sweeps["entry_fill_ratio"].max() > 0
    compared = pq.read_table(results / "tables" / "rollups" / "comparisons.parquet").to_pandas()
    kinds = set(compared[compared["metric"] == "entry_fill_ratio"]["dimension"])
    assert {"all", "side", "hour"} <= kinds
    assert "Fill ratio at entry" in (results / "report.html").read_text(encoding="utf-8")


def test_the_row_of_the_metric_is_written(extended):
    page = extended / "metrics.md"
    shutil.copyfile(ROOT / "docs/metrics.md", page)
    arguments = (sys.executable, "-m", "sweep_dask.terms.metrics_page", str(page))
    environment = os.environ | {"PYTHONPATH": str(extended)}
    subprocess.run(arguments, check=True, cwd=extended, env=environment)
    (row,) = set(page.read_text().splitlines()) - set(
        (ROOT / "docs/metrics.md").read_text().splitlines()
    )
    assert row.startswith("| `entry_fill_ratio` |")


def test_the_scenario_is_run_and_answered(results):
    read = {
        name: pq.read_table(results / "tables" / f"{name}.parquet").to_pandas()
        for name in ("centre_point_order_summary", "rollups/verdicts")
    }
    assert "rest-better" in set(read["rollups/verdicts"]["scenario"])
    orders = read["centre_point_order_summary"].query("is_affected").set_index("order_id")
    better, at_limit = (orders[orders["scenario"] == name] for name in ("rest-better", "rest-dark"))
    assert better["lit_resting_quantity"].sum() == 0
    # Half a tick reaches midpoints that the limit itself does not.
    assert better["dark_resting_quantity"].sum() > at_limit["dark_resting_quantity"].sum()
    assert "Rest better" in (results / "report.html").read_text(encoding="utf-8")


def test_a_hunk_has_to_be_there_once(tmp_path):
    (tmp_path / "a.py").write_text("one\ntwo\none\n", encoding="utf-8")
    apply("--- a.py\n one\n-two\n+three\n", tmp_path)
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == "one\nthree\none\n"
    for hunk in (" one\n", " two\n"):
        with pytest.raises(AssertionError, match="times there"):
            apply(f"--- a.py\n{hunk}", tmp_path)
