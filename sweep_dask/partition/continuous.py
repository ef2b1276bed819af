"""When one partition is in continuous trading, as far as the input tells."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from sweep_dask.locations import location_of
from sweep_dask.market.change_reasons import NEW
from sweep_dask.market.order_codes import CENTRE_POINT, CENTRE_POINT_BLOCK
from sweep_dask.market.sessions import (
    SessionRow,
    Window,
    continuous_windows,
    names_states,
    opening_hours,
)
from sweep_dask.storage.parquet_files import read_parquet
from sweep_dask.storage.spill import SpilledRows
from sweep_dask.terms.deal_sources import AUCTION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt
    import pyarrow as pa

    from sweep_dask.partition.job import PartitionJob

_NUMBERS = ("Timestamp", "MatchingType", "Level", "OrderBookId")


class ContinuousTrading(NamedTuple):
    """The windows of a partition, and whether session rows say so."""

    windows: tuple[Window, ...]
    is_recorded: bool


def continuous_trading(job: PartitionJob, orders: pa.Table) -> ContinuousTrading:
    """Windows from the session rows of the date or, without any, from timetable and events.

    `orders`: columns of `schema.ORDERS`.
    """
    session, security = job.centre_point.session, job.source.security
    rows = None if session is None else _session_of(session, job.scratch)
    recorded = None if rows is None else recorded_trading(rows, security)
    if recorded is not None:
        return recorded
    windows = continuous_windows(
        (),
        security,
        first_auction_trade_ns=_first_auction_trade_ns(job),
        first_centre_point_ns=_first_dark_order_ns(orders),
        hours=opening_hours(date.fromisoformat(job.source.date)),
    )
    return ContinuousTrading(windows, is_recorded=False)


def trading_before(trading: Mapping[str, Any]) -> ContinuousTrading:
    """What the receipt of a partition says of it."""
    windows = tuple(Window(*window) for window in trading["windows"])
    return ContinuousTrading(windows, trading["is_recorded"])


@lru_cache(maxsize=1)
def _session_of(path: str, scratch: str) -> pa.Table:  # noqa: ARG001
    """Of one run, which `scratch` is the folder of: the next may have put other rows in the file.

    Kept, as partitions that follow each other are of one date.
    """
    return read_session(location_of(path))


def read_session(path: Path) -> pa.Table:
    """The session rows of a date."""
    return read_parquet(path)


def recorded_trading(session: pa.Table, security: int) -> ContinuousTrading | None:
    """Windows from the session rows of a date; None if they name no state of the security."""
    rows = _session_rows(session, security)
    if not names_states(rows, security):
        return None
    return ContinuousTrading(continuous_windows(rows, security), is_recorded=True)


def _session_rows(session: pa.Table, security: int) -> list[SessionRow]:
    """Rows of the security and of the whole market, as the file has them."""
    owner = _numbers(session, "OrderBookId")
    rows = session.take(np.flatnonzero((owner == security) | (owner <= 0)))
    numbers = [_numbers(rows, name).tolist() for name in _NUMBERS]
    names = rows["Name"].to_pylist() if "Name" in rows.column_names else [None] * len(rows)
    return [
        SessionRow(timestamp_ns, name or "", matching_type, level, owner)
        for timestamp_ns, matching_type, level, owner, name in zip(*numbers, names, strict=True)
    ]


def _numbers(rows: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """A column of whole numbers, 0 where there is none."""
    if name not in rows.column_names:
        return np.zeros(len(rows), dtype=np.int64)
    numbers: npt.NDArray[np.int64] = pc.fill_null(rows[name], 0).to_numpy()
    return numbers


def _first_auction_trade_ns(job: PartitionJob) -> int | None:
    """Of all trades of the security, also those of lit orders, which are not merged."""
    first_ns = None
    for rows in SpilledRows(location_of(job.scratch), job.source.ranges["trades"]).tables():
        if "dealsource" in rows.column_names:
            times = rows["tradetime"].filter(pc.equal(rows["dealsource"], AUCTION))
            found_ns = pc.min(times).as_py()
            if found_ns is not None:
                first_ns = found_ns if first_ns is None else min(first_ns, found_ns)
    return first_ns


def _first_dark_order_ns(orders: pa.Table) -> int | None:
    order_type = orders["exchangeordertype"].to_numpy()
    is_dark = (order_type & (CENTRE_POINT | CENTRE_POINT_BLOCK)) != 0
    times_ns = orders["timestamp"].to_numpy()[is_dark & (orders["changereason"].to_numpy() == NEW)]
    return int(np.min(times_ns)) if times_ns.size else None
