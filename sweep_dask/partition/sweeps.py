"""The sweeps of one partition: what became of them for real and in every simulation, measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.lifetimes import lifetime_of
from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.analysis.metrics.partition_sweeps import (
    fills_by_time_priority,
    fills_of_book,
)
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE, Outcome, sweep_tables
from sweep_dask.storage.atomic import make_folders
from sweep_dask.storage.combine import table_schema
from sweep_dask.storage.frames import RowsFile
from sweep_dask.terms.arms import ARMS, REAL, TIME_PRIORITY, Arm
from sweep_dask.terms.files import SWEEP_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.partition.job import PartitionJob
    from sweep_dask.partition.piece import PieceTables
    from sweep_dask.partition.rows import StagedFiles


def write_sweeps(
    job: PartitionJob,
    staged: StagedFiles,
    partition: PartitionInput,
    partition_sweeps: PartitionSweeps,
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
    real = fills_of_book(partition.log, real_fills(partition))
    outcomes = {REAL: Outcome(real), **scenarios}
    if time_priority is not None:
        outcomes[Arm(TIME_PRIORITY)] = Outcome(fills_by_time_priority(real, time_priority))
    arms = sweep_tables(
        partition_sweeps,
        {arm: outcomes[arm] for arm in ARMS if arm in outcomes},
        lifetime=lifetime_of(job.centre_point.choices.lifetime),
        ticks=partition.settings.ticks,
        fees=job.centre_point.fees,
    )
    path = staged.layout.outputs(*staged.key) / f"{SWEEP_METRICS}.parquet"
    make_folders(staged.layout.root, path.parent)
    schema = table_schema(SWEEP_TABLE)
    file = RowsFile(path, schema, SWEEP_METRICS)
    for rows in arms:
        file.add(rows)
        if not tables.is_alone:
            tables.add(SWEEP_METRICS, rows, staged.key)
    file.close()
    if tables.is_alone:
        tables.add_file(SWEEP_METRICS, path)
    staged.note(path)
