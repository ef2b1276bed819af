"""CSV files that grow batch by batch; a file bears its name only once it is whole."""

from __future__ import annotations

import gzip
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.csv

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sweep_dask.schema import Table

#: pyarrow quotes every text otherwise; ours never hold a comma or a quote.
_OPTIONS = pa.csv.WriteOptions(include_header=False, quoting_style="none")
_UNFINISHED = ".partial"

#: The usual level of the gzip program; 9 takes 3.5 times as long for 7 % less.
_LEVEL = 6


class CsvFile:
    """A file being written, compressed if its name ends in `.gz`; to be used in a `with`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished = path.with_name(path.name + _UNFINISHED)
        self._open_files = ExitStack()

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        stream: IO[bytes] = self._open_files.enter_context(self._unfinished.open("wb"))
        if self._path.suffix == ".gz":
            stream = self._open_files.enter_context(_gzipped(stream))
        self._stream = stream
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open_files.close()
        if error is None:
            self._unfinished.replace(self._path)
        else:
            self._unfinished.unlink()

    def write_line(self, line: str) -> None:
        """One line of text."""
        self._stream.write(line.encode() + b"\n")

    def write_header(self, table: Table) -> None:
        """The names of a table's columns."""
        self.write_line(",".join(column.name for column in table.columns))

    def write_rows(self, rows: pa.Table) -> None:
        """All rows of an Arrow table, in its column order."""
        pa.csv.write_csv(rows, self._stream, _OPTIONS)


def _gzipped(stream: IO[bytes]) -> IO[bytes]:
    """A compressing stream whose bytes depend on nothing but what is written."""
    return gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=stream, mtime=0)  # type: ignore[return-value]
