"""Which partitions there are, and which ranges of which spill files make each of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweep_dask.market.trading_day import day_to_date, next_trading_day
from sweep_dask.storage.merge import RowRange
from sweep_dask.storage.spill import ALL_SECURITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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
    def order_rows(self) -> int:
        """Rows of the order table, repeats included."""
        return sum(part.rows for part in self.ranges["orders"])


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
    for position in np.flatnonzero(moves.to_numpy()):
        security = int(index["security"].iat[position])
        days[position] = next_trading_day(
            int(days[position]), known.get(security, known[ALL_SECURITIES])
        )
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
    for row in used.itertuples():
        part = RowRange(row.block, row.piece, row.start, row.rows, row.day)
        ranges[row.trading_day, row.security][row.table].append(part)
    return [
        PartitionSource(day, security, {t: tuple(r) for t, r in ranges[day, security].items()})
        for day, security in keys
    ]


def _dated(rows: pd.DataFrame, days: list[int]) -> dict[int, dict[str, tuple[RowRange, ...]]]:
    by_table_day: dict[tuple[str, int], list[RowRange]] = defaultdict(list)
    for row in rows.itertuples():
        part = RowRange(row.block, row.piece, row.start, row.rows, row.day)
        by_table_day[row.table, row.day].append(part)
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
        (part.block, part.piece, part.start)
        for tables in catalogue.dated.values()
        for ranges in tables.values()
        for part in ranges
    }
    for row in index[~used].itertuples():
        if row.table in DATED:
            if (row.block, row.piece, row.start) in dated_in_use:
                continue
            reason = NO_PARTITION
        elif not selected[row.Index]:
            reason = NOT_SELECTED
        else:
            reason = NO_ORDER if row.table == "trades" else NO_PARTITION
        counts = catalogue.removed.setdefault(int(row.block), {})
        counts[reason] = counts.get(reason, 0) + int(row.rows)
