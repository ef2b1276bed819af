"""Which lines of a chunk of text can be used, which are filtered, and why others are rejected.

A row is validated in this order: number of fields, order type code, filter (not Centre Point),
then all other values, in the order of the schema. Repeats are found later, across blocks and
files, among rows that can be used only: a row that cannot be read neither hides another nor is one.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sweep_dask.storage.cells import (
    MAX_LINE_BYTES,
    UnparsableError,
    cells_of,
    integer_of,
    validate_cell,
)
from sweep_dask.storage.parse import fill_numbers, typed_rows
from sweep_dask.storage.scan import (
    BLANK,
    DOUBTFUL,
    NOT_CENTRE_POINT,
    TOO_LONG,
    WRONG_FIELD_COUNT,
    LineScan,
    scan_lines,
)
from sweep_dask.storage.units import standard_cell

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.schema import Table
    from sweep_dask.storage.blocks import Chunk
    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.header_columns import Field

#: Zero bytes, and bytes that are no UTF-8 (as `surrogateescape` decodes them).
_NO_TEXT = re.compile("[\0\udc80-\udcff]")

#: A rejected line is kept up to this length (contract).
RAW_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that cannot be read."""

    line: int
    """Line of the chunk, from 0, blank lines included."""
    byte_offset: int | None
    """Where the line begins in its file."""
    column: str | None
    reason: str
    raw: str


@dataclass(frozen=True)
class ValidatedChunk:
    """Where every line of a chunk went."""

    rows: pa.Table
    """The rows that can be used, in file order."""
    lines: npt.NDArray[np.int64]
    """int64[rows], each row's line in the chunk, from 0."""
    n_lines: int
    """All lines, blank ones included."""
    n_read: int
    """Lines that are rows."""
    filtered: dict[str, int]
    rejects: list[Reject]


class Validation(NamedTuple):
    """What becomes of one line."""

    centre_point: bool
    """Whether the row passes the filter; False with no reason means it is filtered."""
    column: str | None = None
    reason: str | None = None
    """Key of `ledger.REJECT_REASONS`; None for a row that can be used."""


def validate_chunk(
    chunk: Chunk, header: FileHeader, table: Table, type_bits: int
) -> ValidatedChunk:
    """Sort every line of `chunk` into usable, filtered and rejected.

    The numbers of nearly all lines are read by the scan; only lines that it doubts are validated
    one by one, and all of them if cells in other units cannot be converted at once.
    """
    type_field = -1 if table.order_type is None else header.position_of(table.order_type)
    scan = scan_lines(chunk.text, header, type_field, type_bits)
    validator = _LineValidator(chunk, scan, header, table, type_bits)
    validator.reject(WRONG_FIELD_COUNT, "wrong_field_count")
    validator.reject(TOO_LONG, "not_text")
    keep = np.ones(scan.row_lines.size, dtype=bool)
    validator.accept(np.flatnonzero(scan.verdicts[scan.row_lines] == DOUBTFUL), keep)
    try:
        rows = typed_rows(scan, header, keep)
    except UnparsableError:
        validator.accept(np.flatnonzero(keep), keep)
        rows = typed_rows(scan, header, keep)
    filtered = validator.filtered + np.count_nonzero(scan.verdicts == NOT_CENTRE_POINT)
    return ValidatedChunk(
        rows=rows,
        lines=scan.row_lines[keep],
        n_lines=scan.verdicts.size,
        n_read=int(np.count_nonzero(scan.verdicts != BLANK)),
        filtered={"not_centre_point": int(filtered)} if filtered else {},
        rejects=sorted(validator.rejects, key=lambda reject: reject.line),
    )


@dataclass
class _LineValidator:
    """Validates lines one at a time; keeps rejects and counts."""

    chunk: Chunk
    scan: LineScan
    header: FileHeader
    table: Table
    type_bits: int
    rejects: list[Reject] = field(default_factory=list)
    filtered: int = 0

    def reject(self, wanted: int, reason: str) -> None:
        """Reject all lines with a verdict."""
        for line in np.flatnonzero(self.scan.verdicts == wanted).tolist():
            self.rejects.append(_reject(self.chunk, self.scan, line, None, reason))

    def accept(self, rows: npt.NDArray[np.int64], keep: npt.NDArray[np.bool_]) -> None:
        """Note in `keep` which of `rows` can be used, and fill in their numbers."""
        for row in rows.tolist():
            keep[row] = self._accept_line(row, int(self.scan.row_lines[row]))

    def _accept_line(self, row: int, line: int) -> bool:
        text = self.chunk.text[self.scan.starts[line] : self.scan.ends[line]]
        validation = validate_line(text, self.header, self.table, self.type_bits)
        if validation.reason is not None:
            reject = _reject(self.chunk, self.scan, line, validation.column, validation.reason)
            self.rejects.append(reject)
        elif validation.centre_point:
            fill_numbers(self.scan.cells[:, row], text.decode("utf-8"), self.header)
            return True
        else:
            self.filtered += 1
        return False


def _reject(chunk: Chunk, scan: LineScan, line: int, column: str | None, reason: str) -> Reject:
    start, end = int(scan.starts[line]), int(scan.ends[line])
    offset = None if chunk.first_byte is None else chunk.first_byte + start
    raw = chunk.text[start:end].decode("utf-8", errors="backslashreplace")[:RAW_CHARACTERS]
    return Reject(line, offset, column, reason, raw)


def validate_line(line: bytes, header: FileHeader, table: Table, type_bits: int) -> Validation:
    """Validate one line (without its line ending)."""
    if len(line) > MAX_LINE_BYTES:  # there may be more of it than was read
        return Validation(centre_point=True, reason="not_text")
    text = line.decode("utf-8", errors="surrogateescape")
    try:
        cells = cells_of(text, header.delimiter)
    except csv.Error:  # a cell beyond any sensible size
        return Validation(centre_point=True, reason="not_text")
    if len(cells) != header.n_fields:
        return Validation(centre_point=True, reason="wrong_field_count")
    if table.order_type is not None:
        column = table.column(table.order_type)
        code = cells[header.position_of(column.name)]
        reason = validate_cell(code, column)
        if reason is not None:
            return Validation(True, column.name, reason)
        if integer_of(code) & type_bits == 0:
            return Validation(centre_point=False)
    if _NO_TEXT.search(text):
        return Validation(True, None, "not_text")
    for wanted in header.fields:
        reason = _validate_value(cells[wanted.position], wanted)
        if reason is not None:
            return Validation(True, wanted.column.name, reason)
    return Validation(centre_point=True)


def _validate_value(cell: str, field: Field) -> str | None:
    standard = standard_cell(cell, field.column, field.unit)
    return "not_a_time" if standard is None else validate_cell(standard, field.column)
