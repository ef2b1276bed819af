"""Combined tables by row group, some columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from sweep_dask.storage.frames import to_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd


def row_group_rows(path: Path) -> list[int]:
    """The number of rows of each row group."""
    metadata = pq.read_metadata(path)
    return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]


def read_row_groups(
    path: str, numbers: Sequence[int], columns: Sequence[str], categories: Sequence[str]
) -> Iterator[pd.DataFrame]:
    """Read columns of row groups, a row group in memory at a time.

    Parameters
    ----------
    categories
        Columns of text that become categories: few values, millions of rows.
    """
    with pq.ParquetFile(path, read_dictionary=list(categories)) as file:
        for number in numbers:
            rows = file.read_row_group(number, columns=list(columns), use_threads=False)
            yield to_frame(rows.unify_dictionaries())
