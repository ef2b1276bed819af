"""One pass over the bytes of a piece: lines, number of fields, order type, and all numbers.

Most lines of a real extract are ordinary lit orders; they are counted here and nothing is made of
them. Of the others every integer and price is read on the way, where it can be no other thing; a
line with a cell that needs a closer look is doubtful as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from sweep_dask.schema import MISSING_INTEGER, Kind
from sweep_dask.storage.cells import MAX_LINE_BYTES, MAX_PRICE

if TYPE_CHECKING:
    from sweep_dask.storage.header import Field, FileHeader

#: Verdicts on a line.
KEEP = 0
"""All of its numbers are read and in range."""
NOT_CENTRE_POINT = 1
WRONG_FIELD_COUNT = 2
DOUBTFUL = 3
"""Needs a closer look: an odd number, bytes that are not ASCII, or a very long line."""
BLANK = 4
TOO_LONG = 5
"""Only a part of it may have been read."""

#: What is made of a field. A text is copied later, if its line is kept (see `texts`).
_SKIPPED, _INTEGER, _REQUIRED_INTEGER, _PRICE, _TEXT = range(5)

_NEWLINE, _RETURN, _SPACE, _QUOTE, _POINT = 10, 13, 32, 34, 46
_PLUS, _MINUS, _ZERO, _FIVE = 43, 45, 48, 53

_FIRST_NOT_ASCII = 128

#: More digits may not fit 64 bits, not even unsigned.
_MOST_DIGITS = 19
#: Python's csv module takes no longer cells; such lines must always be read by it.
_LONG_LINE_BYTES = 1 << 17


class LineScan(NamedTuple):
    """What `scan_lines` found."""

    data: npt.NDArray[np.uint8]
    """The text, ended by a newline."""
    starts: npt.NDArray[np.int64]
    """int64[lines], offset of each line's first byte, ascending."""
    ends: npt.NDArray[np.int64]
    """int64[lines], offset behind its last byte, line ending excluded."""
    verdicts: npt.NDArray[np.uint8]
    """uint8[lines], one of the verdicts above."""
    row_lines: npt.NDArray[np.int64]
    """int64[rows], lines to keep and doubtful ones, ascending."""
    cells: npt.NDArray[np.int64]
    """int64[fields read, rows], fields in the order of the file: integers, prices doubled,
    `MISSING_INTEGER` where there is none; of a text the offset at which its cell begins. Odd
    numbers of doubtful lines are not there yet."""


def scan_lines(text: bytes, header: FileHeader, type_field: int, type_bits: int) -> LineScan:
    """Judge every line of `text` by number of fields and order type, and read its numbers.

    Parameters
    ----------
    text
        Whole lines; the last one may lack its newline.
    type_field
        Position of the order type, -1 for tables that have none.
    type_bits
        Lines whose order type has none of these bits are `NOT_CENTRE_POINT`.
    """
    data = np.frombuffer(text if text.endswith(b"\n") or not text else text + b"\n", np.uint8)
    # bytes.count is several times faster than counting in the array.
    n_lines = text.count(b"\n") + (not text.endswith(b"\n") and len(text) > 0)
    starts, ends = np.empty(n_lines, np.int64), np.empty(n_lines, np.int64)
    verdicts, row_lines = np.empty(n_lines, np.uint8), np.empty(n_lines, np.int64)
    # A row takes a byte a field or more; the one behind is for a line that turns out to be none.
    most_rows = min(n_lines, data.size // header.n_fields) + 1
    cells = np.empty((len(header.fields), most_rows), np.int64)
    found = (starts, ends, verdicts, row_lines, cells)
    n_rows = _scan(data, ord(header.delimiter), _meaning(header), type_field, type_bits, found)
    if not text.isascii() or b"\0" in text:
        _doubt_other_bytes(data, starts, verdicts)
    return LineScan(data, starts, ends, verdicts, row_lines[:n_rows], cells[:, :n_rows])


def _meaning(header: FileHeader) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """What is made of each field and of those behind the last, and the range of its integers."""
    kinds = np.full(header.n_fields + 1, _SKIPPED, np.uint8)
    ranges = np.zeros((header.n_fields, 2), np.int64)
    for field in header.fields:
        kinds[field.position] = _kind(field)
        is_price = kinds[field.position] == _PRICE
        limits = (
            (-MAX_PRICE, MAX_PRICE) if is_price else (field.column.minimum, field.column.maximum)
        )
        ranges[field.position] = limits
    return kinds, ranges


def _kind(field: Field) -> int:
    if field.column.kind is Kind.TEXT or field.unit is not None:
        return _TEXT
    if field.column.kind is Kind.PRICE:
        return _PRICE
    return _REQUIRED_INTEGER if field.column.required else _INTEGER


def _doubt_other_bytes(
    data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], verdicts: npt.NDArray[np.uint8]
) -> None:
    """Bytes that are no ASCII might not be UTF-8; a zero byte ends many a program's text."""
    places = np.flatnonzero((data == 0) | (data >= _FIRST_NOT_ASCII))
    lines = np.searchsorted(starts, places, side="right") - 1
    verdicts[lines[verdicts[lines] == KEEP]] = DOUBTFUL


@numba.njit(cache=True, nogil=True)
def _scan(data, delimiter, meaning, type_field, type_bits, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901
    kinds, ranges = meaning
    starts, ends, verdicts, row_lines, cells = found
    n_fields = kinds.size - 1
    position, row = 0, 0
    for line in range(starts.size):
        start, field, column = position, 0, 0
        code = MISSING_INTEGER
        is_sound, is_closed = True, True
        while True:
            kind = kinds[min(field, n_fields)]
            begin, is_read = position, False
            if _INTEGER <= kind <= _PRICE:
                is_negative = data[position] == _MINUS
                position += is_negative
                first = position
                number = 0
                digit = data[position] ^ _ZERO
                while digit <= 9:
                    number = number * 10 + digit  # negative beyond 63 bits
                    position += 1
                    digit = data[position] ^ _ZERO
                is_read = number >= 0 and 0 < position - first <= _MOST_DIGITS
                is_read &= data[position] == delimiter or data[position] == _NEWLINE
                if is_negative:
                    number = -number
                is_read &= ranges[field, 0] <= number <= ranges[field, 1]
                if kind == _PRICE:
                    number *= 2
                if not is_read:
                    position, number = _odd_number(data, delimiter, begin, kind, ranges[field])
                    is_read = position >= 0
                    is_sound &= is_read
                if field == type_field and is_read:
                    code = number
                cells[column, row] = number
                column += 1
            elif kind == _TEXT:
                cells[column, row] = position
                column += 1
            if not is_read:
                position = _end_of_cell(data, delimiter, begin)
                is_closed = position >= 0
                position = abs(position)
            if data[position] == _NEWLINE:
                break
            position += 1
            field += 1
        end = position
        position += 1
        if end > start and data[end - 1] == _RETURN:
            end -= 1
        starts[line] = start
        ends[line] = end

        verdict = KEEP
        if end - start > MAX_LINE_BYTES:
            verdict = TOO_LONG
        elif field == 0 and _behind_spaces(data, start) >= end:
            verdict = BLANK
        elif field + 1 != n_fields or not is_closed:
            verdict = WRONG_FIELD_COUNT
        elif (type_field >= 0 and code == MISSING_INTEGER) or end - start > _LONG_LINE_BYTES:
            verdict = DOUBTFUL
        elif type_field >= 0 and code & type_bits == 0:
            verdict = NOT_CENTRE_POINT
        elif not is_sound:
            verdict = DOUBTFUL
        verdicts[line] = verdict
        if verdict in (KEEP, DOUBTFUL):
            row_lines[row] = line
            row += 1
    return row


@numba.njit(cache=True, nogil=True)
def _odd_number(data, delimiter, position, kind, limits):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901
    """Where a cell ends, and its number (a price doubled); -1 if it is in doubt or out of range."""
    position = _behind_spaces(data, position)
    is_quoted = data[position] == _QUOTE
    if is_quoted:
        position = _behind_spaces(data, position + 1)
    is_negative = data[position] == _MINUS
    is_signed = is_negative or data[position] == _PLUS
    position += is_signed
    first, magnitude, half = position, 0, 0
    has_point = False
    while data[position] ^ _ZERO <= 9:
        magnitude = magnitude * 10 + (data[position] ^ _ZERO)
        position += 1
    n_digits = position - first
    if n_digits > _MOST_DIGITS:
        return -1, 0
    if kind == _PRICE and data[position] == _POINT:
        has_point = True
        position += 1
        first = position
        if data[position] == _FIVE:
            half = 1
            position += 1
        while data[position] == _ZERO:
            position += 1
        n_digits += position - first
    position = _behind_spaces(data, position)
    if is_quoted:
        if data[position] != _QUOTE:
            return -1, 0
        position = _behind_spaces(data, position + 1)
    position += data[position] == _RETURN and data[position + 1] == _NEWLINE
    if data[position] != delimiter and data[position] != _NEWLINE:
        return -1, 0
    if n_digits == 0 or (magnitude == MISSING_INTEGER and is_negative):
        is_odd = has_point or (n_digits == 0 and is_signed)
        return -1 if is_odd or kind == _REQUIRED_INTEGER else position, MISSING_INTEGER
    number = -magnitude if is_negative else magnitude
    if magnitude < 0 or number < limits[0] or number > limits[1]:
        return -1, 0
    if kind == _PRICE:
        number = 2 * number - half if is_negative else 2 * number + half
    return position, number


@numba.njit(cache=True, nogil=True)
def _end_of_cell(data, delimiter, position):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Where any cell ends; negative if its quotes are not closed, and the line ends there."""
    position = _behind_spaces(data, position)
    if data[position] == _QUOTE:
        position += 1
        while data[position] != _QUOTE or data[position + 1] == _QUOTE:
            if data[position] == _NEWLINE:
                return -position
            # Two quotes stand for one.
            position += 1 + (data[position] == _QUOTE)
    while data[position] != delimiter and data[position] != _NEWLINE:
        position += 1
    return position


@numba.njit(cache=True, nogil=True)
def _behind_spaces(data, position):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    while data[position] == _SPACE:
        position += 1
    return position
