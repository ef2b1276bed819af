"""One sweep looked at closely: the quotes while it worked, and its fills in two lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sweep_dask.analysis.centre_point.scenarios import SCENARIOS
from sweep_dask.market.trading_day import sydney_local_ns
from sweep_dask.report.line_words import label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sweep_dask.analysis.tables import FloatArray, IntArray
    from sweep_dask.report.rollups import Row
    from sweep_dask.storage.layout import OutputLayout

#: Most quotes drawn; of more, evenly chosen ones.
MOST_QUOTES = 2_000
#: Least time drawn, and the share of the time that is added before and after it. Arbitrary.
_LEAST_NS = 1_000_000_000
_ROOM = 0.06
#: Prices of the input are in 0.1 cent.
_UNITS_PER_DOLLAR = 1_000


@dataclass(frozen=True)
class Fills:
    """Fills of the sweep in one line, by time."""

    label: str
    time_ns: IntArray
    """Local time, int64[n]."""
    price: FloatArray
    """Dollars, float64[n]."""
    quantity: IntArray

    @property
    def shares(self) -> int:
        """Filled in all."""
        return int(self.quantity.sum())


@dataclass(frozen=True)
class Quotes:
    """Bid and offer while the sweep worked, by time; NaN where there was none."""

    time_ns: IntArray
    bid: FloatArray
    """Dollars, float64[n]."""
    offer: FloatArray


@dataclass(frozen=True)
class Example:
    """The sweep and what is drawn of it; times are local, ns, prices dollars."""

    date: str
    security: int
    order_id: int
    side: str
    quantity: int
    limit: float | None
    arrival_ns: int
    end_ns: int
    quotes: Quotes
    fills: list[Fills] = field(default_factory=list)
    """For real, then simulated."""
    line: str = ""


def read_example(layout: OutputLayout, chosen: Row | None) -> tuple[Example | None, str]:
    """The chosen sweep; if it cannot be shown, None and why.

    Parameters
    ----------
    chosen
        The row of `example_sweep`; None if no sweep was chosen.
    """
    if chosen is None:
        return None, "no scenario fills any sweep differently"
    try:
        return _read(layout, chosen), ""
    except (OSError, pa.ArrowException, LookupError) as error:
        return None, f"a file of its partition is missing or cannot be read ({error})"


def _read(layout: OutputLayout, chosen: Row) -> Example:
    date, security, order_id = chosen["date"], chosen["security"], chosen["order_id"]
    keys = {"date": date, "security": security, "order_id": order_id}
    columns = ["side", "quantity", "limit", "arrival_ns", "end_ns"]
    sweep = _rows(layout.tables / "sweep_metrics.parquet", columns, keys).to_pylist()[0]
    processed = layout.processed(date, security)
    fills = [
        _fills("tape", _tape(processed / "cp_trades_matched.parquet", order_id)),
        *_simulated(layout.tables, chosen, keys),
    ]
    arrival_ns, end_ns = sweep["arrival_ns"], sweep["end_ns"]
    last_ns = max([end_ns, *(int(f.time_ns.max()) for f in fills if f.time_ns.size)])
    return Example(
        date=date,
        security=security,
        order_id=order_id,
        side="buy" if sweep["side"] == 1 else "sell",
        quantity=sweep["quantity"],
        limit=sweep["limit"] and sweep["limit"] / _UNITS_PER_DOLLAR,
        arrival_ns=_local(arrival_ns),
        end_ns=_local(end_ns),
        quotes=_quotes(processed / "nbbo.parquet", arrival_ns, last_ns),
        fills=[Fills(f.label, sydney_local_ns(f.time_ns), f.price, f.quantity) for f in fills],
        line=chosen["scenario"] or chosen["model"],
    )


def _rows(path: Path, columns: list[str], values: Mapping[str, Any]) -> pa.Table:
    """Rows with these values; Parquet's own bounds say which parts of the file to read."""
    chosen = [(name, "==", value) for name, value in values.items()]
    return pq.read_table(path, columns=columns, filters=chosen)


def _tape(path: Path, order_id: int) -> pa.Table:
    names = ["tradetime", "tradeprice", "quantity"]
    return _rows(path, names, {"orderid": order_id})


def _simulated(tables: Path, chosen: Row, keys: Mapping[str, Any]) -> list[Fills]:
    if chosen["scenario"] in SCENARIOS:
        path, values = tables / "centre_point_sweep_fills.parquet", dict(keys)
        values |= {"scenario": chosen["scenario"]}
        rows = _rows(path, ["timestamp", "price_x2", "quantity"], values)
        return [_fills(chosen["scenario"], rows, scale=2)]
    path, values = tables / "simulation_match_details.parquet", dict(keys)
    values["sweep_orderid"] = values.pop("order_id")
    rows = _rows(path, ["timestamp", "price", "matched_quantity"], values)
    return [_fills(chosen["model"], rows)]


def _fills(line: str, rows: pa.Table, scale: int = 1) -> Fills:
    """From the columns time, price and quantity, whatever they are called."""
    time_ns, price, quantity = (column.to_numpy() for column in rows.columns)
    order = np.argsort(time_ns, kind="stable")
    dollars = price[order].astype(np.float64) / (scale * _UNITS_PER_DOLLAR)
    return Fills(label(line), time_ns[order].astype(np.int64), dollars, quantity[order])


def _quotes(path: Path, begin_ns: int, end_ns: int) -> Quotes:
    """Changes of the quote around the sweep, the one it arrived on first."""
    if not path.exists():
        return Quotes(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    rows = pq.read_table(path, columns=["timestamp", "bidprice", "offerprice"])
    time_ns = rows["timestamp"].to_numpy()
    room_ns = int(max(_ROOM * (end_ns - begin_ns), _LEAST_NS / 2))
    first = max(int(np.searchsorted(time_ns, begin_ns - room_ns, side="right")) - 1, 0)
    last = int(np.searchsorted(time_ns, end_ns + room_ns, side="right"))
    window = slice(first, last)
    bid, offer = (_dollars(rows[name].to_numpy()[window]) for name in ("bidprice", "offerprice"))
    time_ns = np.clip(time_ns[window], begin_ns - room_ns, None)
    kept = _thinned(_changes(bid, offer))
    ends = np.append(kept, kept[-1:])
    drawn_ns = np.append(time_ns[kept], np.full(kept[-1:].size, end_ns + room_ns))
    return Quotes(sydney_local_ns(drawn_ns), bid[ends], offer[ends])


def _dollars(price: FloatArray) -> FloatArray:
    """0 is no price."""
    return np.where(price > 0, price, np.nan) / _UNITS_PER_DOLLAR


def _changes(bid: FloatArray, offer: FloatArray) -> IntArray:
    """Places of the quotes that differ from the one before."""
    if not bid.size:
        return np.zeros(0, np.int64)
    known = [np.nan_to_num(side) for side in (bid, offer)]
    changed = (np.diff(known[0], prepend=-1) != 0) | (np.diff(known[1], prepend=-1) != 0)
    return np.flatnonzero(changed)


def _thinned(places: IntArray) -> IntArray:
    if places.size <= MOST_QUOTES:
        return places
    chosen = np.linspace(0, places.size - 1, MOST_QUOTES).astype(np.int64)
    thinned: IntArray = places[chosen]
    return thinned


def _local(time_ns: int) -> int:
    return int(sydney_local_ns(np.array([time_ns]))[0])
