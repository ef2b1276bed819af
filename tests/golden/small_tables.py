"""Reading the stored tables of the small golden market."""

import pandas as pd
import pyarrow.parquet as pq
from golden_tables import OUTPUT_TABLES, PROCESSED_TABLES, ROUNDED_TIMES, read_output
from small_market import PARTITIONS, SMALL

from sweep_dask.storage.frames import to_frame

TABLES = (*OUTPUT_TABLES, *PROCESSED_TABLES)
CASES = [(date, security, name) for date, security in PARTITIONS for name in TABLES]


def expected_path(date, security, name):
    return SMALL / "expected" / date / str(security) / f"{name}.csv"


def expected_table(date, security, name):
    """A stored table; None if it has no rows (and so no header)."""
    path = expected_path(date, security, name)
    if path.stat().st_size == 0:
        return None
    table = pd.read_csv(path, dtype=dict.fromkeys(ROUNDED_TIMES, "Int64"))
    # Here times are exact; `assert_like_golden` compares with files that have 0 for none.
    return table.fillna(dict.fromkeys(ROUNDED_TIMES, 0)) if name.startswith("trade_l") else table


def actual_table(output, date, security, name):
    """A table of a run; None if there is no file."""
    if name in OUTPUT_TABLES:
        return read_output(output / "outputs" / date / str(security) / f"{name}.csv")
    path = output / "processed" / date / str(security) / f"{name}.parquet"
    return to_frame(pq.read_table(path)) if path.exists() else None
