"""What a task writes: results of a partition in a folder of its own, rows of a piece in tables."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.analysis.rollups.summary import Summary, added, summary_of, summary_of_choices
from sweep_dask.analysis.rollups.sweeps import CATEGORY_COLUMNS, COLUMNS, Sweeps
from sweep_dask.locations import is_object, location_of
from sweep_dask.partition.tables import TablesSpec, combined_tables
from sweep_dask.storage.atomic import file_digest, make_folders, write_bytes
from sweep_dask.storage.frames import RowsFile, parquet_bytes, to_frame
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.no_follow import remove_tree
from sweep_dask.storage.objects import upload_folder
from sweep_dask.storage.parquet_files import whole_partitions
from sweep_dask.storage.summaries import write_summary
from sweep_dask.terms.files import SENSITIVITY, SWEEP_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    import pyarrow as pa

    from sweep_dask.partition.job import PartitionJob
    from sweep_dask.storage.pieces import Piece

#: Summaries that are added up at a time: the more, the more memory, and few are no slower.
FAN_IN = 2
#: File of the summary of a piece, beside its tables in the folder where they wait.
_SUMMARY = "summary.parquet"


class TaskFolder:
    """A folder of a task alone in which results lie as in the output.

    Two copies of a task, of which one was thought dead, have two. It is in the scratch folder of
    the run; if that is in an object store, on the disk of the worker until it is left.

    `name`: what the task works on.
    """

    def __init__(self, scratch: Path, name: str) -> None:
        self.left_at = scratch / "staged" / f"{name}-{uuid4().hex}"
        """Where others find it."""
        is_far = is_object(scratch)
        self.root = Path(mkdtemp(prefix="sweep-dask-")) if is_far else self.left_at
        """Where the task works."""
        self.base = self.root if is_far else scratch
        """What is there as long as the run is."""

    def leave(self, last: str | None = None) -> None:
        """Let others see it, of its files one after all others: the work is done."""
        if self.root != self.left_at:
            try:
                upload_folder(self.root, self.left_at, last)
            finally:
                remove_tree(self.root)

    def discard(self) -> None:
        """Remove it."""
        remove_tree(self.root)


class StagedFiles:
    """Results of one partition in a folder of this task alone, where they lie as in the output.

    As a context it is left to others at the end, and removed if the work fails.

    Raises FileNotFoundError: the run has ended.
    """

    def __init__(self, job: PartitionJob) -> None:
        self.key = Partition(job.source.date, job.source.security)
        name = f"{self.key.date}-{self.key.security}"
        self.folder = TaskFolder(location_of(job.scratch), name)
        self.layout = OutputLayout(self.folder.root)
        self.digests: dict[str, str] = {}
        """Path below the output folder to digest, in the order of writing."""
        make_folders(self.folder.base, self.folder.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.folder.leave(last=self.layout.relative(self.layout.receipt(*self.key)))
        else:
            self.folder.discard()

    def write(self, path: Path, body: bytes) -> None:
        """Write a file and note its digest."""
        make_folders(self.layout.root, path.parent)
        self.digests[self.layout.relative(path)] = write_bytes(path, body)

    def write_table(self, path: Path, rows: pa.Table) -> None:
        """Write a table as Parquet and note its digest."""
        self.write(path, parquet_bytes(rows, path.stem))

    def note(self, path: Path) -> None:
        """Take a file that was written there into account."""
        self.digests[self.layout.relative(path)] = file_digest(path)


@dataclass(frozen=True)
class MadePiece:
    """Files of a piece that wait to be put in place, or those of an earlier run."""

    name: str
    made_of: str
    """See `storage.pieces.made_of`."""
    files: dict[str, str] = field(default_factory=dict)
    """Path below the output folder to digest."""
    staged: str | None = None
    """Folder of the layout of an output folder, with the summary of the piece's sweeps in it; None
    if what an earlier run left is kept."""

    @property
    def summary(self) -> Path | None:
        """The file of the summary."""
        return None if self.staged is None else location_of(self.staged) / _SUMMARY


class PieceTables:
    """The files of a piece while its partitions are run: rows are written as they come.

    `layout`: the output folder, where results of partitions that are kept lie.
    `scratch`: the run's own folder.
    """

    def __init__(self, layout: OutputLayout, scratch: Path, piece: Piece, spec: TablesSpec) -> None:
        self._layout = layout
        self._spec = spec
        self._name = piece.name
        self._folder = TaskFolder(scratch, f"piece-{piece.name}")
        self.staging = OutputLayout(self._folder.root)
        self._tables = {table.name: table for table in combined_tables(spec)}
        self._files: dict[str, RowsFile] = {}
        self._waiting: list[Partition] = []
        self.is_alone = len(piece.securities) == 1
        """Whether the rows of a file of sweeps are all that its table has of this piece."""

    def result_schema(self, name: str) -> pa.Schema:
        """Types of the columns of a table without those that tell the partition and model."""
        return self._tables[name].result_schema

    def add(
        self, name: str, rows: pa.Table, partition: Partition, scenario: str | None = None
    ) -> None:
        """Add rows of a partition to a table; in each table they come in the order of rows."""
        self._add_waiting()
        table = self._tables[name]
        self._file(name).add(table.keyed(rows, partition, scenario))

    def add_kept(self, partition: Partition) -> None:
        """Add what the files of a partition hold, as soon as the rows of another one come."""
        self._waiting.append(partition)

    def add_file(self, name: str, path: Path) -> None:
        """Take a file that holds just the rows of a table, without writing them once more."""
        self._add_waiting()
        target = self._path(name)
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)

    def close(self, made_of: str) -> MadePiece:
        """Finish the files, and add up the sweeps."""
        self._add_waiting()
        digests = {}
        for name in self._tables:
            path = self._path(name)
            if name in self._files or not path.exists():
                self._file(name).close()
            digests[self._place(name)] = file_digest(path)
        sensitivity = [str(self._path(SENSITIVITY))] if SENSITIVITY in self._tables else []
        summary = summary_of_files([str(self._path(SWEEP_METRICS))], sensitivity, self._spec)
        write_summary(self.staging.root / _SUMMARY, summary)
        self._folder.leave()
        return MadePiece(self._name, made_of, digests, str(self._folder.left_at))

    def discard(self) -> None:
        """Remove what was written."""
        self._folder.discard()

    def _add_waiting(self) -> None:
        partitions, self._waiting = self._waiting, []
        for partition in partitions:
            for name, table in self._tables.items():
                file = self._file(name)
                for rows in table.rows(self._layout, [partition]).parts:
                    file.add(rows)

    def _file(self, name: str) -> RowsFile:
        if name not in self._files:
            self._files[name] = RowsFile(self._path(name), self._tables[name].schema, name)
        return self._files[name]

    def _place(self, name: str) -> str:
        return self.staging.relative(self.staging.piece(name, self._name))

    def _path(self, name: str) -> Path:
        path = self.staging.piece(name, self._name)
        if not path.parent.exists():
            make_folders(self._folder.base, path.parent)
        return path


def summary_of_files(
    sweeps: Iterable[str], sensitivity: Iterable[str], spec: TablesSpec
) -> Summary:
    """The summary of the rows in files of two tables, each of whole partitions."""
    arms = spec.arms
    cases = cases_of(arms, spec.choices)
    of_sweeps = (
        summary_of(Sweeps(to_frame(rows), arms))
        for rows in whole_partitions(sweeps, COLUMNS, CATEGORY_COLUMNS)
    )
    of_choices = (
        summary_of_choices(rows, cases)
        for rows in whole_partitions(sensitivity, list(SENSITIVITY_COLUMNS), ["date"])
    )
    return added_in_turn(chain(of_sweeps, of_choices))


def added_in_turn(summaries: Iterable[Summary]) -> Summary:
    """The sum of summaries of which only some are in memory at a time."""
    parts: list[Summary] = []
    for one in summaries:
        parts.append(one)
        if len(parts) == FAN_IN:
            parts = [added(parts)]
    return added(parts)
