"""Do sessions, quotes and trades cover the orders, and are times in UTC?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.data_checks.counting import NS_PER_HOUR
from sweep_dask.analysis.data_checks.findings import CONTRADICTION, WARNING, Finding, share
from sweep_dask.market.trading_day import day_to_date, sydney_local_ns

if TYPE_CHECKING:
    from sweep_dask.analysis.data_checks.tally import Tally

#: Fewer rows say nothing (arbitrary).
_MIN_ROWS = 200

#: Local hours between which nearly everything of a trading day happens.
_DAY_HOURS = (7, 19)

#: Local hour from which on events belong to the next day, of which nothing else may be known yet.
_EVENING_HOUR = 20

#: Share of a day's order times that its quotes cover at least (arbitrary).
_COVERED = 0.5

_NAMES = {"trades": "trades", "nbbo": "quotes", "session": "session rows"}


def check_coverage(tally: Tally) -> list[Finding]:
    """Findings on days and hours, if there are enough orders to tell."""
    if tally.of("orders rows") < _MIN_ROWS:
        return []
    found = [_other_days(tally, table) for table in _NAMES]
    found += [_part_of_day(tally), _night(tally)]
    return [finding for finding in found if finding is not None]


def _hours(tally: Tally, table: str) -> Counter[int]:
    """Rows of a table by the local hour, in hours since 1970-01-01 00:00 local."""
    by_utc = tally.by_number(table, "hour")
    times = np.array(list(by_utc), dtype=np.int64) * NS_PER_HOUR
    local: Counter[int] = Counter()
    for hour, count in zip(sydney_local_ns(times).tolist(), by_utc.values(), strict=True):
        local[hour // NS_PER_HOUR] += count
    return local


def _days(tally: Tally, table: str) -> dict[int, tuple[int, int]]:
    """Local day (days since 1970-01-01) to first and last hour with rows, without evenings."""
    days: dict[int, tuple[int, int]] = {}
    for number in sorted(_hours(tally, table)):
        day, hour = divmod(number, 24)
        if hour < _EVENING_HOUR:
            days[day] = (days.get(day, (hour, hour))[0], hour)
    return days


def _other_days(tally: Tally, table: str) -> Finding | None:
    """Days of orders on which another table, which there is, has nothing."""
    days, known = _days(tally, "orders"), _days(tally, table)
    if not known:
        return None
    without = [day for day in days if day not in known]
    if not without:
        return None
    none_common = len(without) == len(days)
    listed = ", ".join(map(day_to_date, without[:5])) + (" ..." if len(without) > 5 else "")
    return Finding(
        "coverage",
        CONTRADICTION if none_common and table == "trades" else WARNING,
        f"{len(without):,} of {len(days):,} days with orders have no {_NAMES[table]}: {listed}.",
        f"{_NAMES[table].capitalize()} on every day with orders.",
        f"Add the {table} of these days, or leave the days out with --dates.",
        table,
        {"days": len(days), "without": len(without)},
    )


def _part_of_day(tally: Tally) -> Finding | None:
    """Quotes that end hours before the orders do, or begin after them."""
    quotes = _days(tally, "nbbo")
    short = []
    for day, (first, last) in _days(tally, "orders").items():
        if day in quotes and last > first:
            covered = min(last, quotes[day][1]) - max(first, quotes[day][0])
            if covered < _COVERED * (last - first):
                short.append(day)
    if not short:
        return None
    return Finding(
        "coverage",
        WARNING,
        f"On {len(short):,} days, {day_to_date(short[0])} the first of them, quotes cover less "
        "than half of the time from the first order to the last.",
        "Quotes for the whole day.",
        "Add the missing quotes; sweeps without a quote have no prices to be measured against.",
        "nbbo",
        {"days": len(short)},
    )


def _night(tally: Tally) -> Finding | None:
    n = tally.of("orders rows")
    hours = _hours(tally, "orders")
    by_day = sum(hours[h] for h in hours if _DAY_HOURS[0] <= h % 24 < _DAY_HOURS[1])
    if by_day >= 0.5 * n:
        return None
    return Finding(
        "time_zone",
        WARNING if by_day >= 0.1 * n else CONTRADICTION,
        f"{share(n - by_day, n)} of {n:,} order rows are stamped at night in Sydney.",
        f"Most of them between {_DAY_HOURS[0]} and {_DAY_HOURS[1]} o'clock local time: "
        "times count from 1970-01-01 in UTC.",
        "Export times in UTC, or as ISO 8601 with their offset (`units`: `time: iso`).",
        "orders",
        {"rows": n, "by_day": by_day},
    )
