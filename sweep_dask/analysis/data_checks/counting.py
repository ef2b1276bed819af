"""One block's rows to its sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.data_checks.tally import Ids, SampledOrders, Tally, hashed
from sweep_dask.market.ticks import TickTable, is_on_tick, tick_above
from sweep_dask.schema import LARGEST_QUANTITY
from sweep_dask.terms.deal_sources import DARK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.analysis.tables import IntArray

#: A number that is not there, in the columns given to `count_rows`.
MISSING = np.iinfo(np.int64).min

#: Steps of the histogram of prices in an octave: prices that differ by a fifth are told apart.
STEPS_PER_OCTAVE = 4

NS_PER_HOUR = 3_600 * 10**9

#: Columns of prices that are counted, by table; whether orders have such prices on the tick grid,
#: and the columns of a bid and an offer.
PRICES = {
    "orders": {"price": True, "bid": True, "national_bid": True},
    "trades": {"tradeprice": False},
    "nbbo": {"bidprice": True, "offerprice": True},
}
#: Columns of orders that count shares of the book.
_QUANTITIES = ("leavesquantity", "totalmatchedquantity")
_SPREADS = {"orders": ("bid", "offer"), "nbbo": ("bidprice", "offerprice")}
_IDS = {"orders": "order_id", "trades": "orderid"}
_SECURITIES = {"orders": "security_code", "trades": "securitycode", "nbbo": "orderbookid"}
_TIMES = {"orders": "timestamp", "trades": "tradetime", "nbbo": "timestamp", "session": "TradeDate"}

#: Columns that `count_rows` looks at, by table; those that a file lacks may be left out.
COLUMNS = {
    "orders": (
        *("order_id", "timestamp", "security_code", "price", "bid", "offer", "national_bid"),
        *("quantity", "leavesquantity", "totalmatchedquantity", "side", "sequence"),
    ),
    "trades": ("orderid", "tradetime", "securitycode", "tradeprice", "quantity", "dealsource"),
    "nbbo": ("timestamp", "orderbookid", "bidprice", "offerprice"),
    "session": ("TradeDate",),
}


def count_rows(file: str, table: str, columns: Mapping[str, IntArray], ticks: TickTable) -> Tally:
    """Sums of the rows of one block.

    `columns`: of `COLUMNS`, int64[rows] each, prices doubled, `MISSING` where there is no value.
    """
    tally = Tally()
    if table not in COLUMNS or not columns:
        return tally
    tally.counts[f"{table} rows"] = columns[_TIMES[table]].size
    _count_hours(tally, table, columns[_TIMES[table]])
    if table == "orders":
        too_large = [columns[name] > LARGEST_QUANTITY for name in _QUANTITIES if name in columns]
        tally.counts["orders too-large"] = int(np.count_nonzero(np.any(too_large, axis=0)))
    if table in _IDS:
        tally.ids[file] = _bits(columns[_IDS[table]])
        tally.samples[table] = _sampled(table, columns)
        columns = _of_some_orders(columns, _IDS[table])
    for name, is_on_grid in PRICES.get(table, {}).items():
        if name in columns:
            prices_x2 = columns[name]
            priced = prices_x2 > 0  # a missing one is below zero
            securities = columns[_SECURITIES[table]][priced]
            _count_levels(tally, f"{table} {name}", securities, prices_x2[priced])
            if is_on_grid:
                _count_grid(tally, f"{table} grid", prices_x2[priced], ticks)
    if table in _SPREADS:
        bid, offer = _SPREADS[table]
        _count_spreads(tally, table, columns[bid], columns[offer], ticks)
    return tally


def _of_some_orders(columns: Mapping[str, IntArray], ids: str) -> dict[str, IntArray]:
    """The rows of an eighth of the orders: their prices say as much as those of all."""
    chosen = hashed(columns[ids]) % np.uint64(8) == 0
    return {name: values[chosen] for name, values in columns.items()}


def _count_hours(tally: Tally, table: str, times: IntArray) -> None:
    """Rows by the hour of their time, in hours since 1970-01-01 in UTC."""
    hours, counts = np.unique(times // NS_PER_HOUR, return_counts=True)
    for hour, count in zip(hours.tolist(), counts.tolist(), strict=True):
        tally.counts[f"{table} hour {hour}"] = count


def _count_levels(tally: Tally, name: str, securities: IntArray, prices_x2: IntArray) -> None:
    mantissa, octave = np.frexp(prices_x2.astype(np.float64))
    # A mantissa lies in [0.5, 1).
    step = octave * STEPS_PER_OCTAVE + ((mantissa - 0.5) * 2 * STEPS_PER_OCTAVE).astype(np.int64)
    keys, counts = np.unique(securities * 1_024 + step, return_counts=True)
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        tally.counts[f"{name} {key // 1_024} {key % 1_024}"] = count


def _count_grid(tally: Tally, name: str, prices_x2: IntArray, ticks: TickTable) -> None:
    prices, is_half = prices_x2 // 2, prices_x2 % 2 == 1
    on_tick = is_on_tick(prices, *ticks.arrays) & ~is_half
    tally.counts[f"{name} all"] += prices.size
    tally.counts[f"{name} on"] += int(np.count_nonzero(on_tick))
    in_cents = is_on_tick(prices_x2 * 5, *ticks.arrays)
    tally.counts[f"{name} on-in-cents"] += int(np.count_nonzero(in_cents))
    in_tenths = (prices_x2 % 20 == 0) & is_on_tick(prices // 10, *ticks.arrays)
    tally.counts[f"{name} on-in-tenths"] += int(np.count_nonzero(in_tenths))


def _count_spreads(
    tally: Tally, table: str, bid_x2: IntArray, offer_x2: IntArray, ticks: TickTable
) -> None:
    both = (bid_x2 > 0) & (offer_x2 > 0)  # a missing one is below zero
    spread_x2, bid = (offer_x2 - bid_x2)[both], bid_x2[both] // 2
    tally.counts[f"{table} spread all"] = spread_x2.size
    tally.counts[f"{table} spread crossed"] = int(np.count_nonzero(spread_x2 < 0))
    in_ticks = spread_x2[spread_x2 > 0] // (2 * tick_above(bid, *ticks.arrays)[spread_x2 > 0])
    steps, counts = np.unique(np.frexp(in_ticks.astype(np.float64))[1], return_counts=True)
    for step, count in zip(steps.tolist(), counts.tolist(), strict=True):
        tally.counts[f"{table} spread-octave {step}"] = count


def _bits(ids: IntArray) -> Ids:
    large = ids[np.abs(ids) > 2**53]
    if large.size == 0:
        return Ids()
    with np.errstate(invalid="ignore"):  # the largest ids round up to what is no integer of 64 bits
        is_double = large.astype(np.float64).astype(np.int64) == large
    return Ids(
        large.size,
        int(np.count_nonzero(is_double)),
        int(np.bitwise_or.reduce(large)),
        int(np.bitwise_and.reduce(large)),
        int(np.abs(large).max()),
    )


def _sampled(table: str, columns: Mapping[str, IntArray]) -> SampledOrders:
    ids = columns[_IDS[table]]
    if table == "trades":
        source = columns.get("dealsource", np.full(ids.size, MISSING))
        price_x2 = columns["tradeprice"]
        return SampledOrders.of_rows(
            ids,
            {
                "quantity sum": columns["quantity"],
                "highest max": price_x2,
                "lowest min": np.where(price_x2 > 0, price_x2, -MISSING - 1),
                "dark max": np.isin(source, DARK).astype(np.int64),
                "known-source min": (source != MISSING).astype(np.int64),
            },
        )
    limit_x2 = columns["price"]
    priced = limit_x2 > 0
    return SampledOrders.of_rows(
        ids,
        {
            "rows sum": np.ones(ids.size, dtype=np.int64),
            "sequence min": columns["sequence"],
            "sequence max": columns["sequence"],
            "side max": columns["side"],
            "quantity max": columns["quantity"],
            "matched max": columns["totalmatchedquantity"],
            "highest max": np.where(priced, limit_x2, -MISSING - 1),
            "lowest min": np.where(priced, limit_x2, 0),
        },
    )
