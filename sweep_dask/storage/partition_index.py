"""Which partitions there are, and which ranges of which spill files make each of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.market.trading_day import date_to_day, day_to_date, next_trading_day
from sweep_dask.storage.spill import ALL_SECURITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import numpy.typing as npt

    from sweep_dask.storage.spill import SpillIndex

#: Tables whose rows belong to a date and a security; the others belong to a date.
PARTITIONED = ("orders", "trades", "nbbo")
DATED = ("session", "reference", "participants")

#: Why rows that can be read take no part (besides `not_centre_point` and `duplicate`).
NO_PARTITION = "no_partition"
NO_ORDER = "no_centre_point_order"
NOT_SELECTED = "not_selected"

_NAMES = (*PARTITIONED, *DATED)
_ORDERS, _TRADES, _SESSION = (_NAMES.index(name) for name in ("orders", "trades", "session"))


@dataclass(frozen=True, eq=False)
class PartitionSource:
    """Where the rows of one partition lie."""

    day: int
    """Trading day, in days since 1970-01-01."""
    security: int
    ranges: Mapping[str, SpillIndex]
    """By table, in file order; empty if an earlier run has merged them."""
    merged_rows: Mapping[str, int] | None = None
    """Rows of each table in the partition's files, if these are to be read instead."""

    @property
    def date(self) -> str:
        """Trading day as ISO date."""
        return day_to_date(self.day)

    @property
    def rows(self) -> dict[str, int]:
        """Rows to merge, by table, those that will be filtered included; or rows of its files."""
        if self.merged_rows is not None:
            return dict(self.merged_rows)
        return {table: int(ranges["rows"].sum()) for table, ranges in self.ranges.items()}


@dataclass
class PartitionIndex:
    """All partitions of a run."""

    partitions: list[PartitionSource]
    """Ascending by date, then security."""
    dated: dict[int, dict[str, SpillIndex]]
    """Day to table to ranges, for tables that belong to a date."""
    removed: dict[int, dict[str, int]] = field(default_factory=dict)
    """Block to reason to rows that take no part."""
    offered_dates: tuple[str, ...] = ()
    """Dates with Centre Point orders, also those not asked for, ascending."""
    offered_securities: tuple[int, ...] = ()
    """Securities with Centre Point orders, also those not asked for, ascending."""


def build_partition_index(
    index: SpillIndex,
    table_of_block: Mapping[int, str],
    *,
    by_session: bool,
    dates: Collection[str] = (),
    securities: Collection[int] = (),
) -> PartitionIndex:
    """Group the index of all spill files into partitions.

    `index`: of all blocks, in any order.
    `by_session`: whether events after 20:30 local belong to the next trading day: the next date on
    which the input has a session row or a trade of the security, else the next weekday.
    `dates`, `securities`: what to select; empty selects all.
    """
    tables = _tables(index, table_of_block)
    days = _trading_days(index, tables) if by_session else index["day"]
    is_dated = tables >= len(PARTITIONED)
    is_wanted = is_dated | _selected(index, days, dates, securities)
    are_orders = tables == _ORDERS
    partition_index = PartitionIndex(
        [],
        {},
        offered_dates=tuple(map(day_to_date, np.unique(days[are_orders]).tolist())),
        offered_securities=tuple(np.unique(index["security"][are_orders]).tolist()),
    )
    _remove(partition_index, index[~is_wanted], NOT_SELECTED)
    _add_partitions(partition_index, *_grouped(index, tables, days, is_wanted & ~is_dated))
    _add_dated(partition_index, *_grouped(index, tables, days, is_dated))
    return partition_index


def _selected(
    index: SpillIndex,
    days: npt.NDArray[np.int32],
    dates: Collection[str],
    securities: Collection[int],
) -> npt.NDArray[np.bool_]:
    selected = np.ones(index.size, dtype=bool)
    if dates:
        selected &= np.isin(days, [date_to_day(date) for date in dates])
    if securities:
        selected &= np.isin(index["security"], list(securities))
    return selected


def _grouped(
    index: SpillIndex,
    tables: npt.NDArray[np.int8],
    days: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
) -> tuple[SpillIndex, npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """Chosen ranges by day, security (those of partitions), table, and in file order."""
    order = _order(index, tables, days, chosen)
    return index[order], tables[order], days[order]


def _order(
    index: SpillIndex,
    tables: npt.NDArray[np.int8],
    days: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Positions of chosen ranges in order; what sorting takes is gone before they are copied."""
    positions = np.flatnonzero(chosen)
    part, tables = index[positions], tables[positions]
    security = np.where(tables < len(PARTITIONED), part["security"], 0)
    keys = (part["start"], part["batch"], part["block"], tables, security, days[positions])
    order: npt.NDArray[np.int64] = positions[np.lexsort(keys)]
    return order


def _tables(index: SpillIndex, table_of_block: Mapping[int, str]) -> npt.NDArray[np.int8]:
    """The table of each range, as its position in `_NAMES`."""
    of_block: npt.NDArray[np.int8] = np.zeros(max(table_of_block, default=0) + 1, np.int8)
    for block, name in table_of_block.items():
        of_block[block] = _NAMES.index(name)
    tables: npt.NDArray[np.int8] = of_block[index["block"]]
    return tables


def _trading_days(index: SpillIndex, tables: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """Trading day of each range: its calendar day, or for evenings of traded tables the next."""
    known = _known_days(index, tables)
    days = index["day"].copy()
    for position in np.flatnonzero(index["evening"] & (tables < len(PARTITIONED))):
        known_days = known.get(int(index["security"][position]), known[ALL_SECURITIES])
        days[position] = next_trading_day(int(days[position]), known_days)
    return days


def _known_days(index: SpillIndex, tables: npt.NDArray[np.int8]) -> dict[int, list[int]]:
    """Days on which each security has a session row or a trade, ascending."""
    shown = index[(tables == _SESSION) | ((tables == _TRADES) & ~index["evening"])]
    shown = shown[np.lexsort((shown["day"], shown["security"]))]
    days: dict[int, set[int]] = defaultdict(set)
    for start, _ in _runs(shown["security"], shown["day"]):
        days[int(shown["security"][start])].add(int(shown["day"][start]))
    market_wide = days[ALL_SECURITIES]
    return {security: sorted(own | market_wide) for security, own in days.items()}


def _runs(*keys: npt.NDArray[np.integer]) -> Iterator[tuple[int, int]]:
    """Where equal keys that lie together begin, and where they end."""
    changes = np.zeros(max(keys[0].size - 1, 0), dtype=bool)
    for key in keys:
        changes |= key[1:] != key[:-1]
    cuts = [0, *(np.flatnonzero(changes) + 1).tolist(), keys[0].size]
    return pairwise(cuts) if keys[0].size else iter(())


def _add_partitions(
    partition_index: PartitionIndex,
    index: SpillIndex,
    tables: npt.NDArray[np.int8],
    days: npt.NDArray[np.int32],
) -> None:
    """Partitions of grouped ranges; those without orders are none."""
    is_used = np.zeros(index.size, dtype=bool)
    for start, end in _runs(days, index["security"]):
        if tables[start] == _ORDERS:
            is_used[start:end] = True
            cuts = start + np.searchsorted(tables[start:end], range(len(PARTITIONED) + 1))
            ranges = {name: index[cuts[k] : cuts[k + 1]] for k, name in enumerate(PARTITIONED)}
            security = int(index["security"][start])
            partition_index.partitions.append(PartitionSource(int(days[start]), security, ranges))
    _remove(partition_index, index[~is_used & (tables == _TRADES)], NO_ORDER)
    _remove(partition_index, index[~is_used & (tables != _TRADES)], NO_PARTITION)


def _add_dated(
    partition_index: PartitionIndex,
    index: SpillIndex,
    tables: npt.NDArray[np.int8],
    days: npt.NDArray[np.int32],
) -> None:
    """Tables of the dates of partitions, of grouped ranges."""
    of_table: dict[tuple[str, int], slice] = {}
    latest = slice(0)
    for start, end in _runs(days, tables):
        name = _NAMES[tables[start]]
        of_table[name, int(days[start])] = slice(start, end)
        # Participants change rarely and may be delivered once: the latest list serves.
        latest = slice(start, end) if name == "participants" else latest
    is_used = np.zeros(index.size, dtype=bool)
    for day in {partition.day: None for partition in partition_index.partitions}:
        absent = {"participants": latest}
        slices = {name: of_table.get((name, day), absent.get(name, slice(0))) for name in DATED}
        partition_index.dated[day] = {name: index[rows] for name, rows in slices.items()}
        for rows in slices.values():
            is_used[rows] = True
    _remove(partition_index, index[~is_used], NO_PARTITION)


def _remove(partition_index: PartitionIndex, unused: SpillIndex, reason: str) -> None:
    blocks, position = np.unique(unused["block"], return_inverse=True)
    rows = np.zeros(blocks.size, np.int64)
    np.add.at(rows, position, unused["rows"])
    for block, count in zip(blocks.tolist(), rows.tolist(), strict=True):
        counts = partition_index.removed.setdefault(block, {})
        counts[reason] = counts.get(reason, 0) + count
