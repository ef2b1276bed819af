"""Cutting files into blocks, and the text of a block.

A row belongs to the block in which its first byte lies, so every row has exactly one block
wherever the cuts fall - also when a cut falls on the first byte of a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from sweep_dask.storage.cells import MAX_LINE_BYTES
from sweep_dask.storage.formats import COMPRESSED, open_text
from sweep_dask.storage.parquet_text import texts_of_row_groups
from sweep_dask.storage.raw_files import open_raw, readable, require_read

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator, Sequence

    from sweep_dask.storage.header import FileHeader
    from sweep_dask.storage.raw_files import InputFile

#: Text that is worked on at a time: what is made of it stays in the cache of a processor.
CHUNK_BYTES = 1 << 21

#: What is made of a line takes memory whatever its length. No row of an extract is as short as a
#: chunk of more lines would need.
_MOST_LINES = CHUNK_BYTES // 32

_STEP_BYTES = 1 << 16


@dataclass(frozen=True)
class Block:
    """A part of one file that one task reads."""

    number: int
    """Position among all blocks of the run; file order, then position in the file."""
    file: InputFile
    header: FileHeader
    start: int
    """First byte of a CSV block, first row group of a Parquet block, 0 if it is compressed."""
    end: int
    """Byte (row group) behind the last; the size of a compressed file."""
    batch_bytes: int
    """Of how much text the rows are held at a time, and written to one file."""


@dataclass(frozen=True)
class Chunk:
    """Text of whole lines, read and validated at a time."""

    text: bytes
    first_byte: int | None
    """Offset of the text in its (uncompressed) file; None where a file has no bytes of text."""


def cut_file(
    file: InputFile,
    header: FileHeader,
    blocksize_bytes: int,
    first_number: int,
    start: int | None = None,
) -> list[Block]:
    """Blocks of one file, in order: byte ranges of a CSV file, row groups of a Parquet file.

    A compressed file can only be read from its beginning and is one block; of `blocksize_bytes` of
    its text rows are held at a time.

    `start`: where the first one begins (`Block.start`), if not with the file's first row.
    Raises UnreadableFileError: a Parquet file is damaged.
    """
    if file.format in COMPRESSED:
        cuts = [(0, file.bytes)]
    elif file.format == "parquet":
        cuts = _row_group_runs(file, blocksize_bytes, start or 0)
    else:
        starts = range(start or header.body_offset, file.bytes, blocksize_bytes)
        cuts = [(start, min(start + blocksize_bytes, file.bytes)) for start in starts]
    return [
        Block(first_number + k, file, header, start, end, blocksize_bytes)
        for k, (start, end) in enumerate(cuts)
    ]


def recut(blocks: Sequence[Block], blocksize_bytes: int) -> list[Block]:
    """Blocks cut anew, to another size; their numbers begin as they did.

    `blocks`: in order of their numbers, up to the end of each file that they are of.
    """
    anew: list[Block] = []
    for _, of_file in groupby(blocks, key=lambda block: block.file.name):
        first = next(of_file)
        number = blocks[0].number + len(anew)
        anew += cut_file(first.file, first.header, blocksize_bytes, number, first.start)
    return anew


def _row_group_runs(file: InputFile, blocksize_bytes: int, begin: int) -> list[tuple[int, int]]:
    with readable(file), open_raw(file) as stream:
        metadata = pq.ParquetFile(stream).metadata
        sizes = [metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups)]
    runs: list[tuple[int, int]] = []
    first, held = begin, 0
    for group, size in enumerate(sizes[begin:], begin):
        if group > first and held + size > blocksize_bytes:
            runs.append((first, group))
            first, held = group, 0
        held += size
    return [*runs, (first, len(sizes))] if first < len(sizes) else []


def read_chunks(block: Block) -> Iterator[Chunk]:
    """Text of a block, in chunks of up to about `CHUNK_BYTES`, each ending with its line.

    Raises UnreadableFileError: the file is damaged.
    Raises InputChangedError: it is not what it was when the input was listed.
    """
    with readable(block.file):
        for chunk in _chunks(block):
            yield from _halved(chunk)


def _chunks(block: Block) -> Iterator[Chunk]:
    if block.file.format == "parquet":
        yield from _parquet_chunks(block)
    elif block.file.format in COMPRESSED:
        with open_text(block.file) as stream:
            body = len(stream.read(block.header.body_offset))
            steps = iter(lambda: stream.read(min(CHUNK_BYTES, block.batch_bytes)), b"")
            yield from _whole_lines(steps, body)
    else:
        with open_raw(block.file) as stream:
            # One byte before the range tells whether a line begins exactly at its start.
            is_cut = block.start > block.header.body_offset
            first = block.start - is_cut
            yield from _whole_lines(_range_steps(stream, block, first), first, is_cut=is_cut)


def _halved(chunk: Chunk) -> Iterator[Chunk]:
    """The same text, halved between lines until none has more lines than allowed."""
    text = chunk.text
    if text.count(b"\n") <= _MOST_LINES:
        yield chunk
        return
    half = text.rfind(b"\n", 0, len(text) // 2) + 1 or text.find(b"\n") + 1
    behind = None if chunk.first_byte is None else chunk.first_byte + half
    yield from _halved(Chunk(text[:half], chunk.first_byte))
    yield from _halved(Chunk(text[half:], behind))


def _range_steps(stream: io.RawIOBase, block: Block, first: int) -> Iterator[bytes]:
    """The text from `first` to the end of the block, and on to the end of its last line."""
    stream.seek(first)
    text = b""
    for start in range(first, block.end, CHUNK_BYTES):
        planned_bytes = min(CHUNK_BYTES, block.end - start)
        text = stream.read(planned_bytes)
        require_read(block.file, len(text), planned_bytes)
        yield text
    rest_bytes = 0
    while not text.endswith(b"\n") and rest_bytes <= MAX_LINE_BYTES:
        text = stream.read(_STEP_BYTES)
        if not text:
            break
        text = text[: text.find(b"\n") + 1] or text
        rest_bytes += len(text)
        yield text


def _whole_lines(
    steps: Iterable[bytes], first_byte: int, *, is_cut: bool = False
) -> Iterator[Chunk]:
    """Text cut behind the ends of lines; of a line that is too long, enough to show that.

    `is_cut`: whether the text begins within a line, which is somebody else's.
    """
    left_over = b""
    for step in steps:
        begin = step.find(b"\n") + 1 if is_cut else 0
        if is_cut:
            first_byte += begin or len(step)
            is_cut = begin == 0
            if is_cut:
                continue
        end = step.rfind(b"\n") + 1
        if end > begin:
            yield Chunk(b"".join((left_over, memoryview(step)[begin:end])), first_byte)
            first_byte += len(left_over) + end - begin
            left_over = b""
        left_over += step[end:]
        if len(left_over) > MAX_LINE_BYTES + 1:  # the last may be a carriage return
            yield Chunk(left_over, first_byte)
            first_byte += len(left_over)
            left_over, is_cut = b"", True
    if left_over:
        yield Chunk(left_over, first_byte)


def _parquet_chunks(block: Block) -> Iterator[Chunk]:
    groups = range(block.start, block.end)
    with open_raw(block.file) as stream:
        step_bytes = min(CHUNK_BYTES, block.batch_bytes)
        for text in texts_of_row_groups(stream, block.header, groups, step_bytes):
            yield Chunk(text, None)
