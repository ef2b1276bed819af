"""One raw file written anew in the raw format, whatever it is written like."""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

import pyarrow.parquet as pq

from sweep_dask.errors import InternalError
from sweep_dask.storage.blocks import CHUNK_BYTES, cut_file, read_chunks
from sweep_dask.storage.converted_cells import RowConverter
from sweep_dask.storage.header_columns import plain_name
from sweep_dask.storage.raw_files import open_raw, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.raw_files import InputFile

_COMPRESSION_LEVEL = 6
#: Of a text in a message.
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class ConvertedFile:
    """What became of one file."""

    file: str
    table: str
    written: str
    """Its path below the folder that it was written to."""
    rows: int
    """As many as it has, and as many as were written."""
    conversions: tuple[str, ...]
    """All that is not as it was, in words."""
    unmapped: tuple[str, ...]
    """Cells that were to become codes and stayed texts, in words."""


def convert_file(
    file: InputFile,
    header: FileHeader,
    values: Mapping[str, Mapping[str, str]],
    names: tuple[str, ...],
    root: Path,
    written: str,
) -> ConvertedFile:
    """Write a file to `root / written`, which must not exist, with the columns that are read.

    The text is held a chunk at a time. Every row of the file is a row of the other, in the same
    order, also one that cannot be read: nothing is validated here. Of a line that is too long to
    be a row as much is written as shows that.

    Parameters
    ----------
    values
        By column, what to write for a text.
    names
        All names in the file's header, or those that were given for it.

    Raises
    ------
    InputError
        The file is damaged, or was changed meanwhile.
    """
    # Columns stay in the order in which the file has them.
    fields = tuple(sorted(header.fields, key=lambda of: of.position))
    converter = RowConverter(replace(header, fields=fields), values)
    with _opened(root / written) as sink:
        sink.write(_header_line(converter.header))
        for block in cut_file(file, header, 16 * CHUNK_BYTES, 0):
            for chunk in read_chunks(block):
                sink.write(converter.converted(chunk.text))
    n_written = _rows_of(root / written)
    n_read = converter.rows if header.n_rows is None else header.n_rows
    if not n_written == converter.rows == n_read:
        raise InternalError(f"{file.name} has {n_read:,} rows, and {n_written:,} were written.")
    conversions = (*_of_file(file, header, names), *_of_rows(converter))
    unmapped = tuple(_of_unmapped(converter))
    return ConvertedFile(file.name, file.table, written, n_written, conversions, unmapped)


def names_in_file(file: InputFile, header: FileHeader, given: tuple[str, ...]) -> tuple[str, ...]:
    """The names of all fields, as they stand."""
    with readable(file):
        if file.format == "parquet":
            with open_raw(file) as stream:
                return tuple(pq.read_schema(stream).names)
    return given or header.names


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    with path.open("xb") as file:
        if path.suffix == ".gz":
            # Without a name and a time in it, equal rows are equal bytes.
            with gzip.GzipFile("", "xb", _COMPRESSION_LEVEL, file, mtime=0) as packed:
                yield packed
        else:
            yield file


def _rows_of(path: Path) -> int:
    """Lines below the header, as they are on the disk."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        return sum(text.count(b"\n") for text in iter(lambda: stream.read(1 << 20), b"")) - 1


def _header_line(header: FileHeader) -> bytes:
    sink = io.StringIO(newline="")
    csv.writer(sink, lineterminator="\n").writerow([of.column.name for of in header.fields])
    return sink.getvalue().encode()


def _of_file(file: InputFile, header: FileHeader, names: tuple[str, ...]) -> list[str]:
    read = {of.position: of.column.name for of in header.fields}
    renamed = [
        f"{name.strip()} to {read[position]}"
        for position, name in enumerate(names)
        if position in read and plain_name(name) != plain_name(read[position])
    ]
    left_out = [name.strip() for position, name in enumerate(names) if position not in read]
    conversions = {
        "format": "" if file.format == "csv" else f"{file.format} to CSV",
        "delimiter": "" if header.delimiter == "," else f"{header.delimiter!r} to a comma",
        "header": "" if header.line or file.format == "parquet" else "written in front",
        "columns renamed": ", ".join(renamed),
        "columns left out, as nothing reads them": ", ".join(left_out),
    }
    return [f"{what}: {how}" for what, how in conversions.items() if how]


def _of_rows(converter: RowConverter) -> list[str]:
    lines = {
        "blanks in front of cells taken away": converter.unindented,
        "too long to be a row, and written as one cell": converter.too_long,
    }
    return [f"lines: {what} ({count:,} lines)" for what, count in lines.items() if count] + [
        f"{column}: {what} ({count:,} cells)"
        for column, counts in converter.counts.items()
        for what, count in counts.items()
        if count
    ]


def _of_unmapped(converter: RowConverter) -> list[str]:
    return [
        f"{column}: {counts.total():,} cells are in no map: "
        + ", ".join(text[:_SHOWN_CHARACTERS] for text in counts)
        for column, counts in converter.unmapped.items()
        if counts
    ]
