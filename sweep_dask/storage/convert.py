"""One raw file written anew in the raw format, whatever it is written like."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.errors import InternalError
from sweep_dask.schema import Column, Kind
from sweep_dask.storage.blocks import CHUNK_BYTES, cut_file, read_chunks
from sweep_dask.storage.cells import MAX_LINE_BYTES, cells_of, validate_cell
from sweep_dask.storage.header_columns import plain_name
from sweep_dask.storage.raw_files import open_raw, readable
from sweep_dask.storage.units import SPACE, UnparsableError, standard_cell, standard_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.header_columns import Field
    from sweep_dask.storage.raw_files import InputFile
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

_COMPRESSION_LEVEL = 6
#: Of a text in a message.
_SHOWN_CHARACTERS = 60


@dataclass
class RowConverter:
    """Converts the rows of one file, some at a time, and counts what it did."""

    header: FileHeader
    values: Mapping[str, Mapping[str, str]]
    """By column, what to write for a text."""
    rows: int = 0
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
        n_fields, n_written = self.header.n_fields, len(self.header.fields)
        whole = [row for row in rows if len(row) == n_fields]
        by_field = list(zip(*whole, strict=True)) or [()] * n_fields
        columns = [self._column(of, by_field[of.position]) for of in self.header.fields]
        made = iter(zip(*columns, strict=True))
        # What is no row stays as it is; with one cell more, if it would be a row otherwise.
        return [
            next(made) if len(row) == n_fields else row + [""] * (len(row) == n_written)
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
        text = text.replace("\r", " ")  # as `cells_of` does
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


@dataclass(frozen=True)
class ConvertedFile:
    """What became of one file."""

    file: str
    table: str
    written: str
    """Its path below the folder that it was written to."""
    rows: int
    """As many as it has, and as many as were written."""
    conversions: tuple[str, ...]
    """All that is not as it was, in words."""
    unmapped: tuple[str, ...]
    """Cells that were to become codes and stayed texts, in words."""


def convert_file(
    file: InputFile,
    header: FileHeader,
    values: Mapping[str, Mapping[str, str]],
    names: tuple[str, ...],
    root: Path,
    written: str,
) -> ConvertedFile:
    """Write a file to `root / written`, which must not exist, with the columns that are read.

    The text is held a chunk at a time. Every row of the file is a row of the other, in the same
    order, also one that cannot be read: nothing is validated here. Of a line that is too long to
    be a row as much is written as shows that.

    `values`: by column, what to write for a text.
    `names`: all names in the file's header, or those that were given for it.
    Raises InputError: the file is damaged, or was changed meanwhile.
    """
    # Columns stay in the order in which the file has them.
    fields = tuple(sorted(header.fields, key=lambda of: of.position))
    converter = RowConverter(replace(header, fields=fields), values)
    with _opened(root / written) as sink:
        sink.write(_header_line(converter.header))
        for block in cut_file(file, header, 16 * CHUNK_BYTES, 0):
            for chunk in read_chunks(block):
                sink.write(converter.converted(chunk.text))
    n_written = _rows_of(root / written)
    n_read = converter.rows if header.n_rows is None else header.n_rows
    if not n_written == converter.rows == n_read:
        raise InternalError(f"{file.name} has {n_read:,} rows, and {n_written:,} were written.")
    conversions = (*_of_file(file, header, names), *_of_rows(converter))
    unmapped = tuple(
        f"{column}: {counts.total():,} cells are in no map: "
        + ", ".join(text[:_SHOWN_CHARACTERS] for text in counts)
        for column, counts in converter.unmapped.items()
        if counts
    )
    return ConvertedFile(file.name, file.table, written, n_written, conversions, unmapped)


def names_in_file(file: InputFile, header: FileHeader, given: tuple[str, ...]) -> tuple[str, ...]:
    """The names of all fields, as they stand."""
    with readable(file):
        if file.format == "parquet":
            with open_raw(file) as stream:
                return tuple(pq.read_schema(stream).names)
    return given or header.names


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    with path.open("xb") as file:
        if path.suffix == ".gz":
            # Without a name and a time in it, equal rows are equal bytes.
            with gzip.GzipFile("", "xb", _COMPRESSION_LEVEL, file, mtime=0) as packed:
                yield packed
        else:
            yield file


def _rows_of(path: Path) -> int:
    """Lines below the header, as they are on the disk."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        return sum(text.count(b"\n") for text in iter(lambda: stream.read(1 << 20), b"")) - 1


def _header_line(header: FileHeader) -> bytes:
    sink = io.StringIO(newline="")
    csv.writer(sink, lineterminator="\n").writerow([of.column.name for of in header.fields])
    return sink.getvalue().encode()


def _of_file(file: InputFile, header: FileHeader, names: tuple[str, ...]) -> list[str]:
    read = {of.position: of.column.name for of in header.fields}
    renamed = [
        f"{name.strip()} to {read[position]}"
        for position, name in enumerate(names)
        if position in read and plain_name(name) != plain_name(read[position])
    ]
    left_out = [name.strip() for position, name in enumerate(names) if position not in read]
    conversions = {
        "format": "" if file.format == "csv" else f"{file.format} to CSV",
        "delimiter": "" if header.delimiter == "," else f"{header.delimiter!r} to a comma",
        "header": "" if header.line or file.format == "parquet" else "written in front",
        "columns renamed": ", ".join(renamed),
        "columns left out, as nothing reads them": ", ".join(left_out),
    }
    return [f"{what}: {how}" for what, how in conversions.items() if how]


def _of_rows(converter: RowConverter) -> list[str]:
    lines = {
        "blanks in front of cells taken away": converter.unindented,
        "too long to be a row, and written as one cell": converter.too_long,
    }
    return [f"lines: {what} ({count:,} lines)" for what, count in lines.items() if count] + [
        f"{column}: {what} ({count:,} cells)"
        for column, counts in converter.counts.items()
        for what, count in counts.items()
        if count
    ]
