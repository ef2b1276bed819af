"""What every task does around its partition: time, memory, and failures that stay its own."""

from __future__ import annotations

import shutil
import time
import traceback
from typing import TYPE_CHECKING

from sweep_dask.partition.job import PartitionJob, PartitionSummary
from sweep_dask.system_config import peak_memory_bytes
from sweep_dask.system_errors import explained, is_of_the_machine

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(
    job: PartitionJob, work: Callable[[PartitionJob, PartitionSummary], None]
) -> PartitionSummary:
    """Do the work of one partition, which fills in the summary; a failure is reported, not raised.

    What a failed partition staged is removed.
    """
    began = time.perf_counter()
    summary = PartitionSummary(job.source.date, job.source.security)
    try:
        work(job, summary)
    except Exception as error:  # noqa: BLE001  one bad partition may not cost the others
        summary.state = "failed"
        summary.traceback = traceback.format_exc()
        summary.reason = f"{type(error).__name__}: {error}"
        summary.refused = explained(error) if is_of_the_machine(error) else None
        summary.files = {}
        summary.centre_point = summary.replay = None
        if summary.staged is not None:
            shutil.rmtree(summary.staged, ignore_errors=True)
            summary.staged = None
    summary.seconds = time.perf_counter() - began
    summary.peak_memory_bytes = peak_memory_bytes()
    return summary
