"""Columns of a table in a file without a name: whoever reads some maps these, and has no others.

What a reader touches of a mapped column takes memory for as long as the reader keeps it.
"""

from __future__ import annotations

from itertools import pairwise
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


#: So many bytes are held as they are: of most partitions all, and a file costs more than they do.
HELD_BYTES = 1 << 20


class ColumnFile:
    """A table that is written some columns at a time and read as often as it is asked for.

    The file is gone when nobody holds it, also if its process was killed. There is none before the
    columns are worth one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[pa.RecordBatch] = []
        self._file: IO[bytes] | None = None
        self._ends = [0]

    def add(self, columns: pa.RecordBatch) -> None:
        """Write the next columns; all have the same number of rows.

        Raises
        ------
        FileNotFoundError
            The folder is gone: the run has ended.
        """
        self._held.append(columns)
        if self._file is None and sum(part.nbytes for part in self._held) > HELD_BYTES:
            self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115  it lives as long as self
        if self._file is not None:
            for part in self._held:
                self._write(self._file, part)
            self._held = []

    def _write(self, file: IO[bytes], columns: pa.RecordBatch) -> None:
        try:
            with pa.ipc.new_stream(file, columns.schema) as writer:
                writer.write_batch(columns)
            file.flush()
        except OSError as error:  # a full disk, which knows no name
            error.filename = str(self._folder)
            raise
        self._ends.append(file.tell())

    def read(self) -> pa.Table:
        """All columns, each in one piece; their bytes are those held or mapped, not copied."""
        parts = self._held if self._file is None else list(self._mapped(self._file))
        columns = [column for part in parts for column in part.columns]
        return pa.table(columns, names=[name for part in parts for name in part.schema.names])

    def _mapped(self, file: IO[bytes]) -> Iterator[pa.Table]:
        mapped = pa.py_buffer(mmap(file.fileno(), 0, access=ACCESS_READ))
        for start, end in pairwise(self._ends):
            yield pa.ipc.open_stream(mapped[start:end]).read_all()
