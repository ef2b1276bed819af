"""Columns of tables keep what is missing missing, on every pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from sweep_dask.analysis.tables import empty_table, schema, table
from sweep_dask.storage.frames import to_table

COLUMNS = schema("name:str count:Int64 size:int64")


def test_missing_text_is_no_text():
    made = table(COLUMNS, {"name": ["a", None, np.nan], "count": [1, None, 3], "size": [1, 2, 3]})
    assert made["name"].isna().tolist() == [False, True, True]
    assert to_table(made)["name"].to_pylist() == ["a", None, None]
    assert to_table(made)["count"].to_pylist() == [1, None, 3]


def test_missing_labels_of_a_series_too():
    labels = pd.Series(["x", "y", "z"], dtype="str").where([True, False, True])
    made = table(schema("name:str"), {"name": labels})
    assert to_table(made)["name"].to_pylist() == ["x", None, "z"]


def test_text_that_is_nowhere_is_text_all_the_same():
    made = table(COLUMNS, {"name": [None, None], "count": [None, 1], "size": [1, 2]})
    assert to_table(made).schema.types == [pa.string(), pa.int64(), pa.int64()]
    assert to_table(empty_table(COLUMNS)).schema.types == to_table(made).schema.types
