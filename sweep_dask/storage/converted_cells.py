"""Rows of a file in the raw format: its columns, its units, and texts with their codes."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from sweep_dask.schema import Column, Kind
from sweep_dask.storage.cells import MAX_LINE_BYTES, SPACE, UnparsableError, cells_of, validate_cell
from sweep_dask.storage.units import standard_cell, standard_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.header_columns import Field
    from sweep_dask.storage.units import Unit

#: As programs write whole numbers that they hold as floating point.
_WHOLE = re.compile(r"([+-]?[0-9]{1,16})\.0*")
#: Those of 0.065 dollars, which are 0065 price units.
_LEADING_ZEROS = re.compile(r"^([+-]?)0+(?=[0-9])")
#: From here on such a program has lost digits.
_EXACT = 2**53

#: Lines at a time: what is made of so many stays in the cache of a processor.
_BATCH_LINES = 512

#: Texts of a column without a code that are told apart, and what counts the others.
_MOST_UNMAPPED = 12
OTHERS = "others"

#: Before a cell that is no time, lest it be one in nanoseconds.
NOT_A_TIME = "not a time: "


@dataclass
class RowConverter:
    """Converts the rows of one file, some at a time, and counts what it did."""

    header: FileHeader
    values: Mapping[str, Mapping[str, str]]
    """By column, what to write for a text."""
    rows: int = 0
    """Rows seen."""
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """By column, how many cells were written otherwise than they stood, by what was done."""
    unmapped: dict[str, Counter[str]] = field(default_factory=dict)
    """By column, cells that `values` has nothing for and that are no numbers; `OTHERS` besides."""
    too_long: int = 0
    """Lines that are no row, as they or a cell are beyond any; written as one cell."""
    unindented: int = 0
    """Lines with quotes in which blanks in front of cells were taken away."""

    def converted(self, text: bytes) -> bytes:
        """Whole lines in the raw format, one for each that is not blank, in their order."""
        sink = io.StringIO(newline="")
        writer = csv.writer(sink, lineterminator="\n")
        lines = text.split(b"\n")
        for start in range(0, len(lines), _BATCH_LINES):
            batch = [line for line in lines[start : start + _BATCH_LINES] if line.strip(b" \r")]
            writer.writerows(self._rows(batch))
        return sink.getvalue().encode("utf-8", "surrogateescape")

    def _rows(self, lines: Sequence[bytes]) -> list[Sequence[str]]:
        rows = [self._cells(line) for line in lines]
        self.rows += len(rows)
        whole = [row for row in rows if len(row) == self.header.n_fields]
        by_field = list(zip(*whole, strict=True)) or [()] * self.header.n_fields
        columns = [self._column(of, by_field[of.position]) for of in self.header.fields]
        made = iter(zip(*columns, strict=True))
        n_written = len(self.header.fields)
        return [
            next(made) if len(row) == self.header.n_fields else _not_a_row(row, n_written)
            for row in rows
        ]

    def _cells(self, line: bytes) -> list[str]:
        text = line.decode("utf-8", "surrogateescape").removesuffix("\r")
        if len(line) <= MAX_LINE_BYTES:
            with suppress(csv.Error):
                return self._split(text)
        self.too_long += 1
        return [text]

    def _split(self, text: str) -> list[str]:
        delimiter = self.header.delimiter
        if '"' not in text and "\r" not in text:
            return text.split(delimiter)
        cells = cells_of(text, delimiter)
        if text.startswith(" ") or f"{delimiter} " in text:  # of a cell, or within quotes
            self.unindented += cells != next(csv.reader([text], delimiter=delimiter))
        return cells

    def _column(self, of: Field, cells: Sequence[str]) -> Sequence[str]:
        name = of.column.name
        if name in self.values:
            codes = self.values[name]
            self._note_unmapped(of.column, cells)
            cells = self._noted(of, "codes for texts", cells, lambda c: codes.get(c.strip(), c))
        if of.unit is not None:
            what = f"{_spoken(of.unit)} to {'ns' if of.column.is_time else '0.1 cent'}"
            spellings = list(dict.fromkeys(cells))
            standard = dict(zip(spellings, _standard(of, spellings), strict=True))
            return self._noted(of, what, cells, standard.__getitem__)
        if of.column.kind is Kind.INTEGER and any("." in cell for cell in cells):
            return self._noted(of, "whole numbers without .0", cells, _whole)
        return cells

    def _note_unmapped(self, column: Column, cells: Sequence[str]) -> None:
        if column.kind is not Kind.INTEGER or column.is_time:
            return
        unmapped = self.unmapped.setdefault(column.name, Counter())
        for cell, count in Counter(cell.strip() for cell in cells).items():
            if (
                cell
                and cell not in self.values[column.name]
                and validate_cell(_whole(cell), column)
            ):
                is_shown = cell in unmapped or len(unmapped) < _MOST_UNMAPPED
                unmapped[cell if is_shown else OTHERS] += count

    def _noted(
        self, of: Field, what: str, cells: Sequence[str], convert: Callable[[str], str]
    ) -> list[str]:
        after = [convert(cell) for cell in cells]
        changed = sum(old != new for old, new in zip(cells, after, strict=True))
        failed = sum(cell.startswith(NOT_A_TIME) for cell in after)
        counts = self.counts.setdefault(of.column.name, Counter())
        counts.update({what: changed - failed, "no times, and marked so": failed})
        return after


def _not_a_row(cells: Sequence[str], n_fields: int) -> list[str]:
    """As it stands; with one cell more, if it would be a row of so many fields otherwise."""
    return [*cells, ""] if len(cells) == n_fields else list(cells)


def _standard(of: Field, cells: Sequence[str]) -> list[str]:
    assert of.unit is not None
    try:
        found = standard_cells(pa.array(cells, pa.string()), of.column, of.unit)
        return [_LEADING_ZEROS.sub(r"\1", cell) for cell in found.to_pylist()]
    except (UnparsableError, UnicodeEncodeError):
        standard = (standard_cell(cell, of.column, of.unit) for cell in cells)
        return [
            f"{NOT_A_TIME}{old.strip(SPACE)}" if new is None else _LEADING_ZEROS.sub(r"\1", new)
            for old, new in zip(cells, standard, strict=True)
        ]


def _spoken(unit: Unit) -> str:
    comma = " with a decimal comma" if unit.decimal == "," and unit.word != "iso" else ""
    return f"{unit.word}{comma}{f' in {unit.zone}' if unit.zone else ''}"


def _whole(cell: str) -> str:
    found = _WHOLE.fullmatch(cell.strip(SPACE))
    return found[1] if found and abs(int(found[1])) < _EXACT else cell
