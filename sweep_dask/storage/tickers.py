"""Tickers of securities, as the reference table of an input has them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sweep_dask.market.order_codes import CENTRE_POINT_BITS
from sweep_dask.market.tickers import ticker_of
from sweep_dask.schema import REFERENCE
from sweep_dask.storage.blocks import CHUNK_BYTES, cut_file, read_chunks
from sweep_dask.storage.validate import validate_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sweep_dask.storage.inputs import Inputs

#: Columns that hold a ticker, as such or as the first of several words; the exchange's extracts
#: have the last two.
_COLUMNS = ("ticker", "symbol", "name", "contractname")


def read_tickers(inputs: Inputs) -> dict[str, list[int]]:
    """Order book ids by ticker, ascending; more than one if it was given to another later.

    Empty without a reference table, or if that names no tickers.
    """
    found: dict[str, set[int]] = defaultdict(set)
    for rows in _reference_rows(inputs):
        columns = {name.casefold(): name for name in rows.column_names}
        ids = rows["Id"].to_pylist()
        for column in (columns[name] for name in _COLUMNS if name in columns):
            for security, text in zip(ids, rows[column].to_pylist(), strict=True):
                ticker = ticker_of(text)
                if ticker is not None:
                    found[ticker].add(security)
    return {ticker: sorted(ids) for ticker, ids in sorted(found.items())}


def _reference_rows(inputs: Inputs) -> Iterator[pa.Table]:
    for file in inputs.readable:
        if file.table == REFERENCE.name:
            header = inputs.headers[file.name]
            for block in cut_file(file, header, CHUNK_BYTES, 0):
                for chunk in read_chunks(block):
                    yield validate_chunk(chunk, header, REFERENCE, CENTRE_POINT_BITS).rows
