"""Reading the golden tables of the time-priority model and comparing with them.

The tables lie beside the checkout, in `../shared/data/golden_time_priority`. Integers are compared
exactly, floats to 1e-9, statistics to 1e-7; the four times of `trade_level_comparison` are rounded
floats with 0 for missing in the golden files: equal means within 256 ns, and null is 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sweep_dask.schema import NBBO, ORDERS, TRADES, Kind, Table

GOLDEN = Path(__file__).parents[2] / ".." / "shared" / "data" / "golden_time_priority"

PARTITIONS = [
    (date, security)
    for date in ("2024-10-04", "2024-10-07")
    for security in (110621, 110658, 110695)
]
OUTPUT_TABLES = (
    "simulation_order_summary",
    "simulation_match_details",
    "orders_with_simulated_metrics",
    "sweep_order_comparison",
    "sweep_group_summary",
    "sweep_statistical_tests",
    "sweep_size_analysis",
    "trade_level_comparison",
    "trade_accuracy_summary",
)
PROCESSED_TABLES = (
    "cp_trades_aggregated",
    "orders_before_matching",
    "orders_after_matching",
    "last_execution_time",
)
ROUNDED_TIMES = (
    "first_trade_time",
    "last_trade_time",
    "sim_first_match_time",
    "sim_last_match_time",
)
ROUNDED_TIME_TOLERANCE_NS = 256
FLOAT_TOLERANCE = 1e-9
STATISTICS_TOLERANCE = 1e-7


def require_golden() -> Path:
    """The golden folder; the test is skipped where it is absent."""
    if not GOLDEN.is_dir():
        pytest.skip(f"the golden tables are not there: {GOLDEN}")
    return GOLDEN


def golden_output(date: str, security: int, name: str) -> pd.DataFrame:
    path = GOLDEN / "outputs" / date / str(security) / f"{name}.csv"
    # Python reads a float to its last bit; pandas 2 may be off by a few of 256 ns each.
    return pd.read_csv(path, converters=dict.fromkeys(ROUNDED_TIMES, float))


def golden_processed(date: str, security: int, name: str) -> pd.DataFrame:
    folder = GOLDEN / "processed" / date / str(security)
    path = folder / f"{name}.csv"
    return pd.read_csv(path if path.exists() else folder / f"{name}.csv.gz")


def golden_input(date: str, security: int) -> dict[str, pd.DataFrame]:
    """The stored rows of a partition, as `simulate_partition` takes them."""
    tables = {
        "orders": ("cp_orders_filtered", ORDERS),
        "trades": ("cp_trades_matched", TRADES),
        "nbbo": ("nbbo", NBBO),
    }
    return {
        argument: _with_float_prices(golden_processed(date, security, name), table)
        for argument, (name, table) in tables.items()
    }


def read_output(path: Path) -> pd.DataFrame:
    """An output file of ours; times that may be missing stay integers."""
    return pd.read_csv(path, dtype=dict.fromkeys(ROUNDED_TIMES, "Int64"))


def assert_like_golden(actual: pd.DataFrame, golden: pd.DataFrame, name: str) -> None:
    """Same columns, rows, types and values, each within what the model's page allows."""
    assert list(actual.columns) == list(golden.columns), name
    assert len(actual) == len(golden), name
    for column in golden.columns:
        where = f"{name}.{column}"
        if name == "trade_level_comparison" and column in ROUNDED_TIMES:
            _assert_times(actual[column], golden[column], where)
        elif pd.api.types.is_float_dtype(golden[column]):
            tolerance = STATISTICS_TOLERANCE if "statistical" in name else FLOAT_TOLERANCE
            _assert_floats(actual[column], golden[column], tolerance, where)
        else:
            _assert_exact(actual[column], golden[column], where)


def _with_float_prices(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    return rows.astype(dict.fromkeys(table.names(Kind.PRICE), "float64"))


def _assert_times(actual: pd.Series, golden: pd.Series, where: str) -> None:
    assert actual.dtype == "Int64", where
    assert actual.isna().tolist() == (golden == 0).tolist(), where
    difference_ns = actual.fillna(0).astype("int64") - golden.astype("int64")
    assert (difference_ns.abs() <= ROUNDED_TIME_TOLERANCE_NS).all(), where


def _assert_floats(actual: pd.Series, golden: pd.Series, tolerance: float, where: str) -> None:
    assert actual.dtype == "float64", where
    np.testing.assert_allclose(actual, golden, rtol=tolerance, atol=tolerance, err_msg=where)


def _assert_exact(actual: pd.Series, golden: pd.Series, where: str) -> None:
    is_integer = pd.api.types.is_integer_dtype
    # Input columns are typed by their schema: a whole price is a float there.
    same_type = is_integer(actual) == is_integer(golden) or where.startswith("orders_")
    assert same_type, f"{where}: {actual.dtype}, golden {golden.dtype}"
    assert actual.tolist() == golden.tolist(), where
