"""What a cell and a line may hold, decided once for the fast path and for the row-by-row path.

Both paths must agree cell by cell: the fate of a row may not depend on its neighbours, or the
result would depend on where the blocks were cut.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sweep_dask.schema import MISSING_INTEGER, Column, Kind
from sweep_dask.storage.units import SPACE, UnparsableError, standard_cell

if TYPE_CHECKING:
    from sweep_dask.schema import Table
    from sweep_dask.storage.header import FileHeader

#: Arrow types of the three kinds of columns of the input.
INPUT_TYPES = {Kind.INTEGER: pa.int64(), Kind.PRICE: pa.float64(), Kind.TEXT: pa.string()}

_INTEGER = r"[+-]?[0-9]+"
#: Up to 15 digits and nothing, .0 or .5: exact in a double, exact when doubled.
_PRICE = r"[+-]?(?:0*[0-9]{1,15}(?:\.(?:0*|50*))?|\.(?:0+|50*))"
_MISSING_PRICE = f"-0*{-MISSING_INTEGER}"
_INTEGER_PATTERN = re.compile(_INTEGER)
_PRICE_PATTERN = re.compile(_PRICE)
_MISSING_PRICE_PATTERN = re.compile(_MISSING_PRICE)
_NUMBER_PATTERN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")

#: Zero bytes, and bytes that are no UTF-8 (as `surrogateescape` decodes them).
_NO_TEXT = re.compile("[\0\udc80-\udcff]")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: A longer line is no row of a table of the exchange; as long a header is no header.
MAX_LINE_BYTES = 1 << 20


class Validation(NamedTuple):
    """What becomes of one line."""

    centre_point: bool
    """Whether the row passes the filter; False with no reason means it is filtered."""
    column: str | None = None
    reason: str | None = None
    """Key of `ledger.REJECT_REASONS`; None for a row that can be used."""


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
        cell = standard_cell(cells[wanted.position], wanted.column, wanted.unit)
        reason = "not_a_time" if cell is None else validate_cell(cell, wanted.column)
        if reason is not None:
            return Validation(True, wanted.column.name, reason)
    return Validation(centre_point=True)


def cells_of(text: str, delimiter: str) -> list[str]:
    """The cells of a line.

    Raises csv.Error: one is beyond any sensible size.
    """
    # A carriage return within a line is white space; the csv module would refuse it.
    line = text.replace("\r", " ")
    return next(csv.reader([line], skipinitialspace=True, delimiter=delimiter), [])


def validate_cell(text: str, column: Column) -> str | None:
    """Reason why `text` cannot be a cell of `column`, or None if it can.

    Returns `missing_value`, `not_a_number`, `not_a_half_unit` or `out_of_range`.
    """
    if column.kind is Kind.TEXT:
        return None
    trimmed = text.strip(SPACE)
    if trimmed == "":
        blank_allowed = column.kind is Kind.PRICE or not column.required
        return None if blank_allowed else "missing_value"
    if column.kind is Kind.PRICE:
        return _validate_price(trimmed, column)
    if not _INTEGER_PATTERN.fullmatch(trimmed):
        return "not_a_number"
    value = integer_of(trimmed)
    if value == MISSING_INTEGER:
        return "missing_value" if column.required else None
    return None if column.minimum <= value <= column.maximum else "out_of_range"


def integer_of(text: str) -> int:
    """Value of a cell that holds an integer, or 2**64 (out of any range) if it has 20 digits.

    Python refuses to convert thousands of digits.
    """
    digits = text.strip(SPACE).lstrip("+-0") or "0"
    magnitude = int(digits) if len(digits) < 20 else 2**64
    return -magnitude if "-" in text else magnitude


def _validate_price(trimmed: str, column: Column) -> str | None:
    if _MISSING_PRICE_PATTERN.fullmatch(trimmed):
        return None
    if not _NUMBER_PATTERN.fullmatch(trimmed):
        return "not_a_number"
    if not column.minimum <= float(trimmed) <= column.maximum:
        return "out_of_range"
    return None if _PRICE_PATTERN.fullmatch(trimmed) else "not_a_half_unit"


def number_of(text: str, column: Column) -> int:
    """What `validate_cell` accepts as a number: an integer, or a price doubled.

    Returns `MISSING_INTEGER` if there is none.
    """
    trimmed = text.strip(SPACE)
    if trimmed == "" or _MISSING_PRICE_PATTERN.fullmatch(trimmed):
        return MISSING_INTEGER
    whole, _, fraction = trimmed.partition(".")
    number = integer_of(whole)
    if column.kind is not Kind.PRICE:
        return number
    half = int(fraction.startswith("5"))
    return 2 * number + (-half if trimmed.startswith("-") else half)


def integers_from_text(text: pa.Array) -> pa.Array:
    """int64 with nulls where the text is blank.

    Raises UnparsableError: some cell is no integer of 64 bits.
    """
    return _numbers_from_text(text, f"^{_INTEGER}$", pa.int64())


def prices_from_text(text: pa.Array) -> pa.Array:
    """float64, exact multiples of a half; null where the text is blank or the missing value.

    Raises UnparsableError: some cell is no price.
    """
    values = pc.utf8_trim(text, SPACE)
    missing = pc.match_substring_regex(values, f"^{_MISSING_PRICE}$")
    prices = _numbers_from_text(pc.if_else(missing, "", values), f"^{_PRICE}$", pa.float64())
    # Minus nothing is zero, as it is where a column is read as integers.
    return pc.add(prices, 0.0)


def _numbers_from_text(text: pa.Array, pattern: str, kind: pa.DataType) -> pa.Array:
    trimmed = pc.utf8_trim(text, SPACE)
    blank = pc.equal(trimmed, "")
    valid = pc.or_(blank, pc.match_substring_regex(trimmed, pattern))
    if not pc.all(valid, min_count=0).as_py():
        raise UnparsableError
    unsigned = pc.utf8_ltrim(trimmed, "+")
    try:
        return pc.cast(pc.if_else(blank, None, unsigned), kind)
    except pa.ArrowInvalid as error:
        raise UnparsableError from error
