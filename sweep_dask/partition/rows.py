"""The rows of one partition: merged from the spill files, and written as a file of the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

from sweep_dask.market.deal_sources import DARK
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.atomic import make_folders, write_bytes
from sweep_dask.storage.catalogue import PARTITIONED
from sweep_dask.storage.frames import bytes_digest, parquet_bytes, to_table
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.merge import MergedRows, merge_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from sweep_dask.partition.job import PartitionJob, PartitionSummary


def new_staging(job: PartitionJob, summary: PartitionSummary) -> OutputLayout:
    """A folder of this task alone, where results lie as below the output folder.

    Two copies of a task, of which one was thought dead, have two.

    Raises
    ------
    FileNotFoundError
        The run has ended.
    """
    name = f"{summary.date}-{summary.security}-{uuid4().hex}"
    staging = OutputLayout(Path(job.scratch) / "staged" / name)
    make_folders(Path(job.scratch), staging.root)
    summary.staged = str(staging.root)
    return staging


def merge_tables(
    job: PartitionJob, summary: PartitionSummary, *, with_dark_trades: bool = False
) -> dict[str, MergedRows]:
    """Orders, trades and quotes; what is filtered goes into the summary.

    Parameters
    ----------
    with_dark_trades
        Whether trades of the Centre Point book stay although their order is not in the input.
    """
    scratch = Path(job.scratch)
    merged: dict[str, MergedRows] = {}
    for table in PARTITIONED:
        merged[table] = merge_rows(
            scratch,
            job.source.ranges[table],
            BY_NAME[table],
            job.columns[table],
            job.source.day,
            keep=_TradesOf(merged, with_dark_trades) if table == "trades" else None,
        )
        for block, reasons in merged[table].removed.items():
            summary.removed[block] = reasons
    return merged


def write_table(
    layout: OutputLayout, summary: PartitionSummary, path: Path, frame: pd.DataFrame
) -> pa.Table:
    """Write a table as Parquet and note its digest; returns the rows as written."""
    rows = to_table(frame)
    write_body(layout, summary, path, parquet_bytes(rows))
    return rows


def write_body(layout: OutputLayout, summary: PartitionSummary, path: Path, body: bytes) -> None:
    """Write a file and note its digest."""
    make_folders(layout.root, path.parent)
    write_bytes(path, body)
    summary.files[layout.relative(path)] = bytes_digest(body)


class _TradesOf:
    """Which trades belong to the orders of the partition."""

    def __init__(self, merged: Mapping[str, MergedRows], with_dark_trades: bool) -> None:
        self._order_ids = merged["orders"].rows["order_id"].unique().to_numpy()
        self._deal_sources = DARK if with_dark_trades else ()

    def __call__(self, trades: pa.Table) -> npt.NDArray[np.bool_]:
        belongs = np.isin(trades["orderid"].to_numpy(), self._order_ids)
        if self._deal_sources and "dealsource" in trades.column_names:
            deal_source = trades["dealsource"].fill_null(0).to_numpy()
            belongs |= np.isin(deal_source, self._deal_sources)
        return belongs
