"""One pass over the bytes of a chunk: lines, number of fields, order type, and all numbers.

Most lines of a real extract are ordinary lit orders; they are counted here and nothing is made of
them. Of the others every integer and price is read on the way, where it can be no other thing; a
line with a cell that needs a closer look is doubtful as a whole.

In the compiled loop the common case, digits alone, stands in the loop itself: to call a function
that gives back more than one number would halve the speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sweep_dask.compiled import entry, kernel
from sweep_dask.schema import MISSING_INTEGER, Kind
from sweep_dask.storage.cells import MAX_LINE_BYTES

if TYPE_CHECKING:
    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.header_columns import Field

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

_FIRST_NOT_ASCII = 128

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

#: What is made of a field. A text is copied later, if its line is kept (see `validate`).
SKIPPED, INTEGER, REQUIRED_INTEGER, PRICE, TEXT = range(5)

_NEWLINE, _RETURN, _SPACE, _QUOTE, _POINT = 10, 13, 32, 34, 46
_PLUS, _MINUS, _ZERO, _FIVE = 43, 45, 48, 53

#: More digits may not fit 64 bits, not even unsigned.
_MOST_DIGITS = 19
#: Python's csv module takes no longer cells; such lines must always be read by it.
_LONG_LINE_BYTES = 1 << 17


class LineScan(NamedTuple):
    """What `scan_lines` found."""

    data: Bytes
    """The text, ended by a newline."""
    starts: Integers
    """int64[lines], offset of each line's first byte, ascending."""
    ends: Integers
    """int64[lines], offset behind its last byte, line ending excluded."""
    verdicts: Bytes
    """uint8[lines], `KEEP` and so on."""
    row_lines: Integers
    """int64[rows], lines to keep and doubtful ones, ascending."""
    cells: Integers
    """int64[fields read, rows], fields in the order of the file: integers, prices doubled,
    `MISSING_INTEGER` where there is none; of a text the offset at which its cell begins. Odd
    numbers of doubtful lines are not there yet."""


def scan_lines(text: bytes, header: FileHeader, type_field: int, type_bits: int) -> LineScan:
    """Sort every line of `text` by number of fields and order type, and read its numbers.

    `text`: whole lines; the last one may lack its newline.
    `type_field`: position of the order type, -1 for tables that have none.
    `type_bits`: lines whose order type has none of these bits are not Centre Point.
    """
    data = np.frombuffer(text if text.endswith(b"\n") or not text else text + b"\n", np.uint8)
    # bytes.count is several times faster than counting in the array.
    n_lines = text.count(b"\n") + (not text.endswith(b"\n") and len(text) > 0)
    starts, ends = np.empty(n_lines, np.int64), np.empty(n_lines, np.int64)
    verdicts, row_lines = np.empty(n_lines, np.uint8), np.empty(n_lines, np.int64)
    # A row takes a byte a field or more; the one behind is for a line that turns out to be none.
    most_rows = min(n_lines, data.size // header.n_fields) + 1
    cells = np.empty((len(header.fields), most_rows), np.int64)
    arrays = (starts, ends, verdicts, row_lines, cells)
    of_file = (ord(header.delimiter), _meaning(header), type_field)
    n_rows = scan_bytes(data, *of_file, type_bits, arrays)
    if not text.isascii() or b"\0" in text:
        _doubt_other_bytes(data, starts, verdicts)
    return LineScan(data, starts, ends, verdicts, row_lines[:n_rows], cells[:, :n_rows])


def _meaning(header: FileHeader) -> tuple[Bytes, Integers]:
    """What is made of each field and of those behind the last, and the range of its integers."""
    kinds = np.full(header.n_fields + 1, SKIPPED, np.uint8)
    ranges = np.zeros((header.n_fields, 2), np.int64)
    for field in header.fields:
        kinds[field.position] = _kind(field)
        ranges[field.position] = field.column.minimum, field.column.maximum
    return kinds, ranges


def _kind(field: Field) -> int:
    if field.column.kind is Kind.TEXT or field.unit is not None:
        return TEXT
    if field.column.kind is Kind.PRICE:
        return PRICE
    return REQUIRED_INTEGER if field.column.required else INTEGER


def _doubt_other_bytes(data: Bytes, starts: Integers, verdicts: Bytes) -> None:
    """Bytes that are no ASCII might not be UTF-8; a zero byte ends many a program's text."""
    positions = np.flatnonzero((data == 0) | (data >= _FIRST_NOT_ASCII))
    lines = np.searchsorted(starts, positions, side="right") - 1
    verdicts[lines[verdicts[lines] == KEEP]] = DOUBTFUL


@entry
def scan_bytes(  # noqa: C901
    data: Bytes,
    delimiter: int,
    meaning: tuple[Bytes, Integers],
    type_field: int,
    type_bits: int,
    found: tuple[Integers, Integers, Bytes, Integers, Integers],
) -> int:
    """Fill in `found`, the arrays of a `LineScan` but for the text; returns the number of rows.

    `data`: uint8[bytes], whole lines, each ended by a newline.
    `meaning`: kinds of the fields, uint8[fields + 1], the last one that of all behind, and the
    least and largest number of each, int64[fields, 2].
    `type_field`: position of the order type, -1 if there is none.
    """
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
            if INTEGER <= kind <= PRICE:
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
                if kind == PRICE:
                    number *= 2
                if not is_read:
                    position, number = _odd_number(data, delimiter, begin, kind, ranges[field])
                    is_read = position >= 0
                    is_sound &= is_read
                if field == type_field and is_read:
                    code = number
                cells[column, row] = number
                column += 1
            elif kind == TEXT:
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


@kernel
def _odd_number(  # noqa: C901
    data: Bytes, delimiter: int, position: int, kind: int, limits: Integers
) -> tuple[int, int]:
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
    if kind == PRICE and data[position] == _POINT:
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
        return -1 if is_odd or kind == REQUIRED_INTEGER else position, MISSING_INTEGER
    number = -magnitude if is_negative else magnitude
    if magnitude < 0 or number < limits[0] or number > limits[1]:
        return -1, 0
    if half and number == limits[1 - is_negative]:
        return -1, 0
    if kind == PRICE:
        number = 2 * number - half if is_negative else 2 * number + half
    return position, number


@kernel
def _end_of_cell(data: Bytes, delimiter: int, position: int) -> int:
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


@kernel
def _behind_spaces(data: Bytes, position: int) -> int:
    while data[position] == _SPACE:
        position += 1
    return position
