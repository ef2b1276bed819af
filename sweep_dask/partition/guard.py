"""What every task does around its partition: time, memory, and failures that stay its own."""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_dask.memory import peak_memory_bytes
from sweep_dask.partition.job import PartitionJob, PartitionSummary
from sweep_dask.system_errors import explained, is_of_the_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep_dask.partition.rows import RowsRead


def guarded(
    job: PartitionJob,
    read: Callable[[PartitionJob], RowsRead],
    work: Callable[[PartitionJob, RowsRead], PartitionSummary],
) -> PartitionSummary:
    """Read the rows of one partition and work on them; a failure is reported, not raised."""
    began = time.perf_counter()
    rows: RowsRead | None = None
    try:
        rows = read(job)
        summary = work(job, rows)
    except Exception as error:  # noqa: BLE001  one bad partition may not cost the others
        summary = _failed(job, rows, error)
    seconds = time.perf_counter() - began
    return replace(summary, seconds=seconds, peak_memory_bytes=peak_memory_bytes())


def _failed(job: PartitionJob, rows: RowsRead | None, error: Exception) -> PartitionSummary:
    """With what is known of its rows, which the ledger counts."""
    return PartitionSummary(
        job.source.date,
        job.source.security,
        fingerprint=None if rows is None else rows.fingerprint,
        reason=f"{type(error).__name__}: {error}",
        refused=explained(error) if is_of_the_machine(error) else None,
        traceback=traceback.format_exc(),
        counts={} if rows is None else rows.counts,
        removed={} if rows is None else rows.removed,
    )
