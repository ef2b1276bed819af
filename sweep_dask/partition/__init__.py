"""One partition - a trading date of one security - from spilled rows to results on disk.

The unit of resume: a partition whose rows, models and settings are those of an earlier run is
kept as it is. Knows no Dask; a task calls `run_partition` (or `replay_partition`) and sends the
summary home.
"""

from sweep_dask.partition.job import CentrePointJob, PartitionJob, PartitionSummary
from sweep_dask.partition.replay import replay_partition
from sweep_dask.partition.run import finished_summary, run_partition

__all__ = [
    "CentrePointJob",
    "PartitionJob",
    "PartitionSummary",
    "finished_summary",
    "replay_partition",
    "run_partition",
]
