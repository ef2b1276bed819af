"""One sweep looked at closely: the quotes while it worked, and its fills in two arms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.market.trading_day import sydney_local_ns
from sweep_dask.report.example_plot import example_plot
from sweep_dask.report.subject import explain_command
from sweep_dask.report.wording import changes, label
from sweep_dask.storage.layout import Partition
from sweep_dask.storage.parquet_files import read_parquet
from sweep_dask.storage.pieces import file_of
from sweep_dask.terms.arms import REAL, SCENARIOS, DarkRest
from sweep_dask.terms.files import MATCH_DETAILS, ROW_FILES, SWEEP_METRICS
from sweep_dask.terms.units import PRICE_PER_AUD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sweep_dask.analysis.tables import FloatArray, IntArray
    from sweep_dask.report.rollups import Rollups, Row
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.terms.arms import Arm

#: Most quotes drawn; of more, evenly chosen ones.
MOST_QUOTES = 2_000
#: Least time drawn, and the share of the time that is added before and after it. Arbitrary.
_LEAST_NS = 1_000_000_000
_ROOM = 0.06
#: Time, price and quantity of no fills.
_NO_ROWS = pa.table({name: pa.array([], pa.int64()) for name in ("time", "price", "quantity")})


@dataclass(frozen=True)
class Fills:
    """Fills of the sweep in one arm, by time."""

    label: str
    time_ns: IntArray
    """Local time, int64[n]."""
    price: FloatArray
    """Dollars, float64[n]."""
    quantity: IntArray

    def until(self, end_ns: int) -> Fills:
        """Those up to an instant."""
        counted = self.time_ns <= end_ns
        return Fills(self.label, self.time_ns[counted], self.price[counted], self.quantity[counted])

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
    """What really filled, then the simulation."""
    arm: str = ""
    is_different: bool = True
    """Whether any sweep fills differently in the arm; if none does, this is the first."""
    source: str = ""
    """Where the numbers of the chart are, within the output folder."""

    @property
    def is_beyond_limit(self) -> bool:
        """Whether it rests in the dark half a tick beyond its limit."""
        acts = SCENARIOS.get(self.arm)
        return acts is not None and acts.dark_rest is DarkRest.HALF_TICK_BETTER


def example_content(
    layout: OutputLayout, rollups: Rollups, manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """What `example.html` names."""
    example, why_not = read_example(layout, rollups.example, rollups.arms)
    if example is None:
        return {"example": None, "why_no_example": why_not}
    return {
        "example": example,
        "example_plot": example_plot(example),
        "explain_command": explain_command(manifest, example.order_id),
    }


class UnreadableError(Exception):
    """A file that cannot be read, by its path in the output folder."""


def read_example(
    layout: OutputLayout, chosen: Row | None, arms: Sequence[Arm]
) -> tuple[Example | None, str]:
    """The sweep in the row of `example_sweep`; if it cannot be shown, None and why."""
    if REAL not in arms:
        return None, "what really filled is not in the input"
    if chosen is None:
        is_unchanged = not changes(arms)
        return None, "nothing was changed in this run" if is_unchanged else "none was chosen"
    try:
        return _read(layout, chosen), ""
    except UnreadableError as error:
        return None, f"a file of its partition is missing or cannot be read ({error})"


def _read(layout: OutputLayout, chosen: Row) -> Example:
    date, security, order_id = chosen["date"], chosen["security"], chosen["order_id"]
    keys = {"date": date, "security": security, "order_id": order_id}
    columns = ["side", "quantity", "limit", "arrival_ns", "end_ns", "filled_quantity"]
    sweep = _row(layout, columns, keys | {"model": REAL.model})
    processed = layout.processed(date, security)
    trades = processed / f"{ROW_FILES['trades']}.parquet"
    # A partition without trades has no such file: its sweeps have no real fills.
    has_fills = bool(sweep["filled_quantity"])
    real = _tape(layout, trades, order_id) if has_fills else _fills(REAL.name, _NO_ROWS)
    simulated, source = _simulated(layout, chosen, keys)
    if chosen["scenario"] is None:
        # Time priority is asked about the rest only.
        simulated = _together(real, simulated)
        source = f"{layout.relative(trades)} and {source}" if has_fills else source
    arrival_ns, end_ns = sweep["arrival_ns"], sweep["end_ns"]
    fills = [one.until(end_ns) for one in (real, simulated)]
    return Example(
        date=date,
        security=security,
        order_id=order_id,
        side=sweep["side"],
        quantity=sweep["quantity"],
        limit=sweep["limit"] and sweep["limit"] / PRICE_PER_AUD,
        arrival_ns=_local(arrival_ns),
        end_ns=_local(end_ns),
        quotes=quotes_around(layout, processed / "nbbo.parquet", arrival_ns, end_ns),
        fills=[Fills(f.label, sydney_local_ns(f.time_ns), f.price, f.quantity) for f in fills],
        arm=chosen["scenario"] or chosen["model"],
        is_different=bool(chosen["difference"]),
        source=source,
    )


def _rows(
    layout: OutputLayout, path: Path, columns: list[str], values: Mapping[str, Any] | None = None
) -> pa.Table:
    """Rows with these values; Parquet's own bounds say which parts of the file to read."""
    chosen = [(name, "==", value) for name, value in (values or {}).items()]
    try:
        rows = read_parquet(path, columns, chosen or None)
        return rows.select(columns)
    except (OSError, pa.ArrowException, LookupError) as error:
        # Not the words of the error: they name places outside of the folder.
        raise UnreadableError(layout.relative(path)) from error


def _row(layout: OutputLayout, columns: list[str], values: Mapping[str, Any]) -> Row:
    path = file_of(layout.table(SWEEP_METRICS), Partition(values["date"], values["security"]))
    rows: list[Row] = _rows(layout, path, columns, values).to_pylist()
    if not rows:
        raise UnreadableError(layout.relative(path))
    return rows[0]


def _tape(layout: OutputLayout, path: Path, order_id: int) -> Fills:
    names = ["tradetime", "tradeprice", "quantity"]
    return _fills(REAL.name, _rows(layout, path, names, {"orderid": order_id}))


def _simulated(layout: OutputLayout, chosen: Row, keys: Mapping[str, Any]) -> tuple[Fills, str]:
    """The fills that the model gives, and the file they are in."""
    partition = Partition(keys["date"], keys["security"])
    if chosen["scenario"] in SCENARIOS:
        path = file_of(layout.table("centre_point_sweep_fills"), partition)
        columns, values = ["timestamp", "price_x2", "quantity"], dict(keys)
        values |= {"scenario": chosen["scenario"]}
        fills = _fills(chosen["scenario"], _rows(layout, path, columns, values), scale=2)
    else:
        path = file_of(layout.table(MATCH_DETAILS), partition)
        columns, values = ["timestamp", "price", "matched_quantity"], dict(keys)
        values["sweep_orderid"] = values.pop("order_id")
        fills = _fills(chosen["model"], _rows(layout, path, columns, values))
    return fills, layout.relative(path)


def _together(real: Fills, matched: Fills) -> Fills:
    """Both, by time; of one instant the real ones first."""
    time_ns = np.concatenate([real.time_ns, matched.time_ns])
    order = np.argsort(time_ns, kind="stable")
    price = np.concatenate([real.price, matched.price])[order]
    quantity = np.concatenate([real.quantity, matched.quantity])[order]
    return Fills(matched.label, time_ns[order], price, quantity)


def _fills(arm: str, rows: pa.Table, scale: int = 1) -> Fills:
    """From the columns time, price and quantity, whatever they are called."""
    time_ns, price, quantity = (column.to_numpy() for column in rows.columns)
    order = np.argsort(time_ns, kind="stable")
    dollars = price[order].astype(np.float64) / (scale * PRICE_PER_AUD)
    return Fills(label(arm), time_ns[order].astype(np.int64), dollars, quantity[order])


def quotes_around(layout: OutputLayout, path: Path, begin_ns: int, end_ns: int) -> Quotes:
    """Changes of the quote around the sweep, the one it arrived on first; none without the file."""
    if not path.exists():
        return Quotes(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    rows = _rows(layout, path, ["timestamp", "bidprice", "offerprice"])
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
    return np.where(price > 0, price, np.nan) / PRICE_PER_AUD


def _changes(bid: FloatArray, offer: FloatArray) -> IntArray:
    """Positions of the quotes that differ from the one before."""
    if not bid.size:
        return np.zeros(0, np.int64)
    known = [np.nan_to_num(side) for side in (bid, offer)]
    changed = (np.diff(known[0], prepend=-1) != 0) | (np.diff(known[1], prepend=-1) != 0)
    return np.flatnonzero(changed)


def _thinned(positions: IntArray) -> IntArray:
    if positions.size <= MOST_QUOTES:
        return positions
    chosen = np.linspace(0, positions.size - 1, MOST_QUOTES).astype(np.int64)
    return positions[chosen]


def _local(time_ns: int) -> int:
    return int(sydney_local_ns(np.array([time_ns]))[0])
