"""The fills of one order: on the tape, under time priority, and in each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow.compute as pc

from sweep_dask.analysis.centre_point.tape import NEEDED, UNKNOWN, exact_prices_x2
from sweep_dask.analysis.tables import prices, whole_numbers_or
from sweep_dask.explain.files import doubled, values
from sweep_dask.storage.parquet_files import is_among
from sweep_dask.terms.deal_sources import DARK
from sweep_dask.terms.files import ROW_FILES, SWEEP_FILLS
from sweep_dask.terms.score import RESTING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pyarrow as pa

    from sweep_dask.explain.files import Files
    from sweep_dask.storage.layout import Partition

_TRADE_COLUMNS = (
    *("sequence", "tradetime", "orderid", "dealsource", "matchgroupid", "passiveaggressive"),
    *("nationalbidpricesnapshot", "nationalofferpricesnapshot", "tradeprice", "quantity", "side"),
)
_ROLES = {1: "incoming", 0: "resting"}
_NEITHER = "neither"


class FoundFill(NamedTuple):
    """A fill as its file has it; what it means for the order is found later."""

    time_ns: int
    quantity: int
    price_x2: int
    venue: str
    deal_source: int | None = None
    role: str | None = None
    contra_order_id: int | None = None


def tape_fills(files: Files, partition: Partition, order_id: int) -> list[FoundFill] | None:
    """What really filled, by engine order; the contra is known if it is in the output, too.

    None if that is not known: there are no trades, or none that tell dark from lit.
    """
    path = files.layout.processed(*partition) / f"{ROW_FILES['trades']}.parquet"
    # A partition without trades has no such file.
    if not path.exists():
        return None
    trades = files.columns(path, _TRADE_COLUMNS)
    if any(name not in trades.column_names for name in NEEDED):
        return None
    # Whether the tape tells half units shows in all its rows.
    deal_source = whole_numbers_or(trades, "dealsource", UNKNOWN)
    published_x2 = np.rint(2 * np.nan_to_num(prices(trades, "tradeprice"))).astype(np.int64)
    exact_x2 = exact_prices_x2(trades, published_x2, deal_source)
    is_own = is_among(trades["orderid"], (order_id,))
    own, others = trades.filter(is_own), trades.filter(pc.invert(is_own))
    own_x2 = exact_x2[np.asarray(is_own)].tolist()
    contras = _by_match(others, set(values(own, "matchgroupid")) - {None})
    columns = ("tradetime", "quantity", "dealsource", "passiveaggressive", "matchgroupid")
    found = zip(own_x2, *(values(own, name) for name in columns), strict=True)
    return [
        FoundFill(
            time_ns,
            quantity,
            price_x2,
            "dark" if source in DARK else "lit",
            source,
            _tape_role(passive_aggressive, contras.get(match)),
            contras[match][0] if match in contras else None,
        )
        for price_x2, time_ns, quantity, source, passive_aggressive, match in found
    ]


def _by_match(
    others: pa.Table, matches: Collection[int]
) -> dict[int | None, tuple[int, int | None]]:
    """The other side of each match: its order, and whether it was the incoming one."""
    if "matchgroupid" not in others.column_names or not matches:
        return {}
    rows = others.filter(is_among(others["matchgroupid"], matches))
    sides = zip(values(rows, "orderid"), values(rows, "passiveaggressive"), strict=True)
    return dict(zip(values(rows, "matchgroupid"), sides, strict=True))


def _tape_role(passive_aggressive: int | None, contra: tuple[int, int | None] | None) -> str | None:
    is_passive_too = contra is not None and contra[1] == 0
    if passive_aggressive == 0 and is_passive_too:
        return _NEITHER
    return _ROLES.get(passive_aggressive) if passive_aggressive is not None else None


def time_priority_fills(
    files: Files, partition: Partition, order_id: int, column: str
) -> list[FoundFill] | None:
    """Matches of the time-priority model; None if it was not run.

    Parameters
    ----------
    column
        That in which the order is: `sweep_orderid`, or `incoming_orderid` of what it gave.
    """
    path = files.layout.outputs(*partition) / "simulation_match_details.csv"
    if not path.exists():
        return None
    rows = files.csv_rows(path, column, order_id)
    is_sweep = column == "sweep_orderid"
    names = ("timestamp", "matched_quantity", "price")
    contra = "incoming_orderid" if is_sweep else "sweep_orderid"
    role = _ROLES[0] if is_sweep else _ROLES[1]
    return [
        FoundFill(time_ns, quantity, doubled(price) or 0, "dark", None, role, other)
        for time_ns, quantity, price, other in zip(
            *(values(rows, name) for name in names), values(rows, contra), strict=True
        )
    ]


def scenario_fills(
    files: Files, partition: Partition, scenario: str, order_id: int, looks_ns: Iterable[int]
) -> list[FoundFill]:
    """What a sweep fills in the replay in which it is one of those that change, by time.

    Parameters
    ----------
    looks_ns
        When it arrived or was amended: what fills then it met itself.
    """
    path = files.layout.centre_point(*partition) / scenario / f"{SWEEP_FILLS}.parquet"
    rows = files.rows(path, "order_id", (order_id,))
    looks = set(looks_ns)
    names = ("timestamp", "quantity", "price_x2", "venue", "deal_source", "contra_order_id")
    found = zip(*(rows[name].to_pylist() for name in (*names, "event")), strict=True)
    return [
        FoundFill(
            time_ns,
            quantity,
            price_x2,
            venue,
            source,
            _NEITHER if event == RESTING else _ROLES[int(time_ns in looks)],
            other,
        )
        for time_ns, quantity, price_x2, venue, source, other, event in found
    ]


def scenario_matches(
    files: Files, partition: Partition, scenario: str, order_id: int
) -> list[FoundFill]:
    """Dark matches of an order that is no sweep, where all sweeps change and wait to the close."""
    path = files.layout.centre_point(*partition) / scenario / "matches.parquet"
    found: list[FoundFill] = []
    buy, sell = "buy_order_id", "sell_order_id"
    for side, own, other in ((1, buy, sell), (2, sell, buy)):
        rows = files.rows(path, own, (order_id,))
        for row in rows.to_pylist():
            role = _NEITHER if row["aggressor"] == 0 else _ROLES[int(row["aggressor"] == side)]
            found.append(
                FoundFill(
                    row["timestamp"],
                    row["quantity"],
                    row["price_x2"],
                    "dark",
                    row["deal_source"],
                    role,
                    row[other],
                )
            )
    return found
