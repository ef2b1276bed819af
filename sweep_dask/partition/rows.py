"""The rows of one partition, merged from spill files, and when they say that it traded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from sweep_dask.errors import UsageError
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
from sweep_dask.schema import BY_NAME
from sweep_dask.storage.atomic import bytes_digest
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.merge import MergedRows, merge_rows, merged_before
from sweep_dask.storage.no_follow import read_regular
from sweep_dask.storage.parquet_files import read_parquet
from sweep_dask.storage.partition_index import PARTITIONED
from sweep_dask.storage.receipts import read_receipt
from sweep_dask.storage.spill import SpilledRows
from sweep_dask.terms.deal_sources import AUCTION, DARK
from sweep_dask.terms.files import ROW_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pyarrow as pa

    from sweep_dask.partition.job import PartitionJob

_NUMBERS = ("Timestamp", "MatchingType", "Level", "OrderBookId")

_NO_FILES: Mapping[str, bytes] = MappingProxyType({})


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
    return read_parquet(location_of(path))


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


@dataclass(frozen=True)
class RowsRead:
    """The rows of a partition."""

    merged: Mapping[str, MergedRows]
    """By table."""
    trading: ContinuousTrading
    files: Mapping[str, bytes] = field(default_factory=dict)
    """By table, the Parquet files that are to hold them; none of a table without rows."""
    fingerprint: str | None = None
    """Digest of them, the models and what the models are told."""

    @property
    def counts(self) -> dict[str, int]:
        """`orders_rows`, `trades_rows`, `nbbo_rows`."""
        return {f"{table}_rows": rows.count for table, rows in self.merged.items()}

    @property
    def removed(self) -> dict[int, dict[str, int]]:
        """Block to reason to rows filtered while merging."""
        blocks: dict[int, dict[str, int]] = {}
        for rows in self.merged.values():
            blocks |= rows.removed
        return blocks


def merge_tables(
    job: PartitionJob,
    *,
    with_dark_trades: bool = False,
    files: Mapping[str, bytes] = _NO_FILES,
) -> dict[str, MergedRows]:
    """Orders, trades and quotes.

    `with_dark_trades`: whether trades of the Centre Point book stay although their order is not in
    the input.
    `files`: by table, Parquet files that hold the rows that merging would give.
    """
    scratch = location_of(job.scratch)
    merged: dict[str, MergedRows] = {}
    for table in PARTITIONED:
        if table in files:
            merged[table] = merged_before(scratch, files[table])
            continue
        merged[table] = merge_rows(
            scratch,
            job.source.ranges[table],
            BY_NAME[table],
            job.columns[table],
            job.source.day,
            keep=_TradesOf(merged, with_dark_trades) if table == "trades" else None,
        )
    return merged


def rows_before(job: PartitionJob) -> tuple[dict[str, bytes], ContinuousTrading]:
    """What an earlier run has left of a partition: its files of rows by table, and its trading.

    Raises UsageError: they are no longer what they were when the run began.
    """
    layout, source = OutputLayout(location_of(job.output)), job.source
    receipt = read_receipt(layout, source.date, source.security)
    folder = layout.processed(source.date, source.security)
    paths = {t: folder / f"{ROW_FILES[t]}.parquet" for t, rows in source.rows.items() if rows}
    files = {table: read_regular(path) for table, path in paths.items()}
    listed = {} if receipt is None else receipt.files
    are_listed = all(
        listed.get(layout.relative(paths[table])) == bytes_digest(body)
        for table, body in files.items()
    )
    if receipt is None or receipt.trading is None or not are_listed:
        raise UsageError(
            "Rows of an earlier run were changed while this one was about to read them.",
            where=layout.relative(folder),
            cure="Leave the folders of a run alone while it works. The same command reads the "
            "raw files again.",
        )
    return files, trading_before(receipt.trading)


class _TradesOf:
    """Which trades belong to the orders of the partition."""

    def __init__(self, merged: Mapping[str, MergedRows], with_dark_trades: bool) -> None:
        self._order_ids = merged["orders"].rows["order_id"].unique().to_numpy()
        self._deal_sources = DARK if with_dark_trades else ()

    def __call__(self, trades: pa.Table) -> npt.NDArray[np.bool_]:
        belongs = np.isin(trades["orderid"].to_numpy(), self._order_ids)
        if self._deal_sources and "dealsource" in trades.column_names:
            deal_source = trades["dealsource"].fill_null(0).to_numpy()
            belongs |= np.isin(deal_source, self._deal_sources)
        return belongs
