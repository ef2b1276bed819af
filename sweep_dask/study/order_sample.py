"""Samples of the order files: how large the work will be, before anything runs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from sweep_dask.market.order_codes import CENTRE_POINT_BITS
from sweep_dask.market.trading_day import calendar_days, is_evening
from sweep_dask.schema import ORDERS
from sweep_dask.storage.blocks import Block, Chunk, cut_file, read_chunks
from sweep_dask.storage.formats import COMPRESSED
from sweep_dask.storage.input_faults import raise_all
from sweep_dask.storage.raw_files import UnreadableFileError
from sweep_dask.storage.validate import validate_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from sweep_dask.errors import InputError
    from sweep_dask.storage.inputs import Inputs
    from sweep_dask.storage.raw_files import InputFile

#: Enough rows for a stable mean, small enough to take no time.
_SAMPLE_BYTES = 1 << 17
_SAMPLES_PER_FILE = 4
_SAMPLED_FILES = 16


@dataclass(frozen=True)
class Sample:
    """What samples of the order files show."""

    bytes_per_row: float
    """Text of a row with its line ending."""
    rows: int
    """Estimated rows of all order files."""
    kept_rows: int
    """Estimated rows with a Centre Point or sweep bit."""
    partitions: int
    """Different (date, security) pairs seen; a run finds at least these."""
    kept_text_bytes: int
    """Estimated text of the rows that are kept, trades and quotes included."""


def sample_orders(inputs: Inputs) -> Sample:
    """What a run has to expect.

    Raises
    ------
    InputError
        Files cannot be read; all of those among the samples are listed.
    """
    files = [file for file in inputs.readable if file.table == ORDERS.name]
    text_bytes = rows = kept = 0
    text_ratio = 1.0
    pairs: set[tuple[int, int]] = set()
    for file, chunk in _sample_chunks(inputs, files):
        validated = validate_chunk(chunk, inputs.headers[file.name], ORDERS, CENTRE_POINT_BITS)
        text_bytes += len(chunk.text)
        rows += validated.n_read
        kept += len(validated.rows)
        pairs |= _pairs(validated.rows)
        if file.format in COMPRESSED:
            text_ratio = max(text_ratio, len(chunk.text) / max(1, len(zlib.compress(chunk.text))))
    bytes_per_row = text_bytes / max(1, rows)
    all_rows = 0
    for file in files:
        estimated_bytes = file.bytes * (text_ratio if file.format in COMPRESSED else 1.0)
        known_rows = inputs.headers[file.name].n_rows
        all_rows += (
            int(estimated_bytes / max(1.0, bytes_per_row)) if known_rows is None else known_rows
        )
    kept_rows = int(all_rows * kept / max(1, rows))
    order_bytes = sum(file.bytes for file in files)
    # As much text to a byte as order files have: others are mostly written in the same way.
    others = (inputs.bytes - order_bytes) * all_rows * bytes_per_row / max(1, order_bytes)
    kept_text_bytes = int(kept_rows * bytes_per_row + others)
    return Sample(bytes_per_row, all_rows, kept_rows, len(pairs), kept_text_bytes)


def _sample_chunks(inputs: Inputs, files: Sequence[InputFile]) -> Iterator[tuple[InputFile, Chunk]]:
    """A chunk of each sampled block; at the end an error for all files that cannot be read."""
    errors: list[InputError] = []
    for file in _spread(files, _SAMPLED_FILES):
        try:
            for block in _sample_blocks(inputs, file):
                yield from ((file, chunk) for chunk in islice(read_chunks(block), 1))
        except UnreadableFileError as error:
            errors.append(error)
    raise_all(errors)


def _pairs(rows: pa.Table) -> set[tuple[int, int]]:
    """Dates and securities of rows; evenings are left out, they may belong to the next day."""
    times = rows[ORDERS.time].to_numpy()
    by_day = ~is_evening(times)
    securities = rows[str(ORDERS.security)].to_numpy()[by_day].tolist()
    return set(zip(calendar_days(times[by_day]).tolist(), securities, strict=True))


def _spread(files: Sequence[InputFile], most: int) -> list[InputFile]:
    """At most so many of the files, evenly spread over all of them."""
    step = max(1, -(-len(files) // most))
    return list(files[::step])


def _sample_blocks(inputs: Inputs, file: InputFile) -> Iterator[Block]:
    header = inputs.headers[file.name]
    if file.format != "csv":
        yield from cut_file(file, header, _SAMPLE_BYTES, 0)[:1]
        return
    starts = range(header.body_offset, file.bytes, _SAMPLE_BYTES)
    for start in starts[:: max(1, len(starts) // _SAMPLES_PER_FILE)]:
        end = min(start + _SAMPLE_BYTES, file.bytes)
        yield Block(0, file, header, start, end, _SAMPLE_BYTES)
