"""Reading the files of one partition: what is there of them, and a word if they cannot be read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sweep_dask.errors import InputError
from sweep_dask.storage.lookup import is_among, rows_with

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout


class Files:
    """Reads results of an output folder.

    Every method raises `InputError` for a file that is there and cannot be read, or that is
    required and not there.
    """

    def __init__(self, layout: OutputLayout) -> None:
        self.layout = layout

    def rows(
        self,
        path: Path,
        column: str,
        values: Collection[int],
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """The rows with one of some numbers in a column; see `storage.lookup.rows_with`."""
        with self._refusing(path):
            return rows_with(path, column, values, columns)

    def rows_if_there(self, path: Path, column: str, values: Collection[int]) -> pa.Table | None:
        """The same; None without the file."""
        return self.rows(path, column, values) if path.exists() else None

    def columns(self, path: Path, names: Sequence[str]) -> pa.Table:
        """All rows, of these columns those that the file has."""
        with self._refusing(path), pq.ParquetFile(path) as file:
            return file.read(columns=[name for name in names if name in file.schema_arrow.names])

    def csv_rows(self, path: Path, column: str, value: int) -> pa.Table:
        """The rows of a CSV file with a number in a column."""
        with self._refusing(path):
            rows = pacsv.read_csv(path)
            if not len(rows):
                return rows
            return rows.filter(is_among(rows[column], (value,)))

    @contextmanager
    def _refusing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException, LookupError) as error:
            raise InputError(
                "A file of the order's partition is missing or cannot be read.",
                where=str(path),
                cure=f"`sweep_dask verify {self.layout.root}` says what else is wrong; the run's "
                "own command makes it again. If a run is at work there, ask again.",
            ) from error
