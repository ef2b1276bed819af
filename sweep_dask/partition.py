"""One partition - a trading date of one security - from spilled rows to results on disk.

The unit of resume: a partition whose rows, model and settings are those of an earlier run is
kept as it is. Knows no Dask; a task calls `run_partition` and sends the summary home.
"""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.analysis.time_priority import MODEL, PartitionResult, simulate_partition
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.atomic import file_digest, write_atomically, write_bytes
from sweep_dask.storage.catalogue import PARTITIONED, PartitionSource
from sweep_dask.storage.csv_tables import write_csv
from sweep_dask.storage.frames import bytes_digest, parquet_bytes, to_frame, to_table
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.merge import MergedRows, Repeats, TableColumns, merge_rows
from sweep_dask.storage.receipts import (
    PartitionReceipt,
    is_whole,
    read_receipt,
    withdraw_receipt,
    write_receipt,
)
from sweep_dask.system_config import peak_memory_bytes
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

#: File stems of the merged rows in `processed/`.
ROW_FILES = {"orders": "cp_orders_filtered", "trades": "cp_trades_matched", "nbbo": "nbbo"}


@dataclass(frozen=True)
class PartitionJob:
    """What a task needs to run one partition: paths and small parameters."""

    source: PartitionSource
    output: str
    scratch: str
    columns: Mapping[str, TableColumns]
    repeats: Repeats = frozenset()
    """Order rows that repeat a rejected one."""
    may_keep: bool = True
    """Whether there are results of an earlier run that may be kept. (A task that runs a second
    time, after a worker's death, may find its own.)"""


@dataclass
class PartitionSummary:
    """What became of one partition; small enough to send home."""

    date: str
    security: int
    state: str = "failed"
    """`computed`, `kept` or `failed`."""
    fingerprint: str | None = None
    seconds: float = 0.0
    reason: str | None = None
    """Why it failed."""
    traceback: str | None = None
    """Where it failed, for the log; it goes home, as a worker has no log of ours."""
    counts: dict[str, int] = field(default_factory=dict)
    stage_seconds: dict[int, float] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    removed: dict[int, dict[str, int]] = field(default_factory=dict)
    """Block to reason to rows filtered while merging."""
    peak_memory_bytes: int = 0
    """Highest resident memory of the process so far."""


def run_partition(job: PartitionJob) -> PartitionSummary:
    """Run one partition; a failure is its own and is reported, not raised."""
    began = time.perf_counter()
    summary = PartitionSummary(job.source.date, job.source.security)
    try:
        _run(job, summary)
    except Exception as error:  # noqa: BLE001  one bad partition may not cost the others
        summary.state = "failed"
        summary.traceback = traceback.format_exc()
        summary.reason = f"{type(error).__name__}: {error}"
        summary.files = {}
        withdraw_receipt(OutputLayout(Path(job.output)), summary.date, summary.security)
    summary.seconds = time.perf_counter() - began
    summary.peak_memory_bytes = peak_memory_bytes()
    return summary


def _run(job: PartitionJob, summary: PartitionSummary) -> None:
    layout = OutputLayout(Path(job.output))
    merged = _merge(job, summary)
    files = {table: parquet_bytes(m.rows) for table, m in merged.items() if len(m.rows)}
    summary.fingerprint = _fingerprint(files)
    earlier = read_receipt(layout, summary.date, summary.security) if job.may_keep else None
    if earlier and earlier.fingerprint == summary.fingerprint and is_whole(layout, earlier):
        summary.state, summary.counts = "kept", earlier.counts
        summary.files = earlier.files | _receipt_digest(layout, summary)
        return
    withdraw_receipt(layout, summary.date, summary.security)
    result = simulate_partition(
        to_frame(merged["orders"].rows),
        to_frame(merged["trades"].rows),
        to_frame(merged["nbbo"].rows),
        summary.security,
    )
    summary.stage_seconds = result.stage_seconds
    summary.counts = _counts(merged, result)
    summary.files = _write(layout, summary, files, result)
    receipt = PartitionReceipt(summary.fingerprint, summary.counts, summary.files)
    write_receipt(layout, summary.date, summary.security, receipt)
    summary.files = summary.files | _receipt_digest(layout, summary)
    summary.state = "computed"


def _receipt_digest(layout: OutputLayout, summary: PartitionSummary) -> dict[str, str]:
    path = layout.receipt(summary.date, summary.security)
    return {layout.relative(path): file_digest(path)}


def _merge(job: PartitionJob, summary: PartitionSummary) -> dict[str, MergedRows]:
    scratch = Path(job.scratch)
    merged: dict[str, MergedRows] = {}
    for table in PARTITIONED:
        merged[table] = merge_rows(
            scratch,
            job.source.ranges[table],
            BY_NAME[table],
            job.columns[table],
            job.source.day,
            repeats_of_rejects=job.repeats,
            only_orders=_order_ids(merged) if table == "trades" else None,
        )
        for block, reasons in merged[table].removed.items():
            summary.removed[block] = reasons
    return merged


def _order_ids(merged: Mapping[str, MergedRows]) -> npt.NDArray[np.int64]:
    order_ids: npt.NDArray[np.int64] = merged["orders"].rows["order_id"].unique().to_numpy()
    return order_ids


def _fingerprint(files: Mapping[str, bytes]) -> str:
    parts = [VERSION, MODEL, *(f"{table}={bytes_digest(data)}" for table, data in files.items())]
    return bytes_digest("\n".join(parts).encode())


def _counts(merged: Mapping[str, MergedRows], result: PartitionResult) -> dict[str, int]:
    rows = {f"{table}_rows": len(m.rows) for table, m in merged.items()}
    return rows | {
        "orders": result.order_count,
        "sweeps": result.sweep_count,
        "matches": result.match_count,
        "steps": result.step_count,
    }


def _write(
    layout: OutputLayout,
    summary: PartitionSummary,
    row_files: Mapping[str, bytes],
    result: PartitionResult,
) -> dict[str, str]:
    """Write all files of the partition; returns path below the output folder to digest."""
    processed = layout.processed(summary.date, summary.security)
    outputs = layout.outputs(summary.date, summary.security)
    data = {processed / f"{ROW_FILES[table]}.parquet": body for table, body in row_files.items()}
    for name, frame in result.processed.items():
        if name != "cp_trades_aggregated" or "trades" in row_files:
            data[processed / f"{name}.parquet"] = parquet_bytes(to_table(frame))
    digests = {}
    for path, body in data.items():
        write_bytes(path, body)
        digests[layout.relative(path)] = bytes_digest(body)
    for name, frame in result.outputs.items():
        path = outputs / f"{name}.csv"
        write_atomically(path, partial(write_csv, frame=frame))
        digests[layout.relative(path)] = file_digest(path)
    return digests
