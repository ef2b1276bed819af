"""What becomes of an order itself: it enters, gets other terms, or is filled elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.compiled import kernel
from sweep_dask.matching.book import ORDERS, SWEEPS, YOUNGEST
from sweep_dask.matching.events import EventKind, Obstacle, Style
from sweep_dask.matching.fills import add_leaves
from sweep_dask.matching.passes import opt_in
from sweep_dask.matching.queue import leave, show
from sweep_dask.matching.quotes import block_price
from sweep_dask.matching.rules import MINIMUM_QUANTITY, PREFERENCE_ONLY, SINGLE_FILL

if TYPE_CHECKING:
    from typing import Any

    from sweep_dask.matching.book import Book

_ENTER, _OPEN = int(EventKind.ENTER), int(Obstacle.NONE)
_ANY_PRICE_BLOCK = int(Style.ANY_PRICE_BLOCK)


@kernel
def enter(book: Book, order: int, event: Any) -> None:
    """Take a number for an order, which does not rest yet."""
    leave(book, order)
    slot = book.orders[order]
    slot.is_known, slot.is_alive = 1, 1
    slot.side, slot.obstacle, slot.rank = event.side, _OPEN, YOUNGEST
    _set_terms(book, order, event, event.quantity)
    if slot.preference_only and event.kind == _ENTER:
        opt_in(book, slot.participant, ORDERS | SWEEPS)


@kernel
def take_off(book: Book, order: int, quantity: int) -> None:
    """Take shares from an order that were filled elsewhere."""
    taken = min(quantity, book.orders[order].leaves)
    add_leaves(book, order, -taken)
    book.state[0].applied = taken
    if book.orders[order].leaves == 0:
        leave(book, order)


@kernel
def amend(book: Book, order: int, event: Any) -> None:
    """Give an order new terms; whether they cost the place is the event's to say."""
    slot = book.orders[order]
    if not event.keeps_place or not event.rests:
        leave(book, order)
    _set_terms(book, order, event, max(0, slot.leaves + event.quantity))
    if slot.leaves == 0:
        leave(book, order)


@kernel
def set_state(book: Book, order: int, event: Any) -> None:
    """Set an order to what it really was."""
    slot = book.orders[order]
    if slot.is_known:
        slot.is_alive = 1
        _set_terms(book, order, event, event.quantity)
    else:
        enter(book, order, event)
    if not event.rests or not event.keeps_place or slot.leaves == 0:
        leave(book, order)


@kernel
def _set_terms(book: Book, order: int, event: Any, leaves: int) -> None:
    """Give an order the terms of an event; a MAQ above what is left is void."""
    slot, rules = book.orders[order], book.state[0].rules
    slot.leaves = leaves
    slot.style, slot.validity = event.style, event.validity
    slot.single_fill = 1 if event.single_fill and rules & SINGLE_FILL else 0
    slot.preference_only = 1 if event.preference_only and rules & PREFERENCE_ONLY else 0
    slot.is_sweep = 1 if event.is_sweep else 0
    slot.participant, slot.crossing_key = event.participant, event.crossing_key
    slot.price = event.price
    maq = event.minimum_quantity if rules & MINIMUM_QUANTITY else 0
    slot.maq = slot.given_maq = maq if maq <= leaves else 0
    set_limit(book, order, event.limit_x2)


@kernel
def set_limit(book: Book, order: int, limit_x2: int) -> None:
    """Give an order a limit, and tell the queue its terms."""
    slot = book.orders[order]
    slot.reach_x2 = (3 - 2 * slot.side) * limit_x2
    if slot.style == _ANY_PRICE_BLOCK:
        slot.block_price_x2 = block_price(book.ticks, slot.side, limit_x2)
    if slot.rests:
        show(book, order)
