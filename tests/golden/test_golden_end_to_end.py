"""The golden markets through the whole pipeline, however it is cut and spread."""

import pandas as pd
import pyarrow.parquet as pq
import pytest
from golden_tables import (
    GOLDEN,
    OUTPUT_TABLES,
    PARTITIONS,
    PROCESSED_TABLES,
    assert_like_golden,
    golden_output,
    golden_processed,
    read_output,
    require_golden,
)
from running import result_files, run_here
from small_market import SMALL

from sweep_dask.storage.frames import to_frame

MORNING = GOLDEN.parent / "drr_20240905_morning"
LARGE_BLOCKS = 64 * 1024**2
WAYS = {
    "two workers, blocks by themselves": {"workers": 2},
    "one worker, 64 KiB": {"workers": 1, "blocksize": "64KiB"},
    "three workers, 64 KiB": {"workers": 3, "blocksize": "64KiB"},
    "no cluster, 64 KiB": {"enable_parallel": False, "blocksize": "64KiB"},
}
#: The smallest blocks are shorter than a row: some hold no beginning of one.
TINY_WAYS = {
    "no cluster": {"enable_parallel": False, "blocksize": 150},
    "one worker": {"workers": 1, "blocksize": 1000},
    "two workers": {"workers": 2, "blocksize": 300},
    "three workers": {"workers": 3, "blocksize": LARGE_BLOCKS},
}


def run_calendar(folder, output, **settings):
    return run_here(folder, output, trading_day="calendar", **settings)


@pytest.fixture(scope="module")
def golden_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden") / "output"
    source = require_golden() / "input"
    return run_calendar(source, folder, enable_parallel=False, blocksize=LARGE_BLOCKS)


@pytest.fixture(scope="module")
def small_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "output"
    run_calendar(SMALL / "input", folder, enable_parallel=False, blocksize=LARGE_BLOCKS)
    return result_files(folder)


@pytest.mark.parametrize(("date", "security"), PARTITIONS)
def test_a_run_equals_the_golden_tables(golden_run, date, security):
    outputs = golden_run.output / "outputs" / date / str(security)
    for name in OUTPUT_TABLES:
        actual = read_output(outputs / f"{name}.csv")
        assert_like_golden(actual, golden_output(date, security, name), name)
    stored = golden_run.output / "processed" / date / str(security)
    for name in PROCESSED_TABLES:
        actual = to_frame(pq.read_table(stored / f"{name}.parquet"))
        assert_like_golden(actual, golden_processed(date, security, name), name)


@pytest.mark.parametrize(("date", "security"), PARTITIONS)
@pytest.mark.parametrize("name", ["cp_orders_filtered", "cp_trades_matched", "nbbo"])
def test_stored_rows_equal_the_golden_rows(golden_run, date, security, name):
    path = golden_run.output / "processed" / date / str(security) / f"{name}.parquet"
    actual, golden = to_frame(pq.read_table(path)), golden_processed(date, security, name)
    assert list(actual.columns) == list(golden.columns)
    for column in golden.columns:
        assert actual[column].tolist() == golden[column].tolist(), column


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_bytes_do_not_depend_on_workers_or_blocks(golden_run, tmp_path, way):
    run_calendar(GOLDEN / "input", tmp_path / "output", **WAYS[way])
    assert result_files(tmp_path / "output") == result_files(golden_run.output)


@pytest.mark.slow
@pytest.mark.parametrize("way", TINY_WAYS)
def test_bytes_of_the_small_market_do_not_depend_on_workers_or_blocks(small_files, tmp_path, way):
    run_calendar(SMALL / "input", tmp_path / "output", **TINY_WAYS[way])
    assert result_files(tmp_path / "output") == small_files


def test_a_combined_table_is_its_partitions_in_order(golden_run):
    combined = golden_run.table("sweep_order_comparison")
    parts = [
        golden_output(date, security, "sweep_order_comparison") for date, security in PARTITIONS
    ]
    keys = [key for key, part in zip(PARTITIONS, parts, strict=True) for _ in range(len(part))]
    assert list(zip(combined["date"], combined["security"], strict=True)) == keys
    assert combined["orderid"].tolist() == pd.concat(parts)["orderid"].tolist()


def test_a_real_morning_runs_without_a_reject(tmp_path):
    if not MORNING.is_dir():
        pytest.skip(f"the real morning is not there: {MORNING}")
    result = run_here(MORNING, tmp_path / "output", enable_parallel=False)
    assert result.exit_code == 0
    assert not (result.output / "rejects").exists()
    assert all(entry["rejected"] == {} for entry in result.manifest["ledger"])
    known = {
        int(line.split(",", 1)[0])
        for path in (MORNING / "orders").iterdir()
        for line in path.read_text().splitlines()[1:]
    }
    for name in OUTPUT_TABLES[:4]:
        table = result.table(name)
        ids = [c for c in table.columns if c.endswith("orderid")]
        assert ids
        assert len(table) > 0
        for column in ids:
            assert set(table[column].tolist()) <= known
