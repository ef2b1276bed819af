"""What a task is told of a partition, what it sends home, and what becomes of a failure."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sweep_dask.analysis.centre_point.choices import DEFAULT_CHOICES, Choices
from sweep_dask.analysis.centre_point.inputs import BookSettings
from sweep_dask.analysis.centre_point.partition_score import PartitionScore
from sweep_dask.analysis.metrics.records import NO_FEES, Fees
from sweep_dask.errors import explained, is_of_the_machine
from sweep_dask.memory import peak_memory_bytes
from sweep_dask.storage.pieces import Piece
from sweep_dask.terms.arms import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep_dask.analysis.centre_point.score import Score
    from sweep_dask.errors import ResourceError
    from sweep_dask.partition.rows import RowsRead
    from sweep_dask.partition.tables import TablesSpec
    from sweep_dask.storage.merge import TableColumns
    from sweep_dask.storage.partition_index import PartitionSource


@dataclass(frozen=True)
class CentrePointJob:
    """What the Centre Point model needs to know besides the rows."""

    book: BookSettings = field(default_factory=BookSettings)
    """With the block value of this security."""
    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    """In the order of `SCENARIOS`; none if the model is not run."""
    session: str | None = None
    """Parquet file with the session rows of the date, if there are any."""
    is_scored: bool = True
    """Whether a run that has scenarios replays the recorded flow, too, and scores the book."""
    ablations: bool = True
    """Whether the command `replay` repeats that without each rule."""
    choices: Choices = DEFAULT_CHOICES
    """Under which arms are compared."""
    fees: Fees = NO_FEES
    """What fills cost beside their price."""


@dataclass(frozen=True)
class PartitionJob:
    """What a task needs to run one partition: paths and small parameters."""

    source: PartitionSource
    output: str
    """The output folder, which tasks only read."""
    scratch: str
    """The run's own folder: rows to merge, and below `staged` what tasks write."""
    columns: Mapping[str, TableColumns]
    may_keep: bool = True
    """Whether there are results of an earlier run that may be kept."""
    time_priority: bool = True
    """Whether the time-priority model is run."""
    csv_safe_text: bool = False
    """Whether texts that a spreadsheet takes for formulas are written with ' before them."""
    centre_point: CentrePointJob = field(default_factory=CentrePointJob)
    """The Centre Point book, and what is asked of it."""
    signature: str = ""
    """Digest of what the models are told, the same for all partitions of a run."""


@dataclass(frozen=True)
class PieceJob:
    """What a task does: partitions of a date, one after the other."""

    partitions: tuple[PartitionJob, ...]
    """By security."""
    spec: TablesSpec | None = None
    """What the combined tables are to hold; None if there are to be none."""
    made_of: str | None = None
    """What the files of an earlier run's piece of this name were made of; None if there are
    none."""
    files: Mapping[str, str] = field(default_factory=dict)
    """These files and their digests."""

    @property
    def piece(self) -> Piece:
        """Of the combined tables."""
        sources = [job.source for job in self.partitions]
        return Piece(sources[0].date, tuple(source.security for source in sources))

    @property
    def rows(self) -> int:
        """Of all tables, as ingested."""
        return sum(sum(job.source.rows.values()) for job in self.partitions)

    def divided(self) -> list[PieceJob]:
        """The partitions, each by itself."""
        return [PieceJob((job,), self.spec) for job in self.partitions]

    def lost(self, reason: str) -> PartitionSummary:
        """What became of the only partition of a job whose workers died."""
        date, security = self.piece.partitions[0]
        return PartitionSummary(date, security, reason=reason)


@dataclass(frozen=True)
class CentrePointOutcome:
    """The Centre Point model of one partition in a few numbers; JSON as it stands."""

    left_out: dict[str, int]
    """Orders left out of the book, by reason."""
    scenarios: dict[str, dict[str, int]]
    """Sweeps, quantity, dark, lit and unfilled by scenario; `tape` is what really happened."""
    gaps: list[str]
    """Keys of `terms.reasons.GAPS`."""


@dataclass(frozen=True)
class ReplayOutcome:
    """The replay of one partition."""

    left_out: dict[str, int]
    gaps: list[str]
    score: PartitionScore = field(default_factory=PartitionScore)
    ablations: dict[str, dict[str, Score]] = field(default_factory=dict)
    """By rule switched off, then by mode."""


@dataclass(frozen=True)
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
    refused: ResourceError | None = None
    """If it failed for what every other partition will meet, such as a full disk."""
    traceback: str | None = None
    """Where it failed, for the log; it goes home, as a worker has no log of ours."""
    counts: dict[str, int] = field(default_factory=dict)
    stage_seconds: dict[int, float] = field(default_factory=dict)
    """By stage of the time-priority model."""
    centre_point_seconds: dict[str, float] = field(default_factory=dict)
    """By part of the Centre Point model."""
    centre_point: CentrePointOutcome | None = None
    replay: ReplayOutcome | None = None
    files: dict[str, str] = field(default_factory=dict)
    """Path below the output folder to digest."""
    staged: str | None = None
    """Folder of the layout of an output folder in which they wait to be put in place; None if they
    are those of an earlier run, or there are none."""
    removed: dict[int, dict[str, int]] = field(default_factory=dict)
    """Block to reason to rows filtered while merging."""
    peak_memory_bytes: int = 0
    """Highest resident memory of the process so far."""


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
