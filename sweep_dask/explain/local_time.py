"""Times as the clocks of the exchange showed them, to the nanosecond."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sweep_dask.market.trading_day import SYDNEY

_NS_PER_SECOND = 1_000_000_000
_TIME = "_ns"


def clock(time_ns: int) -> str:
    """The time of day in Sydney: `10:00:20.000000007`."""
    return f"{_second(time_ns):%H:%M:%S}.{time_ns % _NS_PER_SECOND:09}"


def local_time(time_ns: int) -> str:
    """ISO 8601 with the offset of the day: `2024-10-04T10:00:20.000000007+10:00`."""
    second = _second(time_ns).isoformat()
    return f"{second[:19]}.{time_ns % _NS_PER_SECOND:09}{second[19:]}"


def _second(time_ns: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(time_ns // _NS_PER_SECOND, tz=SYDNEY)


def with_local_times(document: Any) -> Any:
    """A document in which local time stands behind every value whose name ends in `_ns`."""
    if isinstance(document, dict):
        with_local: dict[str, Any] = {}
        for name, value in document.items():
            with_local[name] = with_local_times(value)
            if name.endswith(_TIME):
                local = None if value is None else local_time(value)
                with_local[f"{name.removesuffix(_TIME)}_local"] = local
        return with_local
    if isinstance(document, list | tuple):
        return [with_local_times(value) for value in document]
    return document
