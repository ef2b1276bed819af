"""The lines of a chunk of text: typed rows of those that can be used, counts and rejects of others.

A row is validated in this order: number of fields, order type code, filter (not Centre Point),
then all other values, in the order of the schema. Repeats are found later, across blocks and
files, among rows that can be used only: a row that cannot be read neither hides another nor is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweep_dask.compiled import entry, kernel
from sweep_dask.schema import MISSING_INTEGER, Column, Kind
from sweep_dask.storage.cells import (
    INPUT_TYPES,
    cells_of,
    integers_from_text,
    number_of,
    prices_from_text,
    validate_line,
)
from sweep_dask.storage.scan import (
    BLANK,
    DOUBTFUL,
    NOT_CENTRE_POINT,
    TOO_LONG,
    WRONG_FIELD_COUNT,
    LineScan,
    scan_lines,
)
from sweep_dask.storage.units import UnparsableError, standard_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.schema import Table
    from sweep_dask.storage.blocks import Chunk
    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.header_columns import Field
    from sweep_dask.storage.units import Unit

#: A rejected line is kept up to this length (contract).
RAW_CHARACTERS = 1_000

_NEWLINE, _RETURN, _SPACE, _QUOTE = 10, 13, 32, 34
_TAB = 9


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


def typed_rows(scan: LineScan, header: FileHeader, keep: npt.NDArray[np.bool_]) -> pa.Table:
    """Typed columns of the rows to keep.

    `keep`: bool[rows]; numbers of these rows are all there.
    Returns one row a line, in order; columns in the order of `header.fields`, named and typed by
    the schema, null where a value is missing. Nothing of the scan is held.
    Raises UnparsableError: some cell of a column in other units is not what the column holds.
    """
    cells = scan.cells if keep.all() else scan.cells[:, keep]
    columns = [
        _typed(cells[position], field, scan.data, header.delimiter)
        for position, field in zip(_positions(header.fields), header.fields, strict=True)
    ]
    kinds = [(field.column.name, INPUT_TYPES[field.column.kind]) for field in header.fields]
    return pa.table(columns, schema=pa.schema(kinds))


def fill_numbers(cells: npt.NDArray[np.int64], line: str, header: FileHeader) -> None:
    """Put the numbers of a line that can be used into a row of `LineScan.cells`, int64[fields]."""
    texts = cells_of(line, header.delimiter)
    for position, of in zip(_positions(header.fields), header.fields, strict=True):
        if of.column.kind is not Kind.TEXT and of.unit is None:
            cells[position] = number_of(texts[of.position], of.column)


def _positions(fields: Sequence[Field]) -> list[int]:
    """Where in `LineScan.cells` each field is: there they are in the order of the file."""
    positions = sorted(field.position for field in fields)
    return [positions.index(field.position) for field in fields]


def _typed(
    cells: npt.NDArray[np.int64], field: Field, data: npt.NDArray[np.uint8], delimiter: str
) -> pa.Array:
    column = field.column
    if column.kind is Kind.TEXT:
        return copied_texts(data, cells, delimiter)
    if field.unit is not None:
        return _converted(copied_texts(data, cells, delimiter), column, field.unit)
    missing = cells == MISSING_INTEGER
    numbers = cells * 0.5 if column.kind is Kind.PRICE else cells.copy()
    return pa.array(numbers, mask=missing if missing.any() else None)


def _converted(text: pa.Array, column: Column, unit: Unit) -> pa.Array:
    """Numbers of cells in other units, converting each spelling once: prices repeat."""
    encoded = text.dictionary_encode()
    standard = standard_cells(encoded.dictionary, column, unit)
    is_price = column.kind is Kind.PRICE
    numbers = (prices_from_text if is_price else integers_from_text)(standard)
    return _checked(numbers.take(encoded.indices), column)


def _checked(numbers: pa.Array, column: Column) -> pa.Array:
    is_price = column.kind is Kind.PRICE  # of which the missing ones are null already
    present = numbers if is_price else pc.if_else(pc.equal(numbers, MISSING_INTEGER), None, numbers)
    extremes = pc.min_max(present)
    lowest, highest = extremes["min"].as_py(), extremes["max"].as_py()
    is_missing = column.required and not is_price and present.null_count > 0
    # A column of nulls has no extremes.
    is_beyond = lowest is not None and (lowest < column.minimum or highest > column.maximum)
    if is_missing or is_beyond:
        raise UnparsableError
    return present


def copied_texts(
    data: npt.NDArray[np.uint8], begins: npt.NDArray[np.int64], delimiter: str
) -> pa.Array:
    """Texts without their quotes and the white space around them, null where nothing is left.

    `data`: UTF-8, ended by a newline.
    `begins`: int64[rows], offsets of cells of one column, ascending; quotes are closed.
    """
    # Cells of one column do not overlap.
    room = np.empty(data.size, np.uint8)
    offsets = np.zeros(begins.size + 1, np.int32)
    copy_cells(data, begins, ord(delimiter), room, offsets)
    blank = offsets[1:] == offsets[:-1]
    present = pa.py_buffer(np.packbits(~blank, bitorder="little")) if blank.any() else None
    used = room[: offsets[-1]].copy()  # the room behind it is not held
    buffers = [present, pa.py_buffer(offsets), pa.py_buffer(used)]
    return pa.Array.from_buffers(pa.string(), begins.size, buffers)


@entry
def copy_cells(
    data: npt.NDArray[np.uint8],
    begins: npt.NDArray[np.int64],
    delimiter: int,
    room: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int32],
) -> None:
    """Fill `room` with the texts, one behind the other, and `offsets` with where each ends."""
    used = 0
    for row in range(begins.size):
        position, begin = begins[row], used
        while data[position] == _SPACE:
            position += 1
        in_quotes = data[position] == _QUOTE
        position += in_quotes
        while data[position] != _NEWLINE and (in_quotes or data[position] != delimiter):
            byte = data[position]
            position += 1
            if in_quotes and byte == _QUOTE:
                # Two quotes stand for one.
                in_quotes = data[position] == _QUOTE
                position += in_quotes
                if not in_quotes:
                    continue
            if byte == _RETURN:
                byte = _SPACE
            if used > begin or not _is_white(byte):
                room[used] = byte
                used += 1
        while used > begin and _is_white(room[used - 1]):
            used -= 1
        offsets[row + 1] = used


@kernel
def _is_white(byte: int) -> bool:
    return byte == _SPACE or _TAB <= byte <= _RETURN
