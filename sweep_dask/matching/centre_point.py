"""The Centre Point book: a whole day of events at once, or one event at a time.

The results are those of `reference.centre_point`, fill for fill, in steps that mostly grow with the
logarithm of the orders resting; see `queue`. The rules and the readings chosen are those of
RULES.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sweep_dask.compiled import entry
from sweep_dask.matching.adopting import Pairs
from sweep_dask.matching.book import Book, open_book
from sweep_dask.matching.book_ref import BookOwner, book_of, reference_to
from sweep_dask.matching.dispatch import dispatch
from sweep_dask.matching.events import GAIN, EventKind
from sweep_dask.matching.queue import bit_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sweep_dask.matching.adopting import Adopting
    from sweep_dask.matching.rules import Rules

IntArray = NDArray[np.int64]


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
    dispatch(ref, event, position)
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
        dispatch(ref, events[position], position)
        applied[position] = ref.state[0].applied
    return book_of(owner)
