"""Tables that belong to a date, not to a security: session, reference, participants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.trading_day import day_to_date
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.atomic import make_folders, write_bytes
from sweep_dask.storage.frames import parquet_bytes
from sweep_dask.storage.merge import TableColumns, merge_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.spill import SpillIndex


def write_dated_tables(
    layout: OutputLayout,
    scratch: Path,
    day: int,
    ranges: Mapping[str, SpillIndex],
    columns: Mapping[str, TableColumns],
) -> dict[str, str]:
    """Write the tables of one date that have rows; returns path below the output to digest."""
    digests = {}
    for name, parts in ranges.items():
        if not parts.size:
            continue
        # Participants may be those of another day; their date says so.
        merged = merge_rows(scratch, parts, BY_NAME[name], columns[name], int(parts["day"][0]))
        path = layout.processed_date(day_to_date(day)) / f"{name}.parquet"
        make_folders(layout.root, path.parent)
        digests[layout.relative(path)] = write_bytes(path, parquet_bytes(merged.rows, name))
    return digests
