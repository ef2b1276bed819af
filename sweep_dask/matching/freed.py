"""What adopters leave in the lit book goes to the sweeps that are next there, if it is asked for.

A recorded lit fill that an adopting sweep no longer has frees something. Where it rested, that is
the wish of whoever came in; it goes to the sweeps of the same side that rest in the lit book with a
limit at that price or better, best limit first, then earliest. Where it had come in, that is the
order it would have taken. It goes to the same sweeps, and what is left of it stays where it was:
sweeps of that side which arrive or are amended take it, after the dark and ahead of their recorded
lit fills. It is there as long as its price lies within the quote, edges included, and continuous
trading goes on. Of several the best price is taken first, then the earliest.

Who gains fills at that price and has less left. What its later recorded lit fills shrink by, up to
what it has gained, is freed in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.compiled import kernel
from sweep_dask.matching.adopting import LitAccess
from sweep_dask.matching.book import NOBODY
from sweep_dask.matching.book_ref import owner_of
from sweep_dask.matching.events import EventKind, Validity
from sweep_dask.matching.fills import add_leaves
from sweep_dask.matching.queue import leave
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book, IntArray

_ENTER, _AMEND = int(EventKind.ENTER), int(EventKind.AMEND)
_REDUCE, _FREE = int(EventKind.REDUCE), int(EventKind.FREE)
_DAY = int(Validity.DAY)
_TAKES, _RESTS = int(LitAccess.TAKES), int(LitAccess.RESTS)
#: Columns of `Book.left`.
_SIDE, _PRICE_X2, _QUANTITY = range(3)


@kernel
def follow(book: Any, order: int, event: Any) -> None:
    """Do in the lit book what follows from an event that an order has just had."""
    state, slot = book.state[0], book.orders[order]
    if _lacks_room(book):
        _make_room(book)
    if event.kind in (_ENTER, _AMEND):
        if slot.is_sweep and slot.is_alive and slot.leaves > 0:
            _come(book, order, event)
    elif event.kind in (_REDUCE, _FREE) and (event.trades or event.rests) and slot.is_known:
        freed = event.quantity - state.applied
        if not slot.adopts:
            freed = min(freed, slot.gained)
            slot.gained -= freed
        freed = _give(book, slot.side, event.limit_x2, freed)
        if freed > 0 and event.trades and state.is_continuous:
            _leave_there(book, slot.side, event.limit_x2, freed)


@kernel
def keep_left(book: Book) -> None:
    """Take away what no longer stands in the lit book, as the quote or the session has changed."""
    state, left, kept = book.state[0], book.left, 0
    for row in range(state.left):
        price_x2 = left[row, _PRICE_X2]
        is_within = 2 * state.bid <= price_x2 and (state.offer <= 0 or price_x2 <= 2 * state.offer)
        if is_within and state.is_continuous:
            for column in range(3):
                left[kept, column] = left[row, column]
            kept += 1
    state.left = kept


@kernel
def _come(book: Book, order: int, event: Any) -> None:
    """Let a sweep take its place in the lit book, and what it reaches of what was left there."""
    slot, state = book.orders[order], book.state[0]
    is_new = event.kind == _ENTER
    if not is_new and not event.keeps_place:
        _go_from_lit(book, order)
    if slot.lit_access & _RESTS and (is_new or not event.keeps_place):
        book.lit[state.lit] = order
        state.lit += 1
    if slot.lit_access & _TAKES:
        _take_left(book, order)


@kernel
def _go_from_lit(book: Book, order: int) -> None:
    """Let a sweep lose its place in the lit book, if it has one."""
    state, lit, kept = book.state[0], book.lit, 0
    for row in range(state.lit):
        if lit[row] != order:
            lit[kept] = lit[row]
            kept += 1
    state.lit = kept


@kernel
def _take_left(book: Book, order: int) -> None:
    """Let a sweep that comes in take what it reaches of what was left."""
    slot, left = book.orders[order], book.left
    while slot.leaves > 0:
        found = _best_left(left, book.state[0].left, slot)
        if found < 0:
            return
        quantity = min(slot.leaves, left[found, _QUANTITY])
        left[found, _QUANTITY] -= quantity
        _gain(book, order, quantity, left[found, _PRICE_X2])


@kernel
def _best_left(left: IntArray, rows: int, slot: Any) -> int:
    """Return the row of what was left that a sweep takes next, or NOBODY."""
    found, best_x2 = int(NOBODY), 0
    for row in range(rows):
        price_x2 = left[row, _PRICE_X2]
        is_ours = left[row, _SIDE] == slot.side and left[row, _QUANTITY] > 0
        cost_x2 = (3 - 2 * slot.side) * price_x2
        if is_ours and _reaches(slot, price_x2) and (found < 0 or cost_x2 < best_x2):
            found, best_x2 = row, cost_x2
    return found


@kernel
def _give(book: Book, side: int, price_x2: int, freed: int) -> int:
    """Give what was freed at a price to those that rest in the lit book; return what is left."""
    while freed > 0:
        order = _next_in_lit(book, side, price_x2)
        if order < 0:
            break
        quantity = min(freed, book.orders[order].leaves)
        freed -= quantity
        _gain(book, order, quantity, price_x2)
    return freed


@kernel
def _next_in_lit(book: Book, side: int, price_x2: int) -> int:
    """Return who rests in the lit book and fills next at a price, or NOBODY."""
    state, orders, lit, kept = book.state[0], book.orders, book.lit, 0
    found, best = int(NOBODY), 0
    for row in range(state.lit):
        order = lit[row]
        slot = orders[order]
        # Who is gone does not come back.
        if not slot.is_alive or slot.leaves == 0:
            continue
        lit[kept] = order
        kept += 1
        reach = (3 - 2 * slot.side) * slot.price
        suits = slot.side == side and slot.validity == _DAY and _reaches(slot, price_x2)
        if suits and (found < 0 or reach > best):
            found, best = order, reach
    state.lit = kept
    return found


@kernel
def _reaches(slot: Any, price_x2: int) -> bool:
    """Whether the limit of a sweep in the lit book allows a price; without a limit none does."""
    if slot.side == BUY:
        return bool(2 * slot.price >= price_x2)
    return bool(0 < 2 * slot.price <= price_x2)


@kernel
def _leave_there(book: Book, side: int, price_x2: int, quantity: int) -> None:
    """Leave something in the lit book for those of a side that come in."""
    state = book.state[0]
    left = book.left[state.left]
    left[_SIDE], left[_PRICE_X2], left[_QUANTITY] = side, price_x2, quantity
    state.left += 1


@kernel
def _gain(book: Book, order: int, quantity: int, price_x2: int) -> None:
    """Fill a sweep in the lit book with what was freed."""
    slot, state = book.orders[order], book.state[0]
    gain = book.gains[state.gains]
    gain[0], gain[1], gain[2], gain[3] = state.position, order, quantity, price_x2
    state.gains += 1
    slot.gained += quantity
    add_leaves(book, order, -quantity)
    if slot.leaves == 0:
        leave(book, order)


@kernel
def _lacks_room(book: Book) -> bool:
    """Whether there is no room for what one event may add.

    A gain uses up a sweep, what was freed, or something that was left.
    """
    state = book.state[0]
    return bool(
        state.lit + 1 > book.lit.size
        or state.left + 1 > book.left.shape[0]
        or state.gains + state.lit + state.left + 1 > book.gains.shape[0]
    )


@kernel
def _make_room(book: Any) -> None:
    """Give a book what `_lacks_room` asks for."""
    state, owner = book.state[0], owner_of(book)
    lit = owner.lit
    owner.gains = _taller(owner.gains, state.gains + state.lit + state.left + 1)
    owner.left = _taller(owner.left, state.left + 1)
    if state.lit == lit.size:
        owner.lit = np.zeros(2 * lit.size, np.int64)
        for row in range(lit.size):
            owner.lit[row] = lit[row]


@kernel
def _taller(rows: IntArray, least: int) -> IntArray:
    """Return rows with room for so many."""
    if rows.shape[0] >= least:
        return rows
    taller = np.zeros((max(least, 2 * rows.shape[0]), rows.shape[1]), np.int64)
    for row in range(rows.shape[0]):
        for column in range(rows.shape[1]):
            taller[row, column] = rows[row, column]
    return taller
