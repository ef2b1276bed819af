"""One pass over the bytes of a chunk: lines, number of fields, order type, and all numbers.

Most lines of a real extract are ordinary lit orders; they are counted here and nothing is made of
them. Of the others every integer and price is read on the way, where it can be no other thing; a
line with a cell that needs a closer look is doubtful as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sweep_dask.schema import Kind
from sweep_dask.storage import scan_kernel as kernel
from sweep_dask.storage.cells import MAX_PRICE

if TYPE_CHECKING:
    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.header_columns import Field

_FIRST_NOT_ASCII = 128


class LineScan(NamedTuple):
    """What `scan_lines` found."""

    data: npt.NDArray[np.uint8]
    """The text, ended by a newline."""
    starts: npt.NDArray[np.int64]
    """int64[lines], offset of each line's first byte, ascending."""
    ends: npt.NDArray[np.int64]
    """int64[lines], offset behind its last byte, line ending excluded."""
    verdicts: npt.NDArray[np.uint8]
    """uint8[lines], verdicts of `scan_kernel`."""
    row_lines: npt.NDArray[np.int64]
    """int64[rows], lines to keep and doubtful ones, ascending."""
    cells: npt.NDArray[np.int64]
    """int64[fields read, rows], fields in the order of the file: integers, prices doubled,
    `MISSING_INTEGER` where there is none; of a text the offset at which its cell begins. Odd
    numbers of doubtful lines are not there yet."""


def scan_lines(text: bytes, header: FileHeader, type_field: int, type_bits: int) -> LineScan:
    """Sort every line of `text` by number of fields and order type, and read its numbers.

    Parameters
    ----------
    text
        Whole lines; the last one may lack its newline.
    type_field
        Position of the order type, -1 for tables that have none.
    type_bits
        Lines whose order type has none of these bits are not Centre Point.
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
    n_rows = kernel.scan_bytes(data, *of_file, type_bits, arrays)
    if not text.isascii() or b"\0" in text:
        _doubt_other_bytes(data, starts, verdicts)
    return LineScan(data, starts, ends, verdicts, row_lines[:n_rows], cells[:, :n_rows])


def _meaning(header: FileHeader) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """What is made of each field and of those behind the last, and the range of its integers."""
    kinds = np.full(header.n_fields + 1, kernel.SKIPPED, np.uint8)
    ranges = np.zeros((header.n_fields, 2), np.int64)
    for field in header.fields:
        kinds[field.position] = _kind(field)
        ranges[field.position] = field.column.minimum, field.column.maximum
        if kinds[field.position] == kernel.PRICE:
            ranges[field.position] = -MAX_PRICE, MAX_PRICE
    return kinds, ranges


def _kind(field: Field) -> int:
    if field.column.kind is Kind.TEXT or field.unit is not None:
        return kernel.TEXT
    if field.column.kind is Kind.PRICE:
        return kernel.PRICE
    return kernel.REQUIRED_INTEGER if field.column.required else kernel.INTEGER


def _doubt_other_bytes(
    data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], verdicts: npt.NDArray[np.uint8]
) -> None:
    """Bytes that are no ASCII might not be UTF-8; a zero byte ends many a program's text."""
    positions = np.flatnonzero((data == 0) | (data >= _FIRST_NOT_ASCII))
    lines = np.searchsorted(starts, positions, side="right") - 1
    verdicts[lines[verdicts[lines] == kernel.KEEP]] = kernel.DOUBTFUL
