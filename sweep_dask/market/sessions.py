"""When a security is in continuous trading: the only time in which the dark book matches.

Two states run side by side: that of the trading session, and the order book's own, as in a halt.
The one of higher priority is the active one, on a tie the order book's own (Business Information
4.6.3; centre point rules, section 5).

For days without session rows there is the exchange's timetable. Until June 2025 the exchange opened
by the first letter of a share's code, between 10:00 and 10:09, which no order book id tells: there
the first events of the day have to. Since then all shares open together, at a moment that is drawn
(Business Information, sections 4.6.1 and 8.2.1). Days that close early, such as that before
Christmas, are not in any timetable.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep_dask.market.trading_day import SYDNEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NS_PER_SECOND = 1_000_000_000

#: The first trading day without a staggered opening (Business Information, section 1.6).
ONE_OPENING_FROM = dt.date(2025, 6, 23)
#: OPEN begins within 15 seconds from 09:59:45, PRE_CSPA ends it at 16:00 (section 8.2.1).
_OPENINGS_AND_CLOSING = (dt.time(9, 59, 45), dt.time(10), dt.time(16))

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

#: `MatchingType` of a state in which orders are matched as they arrive.
CONTINUOUS = 1
#: `Level` of an order book's own state; the others (1 market, 2 and 3 groups) are the session's.
ORDER_BOOK_LEVEL = 4
#: The end of a window that nothing ends.
NEVER_NS = 2**63 - 1

#: Priorities of states (Business Information, appendix 1); the greater one is the active one. OSPA
#: and POST_CLOSE are of June 2025. Blanks and hyphens of a name count as underscores.
_PRIORITY = {
    "OPEN": 10,
    "OPEN_NIGHT_TRADING": 10,
    "OPEN_QUOTE_DISPLAY": 10,
    "REG_HALT": 25,
    "LATE_TRADING": 30,
    "PRE_CSPA": 30,
    "OSPA": 35,
    "POST_CLOSE": 37,
    "CSPA": 40,
    "PRE_OPEN": 41,
    "PRE_NR": 42,
    "ADJUST": 70,
    "ADJUST_ON": 71,
    "TRADING_HALT": 75,
    "PRE_NIGHT_TRADING": 80,
    "CANCEL_ONLY": 85,
    "ENQUIRE": 90,
    "SUSPEND": 100,
    "PURGE_ORDERS": 110,
    "SYSTEM_MAINTENANCE": 111,
    "CLOSE": 120,
}
#: For states of other names: one that matches continuously is like OPEN, one that does not
#: prevails over it as the weakest halt does.
_OTHER_OPEN, _OTHER_HALT = _PRIORITY["OPEN"], _PRIORITY["REG_HALT"]
#: May match continuously, but no Centre Point orders: of the first two no source says that they
#: do, and after the close orders match at the price of the closing auction alone (section 8.6).
_WITHOUT_CENTRE_POINT = {"OPEN_NIGHT_TRADING", "OPEN_QUOTE_DISPLAY", "POST_CLOSE"}


class OpeningHours(NamedTuple):
    """Continuous trading of one day by the timetable; ns UTC."""

    first_open_ns: int
    """The earliest and the latest moment at which it may open."""
    last_open_ns: int
    close_ns: int


def opening_hours(day: dt.date) -> OpeningHours | None:
    """The hours of a trading day; None while each share had its own."""
    if day < ONE_OPENING_FROM:
        return None
    moments = (dt.datetime.combine(day, at, SYDNEY) for at in _OPENINGS_AND_CLOSING)
    return OpeningHours(*(int(moment.timestamp()) * _NS_PER_SECOND for moment in moments))


class SessionRow(NamedTuple):
    """A row of the session table. Numbers of 0 or below are missing, and so is a blank name."""

    timestamp_ns: int
    """When the state begins, ns UTC."""
    name: str
    matching_type: int
    level: int
    security: int
    """Order book id; if missing, the state is one of the whole market."""


class Window(NamedTuple):
    """A stretch of continuous trading.

    What happens at its very beginning still belongs to the auction that ends there, so both ends
    are outside.
    """

    open_ns: int
    """ns UTC."""
    close_ns: int
    """ns UTC, or `NEVER_NS`."""


class _State(NamedTuple):
    priority: int
    is_continuous: bool


def continuous_windows(
    rows: Iterable[SessionRow],
    security: int,
    *,
    first_auction_trade_ns: int | None = None,
    first_centre_point_ns: int | None = None,
    hours: OpeningHours | None = None,
) -> tuple[Window, ...]:
    """The continuous trading of one security on one day: ascending, apart from each other.

    Parameters
    ----------
    rows
        Those of the day, of this and other securities, in any order; of two in the same instant
        the later row counts.
    security
        Order book id.
    first_auction_trade_ns
        Time of the day's first trade of an auction (deal source 20).
    first_centre_point_ns
        Time of the day's first new dark order (no sweep), which the exchange accepts in continuous
        trading only. Where no row names a state, trading is taken to open at the earlier of the
        two, as the first auction trade may be that of the closing, and not to close.
    hours
        The timetable of the day, if it has one for all securities: then trading opens within it,
        at its last moment if nothing happened before, and closes.
    """
    ours = [row for row in rows if _concerns(row, security)]
    if names_states(ours, security):
        return _windows(sorted(ours, key=lambda row: row.timestamp_ns))
    openings_ns = [
        *([] if first_auction_trade_ns is None else [first_auction_trade_ns]),
        # The order itself is within the window.
        *([] if first_centre_point_ns is None else [first_centre_point_ns - 1]),
    ]
    if hours is not None:
        opening_ns = max(min(openings_ns, default=hours.last_open_ns), hours.first_open_ns)
        return (Window(min(opening_ns, hours.last_open_ns), hours.close_ns),)
    return (Window(min(openings_ns), NEVER_NS),) if openings_ns else ()


def names_states(rows: Iterable[SessionRow], security: int) -> bool:
    """Whether any row tells a state of the security or of the whole market."""
    return any(_concerns(row, security) and _state(row) for row in rows)


def is_continuous(times_ns: IntArray, windows: Sequence[Window]) -> BoolArray:
    """Whether each time, int64[n] ns UTC in any order, is within one of the windows; bool[n]."""
    if not windows:
        return np.zeros(times_ns.shape, dtype=np.bool_)
    opens_ns = np.array([window.open_ns for window in windows], dtype=np.int64)
    closes_ns = np.array([window.close_ns for window in windows], dtype=np.int64)
    # The last window that opened before; there is none for those ahead of the first one.
    window = np.searchsorted(opens_ns, times_ns, side="left") - 1
    within: BoolArray = (window >= 0) & (times_ns < closes_ns[window])
    return within


def _concerns(row: SessionRow, security: int) -> bool:
    return row.timestamp_ns > 0 and (row.security == security or row.security <= 0)


def _state(row: SessionRow) -> _State | None:
    """What a row says; None if it names no state, which lets the other one be the active one."""
    name = row.name.strip().upper().replace(" ", "_").replace("-", "_")
    is_given = row.matching_type > 0
    if not is_given and name not in _PRIORITY:
        return None
    matches = row.matching_type == CONTINUOUS if is_given else name == "OPEN"
    priority = _PRIORITY.get(name, _OTHER_OPEN if matches else _OTHER_HALT)
    return _State(priority, matches and name not in _WITHOUT_CENTRE_POINT)


def _windows(rows: Sequence[SessionRow]) -> tuple[Window, ...]:
    """The windows of rows ascending in time."""
    windows = []
    open_ns = None
    for time_ns, is_open in _is_continuous_from(rows).items():
        if is_open and open_ns is None:
            open_ns = time_ns
        elif not is_open and open_ns is not None:
            windows.append(Window(open_ns, time_ns))
            open_ns = None
    if open_ns is not None:
        windows.append(Window(open_ns, NEVER_NS))
    return tuple(windows)


def _is_continuous_from(rows: Sequence[SessionRow]) -> dict[int, bool]:
    """By the time of each change of state, whether trading is continuous from then on."""
    is_continuous_from = {}
    session: _State | None = None
    own: _State | None = None
    for row in rows:
        if row.level == ORDER_BOOK_LEVEL and row.security > 0:
            own = _state(row)
        else:
            session = _state(row)
        is_continuous_from[row.timestamp_ns] = _active(session, own).is_continuous
    return is_continuous_from


def _active(session: _State | None, own: _State | None) -> _State:
    candidates = [state for state in (own, session) if state is not None]
    # The first one of the highest priority.
    return max(candidates, key=lambda state: state.priority, default=_State(0, False))
