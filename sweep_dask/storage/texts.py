"""Cells of one column as texts, from the offsets that a scan found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweep_dask.compiled import entry, kernel

_NEWLINE, _RETURN, _SPACE, _QUOTE = 10, 13, 32, 34
_TAB = 9


def copied_texts(
    data: npt.NDArray[np.uint8], begins: npt.NDArray[np.int64], delimiter: str
) -> pa.Array:
    """Texts without their quotes and the white space around them, null where nothing is left.

    Parameters
    ----------
    data
        UTF-8, ended by a newline.
    begins
        int64[rows], offsets of cells of one column, ascending; quotes are closed.
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
