"""The partitions of a piece, one after the other, and their rows in the combined tables."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.rollups.sensitivity import cases_of
from sweep_dask.analysis.rollups.summary import Summary, added, summary_of, summary_of_choices
from sweep_dask.analysis.rollups.sweeps import CATEGORY_COLUMNS, COLUMNS, Sweeps
from sweep_dask.locations import location_of
from sweep_dask.partition.rows import TaskFolder
from sweep_dask.partition.tables import TablesSpec, combined_tables
from sweep_dask.storage.atomic import file_digest, make_folders
from sweep_dask.storage.frames import RowsFile, to_frame
from sweep_dask.storage.layout import OutputLayout, Partition
from sweep_dask.storage.parquet_files import whole_partitions
from sweep_dask.storage.summaries import write_summary
from sweep_dask.terms.files import SENSITIVITY, SWEEP_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyarrow as pa

    from sweep_dask.storage.pieces import Piece

#: Summaries that are added up at a time: the more, the more memory, and few are no slower.
FAN_IN = 2
#: File of the summary of a piece, beside its tables in the folder where they wait.
_SUMMARY = "summary.parquet"


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
