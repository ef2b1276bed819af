"""Tickers of securities and names of participants, as tables of an input or results have them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sweep_dask.market.order_codes import CENTRE_POINT_BITS
from sweep_dask.schema import PARTICIPANTS, REFERENCE
from sweep_dask.storage.blocks import CHUNK_BYTES, cut_file, read_chunks
from sweep_dask.storage.parquet_files import read_parquet
from sweep_dask.storage.validate import validate_chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sweep_dask.storage.inputs import Inputs
    from sweep_dask.storage.layout import OutputLayout

_TICKER = re.compile(r"[A-Z0-9]{2,8}")

#: Columns that hold a ticker, as such or as the first of several words; the exchange's extracts
#: have the last two.
_COLUMNS = ("ticker", "symbol", "name", "contractname")


def ticker_of(text: object) -> str | None:
    """`BHP` of `BHP` and of `BHP SECURITY`; None of what begins otherwise."""
    word = str(text or "").split(" ")[0]
    return word if _TICKER.fullmatch(word) else None


def read_tickers(inputs: Inputs) -> dict[str, list[int]]:
    """Order book ids by ticker, ascending; more than one if it was given to another later.

    Empty without a reference table, or if that names no tickers.
    """
    found: dict[str, set[int]] = defaultdict(set)
    for rows in _reference_rows(inputs):
        for security, tickers in _tickers(rows):
            for ticker in tickers:
                found[ticker].add(security)
    return {ticker: sorted(ids) for ticker, ids in sorted(found.items())}


def tickers_in(layout: OutputLayout, partitions: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Of each security as the last reference table up to its last date has it, by order book id.

    Tickers are given to others later.
    """
    last_date: dict[int, str] = {}
    dates = set()
    for partition in partitions:
        security, date = int(partition["security"]), partition["date"]
        dates.add(date)
        last_date[security] = max(date, last_date.get(security, ""))
    found: dict[int, str] = {}
    for date in sorted(dates, reverse=True):
        if len(found) == len(last_date):
            break
        path = layout.processed_date(date) / f"{REFERENCE.name}.parquet"
        named = {key: name for key, name in _first(path) if last_date.get(key, "") >= date}
        found = named | found
    return found


def _first(path: Path) -> Iterator[tuple[int, str]]:
    """Order book id and ticker of each row that has one; nothing of a file that cannot be read."""
    try:
        rows = read_parquet(path)
        yield from ((security, tickers[0]) for security, tickers in _tickers(rows) if tickers)
    except (OSError, pa.ArrowException, LookupError):
        return


def participants_in(layout: OutputLayout, dates: Iterable[str]) -> dict[int, str]:
    """Name of each participant by id, the last that it has on these dates."""
    found: dict[int, str] = {}
    for date in sorted(dates):
        path = layout.processed_date(date) / f"{PARTICIPANTS.name}.parquet"
        try:
            rows = read_parquet(path, columns=["Id", "ParticipantName"])
        except (OSError, pa.ArrowException, LookupError):
            continue
        columns = (rows[name].to_pylist() for name in ("Id", "ParticipantName"))
        found |= {number: name for number, name in zip(*columns, strict=True) if name}
    return found


def _tickers(rows: pa.Table) -> Iterator[tuple[int, list[str]]]:
    """Order book id and tickers of each row, those of the first of `_COLUMNS` first."""
    columns = {name.casefold(): name for name in rows.column_names}
    texts = (rows[columns[name]].to_pylist() for name in _COLUMNS if name in columns)
    of_rows = zip(*texts, strict=True)
    for security, cells in zip(rows["Id"].to_pylist(), of_rows, strict=False):
        yield security, [ticker for cell in cells if (ticker := ticker_of(cell))]


def _reference_rows(inputs: Inputs) -> Iterator[pa.Table]:
    for file in inputs.readable:
        if file.table == REFERENCE.name:
            header = inputs.headers[file.name]
            for block in cut_file(file, header, CHUNK_BYTES, 0):
                for chunk in read_chunks(block):
                    yield validate_chunk(chunk, header, REFERENCE, CENTRE_POINT_BITS).rows
