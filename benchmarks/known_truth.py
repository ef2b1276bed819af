"""Synthetic security-days whose effects are known, and the same as poor extracts have them.

The tape of a synthetic market is made by the book itself, so that what a scenario changes on its
rows is what it would have changed. A poor extract lacks some of them, or has quotes late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sweep_dask.market.order_codes import CENTRE_POINT_BITS, SWEEP
from sweep_dask.market.sessions import Window
from sweep_dask.sample.parameters import MarketParameters, security_ids
from sweep_dask.sample.synthetic_market import write_market

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sweep_dask.analysis.tables import IntArray

    Extract = Callable[["Day", np.random.Generator], "Day"]

DATE = "2024-10-04"
#: Securities of a market begin at so many prices, taken in turn. One of them is enough: a tick of a
#: cheap share costs so much that the few sweeps in it decide every mean.
_PRICES = 8
#: Days of one market: each security that opens at a time of its own costs all others a step.
_TOGETHER = 20
_SECOND_NS = 1_000_000_000
_BIDS, _OFFERS = ("national_bid", "bid"), ("national_offer", "offer")


class Day(NamedTuple):
    """The rows of one security-day, each table in engine order."""

    security: int
    orders: pa.Table
    trades: pa.Table
    quotes: pa.Table
    continuous: Window


def drawn_days(folder: Path, count: int, events: int, seed: int) -> Iterator[Day]:
    """Days of different securities, drawn independently of each other.

    Parameters
    ----------
    folder
        Markets are written below it.
    events
        Centre Point order rows of a day.
    """
    for number, first in enumerate(range(0, count, _TOGETHER)):
        parameters = MarketParameters(
            seed=seed + number,
            securities=security_ids(_PRICES * min(_TOGETHER, count - first)),
            dates=(DATE,),
            events=events,
        )
        market = folder / f"{seed + number}"
        write_market(market, parameters)
        yield from _days_of(market, parameters.securities[::_PRICES])


def _days_of(folder: Path, securities: Sequence[int]) -> Iterator[Day]:
    orders = _read(folder, "orders", "security_code", "sequence", "order_id")
    trades = _read(folder, "trades", "securitycode", "sequence", "orderid")
    quotes = _read(folder, "nbbo", "orderbookid", "timestamp", "sequence")
    session = _read(folder, "session", "OrderBookId", "Timestamp")
    for security in securities:
        lit_and_dark, *others, states = (
            _of(rows, security) for rows in (orders, trades, quotes, session)
        )
        is_dark = (_types(lit_and_dark) & CENTRE_POINT_BITS) != 0
        opens_and_closes = Window(*(_time_ns(states, name) for name in ("OPEN", "PRE_CSPA")))
        yield Day(security, lit_and_dark.filter(pa.array(is_dark)), *others, opens_and_closes)


class _Rows(NamedTuple):
    table: pa.Table
    security: IntArray
    """int64[rows], ascending."""


def _read(folder: Path, name: str, security: str, *by: str) -> _Rows:
    (path,) = (folder / name).glob("*.csv")
    rows = csv.read_csv(path).sort_by([(column, "ascending") for column in (security, *by)])
    return _Rows(rows, rows[security].to_numpy())


def _of(rows: _Rows, security: int) -> pa.Table:
    low, high = np.searchsorted(rows.security, [security, security + 1])
    return rows.table.slice(low, high - low).combine_chunks()


def _time_ns(states: pa.Table, name: str) -> int:
    (time_ns,) = states.filter(pc.equal(states["Name"], name))["Timestamp"].to_pylist()
    return time_ns


def _types(orders: pa.Table) -> IntArray:
    return orders["exchangeordertype"].to_numpy()


def without_orders(day: Day, share: float, random: np.random.Generator) -> Day:
    """Some of the dark orders that are no sweeps have no rows; their trades are on the tape."""
    order_id = day.orders["order_id"].to_numpy()
    others = np.unique(order_id[(_types(day.orders) & SWEEP) == 0])
    gone = others[random.random(others.size) < share]
    return day._replace(orders=day.orders.filter(pa.array(~np.isin(order_id, gone))))


def without_rows(day: Day, share: float, random: np.random.Generator) -> Day:
    """Some rows of orders are lost, of sweeps as of others, each by itself."""
    is_kept = random.random(len(day.orders)) >= share
    return day._replace(orders=day.orders.filter(pa.array(is_kept)))


def with_late_quotes(day: Day, late_ns: int) -> Day:
    """Quotes come so late; rows of orders have those that had come by then, or none."""
    time_ns = day.quotes["timestamp"].to_numpy() + late_ns
    last = np.searchsorted(time_ns, day.orders["timestamp"].to_numpy(), side="right") - 1
    on_rows = {
        column: np.where(last >= 0, day.quotes[price].to_numpy()[last], 0)
        for price, columns in (("bidprice", _BIDS), ("offerprice", _OFFERS))
        for column in columns
    }
    quotes = _with(day.quotes, {"timestamp": time_ns})
    return day._replace(quotes=quotes, orders=_with(day.orders, on_rows))


def _with(rows: pa.Table, columns: dict[str, IntArray]) -> pa.Table:
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values))
    return rows


def as_it_is(day: Day, random: np.random.Generator) -> Day:  # noqa: ARG001
    """Nothing is missing or late."""
    return day


def _orders(share: float) -> Extract:
    return lambda day, random: without_orders(day, share, random)


def _late(seconds: float) -> Extract:
    return lambda day, random: with_late_quotes(day, round(seconds * _SECOND_NS))  # noqa: ARG005


def _all_of_it(day: Day, random: np.random.Generator) -> Day:
    with_less = without_rows(without_orders(day, 0.2, random), 0.02, random)
    return with_late_quotes(with_less, 20 * _SECOND_NS)


#: What is wrong with an extract -> how it has a day.
EXTRACTS: dict[str, Extract] = {
    "nothing": as_it_is,
    "20 % of the other dark orders missing": _orders(0.2),
    "40 % of the other dark orders missing": _orders(0.4),
    "10 % of the order rows missing": lambda day, random: without_rows(day, 0.1, random),
    "quotes 5 ms late": _late(0.005),
    "quotes 20 s late": _late(20),
    "quotes 60 s late": _late(60),
    "20 % of the orders and 2 % of the rows missing, quotes 20 s late": _all_of_it,
}
