"""Rows of integers as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.sample.compiled import folded, kernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sweep_dask.schema import Table

#: Form of a column of integers. All others are words.
_WHOLE = -1

#: No line is longer: at most thirty columns of twenty digits or short words.
_LONGEST_LINE_BYTES = 1_024
#: Room for twice as many lines as one transaction may have.
TEXT_BYTES = 4_096 * _LONGEST_LINE_BYTES

#: Room for a word and its length.
_WORD_BYTES = 32

_COMMA, _NEWLINE, _MINUS, _ZERO = b",\n-0"
_HUNDRED = np.uint64(100)
_POWERS_OF_TEN = 10 ** np.arange(20, dtype=np.uint64)
#: The two digits of 0 to 99.
_PAIRS = np.frombuffer(b"".join(b"%02d" % number for number in range(100)), np.uint8)


class Sheet(NamedTuple):
    """The rows of a table, and the text that is made of them."""

    cells: NDArray[np.int64]
    """int64[rows, columns]."""
    forms: NDArray[np.int64]
    """int64[columns], the form above or the number of the column's first word. A cell that
    no word stands for stays blank."""
    codes: NDArray[np.int64]
    """int64[words], the cell that each word stands for."""
    words: NDArray[np.uint8]
    """uint8[words, any], each word's length and then its characters."""
    text: NDArray[np.uint8]
    filled: NDArray[np.int64]
    """int64[1], how many bytes of the text are filled."""


def new_sheet(
    table: Table,
    rows: NDArray[np.void],
    text: NDArray[np.uint8],
    words: Mapping[str, Mapping[int, str]],
) -> Sheet:
    """A sheet for rows with the columns of a table, int64, and a buffer for their text.

    `words` are what the cells of some columns stand for.
    """
    forms: dict[str, int] = {}
    codes: list[int] = []
    texts: list[bytes] = []
    for column, of_column in words.items():
        forms[column] = len(codes)
        codes += of_column.keys()
        texts += [bytes([len(word)]) + word.encode() for word in of_column.values()]
    return Sheet(
        cells=rows.view(np.int64).reshape(rows.size, -1),
        forms=np.array([forms.get(column.name, _WHOLE) for column in table.columns]),
        codes=np.array(codes, np.int64),
        words=np.array(texts, f"S{_WORD_BYTES}").view(np.uint8).reshape(-1, _WORD_BYTES),
        text=text,
        filled=np.zeros(1, np.int64),
    )


@folded
def has_room(sheet: Sheet, lines: int) -> bool:
    """Whether so many more lines fit for sure."""
    return bool(sheet.filled[0] + lines * _LONGEST_LINE_BYTES <= sheet.text.size)


@folded
def write_line(sheet: Sheet, row: int) -> None:
    """Append a row to the text."""
    text, at = sheet.text, sheet.filled[0]
    for column in range(sheet.forms.size):
        form, cell = sheet.forms[column], sheet.cells[row, column]
        at = _write_word(sheet, at, form, cell) if form >= 0 else _write_integer(text, at, cell)
        text[at] = _COMMA
        at += 1
    text[at - 1] = _NEWLINE
    sheet.filled[0] = at


@folded
def _write_word(sheet: Sheet, at: int, first: int, code: int) -> int:
    """Write the word for a code, `first` or a later one; return where it ends."""
    for word in range(first, sheet.codes.size):
        if sheet.codes[word] == code:
            length = int(sheet.words[word, 0])
            for character in range(length):
                sheet.text[at + character] = sheet.words[word, 1 + character]
            return at + length
    return at


@folded
def _write_integer(text: NDArray[np.uint8], at: int, number: int) -> int:
    """Write a decimal number; return where it ends."""
    # Most are of one digit.
    if 0 <= number < 10:
        text[at] = _ZERO + number
        return at + 1
    return _write_long(text, at, number)


@kernel
def _write_long(text: NDArray[np.uint8], at: int, number: int) -> int:
    left = np.uint64(number)
    if number < 0:
        text[at] = _MINUS
        at += 1
        left = np.uint64(-number)
    digits = 1 if left < _POWERS_OF_TEN[8] else 9
    while digits < _POWERS_OF_TEN.size and left >= _POWERS_OF_TEN[digits]:
        digits += 1
    position = at + digits
    while position > at:
        position -= 2
        pair = 2 * np.int64(left % _HUNDRED)
        left //= _HUNDRED
        text[position + 1] = _PAIRS[pair + 1]
        if position >= at:
            text[position] = _PAIRS[pair]
    return at + digits
