"""The sweeps of one partition: what became of them for real and in every simulation, measured."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.lifetimes import lifetime_of
from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.analysis.metrics.partition_sweeps import (
    fills_by_time_priority,
    fills_of_book,
)
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE, Outcome, sweep_tables
from sweep_dask.storage.atomic import file_digest, make_folders
from sweep_dask.storage.combine import table_schema
from sweep_dask.storage.frames import RowsFile
from sweep_dask.storage.layout import Partition
from sweep_dask.terms.arms import ARMS, REAL, TIME_PRIORITY, Arm
from sweep_dask.terms.files import SWEEP_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.partition.job import PartitionJob, PartitionSummary
    from sweep_dask.partition.piece import PieceTables
    from sweep_dask.storage.layout import OutputLayout

#: What `centre_point_seconds` calls all of this.
MEASURING = "measure sweeps"


def write_sweeps(
    job: PartitionJob,
    summary: PartitionSummary,
    layout: OutputLayout,
    partition: PartitionInput,
    found: PartitionSweeps,
    scenarios: Mapping[Arm, Outcome],
    time_priority: pa.Table | None,
    tables: PieceTables,
) -> None:
    """Measure the sweeps of every arm and write them.

    Parameters
    ----------
    scenarios
        What the Centre Point model says of them.
    time_priority
        Matches of the time-priority model, columns `MATCH_DETAILS`; None if it was not run.
    """
    began = perf_counter()
    real = fills_of_book(partition.log, real_fills(partition))
    outcomes = {REAL: Outcome(real), **scenarios}
    if time_priority is not None:
        outcomes[Arm(TIME_PRIORITY)] = Outcome(fills_by_time_priority(real, time_priority))
    arms = sweep_tables(
        found,
        {arm: outcomes[arm] for arm in ARMS if arm in outcomes},
        lifetime=lifetime_of(job.centre_point.choices.lifetime),
        ticks=partition.settings.ticks,
        fees=job.centre_point.fees,
    )
    key = Partition(summary.date, summary.security)
    path = layout.outputs(*key) / f"{SWEEP_METRICS}.parquet"
    make_folders(layout.root, path.parent)
    schema = table_schema(SWEEP_TABLE)
    file = RowsFile(path, schema)
    for rows in arms:
        file.add(rows)
        if not tables.is_alone:
            tables.add(SWEEP_METRICS, rows, key)
    file.close()
    if tables.is_alone:
        tables.add_file(SWEEP_METRICS, path)
    summary.files[layout.relative(path)] = file_digest(path)
    summary.counts["centre_point_sweeps"] = found.sweeps.size
    summary.centre_point_seconds[MEASURING] = perf_counter() - began
