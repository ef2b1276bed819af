"""From a slice's tape to rows of the three big tables, in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sweep_dask.market.deal_sources import DECODED
from sweep_dask.sample.pairing import BUY, SELL
from sweep_dask.sample.randomness import draws_below, seeded
from sweep_dask.sample.records import OrderRow, columns
from sweep_dask.sample.timetable import trade_date_ns
from sweep_dask.schema import NBBO, ORDERS, TRADES, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.sample.stream import MarketSlice

Integers = NDArray[np.int64]

#: Opaque columns; the values a real extract has.
_EXCHANGE, _LIMIT_ORDER, _QUOTE_PARTITION = 3, 1, 1
_SHORT_SELL = 2

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


class SliceTables(NamedTuple):
    """Rows of one slice, columns and order as in the files."""

    orders: pa.Table
    trades: pa.Table
    nbbo: pa.Table


class Interleaver:
    """Turns slices into tables; remembers how far the market-wide counters have come."""

    def __init__(self, seed: int) -> None:
        self._random = seeded(seed, _FIRST_SEQUENCE)
        self._sequence = _FIRST_SEQUENCE
        self.order_rows = 0
        self.trade_rows = 0
        self.quote_rows = 0

    def tables(self, part: MarketSlice) -> SliceTables:
        """The slice's rows; orders and trades share one counter, ascending with time."""
        cursor = part.tape.cursor[0]
        rank = _ranks(part.times_ns)
        orders = _in_time(part.tape.order_rows[: cursor["order_rows"]], rank)
        matches = _in_time(part.tape.matches[: cursor["matches"]], rank)
        quotes = _in_time(part.tape.quotes[: cursor["quotes"]], rank)
        order_sequence, trade_sequence = self._sequences(
            rank[orders["transaction"]], rank[matches["transaction"]]
        )
        return SliceTables(
            self._orders(part, orders, order_sequence),
            self._trades(part, matches, trade_sequence),
            self._quotes(part, quotes),
        )

    def _sequences(self, order_ranks: Integers, match_ranks: Integers) -> tuple[Integers, Integers]:
        """Numbers for order rows and for the two legs of each match, buy first."""
        # Within a transaction all order rows come before the trades.
        keys = np.concatenate([2 * order_ranks, np.repeat(2 * match_ranks + 1, 2)])
        steps = 1 + draws_below(self._random, _LARGEST_SEQUENCE_STEP, len(keys))
        steps[len(order_ranks) + 1 :: 2] = 1
        merged = np.argsort(keys, kind="stable")
        sequence = np.empty_like(keys)
        sequence[merged] = self._sequence + np.cumsum(steps[merged])
        self._sequence += int(steps.sum())
        return sequence[: len(order_ranks)], sequence[len(order_ranks) :]

    def _orders(self, part: MarketSlice, rows: NDArray[np.void], sequence: Integers) -> pa.Table:
        is_short = rows["exchangeordertype"] & _SHORT_SELL != 0
        written = columns(OrderRow)
        cells: dict[str, object] = {name: rows[name] for name in written if name != "transaction"}
        cells |= {
            "exchange": _constant(rows, _EXCHANGE),
            "timestamp": part.times_ns[rows["transaction"]],
            "ordertype": _constant(rows, _LIMIT_ORDER),
            "sequence": sequence,
            "shortsellquantity": np.where(is_short, rows["leavesquantity"], 0),
            "triggercondition": _constant(rows, 0),
            "timevaliditydecoded": _decoded(rows["timevalidity"], _VALIDITY_TEXT),
            "row_num": self.order_rows + 1 + np.arange(len(rows)),
        }
        self.order_rows += len(rows)
        return _table(ORDERS, cells)

    def _trades(self, part: MarketSlice, rows: NDArray[np.void], sequence: Integers) -> pa.Table:
        groups = _FIRST_MATCH_GROUP + self.trade_rows // 2 + 1 + np.arange(len(rows))
        legs = np.repeat(rows, 2)
        side = np.tile(np.array([BUY, SELL]), len(rows))
        cells = {
            "EXCHANGE": _constant(legs, _EXCHANGE),
            "sequence": sequence,
            "tradedate": pa.repeat(part.day.isoformat(), len(legs)),
            "tradetime": part.times_ns[legs["transaction"]],
            "securitycode": legs["security_code"],
            "orderid": _by_leg(rows["buy_order_id"], rows["sell_order_id"]),
            "dealsource": legs["deal_source"],
            "dealsourcedecoded": _decoded(legs["deal_source"], DECODED),
            "exchangeinfo": pa.repeat("ON Market", len(legs)),
            "matchgroupid": np.repeat(groups, 2),
            "nationalbidpricesnapshot": legs["national_bid"],
            "nationalofferpricesnapshot": legs["national_offer"],
            "tradeprice": _exact_prices(legs["price_x2"]),
            "quantity": legs["quantity"],
            "side": side,
            "sidedecoded": _decoded(side, {BUY: "Buy", SELL: "Sell"}),
            "participantid": _by_leg(rows["buy_participant"], rows["sell_participant"]),
            "passiveaggressive": (legs["aggressor"] == side).astype(np.int64),
            "row_num": self.trade_rows + 1 + np.arange(len(legs)),
        }
        self.trade_rows += len(legs)
        return _table(TRADES, cells)

    def _quotes(self, part: MarketSlice, rows: NDArray[np.void]) -> pa.Table:
        transaction = rows["transaction"]
        times_ns = part.times_ns[transaction]
        cells = {
            "partition": _constant(rows, _QUOTE_PARTITION),
            "sequence": self.quote_rows + 1 + np.arange(len(rows)),
            "tradedate": _constant(rows, trade_date_ns(part.day)),
            "bidprice": rows["bid"],
            "creationtime": _creation_times(part, transaction),
            "offerprice": rows["offer"],
            "orderbookid": rows["security_code"],
            "timestamp": times_ns,
            "userid": _constant(rows, 0),
            "runid": _constant(rows, 0),
        }
        self.quote_rows += len(rows)
        return _table(NBBO, cells)


def _ranks(times_ns: Integers) -> Integers:
    """Position of each transaction in time; at equal times securities keep their order."""
    ranks = np.empty(len(times_ns), np.int64)
    ranks[np.argsort(times_ns, kind="stable")] = np.arange(len(times_ns))
    return ranks


def _in_time(rows: NDArray[np.void], rank: Integers) -> NDArray[np.void]:
    ordered: NDArray[np.void] = rows[np.argsort(rank[rows["transaction"]], kind="stable")]
    return ordered


def _creation_times(part: MarketSlice, transaction: Integers) -> Integers:
    times_ns = part.times_ns[transaction]
    early_ns = times_ns - _CREATION_LAG_NS
    # The transaction before may be the trade that moved the quote: its cause, not later than it.
    is_effect = part.tape.follows[transaction]
    cause_ns = part.times_ns[np.maximum(transaction - 1, 0)]
    return np.where(is_effect, np.maximum(early_ns, cause_ns), early_ns)


def _by_leg(buy: Integers, sell: Integers) -> Integers:
    return np.column_stack([buy, sell]).ravel()


def _constant(rows: NDArray[np.void], value: int) -> Integers:
    return np.full(len(rows), value, np.int64)


def _decoded(codes: Integers, texts: Mapping[int, str]) -> pa.Array:
    known = np.array(sorted(texts), np.int64)
    words = pa.array([texts[int(code)] for code in known])
    return words.take(pa.array(np.searchsorted(known, codes)))


def _exact_prices(price_x2: Integers) -> pa.Array:
    """Prices as text: whole, or ending in .5."""
    whole = pc.cast(pa.array(price_x2 // 2), pa.string())
    return pc.binary_join_element_wise(whole, pa.array(["", ".5"]).take(pa.array(price_x2 & 1)), "")


def _table(table: Table, cells: Mapping[str, object]) -> pa.Table:
    names = [column.name for column in table.columns]
    return pa.table([cells[name] for name in names], names=names)
