"""Do rows of an order, and the trades that bear its id, belong together?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.data_checks.findings import CONTRADICTION, WARNING, Finding, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.analysis.data_checks.tally import SampledOrders, Tally
    from sweep_dask.analysis.tables import IntArray

#: Fewer orders say nothing (arbitrary).
_MIN_ORDERS = 30

#: Shares from which on there is something to say, and to stop for (arbitrary).
_SOME, _MANY, _MOST = 0.1, 0.2, 0.5

#: A trade may be beyond the limit by half a tick; a fiftieth of the price is more than that.
_TOLERANCE = 50


class _Joined(NamedTuple):
    """Numbers of the orders that are in both samples."""

    orders: dict[str, IntArray]
    trades: dict[str, IntArray]
    n: int


def check_repeats(tally: Tally) -> list[Finding]:
    """A finding if many orders with several rows have one sequence on all of them."""
    orders = tally.samples.get("orders")
    if orders is None:
        return []
    several = orders.numbers["rows sum"] > 1
    alike = several & (orders.numbers["sequence min"] == orders.numbers["sequence max"])
    n, count = int(several.sum()), int(alike.sum())
    if n < _MIN_ORDERS or count < _MANY * n:
        return []
    return [
        Finding(
            "repeats",
            WARNING,
            f"{share(count, n)} of {n:,} orders looked at that have several rows have the same "
            "sequence on all of them. One row of each is kept; the others count as its repeats.",
            "Order id and sequence tell the rows of an order apart.",
            "See whether rows or files are there twice, and which column `sequence` is.",
            "orders",
            {"orders": n, "repeated": count},
        )
    ]


def check_orders_and_trades(tally: Tally, *, same_unit: bool) -> list[Finding]:
    """Trades without orders, and orders that say otherwise than their trades.

    Only for sums over all rows of both tables: a part of the rows would contradict the others.
    `same_unit`: whether prices of both are in one unit; else no limit can be compared.
    """
    orders, trades = tally.samples.get("orders"), tally.samples.get("trades")
    if orders is None or trades is None:
        return []
    joined = _join(orders, trades)
    found = [_without_orders(orders, trades)]
    if joined.n >= _MIN_ORDERS:
        found += [_too_much(joined), _other_totals(joined)]
        found += [_beyond_limit(joined)] if same_unit else []
    return [finding for finding in found if finding is not None]


def _join(orders: SampledOrders, trades: SampledOrders) -> _Joined:
    ids, in_orders, in_trades = np.intersect1d(orders.ids, trades.ids, return_indices=True)
    return _Joined(
        {name: values[in_orders] for name, values in orders.numbers.items()},
        {name: values[in_trades] for name, values in trades.numbers.items()},
        ids.size,
    )


def _without_orders(orders: SampledOrders, trades: SampledOrders) -> Finding | None:
    dark = trades.numbers["dark max"] == 1
    dark &= orders.may_know(trades.ids)
    n, missing = int(dark.sum()), int((dark & ~np.isin(trades.ids, orders.ids)).sum())
    if n < _MIN_ORDERS or missing < _SOME * n:
        return None
    return Finding(
        "trades_without_orders",
        CONTRADICTION if missing > _MOST * n else WARNING,
        f"{share(missing, n)} of the order ids in Centre Point trades are not among the orders "
        f"(of {n:,} looked at).",
        "All of them: whoever trades in Centre Point has a Centre Point or sweep order.",
        "See whether order ids are whole in both tables, and whether both cover the same days and "
        "all order types.",
        "trades",
        {"orders": n, "missing": missing},
    )


def _too_much(joined: _Joined) -> Finding | None:
    traded, entered = joined.trades["quantity sum"], joined.orders["quantity max"]
    return _contradiction(
        joined,
        traded > entered,
        "traded more than their quantity",
        "No order trades more than it wants; quantities are shares in both tables.",
        "See whether quantities are in one unit, and order ids whole.",
    )


def _beyond_limit(joined: _Joined) -> Finding | None:
    side = joined.orders["side max"]
    highest, lowest = joined.trades["highest max"], joined.trades["lowest min"]
    # Of several limits in the life of an order the widest; no limit is the extreme number.
    above = highest - highest // _TOLERANCE > joined.orders["highest max"]
    below = lowest + joined.orders["lowest min"] // _TOLERANCE < joined.orders["lowest min"]
    return _contradiction(
        joined,
        ((side == 1) & above) | ((side == 2) & below),
        "traded beyond their limit",
        "Trades at the limit or better; prices in one unit in both tables.",
        "See whether prices are in one unit (`units`), and order ids whole.",
    )


def _contradiction(
    joined: _Joined, wrong: NDArray[np.bool_], what: str, expected: str, cure: str
) -> Finding | None:
    count = int(wrong.sum())
    if count < _MANY * joined.n:
        return None
    return Finding(
        "orders_against_trades",
        CONTRADICTION,
        f"{share(count, joined.n)} of {joined.n:,} orders looked at {what}.",
        expected,
        cure,
        "trades",
        {"orders": joined.n, "contradicted": count},
    )


def _other_totals(joined: _Joined) -> Finding | None:
    other = joined.orders["matched max"] != joined.trades["quantity sum"]
    count = int(other.sum())
    if count < _MANY * joined.n:
        return None
    return Finding(
        "orders_against_trades",
        WARNING,
        f"For {share(count, joined.n)} of {joined.n:,} orders looked at, totalmatchedquantity is "
        "not the sum of their trades.",
        "The last totalmatchedquantity of an order is what it traded.",
        "See whether orders and trades cover the same hours, and whether trades are listed twice.",
        "orders",
        {"orders": joined.n, "contradicted": count},
    )
