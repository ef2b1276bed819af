"""First look at the bytes of a block: lines, number of fields, order type.

A pass over the bytes decides for every line whether it is worth parsing. Most lines of a real
extract are ordinary lit orders; they are counted here and never parsed.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from sweep_dask.storage.cells import MAX_LINE_BYTES

#: Verdicts on a line.
KEEP = 0
NOT_CENTRE_POINT = 1
WRONG_FIELD_COUNT = 2
DOUBTFUL = 3
"""Needs a closer look: an odd order type, bytes that are not ASCII, or a very long line."""
BLANK = 4

_NEWLINE, _RETURN, _COMMA, _QUOTE, _SPACE = 10, 13, 44, 34, 32
_PLUS, _MINUS, _ZERO, _NINE = 43, 45, 48, 57

#: Python's csv module takes no longer cells; such lines must always be read by it.
_LONG_LINE_BYTES = 1 << 17


class LineScan(NamedTuple):
    """What `scan_lines` found."""

    starts: npt.NDArray[np.int64]
    """int64[lines], offset of each line's first byte, ascending."""
    ends: npt.NDArray[np.int64]
    """int64[lines], offset behind its last byte, line ending excluded."""
    verdicts: npt.NDArray[np.uint8]
    """uint8[lines], one of the verdicts above."""
    has_odd: npt.NDArray[np.bool_]
    """bool[fields], whether the field is blank, quoted or holds anything but digits, signs and
    spaces on any kept line."""


def scan_lines(
    data: bytes, n_fields: int, type_field: int, type_bits: int, delimiter: str = ","
) -> LineScan:
    """Judge every line of `data` by number of fields and order type.

    Parameters
    ----------
    data
        Whole lines; the last one may lack its newline.
    n_fields
        Fields a line must have. Delimiters inside a quoted field do not count.
    type_field
        Position of the order type, -1 for tables that have none.
    type_bits
        Lines whose order type has none of these bits are `NOT_CENTRE_POINT`.
    delimiter
        What stands between two fields, one ASCII character.
    """
    array = np.frombuffer(data, dtype=np.uint8)
    # bytes.count is several times faster than counting in the array.
    n_lines = data.count(b"\n") + (not data.endswith(b"\n") and len(data) > 0)
    # An argument left out is a constant of the compiled code: a variable costs a third more.
    other = () if delimiter == "," else (ord(delimiter),)
    return LineScan(*_scan(array, n_lines, n_fields, type_field, type_bits, *other))


@numba.njit(cache=True, nogil=True)
def _scan(data, n_lines, n_fields, type_field, type_bits, delimiter=_COMMA):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901
    starts = np.empty(n_lines, np.int64)
    ends = np.empty(n_lines, np.int64)
    verdicts = np.empty(n_lines, np.uint8)
    has_odd = np.zeros(n_fields, np.bool_)
    odd = np.zeros(n_fields, np.bool_)

    position, size = 0, data.size
    for line in range(n_lines):
        starts[line] = position
        odd[:] = False
        field = 0
        at_field_start, in_quotes = True, False
        content, plain = False, True
        code, code_digits, code_negative, code_ended = 0, 0, False, False
        while position < size and data[position] != _NEWLINE:
            byte = data[position]
            if in_quotes:
                if byte == _QUOTE:
                    if position + 1 < size and data[position + 1] == _QUOTE:
                        position += 1
                        if field == type_field:
                            plain = False
                    else:
                        in_quotes = False
                        if field == type_field:
                            code_ended = True
                elif field == type_field:
                    if _ZERO <= byte <= _NINE and code_digits < 18:
                        code = code * 10 + (byte - _ZERO)
                        code_digits += 1
                    else:
                        plain = False
            elif byte == delimiter:
                if at_field_start and field < n_fields:
                    odd[field] = True
                field += 1
                at_field_start = True
                content = True
            elif byte == _QUOTE and at_field_start:
                in_quotes = True
                at_field_start = False
                content = True
                if field < n_fields:
                    odd[field] = True
            elif byte == _SPACE:
                if field == type_field:
                    code_ended = code_digits > 0
                    plain = plain and not (code_negative and code_digits == 0)
            elif byte == _RETURN and (position + 1 == size or data[position + 1] == _NEWLINE):
                pass
            else:
                content = True
                at_field_start = False
                is_digit = _ZERO <= byte <= _NINE
                if not (is_digit or byte in (_MINUS, _PLUS)) and field < n_fields:
                    odd[field] = True
                if field == type_field:
                    if is_digit and code_digits < 18 and not code_ended:
                        code = code * 10 + (byte - _ZERO)
                        code_digits += 1
                    elif byte == _MINUS and code_digits == 0 and not code_negative:
                        code_negative = True
                    else:
                        plain = False
            # Bytes that are no ASCII text might not be UTF-8; a zero byte would end a number.
            if byte == 0 or byte >= 128:
                plain = False
            position += 1
        end = position
        if end > starts[line] and data[end - 1] == _RETURN:
            end -= 1
        ends[line] = end
        position += 1
        if at_field_start and field < n_fields:
            odd[field] = True
        if end - starts[line] > _LONG_LINE_BYTES:
            plain = False

        if end - starts[line] > MAX_LINE_BYTES:
            verdicts[line] = DOUBTFUL  # of which only a part may have been read
        elif not content:
            verdicts[line] = BLANK
        elif field + 1 != n_fields or in_quotes:
            verdicts[line] = WRONG_FIELD_COUNT
        elif not plain or (type_field >= 0 and code_digits == 0):
            verdicts[line] = DOUBTFUL
        elif type_field >= 0 and ((-code if code_negative else code) & type_bits) == 0:
            verdicts[line] = NOT_CENTRE_POINT
        else:
            verdicts[line] = KEEP
        if verdicts[line] == KEEP or verdicts[line] == DOUBTFUL:
            has_odd |= odd
    return starts, ends, verdicts, has_odd


def gather_lines(data: bytes, scan: LineScan, wanted: npt.NDArray[np.bool_]) -> bytes:
    """The wanted lines of a block as one piece of text, each ended by a newline."""
    array = np.frombuffer(data, dtype=np.uint8)
    gathered: npt.NDArray[np.uint8] = _gather(array, scan.starts[wanted], scan.ends[wanted])
    return gathered.tobytes()


@numba.njit(cache=True, nogil=True)
def _gather(data, starts, ends):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    out = np.empty((ends - starts).sum() + starts.size, np.uint8)
    position = 0
    for line in range(starts.size):
        length = ends[line] - starts[line]
        out[position : position + length] = data[starts[line] : ends[line]]
        out[position + length] = _NEWLINE
        position += length + 1
    return out
