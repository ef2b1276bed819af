"""Frames to Parquet with stated types: a text column without any text is still one of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from sweep_dask.storage.atomic import write_bytes
from sweep_dask.storage.frames import bytes_digest, parquet_bytes, to_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd


def write_typed(path: Path, frame: pd.DataFrame, columns: Mapping[str, str]) -> str:
    """Write a frame of these columns; returns the digest of the file.

    Parameters
    ----------
    columns
        Names and pandas types, as the frame has them.
    """
    table = to_table(frame)
    fields = [
        pa.field(field.name, pa.string() if columns[field.name] == "str" else field.type)
        for field in table.schema
    ]
    data = parquet_bytes(table.cast(pa.schema(fields)))
    write_bytes(path, data)
    return bytes_digest(data)
