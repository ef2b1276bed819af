"""The market as a stream of time slices: bounded state, however long it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.sample import life_cycles
from sweep_dask.sample.quotes import begin_quotes
from sweep_dask.sample.randomness import draws_below, seeded, sorted_times_ns
from sweep_dask.sample.security import CAPACITY, Security, new_security, open_centre_point
from sweep_dask.sample.tape import Tape, begin_transaction, new_tape, rewind
from sweep_dask.sample.timetable import (
    TimeSlice,
    Timetable,
    purge_slice,
    reload_slice,
    timetable,
    trading_slices,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sweep_dask.matching.book import Book as CentrePointBook
    from sweep_dask.sample.parameters import MarketParameters


#: Quote changes per thousand order rows: 181 to 10,525 Centre Point rows on a real morning (DRR,
#: 5 September 2024), before lit rows are counted.
_QUOTES_PER_THOUSAND_ROWS = 10
_MILLION = 1_000_000

#: An immediate effect follows 22 to 680 microseconds after its cause (same real day).
_SHORTEST_LAG_NS, _LONGEST_LAG_NS = 22_000, 680_000
#: Longest chain of effects: trade, fills in the way of the new quote, new quote.
_LONGEST_CHAIN = 2

#: Streams of random numbers of one market, told apart by these keys.
_EVENTS_KEY, _CLOCK_KEY = 1, 2

#: Room on the tape beyond a slice's rows, per security and in total; arbitrary.
_SPARE_ROWS = 64


@dataclass(frozen=True)
class MarketSlice:
    """What all securities did in one slice of time. Valid until the next slice is asked for."""

    day: date
    """The trading day, which a reload precedes by an evening."""
    tape: Tape
    times_ns: NDArray[np.int64]
    """int64[transactions], ns UTC; ascending within a security. The tape has one more, empty."""


@dataclass
class _Member:
    """One security of the market, its clock and its position in the list of securities."""

    position: int
    security: Security
    centre_point: CentrePointBook
    clock: NDArray[np.uint64]


def market_slices(parameters: MarketParameters) -> Iterator[MarketSlice]:
    """The whole market, slice by slice, ascending in time; reproducible from its parameters."""
    spare = _SPARE_ROWS * len(parameters.securities) + 2 * CAPACITY
    tape = new_tape(parameters.slice_rows + parameters.slice_rows // 4 + spare)
    members = [
        _member(parameters.seed, code, position, tape)
        for position, code in enumerate(parameters.securities)
    ]
    for text in parameters.dates:
        yield from _day_slices(parameters, members, date.fromisoformat(text))


def timetables(parameters: MarketParameters, day: date) -> list[Timetable]:
    """The hours of every security on one date, in the order of the securities."""
    return [timetable(parameters.seed, day, n) for n in range(len(parameters.securities))]


def _member(seed: int, security_code: int, position: int, tape: Tape) -> _Member:
    random = seeded(seed, security_code, _EVENTS_KEY)
    clock = seeded(seed, security_code, _CLOCK_KEY)
    security = new_security(security_code, position, random, tape)
    return _Member(position, security, open_centre_point(), clock)


def _day_slices(
    parameters: MarketParameters, members: Sequence[_Member], day: date
) -> Iterator[MarketSlice]:
    for member in members:
        _begin_day(member, day)

    hours = timetables(parameters, day)
    if parameters.reloaded_orders:
        reload = partial(_reload, parameters.reloaded_orders, day)
        yield from _in_batches(members, reload_slice(day), day, reload)
    for part in trading_slices(hours, parameters):
        yield _played(members, part, day, partial(_trade, parameters, hours, part))
    yield from _in_batches(
        members, purge_slice(day), day, lambda member: life_cycles.purge(member.security)
    )


def _begin_day(member: _Member, day: date) -> None:
    state = member.security.state
    for counter in ("centre_point_rows", "lit_rows", "quotes", "messages"):
        state[counter] = 0
    state["last_order_id"] = first_order_id(day, member.position)
    state["is_continuous"] = 0
    begin_quotes(member.security)
    # No dark order outlives its day; those that do live in the lit book and are reloaded.
    member.centre_point = open_centre_point()


def _reload(wanted: int, day: date, member: _Member) -> None:
    """Bring the number of long orders back to what was asked for."""
    missing = wanted - life_cycles.reload_survivors(member.security)
    first_id = first_old_order_id(day, member.position)
    for number in range(missing):
        life_cycles.reload(member.security, first_id + number + 1)


def _trade(
    parameters: MarketParameters, hours: Sequence[Timetable], part: TimeSlice, member: _Member
) -> None:
    own_hours = hours[member.position]
    ppm = own_hours.rows_ppm(part.stop_ns)
    rows = parameters.events + parameters.lit_rows
    totals = life_cycles.Totals(
        centre_point_rows=parameters.events * ppm // _MILLION,
        lit_rows=parameters.lit_rows * ppm // _MILLION,
        quotes=rows * _QUOTES_PER_THOUSAND_ROWS * ppm // (1_000 * _MILLION),
    )
    is_continuous = own_hours.is_continuous(part.start_ns)
    member.centre_point = life_cycles.run(
        member.security, member.centre_point, totals, is_continuous
    )


def _in_batches(
    members: Sequence[_Member], whole: TimeSlice, day: date, act: Callable[[_Member], None]
) -> Iterator[MarketSlice]:
    """Slices for so many securities at a time that every order of theirs fits the tape."""
    size = len(members[0].security.tape.orders) // (2 * CAPACITY)
    starts = range(0, len(members), size)
    span_ns = whole.stop_ns - whole.start_ns
    cuts = [whole.start_ns + span_ns * n // len(starts) for n in range(len(starts) + 1)]
    for start, (start_ns, stop_ns) in zip(starts, pairwise(cuts), strict=True):
        batch = members[start : start + size]
        yield _played(batch, TimeSlice(start_ns, stop_ns), day, act)


def _played(
    members: Sequence[_Member], part: TimeSlice, day: date, act: Callable[[_Member], None]
) -> MarketSlice:
    """Let every security act, and give times to its transactions."""
    tape = members[0].security.tape
    follows = tape.transactions["follows"]
    rewind(tape)
    times = []
    for member in members:
        first = int(tape.cursor["transactions"][0])
        act(member)
        count = int(tape.cursor["transactions"][0]) - first
        drawn_ns = sorted_times_ns(member.clock, part.start_ns, part.stop_ns, count)
        times.append(_pulled_to_cause(member.clock, drawn_ns, follows[first : first + count]))
    # A last one without rows, for the rows of the one before it to end somewhere.
    begin_transaction(tape, False)
    return MarketSlice(day, tape, np.concatenate(times))


def _pulled_to_cause(
    clock: NDArray[np.uint64], times_ns: NDArray[np.int64], follows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The times, with immediate effects shortly after the transaction before them."""
    effects = np.flatnonzero(follows)
    spread_ns = _LONGEST_LAG_NS - _SHORTEST_LAG_NS
    lags_ns = _SHORTEST_LAG_NS + draws_below(clock, spread_ns, len(effects))
    for _ in range(_LONGEST_CHAIN):
        times_ns[effects] = np.minimum(times_ns[effects], times_ns[effects - 1] + lags_ns)
    return times_ns


#: Real ids of 2024 begin with 79; the last id of 2049 stays below 2**63.
_FIRST_ID = 7_900_000_000_000_000_000
_DAY_ZERO = date(2000, 1, 1)

#: An id is day, security and number side by side: 65,536 securities, 2**30 numbers per day.
_SECURITY_SHIFT, _DAY_SHIFT = 30, 46

#: Where the ids of orders that are older than the market's first day begin among the numbers.
_OLD_NUMBERS = 2**29


def first_order_id(day: date, security_position: int) -> int:
    """The id below all ids of one security and date."""
    days = (day - _DAY_ZERO).days
    return _FIRST_ID + (days << _DAY_SHIFT) + (security_position << _SECURITY_SHIFT)


def first_old_order_id(day: date, security_position: int) -> int:
    """The id below those of orders that were entered long before `day` and are still alive."""
    return first_order_id(day, security_position) - (1 << _DAY_SHIFT) + _OLD_NUMBERS
