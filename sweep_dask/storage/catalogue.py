"""Which partitions there are, and which ranges of which spill files make each of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sweep_dask.market.trading_day import day_to_date, next_trading_day
from sweep_dask.storage.merge import RowRange
from sweep_dask.storage.spill import ALL_SECURITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

#: Tables whose rows belong to a date and a security; the others belong to a date.
PARTITIONED = ("orders", "trades", "nbbo")
DATED = ("session", "reference", "participants")

#: Why rows that can be read take no part (besides `not_centre_point` and `duplicate`).
NO_PARTITION = "no_partition"
NO_ORDER = "no_centre_point_order"
NOT_SELECTED = "not_selected"


@dataclass(frozen=True)
class PartitionSource:
    """Where the rows of one partition lie."""

    day: int
    """Trading day, in days since 1970-01-01."""
    security: int
    ranges: Mapping[str, tuple[RowRange, ...]]
    """By table, in file order."""

    @property
    def date(self) -> str:
        """Trading day as ISO date."""
        return day_to_date(self.day)

    @property
    def rows(self) -> dict[str, int]:
        """Rows to merge, by table, those that will be filtered included."""
        return {table: sum(part.rows for part in parts) for table, parts in self.ranges.items()}


@dataclass
class Catalogue:
    """All partitions of a run."""

    partitions: list[PartitionSource]
    """Ascending by date, then security."""
    dated: dict[int, dict[str, tuple[RowRange, ...]]]
    """Day to table to ranges, for tables that belong to a date."""
    removed: dict[int, dict[str, int]] = field(default_factory=dict)
    """Block to reason to rows that take no part."""


def build_catalogue(
    index: pd.DataFrame,
    table_of_block: Mapping[int, str],
    *,
    by_session: bool,
    dates: Collection[str] = (),
    securities: Collection[int] = (),
) -> Catalogue:
    """Group the index of all spill files into partitions.

    Parameters
    ----------
    index
        Columns `spill.INDEX_DTYPES`.
    by_session
        Whether events after 20:30 local belong to the next trading day: the next date on which
        the input has a session row or a trade of the security, else the next weekday.
    dates, securities
        What to select; empty selects all.
    """
    index = index.sort_values(["block", "piece", "start"], ignore_index=True)
    index["table"] = index["block"].map(table_of_block).astype(object)
    index["trading_day"] = _trading_days(index) if by_session else index["day"]
    selected = _selected(index, dates, securities)
    orders = index[selected & (index["table"] == "orders")]
    keys = sorted(
        set(zip(orders["trading_day"].tolist(), orders["security"].tolist(), strict=True))
    )
    used = selected & _belongs(index, set(keys))
    catalogue = Catalogue(
        partitions=_partitions(index[used], keys),
        dated=_dated(index[index["table"].isin(DATED)], sorted({day for day, _ in keys})),
    )
    _count_removed(catalogue, index, used, selected)
    return catalogue


def _trading_days(index: pd.DataFrame) -> pd.Series:
    """Trading day of each range: its calendar day, or for evenings of traded tables the next."""
    known = _known_days(index)
    moves = index["evening"] & index["table"].isin(PARTITIONED)
    days = index["day"].to_numpy(copy=True)
    securities = index["security"].to_numpy()
    for position in np.flatnonzero(moves.to_numpy()):
        known_days = known.get(int(securities[position]), known[ALL_SECURITIES])
        days[position] = next_trading_day(int(days[position]), known_days)
    return pd.Series(days, index=index.index)


def _known_days(index: pd.DataFrame) -> dict[int, list[int]]:
    """Days on which each security has a session row or a trade, ascending."""
    shows = (index["table"] == "session") | ((index["table"] == "trades") & ~index["evening"])
    rows = index.loc[shows, ["security", "day"]].drop_duplicates()
    days: dict[int, set[int]] = defaultdict(set)
    for security, day in zip(rows["security"].tolist(), rows["day"].tolist(), strict=True):
        days[security].add(day)
    market_wide = days[ALL_SECURITIES]
    return {security: sorted(own | market_wide) for security, own in days.items()}


def _selected(
    index: pd.DataFrame, dates: Collection[str], securities: Collection[int]
) -> pd.Series:
    selected = index["table"].isin(PARTITIONED)
    if dates:
        wanted = set(dates)
        selected &= index["trading_day"].map(lambda day: day_to_date(day) in wanted)
    if securities:
        selected &= index["security"].isin(list(securities))
    return selected


def _belongs(index: pd.DataFrame, keys: set[tuple[int, int]]) -> pd.Series:
    pairs = zip(index["trading_day"].tolist(), index["security"].tolist(), strict=True)
    return pd.Series([pair in keys for pair in pairs], index=index.index, dtype=bool)


def _partitions(used: pd.DataFrame, keys: list[tuple[int, int]]) -> list[PartitionSource]:
    ranges: dict[tuple[int, int], dict[str, list[RowRange]]] = {
        key: {table: [] for table in PARTITIONED} for key in keys
    }
    keyed = _columns(used, "trading_day", "security", "table")
    for part, (day, security, table) in zip(_row_ranges(used), keyed, strict=True):
        ranges[day, security][table].append(part)
    return [
        PartitionSource(day, security, {t: tuple(r) for t, r in ranges[day, security].items()})
        for day, security in keys
    ]


def _row_ranges(rows: pd.DataFrame) -> list[RowRange]:
    return [RowRange(*row) for row in _columns(rows, "block", "piece", "start", "rows", "day")]


def _columns(rows: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    """Rows as tuples of Python values."""
    return zip(*(rows[name].tolist() for name in names), strict=True)


def _dated(rows: pd.DataFrame, days: list[int]) -> dict[int, dict[str, tuple[RowRange, ...]]]:
    by_table_day: dict[tuple[str, int], list[RowRange]] = defaultdict(list)
    for part, table in zip(_row_ranges(rows), rows["table"].tolist(), strict=True):
        by_table_day[table, part.day].append(part)
    listed = [day for table, day in by_table_day if table == "participants"]
    dated = {}
    for day in days:
        dated[day] = {table: tuple(by_table_day.get((table, day), ())) for table in DATED}
        if listed and not dated[day]["participants"]:
            # Participants change rarely and may be delivered once: the latest list serves.
            dated[day]["participants"] = tuple(by_table_day["participants", max(listed)])
    return dated


def _count_removed(
    catalogue: Catalogue, index: pd.DataFrame, used: pd.Series, selected: pd.Series
) -> None:
    dated_in_use = {
        part for tables in catalogue.dated.values() for ranges in tables.values() for part in ranges
    }
    unused = index[~used]
    fates = zip(_row_ranges(unused), unused["table"], selected[~used], strict=True)
    for part, table, is_selected in fates:
        if part in dated_in_use:
            continue
        counts = catalogue.removed.setdefault(part.block, {})
        reason = _why_unused(table, is_selected)
        counts[reason] = counts.get(reason, 0) + part.rows


def _why_unused(table: str, is_selected: bool) -> str:
    if table in PARTITIONED and not is_selected:
        return NOT_SELECTED
    return NO_ORDER if table == "trades" else NO_PARTITION
