"""One event changes the book: what each kind of event does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.compiled import kernel
from sweep_dask.matching.book import ORDERS, SWEEPS, YOUNGEST
from sweep_dask.matching.book_ref import lacks_room, make_room
from sweep_dask.matching.events import EventKind, Obstacle, Style, Validity
from sweep_dask.matching.fills import add_leaves, drop_filled, undo
from sweep_dask.matching.freed import follow, keep_left
from sweep_dask.matching.passes import obstacle_of, opt_in, trade
from sweep_dask.matching.queue import leave, rest, show
from sweep_dask.matching.quote_moves import uncross
from sweep_dask.matching.quotes import Quote, block_price, closed
from sweep_dask.matching.rules import (
    IMMEDIATE,
    MINIMUM_QUANTITY,
    OWN_QUOTE,
    PREFERENCE_ONLY,
    SINGLE_FILL,
)

if TYPE_CHECKING:
    from typing import Any

    from sweep_dask.matching.book import Book

_SESSION, _QUOTE, _OPT_IN = int(EventKind.SESSION), int(EventKind.QUOTE), int(EventKind.OPT_IN)
_ENTER, _AMEND, _POST = int(EventKind.ENTER), int(EventKind.AMEND), int(EventKind.POST)
_TAKE, _REDUCE = int(EventKind.TAKE), int(EventKind.REDUCE)
_CANCEL, _STATE = int(EventKind.CANCEL), int(EventKind.STATE)
_DAY, _OPEN = int(Validity.DAY), int(Obstacle.NONE)
_ANY_PRICE_BLOCK = int(Style.ANY_PRICE_BLOCK)


@kernel
def dispatch(book: Book, event: Any, position: int) -> None:
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
        _enter(book, order, event)
        return True, bool(event.rests)
    if kind == _STATE:
        _set_state(book, order, event)
        return False, bool(event.rests)
    if not slot.is_alive:
        return False, False
    if kind == _AMEND and slot.leaves > 0:
        # One that was filled here stays so, whatever really happened.
        _amend(book, order, event)
        return True, bool(event.rests)
    if kind == _CANCEL:
        leave(book, order)
        slot.is_alive = 0
    elif kind == _REDUCE:
        _take_off(book, order, event.quantity)
    elif kind == _POST:
        _set_limit(book, order, event.limit_x2)
    return kind in (_TAKE, _POST), kind == _POST


@kernel
def _cancels_rest(book: Book, order: int, event: Any) -> bool:
    """Whether an order that has just arrived is immediate; a sweep's rest lives on; R21."""
    slot, state = book.orders[order], book.state[0]
    is_immediate = slot.validity != _DAY and state.rules & IMMEDIATE and state.keeps_fills
    return bool(event.kind == _ENTER and is_immediate and not slot.is_sweep)


@kernel
def _enter(book: Book, order: int, event: Any) -> None:
    """Take a number for an order, which does not rest yet."""
    leave(book, order)
    slot = book.orders[order]
    slot.is_known, slot.is_alive = 1, 1
    slot.side, slot.obstacle, slot.rank = event.side, _OPEN, YOUNGEST
    _set_terms(book, order, event, event.quantity)
    if slot.preference_only and event.kind == _ENTER:
        opt_in(book, slot.participant, ORDERS | SWEEPS)


@kernel
def _take_off(book: Book, order: int, quantity: int) -> None:
    """Take shares from an order that were filled elsewhere."""
    taken = min(quantity, book.orders[order].leaves)
    add_leaves(book, order, -taken)
    book.state[0].applied = taken
    if book.orders[order].leaves == 0:
        leave(book, order)


@kernel
def _amend(book: Book, order: int, event: Any) -> None:
    """Give an order new terms; whether they cost the place is the event's to say."""
    slot = book.orders[order]
    if not event.keeps_place or not event.rests:
        leave(book, order)
    _set_terms(book, order, event, max(0, slot.leaves + event.quantity))
    if slot.leaves == 0:
        leave(book, order)


@kernel
def _set_state(book: Book, order: int, event: Any) -> None:
    """Set an order to what it really was."""
    slot = book.orders[order]
    if slot.is_known:
        slot.is_alive = 1
        _set_terms(book, order, event, event.quantity)
    else:
        _enter(book, order, event)
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
    _set_limit(book, order, event.limit_x2)


@kernel
def _set_limit(book: Book, order: int, limit_x2: int) -> None:
    """Give an order a limit, and tell the queue its terms."""
    slot = book.orders[order]
    slot.reach_x2 = (3 - 2 * slot.side) * limit_x2
    if slot.style == _ANY_PRICE_BLOCK:
        slot.block_price_x2 = block_price(book.ticks, slot.side, limit_x2)
    if slot.rests:
        show(book, order)


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
