"""The state of one Centre Point book: its orders, who of them rests, and what holds for all.

A `Book` is a tuple of arrays. The kernels hand on a pointer to them instead (see `book_ref`), which
has the same fields. They change the arrays in place; only `make_room`, between two events, replaces
some by larger ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep_dask.matching.adopting import LitAccess
from sweep_dask.matching.events import FILL

if TYPE_CHECKING:
    from collections.abc import Collection

    from sweep_dask.matching.adopting import Adopting
    from sweep_dask.matching.rules import Rules

IntArray = NDArray[np.int64]

#: There is no order; also what comes before all orders.
NOBODY = -1
#: Rank of an order that does not rest: younger than all that do.
YOUNGEST = 2**62
#: Columns of `Book.tree`, one cache line. The first hold reaches: the farthest of the orders with a
#: MAQ of 0, of at most 2^8, 2^12, 2^16 (bounds that are arbitrary), and of ANY; and of dark limit
#: orders. Then a bit for each participant, by the last digits of the number, and one for all who do
#: not adopt; in a slot the order.
ANY, DARK, PARTICIPANTS, ORDER_NUMBER, COLUMNS = range(4, 9)
#: A reach below that of any order: nobody is there. And the least that an order may have.
NO_REACH, LOWEST = -(2**62), -(2**61)
#: Bits of `Book.opted_in`.
ORDERS, SWEEPS = 1, 2
#: Orders and fills there is room for in the beginning; arbitrary, both grow.
_FIRST_CAPACITY = 64

ORDER = np.dtype(
    [
        ("leaves", np.int64),
        # The minimum acceptable quantity in force, and the one it was given.
        ("maq", np.int64),
        ("given_maq", np.int64),
        # The limit, negative for sells: of two orders of a side the more generous has the larger.
        ("reach_x2", np.int64),
        ("price", np.int64),
        # The limit of a block, taken to the tick on its safe side.
        ("block_price_x2", np.int64),
        ("participant", np.int64),
        ("crossing_key", np.int64),
        # The time priority, larger is younger, and the position among the leaves of the tree.
        ("rank", np.int64),
        ("slot", np.int64),
        # Shares of what others freed in the lit book, less those it has passed on.
        ("gained", np.int64),
        ("side", np.int64),
        ("style", np.int8),
        ("validity", np.int8),
        ("single_fill", np.int8),
        ("preference_only", np.int8),
        ("is_sweep", np.int8),
        ("is_known", np.int8),
        ("is_alive", np.int8),
        ("rests", np.int8),
        ("obstacle", np.int8),
        ("adopts", np.int8),
        # `LitAccess`, where what adopters free is given to others.
        ("lit_access", np.int8),
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
        # Negative: priority is not drawn by lot. See `queue`.
        ("priority_seed", np.int64),
        # Fills so far, and how many of them are older than this event.
        ("fills", np.int64),
        ("fills_before", np.int64),
        # Bits that more than one participant may have; see `queue.bit_of`.
        ("shared_bits", np.int64),
        # Orders that rest, and rows of `Book.opted_in`.
        ("resting", np.int64),
        ("participants", np.int64),
        # How many rows of `Book.lit`, `Book.left` and `Book.gains` are used.
        ("lit", np.int64),
        ("left", np.int64),
        ("gains", np.int64),
        # Position of the event, and what a REDUCE really took.
        ("position", np.int64),
        ("applied", np.int64),
        # Nodes of the tree looked at.
        ("steps", np.int64),
        ("is_continuous", np.int8),
        ("keeps_fills", np.int8),
        # `Pairs` that do not match, and those of the matches made, or only thought of.
        ("apart", np.int8),
        ("met", np.int8),
        # Whether any order adopts.
        ("has_adopters", np.int8),
        # Whether what adopters free in the lit book is given to others.
        ("gives_freed", np.int8),
    ],
    align=True,
)


class Book(NamedTuple):
    """The dark book of one security, as arrays."""

    orders: NDArray[np.void]
    """`ORDER[orders]`, by the number of the order in the events."""
    tree: IntArray
    """int64[2 sides, 2 * slots, COLUMNS], see `queue`; who rests, in the order of time."""
    state: NDArray[np.void]
    """`STATE[1]`."""
    fills: NDArray[np.void]
    """`events.FILL[room]`, the first `state.fills` are made; use `fills_of`."""
    ticks: IntArray
    """int64[steps, 2]: from which price, in 0.1 cent and ascending, which tick."""
    opted_in: IntArray
    """int64[room, 2]: participants, and which of ORDERS and SWEEPS that come in are preferenced."""
    lit: IntArray
    """int64[room], sweeps that rest in the lit book by time, some of whom may have left; see
    `freed`."""
    left: IntArray
    """int64[room, 3], what is left there: for which side, the doubled price, shares."""
    gains: IntArray
    """int64[room, 4], the fields of `events.GAIN`, in the order of execution; use `gains_of`."""


def open_book(
    rules: Rules,
    tick_from: IntArray,
    tick: IntArray,
    preferencing: Collection[int] = (),
    block_min_value: int | None = None,
    *,
    keeps_fills: bool = True,
    priority_seed: int | None = None,
    adopting: Adopting | None = None,
) -> Book:
    """Return an empty book for events that come one at a time; see `centre_point.run_book`."""
    participants = np.unique(np.array([*preferencing], np.int64))
    has_blocks = block_min_value is not None and rules.any_price_block
    state = np.zeros(1, STATE)
    state["rules"] = rules.mask
    state["block_min_value"] = block_min_value if has_blocks else -1
    state["priority_seed"] = -1 if priority_seed is None else priority_seed
    state["participants"] = participants.size
    state["keeps_fills"], state["shared_bits"] = keeps_fills, -1
    orders = np.zeros(_FIRST_CAPACITY, ORDER)
    if adopting is not None:
        adopts = adopting.adopts
        orders = np.zeros(max(_FIRST_CAPACITY, adopts.size), ORDER)
        orders["adopts"][: adopts.size] = adopts
        state["apart"], state["has_adopters"] = adopting.apart, adopts.any()
        if adopting.lit_access is not None:
            state["gives_freed"] = 1
            orders["lit_access"] = LitAccess.TAKES | LitAccess.RESTS
            orders["lit_access"][: adopts.size][adopts] = adopting.lit_access
    opted_in = np.full((participants.size + 1, 2), ORDERS | SWEEPS, np.int64)
    opted_in[:-1, 0] = participants
    tree = np.full((2, 2 * _FIRST_CAPACITY, COLUMNS), NO_REACH, np.int64)
    tree[:, :, PARTICIPANTS:] = 0
    return Book(
        orders=orders,
        tree=tree,
        state=state,
        fills=np.zeros(_FIRST_CAPACITY, FILL),
        ticks=np.column_stack((tick_from, tick)).astype(np.int64),
        opted_in=opted_in,
        lit=np.zeros(_FIRST_CAPACITY, np.int64),
        left=np.zeros((_FIRST_CAPACITY, 3), np.int64),
        gains=np.zeros((_FIRST_CAPACITY, 4), np.int64),
    )
