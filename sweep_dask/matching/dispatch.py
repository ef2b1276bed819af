"""One event changes the book: what each kind of event does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.matching.book import NOT_PLACED, YOUNGEST, Book
from sweep_dask.matching.compiled import folded, kernel
from sweep_dask.matching.events import EventKind, Obstacle, Validity
from sweep_dask.matching.fills import drop_filled, undo
from sweep_dask.matching.passes import obstacle_of, trade
from sweep_dask.matching.places import leave, reduce, set_leaves, suspend
from sweep_dask.matching.quote_moves import meet
from sweep_dask.matching.quotes import closed, levels_within
from sweep_dask.matching.rules import (
    IMMEDIATE,
    MINIMUM_QUANTITY,
    OWN_QUOTE,
    PREFERENCE_ONLY,
    SINGLE_FILL,
)
from sweep_dask.matching.search import NOBODY

if TYPE_CHECKING:
    from typing import Any

_SESSION, _QUOTE, _OPT_IN = int(EventKind.SESSION), int(EventKind.QUOTE), int(EventKind.OPT_IN)
_ENTER, _AMEND, _POST = int(EventKind.ENTER), int(EventKind.AMEND), int(EventKind.POST)
_TAKE, _REDUCE = int(EventKind.TAKE), int(EventKind.REDUCE)
_CANCEL, _STATE = int(EventKind.CANCEL), int(EventKind.STATE)
_DAY, _OPEN = int(Validity.DAY), int(Obstacle.NONE)


@kernel
def dispatch(book: Book, event: Any, position: int) -> int:
    """Apply one record of `events.EVENT` to a book with room for it.

    Returns the order that is to be placed in the queue then, or NOBODY.
    """
    state = book.state[0]
    state.position, state.applied, state.fills_before = position, 0, state.fills
    kind, order, to_rest = int(event.kind), int(event.order), NOBODY
    if kind in (_SESSION, _QUOTE):
        if kind == _SESSION:
            state.is_continuous = event.quantity == 1
        else:
            state.bid, state.offer = event.bid, event.offer
        meet(book)
    elif kind == _OPT_IN:
        _opt_in(book, event.participant, int(event.is_sweep != 0))
    else:
        looks, rests = _begin(book, kind, order, event)
        if looks:
            _look(book, order, event)
        to_rest = _to_rest(book, order, rests)
    if not state.keeps_fills:
        undo(book, state.fills_before)
    drop_filled(book)
    return to_rest if to_rest >= 0 and book.orders[to_rest].leaves > 0 else NOBODY


@folded
def _begin(book: Book, kind: int, order: int, event: Any) -> tuple[bool, bool]:
    """Do what an event does to its order before any trade.

    Returns whether the order looks for contras then, and whether what is left is to rest.
    """
    if kind == _ENTER:
        return True, _enter(book, order, event)
    if kind == _STATE:
        return False, _set_state(book, order, event)
    if not book.orders[order].is_alive:
        return False, False
    if kind == _CANCEL:
        leave(book, order)
        book.orders[order].is_alive = 0
    elif kind == _REDUCE:
        _take_off(book, order, event.quantity)
    elif kind == _AMEND:
        rests = _amend(book, order, event)
        return True, rests
    elif kind == _POST and book.orders[order].limit_x2 != event.limit_x2:
        suspend(book, order)
        _set_limit(book, order, event.limit_x2)
    return kind in (_TAKE, _POST), kind == _POST


@folded
def _enter(book: Book, order: int, event: Any) -> bool:
    """Take the terms of an order that arrives; return whether what is left is to rest."""
    slot, state = book.orders[order], book.state[0]
    _new_order(book, order, event)
    if slot.preference_only:
        _opt_in(book, slot.participant, 0)
        _opt_in(book, slot.participant, 1)
    is_immediate = slot.validity != _DAY and state.rules & IMMEDIATE
    if is_immediate and not slot.is_sweep and state.keeps_fills:
        slot.is_alive = 0
    return bool(event.rests)


@folded
def _take_off(book: Book, order: int, quantity: int) -> None:
    """Take shares from an order that were filled elsewhere."""
    taken = min(quantity, book.orders[order].leaves)
    reduce(book, order, taken)
    book.state[0].applied = taken
    if book.orders[order].leaves == 0:
        leave(book, order)


@folded
def _amend(book: Book, order: int, event: Any) -> bool:
    """Change the terms of an order; return whether what is left is to rest."""
    slot = book.orders[order]
    # One that was filled here stays so, whatever really happened.
    if slot.leaves > 0:
        if not event.keeps_place or not event.rests:
            leave(book, order)
        _set_terms(book, order, event, max(0, slot.leaves + event.quantity))
        if slot.leaves == 0:
            leave(book, order)
    return bool(event.rests)


@folded
def _set_state(book: Book, order: int, event: Any) -> bool:
    """Set an order to what it really was; return whether it rests."""
    slot = book.orders[order]
    if not slot.is_known:
        _new_order(book, order, event)
    else:
        slot.is_alive = 1
        _set_terms(book, order, event, event.quantity)
    if not event.rests or not event.keeps_place or slot.leaves == 0:
        leave(book, order)
    return bool(event.rests)


@folded
def _to_rest(book: Book, order: int, rests: bool) -> int:
    """Return an order if it is to be placed after the event, else NOBODY."""
    slot = book.orders[order]
    is_suspended = slot.rests and slot.placed == NOT_PLACED
    arrives = rests and not slot.rests and slot.leaves > 0 and slot.is_alive
    return order if is_suspended or arrives else NOBODY


@folded
def _new_order(book: Book, order: int, event: Any) -> None:
    """Take a slot for an order, which is not in the queue yet."""
    leave(book, order)
    slot = book.orders[order]
    slot.is_known, slot.is_alive = 1, 1
    slot.side, slot.obstacle, slot.rank = event.side, _OPEN, YOUNGEST
    _set_terms(book, order, event, event.quantity)


@kernel
def _set_terms(book: Book, order: int, event: Any, leaves: int) -> None:
    """Give an order the terms of an event; it is suspended if it has to move within the queue."""
    slot, rules = book.orders[order], book.state[0].rules
    single_fill = 1 if event.single_fill and rules & SINGLE_FILL else 0
    preference_only = 1 if event.preference_only and rules & PREFERENCE_ONLY else 0
    if slot.rests and (
        slot.limit_x2 != event.limit_x2
        or slot.style != event.style
        or slot.single_fill != single_fill
        or slot.preference_only != preference_only
        or slot.participant != event.participant
    ):
        suspend(book, order)
    slot.style, slot.validity, slot.single_fill = event.style, event.validity, single_fill
    slot.preference_only, slot.is_sweep = preference_only, 1 if event.is_sweep else 0
    slot.participant, slot.crossing_key = event.participant, event.crossing_key
    slot.own = _own_of(book, event.participant)
    slot.price = event.price
    _set_limit(book, order, event.limit_x2)
    maq = event.minimum_quantity if rules & MINIMUM_QUANTITY else 0
    set_leaves(book, order, leaves, maq if maq <= leaves else 0)


@kernel
def _set_limit(book: Book, order: int, limit_x2: int) -> None:
    slot = book.orders[order]
    slot.limit_x2 = limit_x2
    slot.level = levels_within(book.limits_x2, int(slot.side), limit_x2)


@folded
def _look(book: Book, order: int, event: Any) -> None:
    """Let an order look for contras, at the quote of the event if it has one; R20."""
    slot, state = book.orders[order], book.state[0]
    if not event.trades or slot.leaves == 0:
        return
    bid, offer = state.bid, state.offer
    if event.has_quote and state.rules & OWN_QUOTE:
        bid, offer = event.bid, event.offer
    slot.obstacle = closed(state.rules, state.is_continuous, bid, offer)
    if slot.obstacle == _OPEN:
        trade(book, order, bid, offer)
        slot.obstacle = obstacle_of(book, order, bid + offer)


@kernel
def _opt_in(book: Book, participant: int, is_sweep: int) -> None:
    own = _own_of(book, participant)
    if own >= 0:
        book.opted_in[own, is_sweep] = 1


@kernel
def _own_of(book: Book, participant: int) -> int:
    """Return the place of a participant among those with a queue of their own, or -1."""
    own = int(np.searchsorted(book.own, participant))
    return own if own < book.own.size and book.own[own] == participant else -1
