"""The Centre Point book: a whole day of events at once, or one event at a time, and what each does.

The results are those of `reference.centre_point`, fill for fill, in steps that mostly grow with the
logarithm of the orders resting; see `queue`. The rules and the readings chosen are those of
RULES.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sweep_dask.compiled import entry, kernel
from sweep_dask.matching.adopting import Pairs
from sweep_dask.matching.book import ORDERS, SWEEPS, Book, open_book
from sweep_dask.matching.book_ref import BookOwner, book_of, lacks_room, make_room, reference_to
from sweep_dask.matching.events import GAIN, EventKind, Obstacle, Validity
from sweep_dask.matching.fills import drop_filled, undo
from sweep_dask.matching.freed import follow, keep_left
from sweep_dask.matching.order_terms import amend, enter, set_limit, set_state, take_off
from sweep_dask.matching.passes import obstacle_of, opt_in, trade
from sweep_dask.matching.queue import bit_of, leave, rest
from sweep_dask.matching.quote_moves import uncross
from sweep_dask.matching.quotes import Quote, closed
from sweep_dask.matching.rules import IMMEDIATE, OWN_QUOTE

if TYPE_CHECKING:
    from collections.abc import Collection

    from sweep_dask.matching.adopting import Adopting
    from sweep_dask.matching.rules import Rules

IntArray = NDArray[np.int64]

_SESSION, _QUOTE, _OPT_IN = int(EventKind.SESSION), int(EventKind.QUOTE), int(EventKind.OPT_IN)
_ENTER, _AMEND, _POST = int(EventKind.ENTER), int(EventKind.AMEND), int(EventKind.POST)
_TAKE, _REDUCE = int(EventKind.TAKE), int(EventKind.REDUCE)
_CANCEL, _STATE = int(EventKind.CANCEL), int(EventKind.STATE)
_DAY, _OPEN = int(Validity.DAY), int(Obstacle.NONE)


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
    """Nodes looked at in the trees of who rests."""
    met: Pairs
    """Kinds of pairs matched, or thought of as a match in an attempt that came to nothing."""
    gains: NDArray[np.void]
    """`events.GAIN[k]`, lit fills of sweeps with what others had freed, in order of execution."""


def run_book(
    events: NDArray[np.void],
    rules: Rules,
    tick_from: IntArray,
    tick: IntArray,
    preferencing: Collection[int] = (),
    block_min_value: int | None = None,
    *,
    happening: IntArray | None = None,
    keeps_fills: bool = True,
    priority_seed: int | None = None,
    adopting: Adopting | None = None,
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
    happening
        Positions of the events that happen, ascending; None: all of them.
    keeps_fills
        Whether fills change the book; if not, each event is predicted and taken back.
    priority_seed
        Lots rank the eligible orders where time does not, without R4; see `queue`. At least 0;
        None: the better limit does.
    adopting
        Orders that adopt another way to act; None: nobody does.
    """
    book = open_book(
        rules,
        tick_from,
        tick,
        preferencing,
        block_min_value,
        keeps_fills=keeps_fills,
        priority_seed=priority_seed,
        adopting=adopting,
    )
    if adopting is not None and Pairs.OF_ONE in adopting.apart:
        book.state["shared_bits"] = _shared_bits(events)
    applied = np.zeros(events.size, np.int64)
    happening = np.arange(events.size) if happening is None else happening
    book = apply_events(book, events, happening, applied)
    orders = int(events["order"].max(initial=-1)) + 1
    leaves, minimum_quantity, obstacle = (
        _of_orders(book.orders[name], orders) for name in ("leaves", "maq", "obstacle")
    )
    steps, met = int(book.state[0]["steps"]), Pairs(int(book.state[0]["met"]))
    fills, gains = fills_of(book), gains_of(book)
    return BookResult(fills, applied, leaves, minimum_quantity, obstacle, steps, met, gains)


def _shared_bits(events: NDArray[np.void]) -> int:
    """The bits of participants that two of the events or more have."""
    has_terms = np.isin(events["kind"], (EventKind.ENTER, EventKind.AMEND, EventKind.STATE))
    once, shared = 0, 0
    for participant in np.unique(events["participant"][has_terms]).tolist():
        bit = cast("Any", bit_of).py_func(participant)
        once, shared = once | bit, shared | once & bit
    return shared


def _of_orders(values: NDArray[Any], orders: int) -> NDArray[Any]:
    """The values of so many orders; the book may have seen fewer, and have room for more."""
    found = np.zeros(orders, values.dtype)
    seen = values[:orders]
    found[: seen.size] = seen
    return found


@entry
def apply_event(book: Book, event: np.void, position: int) -> Book:
    """Apply one event (`events.EVENT`); return the book to go on with.

    `position` is what its fills will have as `event`. Compiled code may call this as well.
    """
    owner = BookOwner(*book)
    ref = reference_to(owner)
    _apply(ref, event, position)
    return book_of(owner)


def fills_of(book: Book) -> NDArray[np.void]:
    """Return the fills so far, `events.FILL[m]`, in the order of execution."""
    return book.fills[: int(book.state[0]["fills"])].copy()


def gains_of(book: Book) -> NDArray[np.void]:
    """Return what was gained so far, `events.GAIN[k]`, in the order of execution."""
    gains = np.zeros(int(book.state[0]["gains"]), GAIN)
    for column, name in enumerate(GAIN.fields or ()):
        gains[name] = book.gains[: gains.size, column]
    return gains


@entry
def apply_events(
    book: Book, events: NDArray[np.void], happening: IntArray, applied: IntArray
) -> Book:
    """Apply the events at some positions, and note what each REDUCE really took."""
    owner = BookOwner(*book)
    ref = reference_to(owner)
    for at in range(happening.size):
        position = happening[at]
        _apply(ref, events[position], position)
        applied[position] = ref.state[0].applied
    return book_of(owner)


@kernel
def _apply(book: Book, event: Any, position: int) -> None:
    """Apply one record of `events.EVENT`."""
    order, state = 0 + event.order, book.state[0]
    if lacks_room(book, order):
        make_room(book, order)
    state.position, state.applied, state.fills_before = position, 0, state.fills
    if event.kind in (_SESSION, _QUOTE):
        _change_market(book, event)
    elif event.kind == _OPT_IN:
        opt_in(book, event.participant, SWEEPS if event.is_sweep else ORDERS)
    else:
        is_incoming, rests = _begin(book, order, event)
        if is_incoming and event.trades:
            _match_incoming(book, order, event)
        if state.gives_freed:
            follow(book, order, event)
        if _cancels_rest(book, order, event):
            book.orders[order].is_alive = 0
        elif rests:
            rest(book, order)
    if not state.keeps_fills:
        undo(book, state.fills_before)
    drop_filled(book)


@kernel
def _change_market(book: Book, event: Any) -> None:
    """Let the session or the quote change, and resting orders meet."""
    state = book.state[0]
    if event.kind == _SESSION:
        state.is_continuous = event.quantity == 1
    else:
        state.bid, state.offer = event.bid, event.offer
    if state.left > 0:
        keep_left(book)
    uncross(book)


@kernel
def _begin(book: Book, order: int, event: Any) -> tuple[bool, bool]:
    """Do what an event does to its order before any trade.

    Returns whether the order looks for contras then, and whether what is left is to rest.
    """
    kind, slot = event.kind, book.orders[order]
    if kind == _ENTER:
        enter(book, order, event)
        return True, bool(event.rests)
    if kind == _STATE:
        set_state(book, order, event)
        return False, bool(event.rests)
    if not slot.is_alive:
        return False, False
    if kind == _AMEND and slot.leaves > 0:
        # One that was filled here stays so, whatever really happened.
        amend(book, order, event)
        return True, bool(event.rests)
    if kind == _CANCEL:
        leave(book, order)
        slot.is_alive = 0
    elif kind == _REDUCE:
        take_off(book, order, event.quantity)
    elif kind == _POST:
        set_limit(book, order, event.limit_x2)
    return kind in (_TAKE, _POST), kind == _POST


@kernel
def _cancels_rest(book: Book, order: int, event: Any) -> bool:
    """Whether an order that has just arrived is immediate; a sweep's rest lives on; R21."""
    slot, state = book.orders[order], book.state[0]
    is_immediate = slot.validity != _DAY and state.rules & IMMEDIATE and state.keeps_fills
    return bool(event.kind == _ENTER and is_immediate and not slot.is_sweep)


@kernel
def _match_incoming(book: Book, order: int, event: Any) -> None:
    """Let an incoming order look for contras, at the quote of the event if it has one; R20."""
    slot, state = book.orders[order], book.state[0]
    quote = Quote(state.bid, state.offer)
    if event.has_quote and state.rules & OWN_QUOTE:
        quote = Quote(event.bid, event.offer)
    if slot.leaves > 0:
        slot.obstacle = closed(state, quote)
        if slot.obstacle == _OPEN:
            trade(book, order, quote)
            slot.obstacle = obstacle_of(book, order, quote.bid + quote.offer)
