"""When things happen: the trading states of a day, and the slices of time the stream is made of.

States and times as in the timetable of 2024, with its staggered opening by first letter. All
times are Sydney local times, turned into ns since the epoch (UTC) by the time-zone database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from sweep_dask.market.trading_day import SYDNEY
from sweep_dask.sample.randomness import draw_below, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweep_dask.sample.parameters import MarketParameters

_SECOND_NS = 1_000_000_000
_MILLISECOND_NS = 1_000_000

#: Nominal opening of the five alphabetical groups A-B, C-F, G-M, N-R, S-Z.
_OPENINGS = (time(10, 0), time(10, 2, 15), time(10, 4, 30), time(10, 6, 45), time(10, 9))
#: A letter of each group, for the names of securities.
GROUP_LETTERS = "ACGNS"
#: Openings (and closing auctions) are drawn from this many seconds after the nominal time.
_SPREAD_SECONDS = 15

#: Long orders are reloaded the evening before (observed at about 21:22).
_RELOAD = time(21, 22)
_RELOAD_NS = 5 * _SECOND_NS
_PRE_OPEN = time(7, 0)
_PRE_CLOSE = time(16, 0)
_AUCTION = time(16, 10)
_PURGE = time(18, 50)
#: The first purge row of a real day was written 2 ms after the state began.
_PURGE_DELAY_NS, _PURGE_NS = 2 * _MILLISECOND_NS, 20 * _MILLISECOND_NS

#: Share of the day's rows written by a time, in parts per million: busy at the open, quiet over
#: lunch, busiest before the close. Arbitrary; the shape is the usual one.
_PPM_BY_OPENING = 20_000
_PPM_BY_TIME = (
    (time(10, 30), 150_000),
    (time(11, 30), 310_000),
    (time(13, 0), 470_000),
    (time(14, 0), 560_000),
    (time(15, 0), 700_000),
    (_PRE_CLOSE, 992_000),
    (_AUCTION, 1_000_000),
)
_MILLION = 1_000_000


@dataclass(frozen=True)
class TimeSlice:
    """A stretch of time in which no security changes its trading state."""

    start_ns: int
    stop_ns: int


@dataclass(frozen=True)
class State:
    """One row of the session file."""

    name: str
    state_id: int
    matching_type: int
    """1 continuous, 3 none, 4 auction."""
    start_ns: int


@dataclass(frozen=True)
class Timetable:
    """The hours of one security on one date."""

    day: date
    opening_ns: int
    auction_ns: int

    def is_continuous(self, time_ns: int) -> bool:
        """Whether orders are matched as they arrive."""
        return self.opening_ns <= time_ns < local_ns(self.day, _PRE_CLOSE)

    def rows_ppm(self, time_ns: int) -> int:
        """Share of the day's rows that are due by a time, in parts per million."""
        for (start_ns, start_ppm), (stop_ns, stop_ppm) in pairwise(self.knots):
            if time_ns <= stop_ns:
                elapsed_ns = max(time_ns - start_ns, 0)
                return start_ppm + (stop_ppm - start_ppm) * elapsed_ns // (stop_ns - start_ns)
        return _MILLION

    @cached_property
    def knots(self) -> list[tuple[int, int]]:
        """(time in ns, share in parts per million): the activity is even between two of them."""
        before = [(local_ns(self.day, _PRE_OPEN), 0), (self.opening_ns, _PPM_BY_OPENING)]
        return before + [(local_ns(self.day, at), ppm) for at, ppm in _PPM_BY_TIME]

    def states(self) -> list[State]:
        """The trading states of the day, in order."""
        nominal = [
            ("PRE_OPEN", 5, 3, local_ns(self.day, _PRE_OPEN)),
            ("OPEN", 12, 1, self.opening_ns),
            ("PRE_CSPA", 14, 3, local_ns(self.day, _PRE_CLOSE)),
            ("CSPA", 10, 4, self.auction_ns),
            ("ADJUST", 4, 3, local_ns(self.day, time(16, 12))),
            ("ADJUST_ON", 8, 3, local_ns(self.day, time(16, 42))),
            ("PURGE_ORDERS", 16, 3, local_ns(self.day, _PURGE)),
            ("SYSTEM_MAINTENANCE", 17, 3, local_ns(self.day, time(18, 59))),
            ("CLOSE", 9, 3, local_ns(self.day, time(19, 0))),
        ]
        return [State(*fields) for fields in nominal]


def local_ns(day: date, at: time) -> int:
    """A local time of day as ns since the epoch, UTC."""
    return int(datetime.combine(day, at, SYDNEY).timestamp()) * _SECOND_NS


def trade_date_ns(day: date) -> int:
    """The date as the extracts write it: midnight UTC in ns since the epoch."""
    return (day - date(1970, 1, 1)).days * 86_400 * _SECOND_NS


def timetable(seed: int, day: date, security_position: int) -> Timetable:
    """The hours of the security at this position among the market's securities."""
    random = seeded(seed, day.toordinal(), security_position, _SPREAD_SECONDS)
    spread_ns = _SPREAD_SECONDS * _SECOND_NS
    opening = _OPENINGS[security_position % len(_OPENINGS)]
    return Timetable(
        day=day,
        opening_ns=local_ns(day, opening) + int(draw_below(random, spread_ns)),
        auction_ns=local_ns(day, _AUCTION) + int(draw_below(random, spread_ns)),
    )


def reload_slice(day: date) -> TimeSlice:
    """The moment at which orders of earlier days are reloaded: the weekday evening before."""
    evening = day - timedelta(days=3 if day.weekday() == 0 else 1)
    start_ns = local_ns(evening, _RELOAD)
    return TimeSlice(start_ns, start_ns + _RELOAD_NS)


def purge_slice(day: date) -> TimeSlice:
    """The moment at which the day's orders are purged."""
    start_ns = local_ns(day, _PURGE) + _PURGE_DELAY_NS
    return TimeSlice(start_ns, start_ns + _PURGE_NS)


def trading_slices(
    timetables: Sequence[Timetable], parameters: MarketParameters
) -> Iterator[TimeSlice]:
    """The day in ascending slices of about `slice_rows` order rows over all securities."""
    borders = sorted({time_ns for hours in timetables for time_ns, _ in hours.knots})
    rows_per_security = parameters.events + parameters.lit_rows
    for start_ns, stop_ns in pairwise(borders):
        ppm = sum(hours.rows_ppm(stop_ns) - hours.rows_ppm(start_ns) for hours in timetables)
        parts = 1 + rows_per_security * ppm // (_MILLION * parameters.slice_rows)
        cuts = [start_ns + (stop_ns - start_ns) * part // parts for part in range(parts + 1)]
        for part_start_ns, part_stop_ns in pairwise(cuts):
            yield TimeSlice(part_start_ns, part_stop_ns)
