"""The slow path: one line at a time, with the reason why it cannot be used.

A row is judged in this order: number of fields, order type code, filter (not Centre Point),
then all other values, in the order of the schema. Repeats are found later, across blocks and
files, among rows that can be used only: a row that cannot be read neither hides another nor is one.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.storage.cells import MAX_LINE_BYTES, integer_of, judge_cell
from sweep_dask.storage.units import standard_cell

if TYPE_CHECKING:
    from sweep_dask.schema import Table
    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.header_columns import Field

#: Why a row cannot be read (`rejects/*.parquet`, manifest).
REJECT_REASONS = {
    "wrong_field_count": "the line has more or fewer fields than the header",
    "missing_value": "a value that every row must have is blank or the missing-value number",
    "not_a_number": "the cell holds no integer (or, for prices, no decimal number)",
    "not_a_time": "the cell holds no time in ISO 8601 with its offset, where `units` asks for one",
    "not_a_half_unit": "a price that is no multiple of half a price unit",
    "out_of_range": "a number outside what its column can hold",
    "not_text": "the line is no UTF-8 text, holds a zero byte, is longer than 1 MiB or has a cell "
    "of over 128 KiB",
}


#: Zero bytes, and bytes that are no UTF-8 (as `surrogateescape` decodes them).
_NO_TEXT = re.compile("[\0\udc80-\udcff]")


class Judgement(NamedTuple):
    """What becomes of one line."""

    centre_point: bool
    """Whether the row passes the filter; False with no reason means it is filtered."""
    column: str | None = None
    reason: str | None = None
    """Key of `REJECT_REASONS`; None for a row that can be used."""


def judge_line(line: bytes, header: FileHeader, table: Table, type_bits: int) -> Judgement:
    """Judge one line (without its line ending)."""
    if len(line) > MAX_LINE_BYTES:  # there may be more of it than was read
        return Judgement(centre_point=True, reason="not_text")
    text = line.decode("utf-8", errors="surrogateescape")
    try:
        cells = cells_of(text, header.delimiter)
    except csv.Error:  # a cell beyond any sensible size
        return Judgement(centre_point=True, reason="not_text")
    if len(cells) != header.n_fields:
        return Judgement(centre_point=True, reason="wrong_field_count")
    if table.order_type is not None:
        column = table.column(table.order_type)
        code = cells[header.position_of(column.name)]
        reason = judge_cell(code, column)
        if reason is not None:
            return Judgement(True, column.name, reason)
        if integer_of(code) & type_bits == 0:
            return Judgement(centre_point=False)
    if _NO_TEXT.search(text):
        return Judgement(True, None, "not_text")
    for field in header.fields:
        reason = _judge(cells[field.position], field)
        if reason is not None:
            return Judgement(True, field.column.name, reason)
    return Judgement(centre_point=True)


def _judge(cell: str, field: Field) -> str | None:
    standard = standard_cell(cell, field.column, field.unit)
    return "not_a_time" if standard is None else judge_cell(standard, field.column)


def cells_of(text: str, delimiter: str) -> list[str]:
    """The cells of a line.

    Raises
    ------
    csv.Error
        One is beyond any sensible size.
    """
    # A carriage return within a line is white space; the csv module would refuse it.
    line = text.replace("\r", " ")
    return next(csv.reader([line], skipinitialspace=True, delimiter=delimiter), [])
