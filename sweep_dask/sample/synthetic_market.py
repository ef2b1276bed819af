"""Writes a synthetic market in the raw format: what the `synth` command does."""

from __future__ import annotations

import gzip
import logging
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import date
from itertools import groupby
from typing import IO, TYPE_CHECKING, cast

from sweep_dask.sample import population
from sweep_dask.sample.interleave import Interleaver
from sweep_dask.sample.stream import MarketSlice, market_slices, timetables
from sweep_dask.sample.timetable import GROUP_LETTERS, trade_date_ns
from sweep_dask.schema import NBBO, ORDERS, PARTICIPANTS, REFERENCE, SESSION, TRADES
from sweep_dask.storage.new_folder import new_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sweep_dask.sample.parameters import MarketParameters


_logger = logging.getLogger(__name__)

_STREAMED = (ORDERS, TRADES, NBBO)


def write_market(folder: Path, parameters: MarketParameters) -> dict[str, int]:
    """Write the files of a synthetic market into `folder`, which must be new or empty.

    Streams: memory does not grow with the number of rows. Equal parameters give equal bytes. What
    stops before the end leaves nothing, or what the same call takes away.

    Returns
    -------
    Rows written, by table: orders, trades, nbbo, session, reference, participants.

    Raises
    ------
    UsageError
        `folder` is not a folder, holds something already or cannot be made.
    """
    with new_folder(folder.absolute()) as staging:
        return _write_tables(staging, parameters)


def _write_tables(folder: Path, parameters: MarketParameters) -> dict[str, int]:
    rows = _write_streamed(folder, parameters)
    suffix = parameters.compression
    small = (
        (SESSION.name, "session", session_lines(parameters)),
        (REFERENCE.name, "ob", reference_lines(parameters)),
        (PARTICIPANTS.name, "par", participant_lines(parameters)),
    )
    for table, stem, lines in small:
        rows[table] = _write_lines(folder / table / f"{stem}.{suffix}", lines)
    return rows


def _write_streamed(folder: Path, parameters: MarketParameters) -> dict[str, int]:
    interleaver = Interleaver(parameters.seed)
    for stem_suffix, slices in _by_file(parameters):
        _write_slices(folder, stem_suffix + "." + parameters.compression, slices, interleaver)
    orders, trades, quotes, _ = interleaver.counters.item()
    return {ORDERS.name: orders, TRADES.name: trades, NBBO.name: quotes}


def _by_file(parameters: MarketParameters) -> Iterator[tuple[str, Iterable[MarketSlice]]]:
    """The slices of each file, with what its name ends in."""
    slices = market_slices(parameters)
    if parameters.files == "one":
        yield "", slices
        return
    for day, slices_of_day in groupby(slices, key=lambda part: part.day):
        yield f"_{day.isoformat()}", slices_of_day


def _write_slices(
    folder: Path, name_end: str, slices: Iterable[MarketSlice], interleaver: Interleaver
) -> None:
    with ExitStack() as stack:
        files = [
            stack.enter_context(_new_file(folder / table.name / f"{table.name}{name_end}"))
            for table in _STREAMED
        ]
        for file, table in zip(files, _STREAMED, strict=True):
            file.write(_as_line(",".join(column.name for column in table.columns)))
        for part in slices:
            for texts in interleaver.texts(part):
                for file, text in zip(files, texts, strict=True):
                    file.write(text)
            _logger.debug("%d order rows written", interleaver.counters["orders"][0])


def _write_lines(path: Path, lines: Iterable[str]) -> int:
    """Writes all lines, the first of which is a header; returns the number of the others."""
    count = -1
    with _new_file(path) as file:
        for line in lines:
            file.write(_as_line(line))
            count += 1
    return count


def _as_line(text: str) -> bytes:
    return text.encode() + b"\n"


#: The usual level of the gzip program; 9 takes 3.5 times as long for 7 % less.
_LEVEL = 6


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, compressed if its name ends in `.gz`."""
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as plain, _packed(plain, path.suffix) as stream:
        yield stream


def _packed(plain: IO[bytes], suffix: str) -> AbstractContextManager[IO[bytes]]:
    """A stream whose bytes depend on nothing but what is written, not on time or name."""
    if suffix != ".gz":
        return nullcontext(plain)
    packed = gzip.GzipFile("", "wb", _LEVEL, fileobj=plain, mtime=0)
    return cast("AbstractContextManager[IO[bytes]]", packed)


_SESSION_HEADER = (
    " Partition,Sequence,TradeDate,Id,Level,MatchingType,Name,OrderBookId,Timestamp,Type,"
    "isEndOfTrading"
)
_REFERENCE_HEADER = (
    " Partition,Sequence,TradeDate,Action,ContractName,Currency,DecimalsInPrice,Id,IsinCode,"
    "MarketId,Name,PriceUnit,Sector,isActive"
)
_PARTICIPANTS_HEADER = (
    "Partition,Sequence,TradeDate,Action,ExchangeName,Id,ParticipantLongName,ParticipantName,"
    "ParticipantType,isActive"
)
_FIRST_SESSION_SEQUENCE = 1_000_000


def session_lines(parameters: MarketParameters) -> Iterator[str]:
    """Header and one line per state, security and date."""
    yield _SESSION_HEADER
    sequence = _FIRST_SESSION_SEQUENCE
    for day in _days(parameters):
        hours_of_all = timetables(parameters, day)
        for security, hours in zip(parameters.securities, hours_of_all, strict=True):
            for state in hours.states():
                sequence += 1
                is_end = int(state.name == "CLOSE")
                yield (
                    f" 4,{sequence},{trade_date_ns(day)},{state.state_id},1,{state.matching_type},"
                    f"{state.name},{security},{state.start_ns},0,{is_end}"
                )


def reference_lines(parameters: MarketParameters) -> Iterator[str]:
    """Header and one line per security and date.

    `DecimalsInPrice` is 2 although prices have three decimals: so it is in the real extract.
    """
    yield _REFERENCE_HEADER
    for day in _days(parameters):
        for position, security in enumerate(parameters.securities):
            name = f"{GROUP_LETTERS[position % len(GROUP_LETTERS)]}{position:03d}"
            yield (
                f" ASX,{position + 1},{trade_date_ns(day)},NEW,{name} SYNTHETIC,AUD,2,{security},"
                f"AU{security:010d},1,{name},Price,Synthetic,True"
            )


def participant_lines(parameters: MarketParameters) -> Iterator[str]:
    """Header and one line per participant and date."""
    yield _PARTICIPANTS_HEADER
    for day in _days(parameters):
        for position, number in enumerate(population.PARTICIPANTS[:, 1]):
            yield (
                f"ASX,{position + 1},{trade_date_ns(day)},NEW,ASX,{number},"
                f"Synthetic Broker {number},SYN{number},Broker,True"
            )


def _days(parameters: MarketParameters) -> list[date]:
    return [date.fromisoformat(text) for text in parameters.dates]
