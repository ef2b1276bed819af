"""Columns of tables keep what is missing missing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.tables import empty_table, labels, schema, table

COLUMNS = schema("name:str count:Int64 size:int64 price:float64")
TYPES = [pa.string(), pa.int64(), pa.int64(), pa.float64()]
BIG = 7_904_794_000_123_498_601


def values(**changed):
    return {"name": ["a", "b"], "count": [1, 2], "size": [1, 2], "price": [0.5, 1]} | changed


def test_what_is_missing_stays_missing():
    count = pa.array(np.array([BIG, 2]), mask=np.array([False, True]))
    made = table(COLUMNS, values(name=["a", None], count=count, price=np.array([np.nan, 1])))
    assert made["name"].to_pylist() == ["a", None]
    assert made["count"].to_pylist() == [BIG, None]
    assert made["price"].to_pylist() == [None, 1.0]


def test_missing_labels_too():
    names = labels(("x", None), np.array([0, 1, 0]))
    assert table(schema("name:str"), {"name": names})["name"].to_pylist() == ["x", None, "x"]


def test_types_do_not_depend_on_the_values():
    nothing = values(name=[None, None], count=[None, None], price=[np.nan, np.nan])
    for made in (table(COLUMNS, values()), table(COLUMNS, nothing), empty_table(COLUMNS)):
        assert made.schema.types == TYPES
