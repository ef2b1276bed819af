"""The slow path: one line at a time, with the reason why it cannot be used.

A row is judged in this order: number of fields, order type code, filter (not Centre Point),
then all other values, in the file's order. Repeats are found later, across blocks and files.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.storage.cells import integer_of, judge_cell

if TYPE_CHECKING:
    from sweep_dask.schema import Table
    from sweep_dask.storage.header import FileHeader

#: Why a row cannot be read (`rejects/*.parquet`, manifest).
REJECT_REASONS = {
    "wrong_field_count": "the line has more or fewer fields than the header",
    "missing_value": "a value that every row must have is blank or the missing-value number",
    "not_a_number": "the cell holds no integer (or, for prices, no decimal number)",
    "not_a_half_unit": "a price that is no multiple of half a price unit",
    "out_of_range": "a number outside what its column can hold",
    "not_text": "the line is no UTF-8 text, holds a zero byte or has a cell of over 128 KiB",
}


#: Zero bytes, bytes that are no UTF-8 (as `surrogateescape` decodes them), a byte order mark.
_NO_TEXT = re.compile("[\0\udc80-\udcff]|^\ufeff")


class Judgement(NamedTuple):
    """What becomes of one line."""

    centre_point: bool
    """Whether the row passes the filter; False with no reason means it is filtered."""
    column: str | None = None
    reason: str | None = None
    """Key of `REJECT_REASONS`; None for a row that can be used."""
    identity: tuple[int, ...] | None = None
    """Time, security, order id and sequence of a rejected row, where all can be read."""


def judge_line(line: bytes, header: FileHeader, table: Table, type_bits: int) -> Judgement:
    """Judge one line (without its line ending)."""
    text = line.decode("utf-8", errors="surrogateescape")
    try:
        cells = _cells(text)
    except csv.Error:  # a cell beyond any sensible size
        return Judgement(centre_point=True, reason="not_text")
    if len(cells) != header.n_fields:
        return Judgement(centre_point=True, reason="wrong_field_count")
    by_name = {field.column.name: cells[field.position] for field in header.fields}
    if table.order_type is not None:
        column = table.column(table.order_type)
        reason = judge_cell(by_name[column.name], column)
        if reason is not None:
            return Judgement(True, column.name, reason)
        if integer_of(by_name[column.name]) & type_bits == 0:
            return Judgement(centre_point=False)
    if _NO_TEXT.search(text):
        return Judgement(True, None, "not_text", _identity(by_name, table))
    for field in header.fields:
        reason = judge_cell(cells[field.position], field.column)
        if reason is not None:
            name = field.column.name
            return Judgement(True, name, reason, _identity(by_name, table))
    return Judgement(centre_point=True)


def _cells(text: str) -> list[str]:
    # A carriage return within a line is white space; the csv module would refuse it.
    return next(csv.reader([text.replace("\r", " ")], skipinitialspace=True), [])


def _identity(by_name: dict[str, str], table: Table) -> tuple[int, ...] | None:
    """When, where and what the row is, if all of it can be read; repeats are told by it."""
    if not table.identity:
        return None
    names = (table.time, table.security, *table.identity)
    columns = [table.column(name) for name in names if name is not None]
    if any(judge_cell(by_name[c.name], c) is not None for c in columns):
        return None
    return tuple(integer_of(by_name[c.name]) for c in columns)
