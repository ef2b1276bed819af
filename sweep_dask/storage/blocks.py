"""Cutting files into blocks, and the text of a block.

A row belongs to the block in which its first byte lies, so every row has exactly one block
wherever the cuts fall - also when a cut falls on the first byte of a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import pyarrow.parquet as pq

from sweep_dask.storage.cells import MAX_LINE_BYTES
from sweep_dask.storage.formats import COMPRESSED, open_text
from sweep_dask.storage.parquet_text import texts_of_row_groups
from sweep_dask.storage.raw_files import open_raw, require_read
from sweep_dask.storage.unreadable import readable

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.raw_files import InputFile

_STEP_BYTES = 1 << 16

#: What is made of a line takes memory whatever its length: of lines shorter than any row of an
#: extract, fewer bytes are a piece.
_SHORT_LINE_BYTES = 32
#: Arbitrary; keeps tiny pieces whole.
_LEAST_LINES = 1_000


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

    Raises
    ------
    UnreadableFileError
        A Parquet file is damaged.
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
    with readable(file), open_raw(file) as stream:
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
    """Text of a block, in pieces of about `block.piece_bytes`, each ending with its line.

    Raises
    ------
    UnreadableFileError
        The file is damaged.
    InputChangedError
        It is not what it was when the input was listed.
    """
    with readable(block.file):
        for piece in _pieces(block):
            yield from _halved(piece, max(_LEAST_LINES, block.piece_bytes // _SHORT_LINE_BYTES))


def _pieces(block: Block) -> Iterator[Piece]:
    if block.file.format in COMPRESSED:
        yield from _streamed_pieces(block)
    elif block.file.format == "parquet":
        yield from _parquet_pieces(block)
    else:
        with open_raw(block.file) as stream:
            yield _range_piece(stream, block)


def _halved(piece: Piece, most_lines: int) -> Iterator[Piece]:
    """The same text, halved between lines until none has more lines than that."""
    text = piece.text
    if text.count(b"\n") <= most_lines:
        yield piece
        return
    half = text.rfind(b"\n", 0, len(text) // 2) + 1 or text.find(b"\n") + 1
    behind = None if piece.first_byte is None else piece.first_byte + half
    yield from _halved(Piece(text[:half], piece.first_byte), most_lines)
    yield from _halved(Piece(text[half:], behind), most_lines)


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
    """Up to the line's end; of a line that is too long, enough to show that."""
    rest = bytearray()
    while len(rest) <= MAX_LINE_BYTES and (step := stream.read(_STEP_BYTES)):
        newline = step.find(b"\n") + 1
        rest += step[:newline] if newline else step
        if newline:
            break
    return bytes(rest)


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
            if len(left_over) > MAX_LINE_BYTES + 1:  # the last may be a carriage return
                yield Piece(left_over, first_byte)
                first_byte += len(left_over) + _skip_line(stream)
                left_over = b""
        if left_over:
            yield Piece(left_over, first_byte)


def _skip_line(stream: IO[bytes]) -> int:
    """Read up to the line's end; returns how many bytes that were."""
    skipped = 0
    while step := stream.readline(_STEP_BYTES):
        skipped += len(step)
        if step.endswith(b"\n"):
            break
    return skipped


def _parquet_pieces(block: Block) -> Iterator[Piece]:
    groups = range(block.start, block.end)
    with open_raw(block.file) as stream:
        for text in texts_of_row_groups(stream, block.header, groups, block.piece_bytes):
            yield Piece(text, None)
