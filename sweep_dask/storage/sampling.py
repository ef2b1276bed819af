"""Rows of a file that can be had quickly, counted, and cells of those that cannot be read."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.rejected import UnreadCells
from sweep_dask.analysis.data_checks.tally import Tally
from sweep_dask.market.order_codes import CENTRE_POINT_BITS
from sweep_dask.schema import BY_NAME, Kind
from sweep_dask.storage.blocks import Block, cut_file, read_chunks
from sweep_dask.storage.cells import cells_of
from sweep_dask.storage.ingest import tally_of
from sweep_dask.storage.raw_files import UnreadableFileError
from sweep_dask.storage.validate import Reject, validate_chunk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.market.ticks import TickTable
    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.raw_files import InputFile

_CHUNK_BYTES = 1 << 20

#: Parts of a large file that are looked at, evenly spread (arbitrary).
_PARTS = 8

#: Cells that are kept of a column; more would say the same.
_CELLS = 50


@dataclass(frozen=True)
class FileSample:
    """What a look into one file shows."""

    table: str
    tally: Tally
    unread: tuple[UnreadCells, ...]
    n_rows: int
    """Without those of lit orders."""
    n_filtered: int
    is_whole: bool
    """Whether all of its rows were looked at."""
    error: UnreadableFileError | None = None
    """Why no more could be read."""


def sample_file(
    file: InputFile, header: FileHeader, ticks: TickTable, most_bytes: int
) -> FileSample:
    """Look at about `most_bytes` of a file (of its text, if it is compressed)."""
    table = BY_NAME[file.table]
    tally, unread = Tally(), _Unread(file, header)
    n_rows, n_filtered, error, left_bytes = 0, 0, None, most_bytes
    next_line = header.line + 1
    try:
        blocks, is_whole = _sample_blocks(file, header, most_bytes)
        is_gapless = is_whole
        for part, chunk in (
            (p, chunk) for p, block in enumerate(blocks) for chunk in read_chunks(block)
        ):
            if left_bytes <= 0 and file.format != "csv":
                is_whole = False
                break
            validated = validate_chunk(chunk, header, table, CENTRE_POINT_BITS)
            tally.add(tally_of(file.name, file.table, validated.rows, ticks))
            unread.add(validated.rejects, next_line if is_gapless or part == 0 else None)
            next_line += validated.n_lines
            n_filtered += sum(validated.filtered.values())
            n_rows += len(validated.rows) + len(validated.rejects)
            left_bytes -= len(chunk.text)
    except UnreadableFileError as failure:
        is_whole, error = False, failure
    return FileSample(file.table, tally, unread.cells(n_rows), n_rows, n_filtered, is_whole, error)


def _sample_blocks(
    file: InputFile, header: FileHeader, most_bytes: int
) -> tuple[list[Block], bool]:
    """Blocks to look at, and whether they are the whole file."""
    if file.format != "csv" or file.bytes - header.body_offset <= most_bytes:
        return cut_file(file, header, min(_CHUNK_BYTES, most_bytes), 0), True
    size = max(1, most_bytes // _PARTS)
    starts = range(header.body_offset, file.bytes, (file.bytes - header.body_offset) // _PARTS)
    return [
        Block(0, file, header, start, min(start + size, file.bytes), size)
        for start in starts[:_PARTS]
    ], False


class _Unread:
    """Cells because of which rows of a file were rejected, a few of each column."""

    def __init__(self, file: InputFile, header: FileHeader) -> None:
        self._file = file
        self._header = header
        self._counts: Counter[str] = Counter()
        self._cells: dict[str, list[str]] = defaultdict(list)
        self._first: dict[str, tuple[str, str]] = {}

    def add(self, rejects: Iterable[Reject], first_line: int | None) -> None:
        """Take in rejects of a chunk whose first line has this number, if that is known."""
        for reject in rejects:
            column = reject.column or ""
            self._counts[column] += 1
            cells = []
            if column and len(self._cells[column]) < _CELLS:
                cells = self._cell(reject, column)
                self._cells[column] += cells
            if column not in self._first:
                self._first[column] = (*cells, reject.raw)[0], _place(reject, first_line)

    def _cell(self, reject: Reject, column: str) -> list[str]:
        """The cell, if it is within the text that was kept."""
        try:
            cells = cells_of(reject.raw, self._header.delimiter)
            return [cells[self._header.position_of(column)]]
        except (csv.Error, IndexError):
            return []

    def cells(self, n_rows: int) -> tuple[UnreadCells, ...]:
        columns = {field.column.name: field.column for field in self._header.fields}
        return tuple(
            UnreadCells(
                self._file.name,
                self._file.table,
                name,
                name in columns and columns[name].is_time,
                name in columns and columns[name].kind is Kind.PRICE,
                n_rows,
                count,
                tuple(self._cells[name]),
                *self._first[name],
            )
            for name, count in self._counts.items()
        )


def _place(reject: Reject, first_line: int | None) -> str:
    if first_line is not None:
        return f"line {first_line + reject.line}"
    return "" if reject.byte_offset is None else f"byte {reject.byte_offset}"
