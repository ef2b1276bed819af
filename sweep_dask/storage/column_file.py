"""Columns of a table in a file without a name: whoever reads some maps these, and has no others.

What a reader touches of a mapped column takes memory for as long as the reader keeps it.
"""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pathlib import Path


class ColumnFile:
    """A table that is written some columns at a time and read as often as it is asked for.

    The file is gone when nobody holds it, also if its process was killed.

    Raises
    ------
    FileNotFoundError
        The folder is gone: the run has ended.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115  it lives as long as this object
        self._ends = [0]

    def add(self, columns: pa.RecordBatch) -> None:
        """Write the next columns; all have the same number of rows."""
        try:
            with pa.ipc.new_stream(self._file, columns.schema) as writer:
                writer.write_batch(columns)
            self._file.flush()
        except OSError as error:  # a full disk, which knows no name
            error.filename = str(self._folder)
            raise
        self._ends.append(self._file.tell())

    def read(self) -> pa.Table:
        """All columns, each in one piece; their bytes are mapped, not copied."""
        mapped = pa.py_buffer(mmap(self._file.fileno(), 0, access=ACCESS_READ))
        parts = zip(self._ends, self._ends[1:], strict=False)
        tables = [pa.ipc.open_stream(mapped[start:end]).read_all() for start, end in parts]
        columns = [column for table in tables for column in table.columns]
        return pa.table(columns, names=[name for table in tables for name in table.column_names])
