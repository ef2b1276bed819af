"""The tape: the trades of one partition, as columns and as matches of the Centre Point book."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.order_checks import order_numbers
from sweep_dask.analysis.tables import BoolArray, IntArray, prices, whole_numbers, whole_numbers_or
from sweep_dask.market.sessions import is_continuous
from sweep_dask.market.ticks import exact_x2
from sweep_dask.terms.deal_sources import DARK, INSIDE_THE_QUOTE
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.market.sessions import Window

#: What a missing whole number is taken for, and the id of an order that has no row.
UNKNOWN = -1

#: The quote on a trade's own row. It says nothing to the book, which would see what came after.
_QUOTE = ("nationalbidpricesnapshot", "nationalofferpricesnapshot")

#: Without these columns nobody can tell a dark trade from a lit one.
NEEDED = ("dealsource", "matchgroupid", "side")


@dataclass(frozen=True)
class Tape:
    """Trade rows in engine order; each match has two, unless one is not in the input."""

    order_id: IntArray
    order: IntArray
    """int64, dense number of the row's order; any, if it is not known."""
    is_known: BoolArray
    """bool, whether the order is in the log."""
    sequence: IntArray
    timestamp_ns: IntArray
    quantity: IntArray
    price_x2: IntArray
    """int64, as the tape has it: published prices are truncated to the unit of the file; R1."""
    exact_x2: IntArray
    """int64, what it was as far as is known; else `price_x2`, half a unit too low at most."""
    side: IntArray
    deal_source: IntArray
    match: IntArray
    """int64, the match group of the row."""
    is_aggressor: BoolArray
    participant: IntArray

    @cached_property
    def is_dark(self) -> BoolArray:
        """bool, whether the trade is one of the Centre Point book."""
        return np.isin(self.deal_source, DARK)


@dataclass(frozen=True)
class DarkMatches:
    """Matches of the Centre Point book on the tape, in the order of execution."""

    timestamp_ns: IntArray
    buy_order_id: IntArray
    """int64, `UNKNOWN` if the input has no trade row of that side."""
    sell_order_id: IntArray
    quantity: IntArray
    price_x2: IntArray
    """int64, as the tape has it."""
    exact_x2: IntArray
    deal_source: IntArray
    aggressor_id: IntArray
    """int64, the incoming order, `UNKNOWN` if there was none or its row is not in the input."""
    both_passive: BoolArray
    """bool, whether both orders are known to have rested."""

    @property
    def size(self) -> int:
        """Number of matches."""
        return self.timestamp_ns.size


def read_tape(trades: pa.Table | None, log: OrderLog) -> Tape | None:
    """Columns of the trade rows, in engine order; None if they cannot tell dark from lit."""
    if trades is None or any(name not in trades.column_names for name in NEEDED):
        return None
    order_id = whole_numbers(trades, "orderid")
    is_known, order = order_numbers(log, order_id)
    price_x2 = np.rint(2 * np.nan_to_num(prices(trades, "tradeprice"))).astype(np.int64)
    deal_source = whole_numbers_or(trades, "dealsource", UNKNOWN)
    return Tape(
        order_id=order_id,
        order=order,
        is_known=is_known,
        sequence=whole_numbers(trades, "sequence"),
        timestamp_ns=whole_numbers(trades, "tradetime"),
        quantity=whole_numbers(trades, "quantity"),
        price_x2=price_x2,
        exact_x2=exact_prices_x2(trades, price_x2, deal_source),
        side=whole_numbers_or(trades, "side", UNKNOWN),
        deal_source=deal_source,
        match=_match_groups(trades),
        is_aggressor=whole_numbers_or(trades, "passiveaggressive", UNKNOWN) == 1,
        participant=whole_numbers_or(trades, "participantid", UNKNOWN),
    )


def dark_matches(tape: Tape, continuous: Sequence[Window]) -> DarkMatches:
    """The dark matches in continuous trading."""
    during = is_continuous(tape.timestamp_ns, continuous)
    rows = np.flatnonzero(tape.is_dark & during)
    _, first, number = np.unique(tape.match[rows], return_index=True, return_inverse=True)
    # Match groups in the order of their first rows.
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(first.size)
    number = rank[number]
    any_row = rows[np.sort(first)]
    ids = {side: np.full(first.size, UNKNOWN, dtype=np.int64) for side in (BUY, SELL)}
    for side, order_id in ids.items():
        legs = tape.side[rows] == side
        order_id[number[legs]] = tape.order_id[rows[legs]]
    aggressor_id = np.full(first.size, UNKNOWN, dtype=np.int64)
    aggressors = tape.is_aggressor[rows]
    aggressor_id[number[aggressors]] = tape.order_id[rows[aggressors]]
    return DarkMatches(
        timestamp_ns=tape.timestamp_ns[any_row],
        buy_order_id=ids[BUY],
        sell_order_id=ids[SELL],
        quantity=tape.quantity[any_row],
        price_x2=tape.price_x2[any_row],
        exact_x2=tape.exact_x2[any_row],
        deal_source=tape.deal_source[any_row],
        aggressor_id=aggressor_id,
        both_passive=aggressor_id == UNKNOWN,
    )


def exact_prices_x2(trades: pa.Table, price_x2: IntArray, deal_source: IntArray) -> IntArray:
    """What prices were: a dark match is at the midpoint of its quote if that is published so.

    A tape with half units in it is not truncated. Columns `schema.TRADES` of all rows of a
    partition, and int64[rows] of these as the tape has them, to int64[rows], doubled.
    """
    is_inside = np.isin(deal_source, INSIDE_THE_QUOTE)
    if any(name not in trades.column_names for name in _QUOTE) or np.any(price_x2[is_inside] % 2):
        return price_x2
    bid, offer = (np.nan_to_num(prices(trades, name)) for name in _QUOTE)
    is_normal = is_inside & (bid > 0) & (bid < offer)
    midpoint_x2 = np.where(is_normal, np.floor(bid + offer), 0).astype(np.int64)
    return exact_x2(price_x2, midpoint_x2)


def _match_groups(trades: pa.Table) -> IntArray:
    """The match group of each row; a row without one is a group of its own."""
    is_missing = trades["matchgroupid"].is_null().to_numpy()
    # No real group is called like the smallest of all numbers.
    own = np.iinfo(np.int64).min + np.arange(len(trades), dtype=np.int64)
    return np.where(is_missing, own, whole_numbers_or(trades, "matchgroupid", UNKNOWN))
