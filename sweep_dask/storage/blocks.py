"""Cutting files into blocks, and the text of a block.

A row belongs to the block in which its first byte lies, so every row has exactly one block
wherever the cuts fall - also when a cut falls on the first byte of a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sweep_dask.schema import MISSING_INTEGER, Kind
from sweep_dask.storage.formats import COMPRESSED, open_text
from sweep_dask.storage.raw_files import open_raw, require_read

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Mapping

    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.raw_files import InputFile

_STEP_BYTES = 1 << 16
#: About what a row of the extracts takes as text; only steers the size of a piece.
_TEXT_BYTES_PER_ROW = 160


@dataclass(frozen=True)
class Block:
    """A piece of one file that one task reads."""

    number: int
    """Position among all blocks of the run; file order, then position in the file."""
    file: InputFile
    header: FileHeader
    start: int
    """First byte of a CSV block, first row group of a Parquet block, 0 if it is compressed."""
    end: int
    """Byte (row group) behind the last; the size of a compressed file."""
    piece_bytes: int
    """How much text is held at a time."""


@dataclass(frozen=True)
class Piece:
    """Text of whole lines."""

    text: bytes
    first_byte: int | None
    """Offset of the text in its (uncompressed) file; None where a file has no bytes of text."""


def cut_file(
    file: InputFile, header: FileHeader, blocksize_bytes: int, first_number: int
) -> list[Block]:
    """Blocks of one file, in order: byte ranges of a CSV file, row groups of a Parquet file.

    A compressed file can only be read from its beginning and is one block, streamed in pieces of
    `blocksize_bytes`.
    """
    if file.format in COMPRESSED:
        cuts = [(0, file.bytes)]
    elif file.format == "parquet":
        cuts = _row_group_runs(file, blocksize_bytes)
    else:
        starts = range(header.body_offset, file.bytes, blocksize_bytes)
        cuts = [(start, min(start + blocksize_bytes, file.bytes)) for start in starts]
    return [
        Block(first_number + k, file, header, start, end, blocksize_bytes)
        for k, (start, end) in enumerate(cuts)
    ]


def _row_group_runs(file: InputFile, blocksize_bytes: int) -> list[tuple[int, int]]:
    with open_raw(file) as stream:
        metadata = pq.ParquetFile(stream).metadata
        sizes = [metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups)]
    runs: list[tuple[int, int]] = []
    first, held = 0, 0
    for group, size in enumerate(sizes):
        if group > first and held + size > blocksize_bytes:
            runs.append((first, group))
            first, held = group, 0
        held += size
    return [*runs, (first, len(sizes))] if sizes else []


def read_pieces(block: Block) -> Iterator[Piece]:
    """Text of a block, in pieces of about `block.piece_bytes`, each ending with its line."""
    if block.file.format in COMPRESSED:
        yield from _streamed_pieces(block)
    elif block.file.format == "parquet":
        yield from _parquet_pieces(block)
    else:
        with open_raw(block.file) as stream:
            yield _range_piece(stream, block)


def _range_piece(stream: io.RawIOBase, block: Block) -> Piece:
    """Lines whose first byte lies in [start, end)."""
    # One byte before the range tells whether a line begins exactly at its start.
    first = block.start - 1
    stream.seek(first)
    text = stream.read(block.end - first)
    require_read(block.file, len(text), block.end - first)
    skipped = text.find(b"\n") + 1
    if skipped == 0:
        return Piece(b"", block.end)  # the whole range lies inside one line
    if not text.endswith(b"\n"):
        text += _rest_of_line(stream)
    return Piece(text[skipped:], first + skipped)


def _rest_of_line(stream: io.RawIOBase) -> bytes:
    rest = b""
    while step := stream.read(_STEP_BYTES):
        newline = step.find(b"\n") + 1
        if newline:
            return rest + step[:newline]
        rest += step
    return rest


def _streamed_pieces(block: Block) -> Iterator[Piece]:
    with open_text(block.file) as stream:
        first_byte = len(stream.read(block.header.body_offset))
        left_over = b""
        while step := stream.read(block.piece_bytes):
            text = left_over + step
            whole = text.rfind(b"\n") + 1
            if whole:
                yield Piece(text[:whole], first_byte)
                first_byte += whole
            left_over = text[whole:]
        if left_over:
            yield Piece(left_over, first_byte)


def _parquet_pieces(block: Block) -> Iterator[Piece]:
    """Rows as CSV text, so that every format is judged by the same rules."""
    rows = max(1, block.piece_bytes // _TEXT_BYTES_PER_ROW)
    groups = list(range(block.start, block.end))
    with open_raw(block.file) as stream:
        file = pq.ParquetFile(stream)
        names = file.schema_arrow.names
        kinds = {names[field.position]: field.column.kind for field in block.header.fields}
        for batch in file.iter_batches(rows, row_groups=groups, columns=list(kinds)):
            yield Piece(_as_text(pa.Table.from_batches([batch]), names, kinds), None)


def _as_text(table: pa.Table, names: list[str], kinds: Mapping[str, Kind]) -> bytes:
    """All fields of the file; those that are not read are empty."""
    empty = pa.nulls(len(table), pa.string())
    columns = [_printable(table[name], kinds[name]) if name in kinds else empty for name in names]
    sink = pa.BufferOutputStream()
    options = pacsv.WriteOptions(include_header=False)
    pacsv.write_csv(pa.table(columns, names=[str(k) for k in range(len(names))]), sink, options)
    return bytes(sink.getvalue())


def _printable(column: pa.ChunkedArray, meant: Kind) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("ns", tz=kind.tz)).cast(pa.int64())
    if pa.types.is_boolean(kind) and meant is Kind.INTEGER:
        return column.cast(pa.int8())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pc.replace_substring_regex(column, r"[\r\n]", " ")  # a row is one line
    if pa.types.is_decimal(kind):
        # 3330.0000 is as much an integer as the float 3330.0; a zero of many decimals is "0E-10".
        text = pc.replace_substring_regex(pc.cast(column, pa.string()), r"\.0+$", "")
        return pc.if_else(pc.equal(column, pa.scalar(0, kind)), "0", text)
    if pa.types.is_floating(kind):
        return _printable_floats(column)
    return column


def _printable_floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers as integers, for Arrow prints large ones as 1e+16, and others as they are."""
    missing = pc.or_(pc.is_nan(column), pc.equal(column, float(MISSING_INTEGER)))
    present = pc.if_else(missing, pa.scalar(None, column.type), column)
    whole = pc.and_(pc.equal(pc.floor(present), present), pc.less(pc.abs(present), 2.0**63))
    integers = pc.if_else(whole, present, pa.scalar(None, column.type)).cast(pa.int64())
    if pc.all(whole, min_count=0).as_py():
        return integers
    return pc.coalesce(integers.cast(pa.string()), present.cast(pa.string()))
