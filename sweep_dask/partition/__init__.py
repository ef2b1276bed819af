"""One partition - a trading date of one security - from spilled rows to results on disk.

The unit of resume: a partition whose rows, models and settings are those of an earlier run is
kept as it is. Knows no Dask; a task calls `run_piece` (or `replay_piece`), which runs some
neighbouring partitions, and sends their summaries home.
"""

from sweep_dask.partition.job import CentrePointJob, PartitionJob, PartitionSummary, PieceJob
from sweep_dask.partition.piece import MadePiece
from sweep_dask.partition.replay import replay_piece
from sweep_dask.partition.run import finished_summary, run_piece

__all__ = [
    "CentrePointJob",
    "MadePiece",
    "PartitionJob",
    "PartitionSummary",
    "PieceJob",
    "finished_summary",
    "replay_piece",
    "run_piece",
]
