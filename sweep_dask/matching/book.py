"""The state of one Centre Point book: order slots, the queue, and what holds for all of them.

A `Book` is a tuple of arrays. Functions change the arrays in place; those that may have to replace
one by a larger one return the book to go on with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep_dask.matching.arena import with_larger_arena as larger_arena
from sweep_dask.matching.compiled import allocating, folded
from sweep_dask.matching.events import FILL
from sweep_dask.matching.price_time import new_tops
from sweep_dask.matching.priority_queue import Queue, new_queue
from sweep_dask.matching.quotes import block_levels

if TYPE_CHECKING:
    from collections.abc import Collection

    from sweep_dask.matching.rules import Rules

IntArray = NDArray[np.int64]

#: Rank of an order that does not rest: younger than all that do.
YOUNGEST = 2**62
#: Values of `ORDER.placed`: not in the queue, in it, or used up with its slots still there.
NOT_PLACED, PLACED, HIDDEN = 0, 1, 2
#: Columns of `Book.scratch`.
BUY_MAQ_BEFORE, SELL_MAQ_BEFORE, HELPER, TAKER = 0, 1, 2, 3
#: Orders and fills there is room for in the beginning; arbitrary, both grow.
_FIRST_CAPACITY = 256

ORDER = np.dtype(
    [
        ("leaves", np.int64),
        # The minimum acceptable quantity in force.
        ("maq", np.int64),
        ("limit_x2", np.int64),
        ("price", np.int64),
        ("participant", np.int64),
        ("crossing_key", np.int64),
        ("rank", np.int64),
        # Place of the limit among those of its side, 1 the most generous.
        ("level", np.int32),
        # Place of the participant in `Book.own`, or -1.
        ("own", np.int32),
        ("side", np.int8),
        ("style", np.int8),
        ("validity", np.int8),
        ("single_fill", np.int8),
        ("preference_only", np.int8),
        ("is_sweep", np.int8),
        ("is_known", np.int8),
        ("is_alive", np.int8),
        # Whether it has a place in the queue, with `rank` above; `placed` says whether it is found.
        ("rests", np.int8),
        ("placed", np.int8),
        ("obstacle", np.int8),
    ],
    align=True,
)

STATE = np.dtype(
    [
        ("bid", np.int64),
        ("offer", np.int64),
        ("last_rank", np.int64),
        # `Rules.mask`.
        ("rules", np.int64),
        # Negative: no block phase.
        ("block_min_value", np.int64),
        # Fills so far, and how many of them are older than this event.
        ("fills", np.int64),
        ("fills_before", np.int64),
        # Orders with a place in the queue.
        ("resting", np.int64),
        # Position of the event, and what a REDUCE really took.
        ("position", np.int64),
        ("applied", np.int64),
        # Helpers listed in the scratch; see `completion`.
        ("helpers", np.int64),
        # Shares left of the eligible orders ahead of the taker of a quote move, of all of them and
        # of those without MAQ; see `quote_moves`.
        ("ahead_all", np.int64),
        ("ahead_free", np.int64),
        ("ahead_is_known", np.int8),
        ("is_continuous", np.int8),
        ("keeps_fills", np.int8),
    ],
    align=True,
)


class Book(NamedTuple):
    """The dark book of one security, as arrays."""

    queue: Queue
    """The resting orders of both sides; see `places` for its variants and classes."""
    orders: NDArray[np.void]
    """`ORDER[orders]`, the slot of an order is its number in the events."""
    state: NDArray[np.void]
    """`STATE[1]`."""
    fills: NDArray[np.void]
    """`events.FILL[room]`, the first `state.fills` are made; use `fills_of`."""
    limits_x2: IntArray
    """int64[levels], ascending: every limit an order may have."""
    ticks: IntArray
    """int64[steps, 2]: from which price, in 0.1 cent and ascending, which tick."""
    own: IntArray
    """int64[participants], ascending: those with a queue of their own orders."""
    opted_in: NDArray[np.int8]
    """int8[participants, 2]: whether incoming orders, and sweeps, are preferenced."""
    blocks: IntArray
    """int64[2 sides, 2, levels + 1]: block level of each level, block price of each block level."""
    tops: IntArray
    """Trees over the levels of the variants in price-time priority; see `price_time`."""
    scratch: IntArray
    """int64[room, 4]: lists of one event; the columns are named above."""
    variants: IntArray
    """int64[2, 8]: scratch for the variants of one order; see `places`."""


def new_book(
    limits_x2: IntArray,
    rules: Rules,
    ticks: IntArray,
    own: IntArray,
    preferencing: Collection[int],
    block_min_value: int | None,
    *,
    keeps_fills: bool,
) -> Book:
    """Return an empty book; `centre_point.open_book` checks and sorts what this takes as it is."""
    levels, participants = max(limits_x2.size, 1), own.size
    has_blocks = block_min_value is not None and rules.any_price_block
    by_time = 4 * (2 + participants)
    by_price = 0 if rules.time_priority else by_time
    if has_blocks:
        by_price += 2 * (1 + participants)
    state = np.zeros(1, STATE)
    state["rules"] = rules.mask
    state["block_min_value"] = block_min_value if has_blocks else -1
    state["keeps_fills"] = keeps_fills
    opted_in = np.zeros((participants, 2), np.int8)
    opted_in[np.isin(own, list(preferencing))] = 1
    return Book(
        queue=new_queue(levels, by_time + by_price, 8),
        orders=np.zeros(_FIRST_CAPACITY, ORDER),
        state=state,
        fills=np.zeros(_FIRST_CAPACITY, FILL),
        limits_x2=limits_x2,
        ticks=ticks,
        own=own,
        opted_in=opted_in,
        blocks=block_levels(limits_x2, ticks, has_blocks=has_blocks),
        tops=new_tops(by_price, levels),
        scratch=np.zeros((_FIRST_CAPACITY, 4), np.int64),
        variants=np.full((2, 8), -1, np.int64),
    )


@folded
def lacks_room(book: Book, order: int) -> bool:
    """Whether there is no slot for an order, or no room for all fills of one event.

    A fill uses up one of its two orders, so that there are at most as many as rest, and one.
    """
    state = book.state[0]
    needed = state.resting + 2
    return bool(
        order >= book.orders.size
        or state.fills + needed > book.fills.size
        or needed > book.scratch.shape[0]
    )


@allocating
def with_room(book: Book, order: int) -> Book:
    """Return the book with what `lacks_room` asks for."""
    needed = book.state[0].resting + 2
    orders = _larger(book.orders, order + 1)
    fills = _larger(book.fills, book.state[0].fills + needed)
    scratch = book.scratch
    if scratch.shape[0] < needed:
        scratch = np.zeros((2 * needed, scratch.shape[1]), np.int64)
    return Book(
        book.queue,
        orders,
        book.state,
        fills,
        book.limits_x2,
        book.ticks,
        book.own,
        book.opted_in,
        book.blocks,
        book.tops,
        scratch,
        book.variants,
    )


@allocating
def with_larger_arena(book: Book) -> Book:
    """Return the book with twice the room for orders in its queue."""
    bounds, tree, sums, steps = book.queue
    tree = larger_arena(bounds, tree)
    return Book(
        Queue(bounds, tree, sums, steps),
        book.orders,
        book.state,
        book.fills,
        book.limits_x2,
        book.ticks,
        book.own,
        book.opted_in,
        book.blocks,
        book.tops,
        book.scratch,
        book.variants,
    )


@allocating
def _larger(records: NDArray[np.void], size: int) -> NDArray[np.void]:
    """Return records with room for so many."""
    if records.size >= size:
        return records
    larger = np.zeros(max(size, 2 * records.size), records.dtype)
    larger[: records.size] = records
    return larger
