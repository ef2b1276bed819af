"""From a slice's tape to the text of the three big files, in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.sample.compiled import entry, folded
from sweep_dask.sample.lines import TEXT_BYTES, Sheet, has_room, new_sheet, write_line
from sweep_dask.sample.randomness import draw_below, seeded, skip
from sweep_dask.sample.records import Counters, row_type
from sweep_dask.sample.timetable import trade_date_ns
from sweep_dask.schema import NBBO, ORDERS, TRADES
from sweep_dask.terms.deal_sources import DECODED
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sweep_dask.sample.records import Transaction
    from sweep_dask.sample.stream import MarketSlice
    from sweep_dask.sample.tape import Tape

#: Match groups are numbered from here: 19 digits, as real ones have, below all order ids.
_FIRST_MATCH_GROUP = 7_800_000_000_000_000_000
_FIRST_SEQUENCE = 100_000
#: The counter also counts rows of books that are not in the extract; arbitrary.
_LARGEST_SEQUENCE_STEP = 4

#: A quote's creation precedes its timestamp by 0.5 ms in the real sample, unless something else
#: of the security happened since.
_CREATION_LAG_NS = 500_000

_VALIDITY_TEXT = {
    0: "Bouncing",
    256: "Rest of Day",
    1536: "Current Max",
    16640: "Purged Rest of Day",
}


class _Progress(NamedTuple):
    """What is carried from row to row."""

    sheets: tuple[Sheet, Sheet, Sheet]
    """Of orders, trades and quotes."""
    counters: NDArray[np.void]
    order_steps: NDArray[np.uint64]
    """The random numbers that decide by how much the sequence grows at an order row."""
    trade_steps: NDArray[np.uint64]


class Interleaver:
    """Turns slices into text; remembers how far the market-wide counters have come."""

    def __init__(self, seed: int) -> None:
        self._random = seeded(seed, _FIRST_SEQUENCE)
        self.counters = np.zeros(1, row_type(Counters))
        self.counters["sequence"] = _FIRST_SEQUENCE
        self._texts = np.empty((3, TEXT_BYTES), np.uint8)

    def texts(self, part: MarketSlice) -> Iterator[tuple[memoryview, ...]]:
        """The slice's rows as text of orders, trades and quotes, piece by piece."""
        sheets = _sheets(part, self._texts)
        trade_steps = self._random
        order_steps = trade_steps.copy()
        skip(trade_steps, int(part.tape.cursor["orders"][0]))
        progress = _Progress(sheets, self.counters, order_steps, trade_steps)
        by_time = np.argsort(part.times_ns, kind="stable")
        done = 0
        while done < by_time.size:
            done = _write(progress, part.tape, part.times_ns, by_time, done)
            yield tuple(sheet.text[: sheet.filled[0]].data for sheet in sheets)


def _sheets(part: MarketSlice, texts: NDArray[np.uint8]) -> tuple[Sheet, Sheet, Sheet]:
    tape, cursor, date_ns = part.tape, part.tape.cursor[0], trade_date_ns(part.day)
    tape.trades["tradedate"][: cursor["trades"]] = date_ns
    tape.quotes["tradedate"][: cursor["quotes"]] = date_ns
    trade_words = {
        "tradedate": {date_ns: part.day.isoformat()},
        "dealsourcedecoded": DECODED,
        "exchangeinfo": {0: "ON Market"},
        "sidedecoded": {BUY: "Buy", SELL: "Sell"},
    }
    return (
        new_sheet(ORDERS, tape.orders, texts[0], {"timevaliditydecoded": _VALIDITY_TEXT}),
        new_sheet(TRADES, tape.trades, texts[1], trade_words),
        new_sheet(NBBO, tape.quotes, texts[2], {}),
    )


@entry
def _write(
    progress: _Progress,
    tape: Tape,
    times_ns: NDArray[np.int64],
    by_time: NDArray[np.int64],
    first: int,
) -> int:
    """Write the transactions from `first` on, as far as there is room; return where to go on.

    At equal times securities keep their order. Within a transaction all order rows come first.
    """
    orders, trades, quotes = progress.sheets
    orders.filled[0] = trades.filled[0] = quotes.filled[0] = 0
    for position in range(first, by_time.size):
        number = by_time[position]
        time_ns = times_ns[number]
        start, stop = tape.transactions[number], tape.transactions[number + 1]
        if not _has_room(progress, start, stop):
            return position
        for row in range(start.orders, stop.orders):
            _finish_order(progress, tape.orders[row], time_ns)
            write_line(orders, row)
        for row in range(start.trades, stop.trades):
            _finish_leg(progress, tape.trades[row], time_ns)
            write_line(trades, row)
        for row in range(start.quotes, stop.quotes):
            # The transaction before may be the trade that moved the quote: not later than that.
            cause_ns = times_ns[number - 1] if start.follows else 0
            _finish_quote(progress, tape.quotes[row], time_ns, cause_ns)
            write_line(quotes, row)
    return by_time.size


@folded
def _has_room(progress: _Progress, start: Transaction, stop: Transaction) -> bool:
    """Whether all rows of a transaction fit; `stop` is the one after it on the tape."""
    orders, trades, quotes = progress.sheets
    return bool(
        has_room(orders, stop.orders - start.orders)
        and has_room(trades, stop.trades - start.trades)
        and has_room(quotes, stop.quotes - start.quotes)
    )


@folded
def _finish_order(progress: _Progress, row: Any, time_ns: int) -> None:
    counters = progress.counters[0]
    counters.orders += 1
    counters.sequence += 1 + draw_below(progress.order_steps, _LARGEST_SEQUENCE_STEP)
    row.timestamp = time_ns
    row.sequence = counters.sequence
    row.row_num = counters.orders


@folded
def _finish_leg(progress: _Progress, row: Any, time_ns: int) -> None:
    """The two legs of a match have a number in common, and follow each other immediately."""
    counters = progress.counters[0]
    counters.trades += 1
    step = 1 + draw_below(progress.trade_steps, _LARGEST_SEQUENCE_STEP)
    counters.sequence += step if row.side == BUY else 1
    row.sequence = counters.sequence
    row.tradetime = time_ns
    row.matchgroupid = _FIRST_MATCH_GROUP + (counters.trades + 1) // 2
    row.row_num = counters.trades


@folded
def _finish_quote(progress: _Progress, row: Any, time_ns: int, cause_ns: int) -> None:
    counters = progress.counters[0]
    counters.quotes += 1
    row.sequence = counters.quotes
    row.creationtime = max(time_ns - _CREATION_LAG_NS, cause_ns)
    row.timestamp = time_ns
