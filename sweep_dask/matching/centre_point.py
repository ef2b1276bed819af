"""The Centre Point book: a whole day of events at once, or one event at a time.

The results are those of `reference.centre_point`, fill for fill, in steps that grow with the
logarithm of the orders resting. The rules and the readings chosen are those of RULES.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep_dask.errors import SweepError
from sweep_dask.matching.book import Book, lacks_room, new_book, with_larger_arena, with_room
from sweep_dask.matching.compiled import allocating, kernel
from sweep_dask.matching.dispatch import dispatch
from sweep_dask.matching.events import EventKind
from sweep_dask.matching.places import place
from sweep_dask.matching.search import NOBODY

if TYPE_CHECKING:
    from collections.abc import Collection

    from sweep_dask.matching.rules import Rules

IntArray = NDArray[np.int64]

_WITH_LIMIT = (EventKind.ENTER, EventKind.AMEND, EventKind.POST, EventKind.STATE)
_WITH_TERMS = (EventKind.ENTER, EventKind.AMEND, EventKind.STATE)


class BookResult(NamedTuple):
    """What came of a sequence of events."""

    fills: NDArray[np.void]
    """`events.FILL[m]`, in the order of execution."""
    applied: IntArray
    """int64[n], shares that a REDUCE really took, by event; 0 for other events."""
    leaves: IntArray
    """int64[orders], shares left in the end, by the number of the order."""
    minimum_quantity: IntArray
    """int64[orders], MAQ in force in the end."""
    obstacle: NDArray[np.int8]
    """int8[orders], why the order found no (more) contra when it last looked: `events.Obstacle`."""
    steps: int
    """Tree nodes, ranks and takers looked at."""


def run_book(
    events: NDArray[np.void],
    rules: Rules,
    tick_from: IntArray,
    tick: IntArray,
    preferencing: Collection[int] = (),
    block_min_value: int | None = None,
    *,
    keeps_fills: bool = True,
) -> BookResult:
    """Apply events to an empty book.

    Parameters
    ----------
    events
        `events.EVENT[n]` in engine order. Each order enters once.
    rules
        The rules that hold.
    tick_from, tick
        int64[steps], 0.1 cent, `tick_from` ascending: the tick from each price on.
    preferencing
        Participants whose incoming orders are preferenced from the beginning.
    block_min_value
        Smallest value of a trade in the block phase, quantity x price_x2; None: no block phase.
    keeps_fills
        Whether fills change the book; if not, each event is predicted and taken back.
    """
    book = open_book(
        events["limit_x2"][np.isin(events["kind"], _WITH_LIMIT)],
        rules,
        tick_from,
        tick,
        preferencing,
        block_min_value,
        participants=_with_own_queue(events),
        keeps_fills=keeps_fills,
    )
    orders = int(events["order"].max(initial=-1)) + 1
    applied = np.zeros(events.size, np.int64)
    book = _run(with_room(book, orders - 1), events, applied)
    slots = book.orders[:orders]
    return BookResult(
        fills_of(book),
        applied,
        slots["leaves"].copy(),
        slots["maq"].copy(),
        slots["obstacle"].copy(),
        int(book.queue.steps[0]),
    )


def open_book(
    limits_x2: IntArray,
    rules: Rules,
    tick_from: IntArray,
    tick: IntArray,
    preferencing: Collection[int] = (),
    block_min_value: int | None = None,
    *,
    participants: Collection[int] = (),
    keeps_fills: bool = True,
) -> Book:
    """Return an empty book for events that come one at a time.

    Parameters
    ----------
    limits_x2
        Every limit that an order may have, in any order.
    participants
        Those besides `preferencing` who may be opted in later, or enter orders that are preference
        only.

    The others are those of `run_book`.
    """
    own = np.unique(np.array([*preferencing, *participants], np.int64))
    ticks = np.column_stack((tick_from, tick)).astype(np.int64)
    return new_book(
        np.unique(np.asarray(limits_x2, np.int64)),
        rules,
        ticks,
        own,
        preferencing,
        block_min_value,
        keeps_fills=keeps_fills,
    )


def apply_event(book: Book, event: np.void, position: int) -> Book:
    """Apply one event (`events.EVENT`); return the book to go on with.

    `position` is what its fills will have as `event`. Other compiled code calls
    `apply_checked_event` instead.

    Raises
    ------
    SweepError
        The book was opened without the limit or the participant of the event.
    """
    kind = int(event["kind"])
    if kind in _WITH_LIMIT and event["limit_x2"] not in book.limits_x2:
        raise SweepError(
            "The book was not opened for this limit.",
            where=f"event {position}, order {event['order']}",
            value=int(event["limit_x2"]),
            cure="Give open_book every limit an order may have, doubled.",
        )
    if _with_own_queue(np.array([event])).size and event["participant"] not in book.own:
        raise SweepError(
            "The book was not opened with a queue for the own orders of this participant.",
            where=f"event {position}",
            value=int(event["participant"]),
            cure="Give open_book the participants who opt in or enter preference only orders.",
        )
    return apply_checked_event(book, event, position)


@allocating
def apply_checked_event(book: Book, event: np.void, position: int) -> Book:
    """Apply one event whose limit and participant the book was opened for; return the book."""
    if lacks_room(book, event["order"]):
        book = with_room(book, event["order"])
    order = dispatch(book, event, position)
    while order >= 0 and not place(book, order):
        book = with_larger_arena(book)
    return book


def fills_of(book: Book) -> NDArray[np.void]:
    """Return the fills so far, `events.FILL[m]`, in the order of execution."""
    return book.fills[: int(book.state[0]["fills"])].copy()


@allocating
def with_what_lacked(book: Book, waiting: int, order: int) -> Book:
    """Return the book with room for an order, after `waiting` (if not NOBODY) has got its place."""
    while waiting >= 0 and not place(book, waiting):
        book = with_larger_arena(book)
    return with_room(book, order) if lacks_room(book, order) else book


@kernel
def run_while_room(
    book: Book, events: NDArray[np.void], applied: IntArray, first: int, stop: int
) -> tuple[int, int]:
    """Apply events from a position on, up to `stop` or until something has to grow.

    Returns the position to go on from, and the order that still has to be placed, or NOBODY; both
    are for `with_what_lacked`. Writes what each REDUCE really took into `applied`, int64[events].
    """
    for position in range(first, stop):
        event = events[position]
        if lacks_room(book, event.order):
            return position, NOBODY
        order = dispatch(book, event, position)
        applied[position] = book.state[0].applied
        if order >= 0 and not place(book, order):
            return position + 1, order
    return stop, NOBODY


@allocating
def _run(book: Book, events: NDArray[np.void], applied: IntArray) -> Book:
    """Apply all events, and note what each REDUCE really took."""
    position, waiting = 0, NOBODY
    while position < events.size or waiting >= 0:
        book = with_what_lacked(book, waiting, events[min(position, events.size - 1)]["order"])
        position, waiting = run_while_room(book, events, applied, position, events.size)
    return book


def _with_own_queue(events: NDArray[np.void]) -> IntArray:
    """Return the participants who opt in or mark orders preference only in some events."""
    marked = np.isin(events["kind"], _WITH_TERMS) & (events["preference_only"] != 0)
    return np.unique(events["participant"][marked | (events["kind"] == EventKind.OPT_IN)])
