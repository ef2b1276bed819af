"""An incoming order: its passes over own and all orders, its minimum, and what stopped it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.block_phase import fill_blocks, may_block
from sweep_dask.matching.compiled import folded, kernel
from sweep_dask.matching.events import BUY, Obstacle, Style, Validity
from sweep_dask.matching.fills import undo
from sweep_dask.matching.priority_queue import total_leaves
from sweep_dask.matching.rules import DARK_LIMIT, IMMEDIATE, PREFERENCING, SWEEP_ON_TICK
from sweep_dask.matching.search import accepts, levels_at
from sweep_dask.matching.taking import fill_at, fill_on_tick, fill_own_at
from sweep_dask.matching.variants import class_of

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book

_DARK_LIMIT = int(Style.DARK_LIMIT)
_FILL_OR_KILL = int(Validity.FILL_OR_KILL)

_FILLED, _LIMIT, _NO_CONTRA = int(Obstacle.NONE), int(Obstacle.LIMIT), int(Obstacle.NO_CONTRA)
_CONTRA_LIMIT, _MINIMUM_QUANTITY = int(Obstacle.CONTRA_LIMIT), int(Obstacle.MINIMUM_QUANTITY)


@folded
def trade(book: Book, order: int, bid: int, offer: int) -> None:
    """Let an incoming order trade; undone if its minimum is not met. R7, R11, R21."""
    slot, state = book.orders[order], book.state[0]
    has_blocks = may_block(book, order, bid, offer)
    before, first, needed = slot.leaves, state.fills, _needed(book, order)
    if needed > 0 and needed > _within_reach(book, order, bid + offer, has_blocks):
        return
    for own in (True, False):
        if _has_pass(book, order, own):
            _fill_inside(book, order, bid, offer, own)
    for own in (True, False):
        if has_blocks and _has_pass(book, order, own):
            fill_blocks(book, order, bid, offer, own)
    if before - slot.leaves < needed:
        undo(book, first)
        state.fills = first


@folded
def obstacle_of(book: Book, order: int, mid_x2: int) -> int:
    """Return why an order that has just looked has something left, an `Obstacle`."""
    slot = book.orders[order]
    if slot.leaves == 0:
        return _FILLED
    if slot.style < _DARK_LIMIT and not accepts(book, order, mid_x2):
        return _LIMIT
    contras = class_of(3 - slot.side, 0, 0)
    if total_leaves(book.queue, contras, levels_at(book, 3 - slot.side, mid_x2)) > 0:
        return _MINIMUM_QUANTITY
    if total_leaves(book.queue, contras, book.limits_x2.size) > 0:
        return _CONTRA_LIMIT
    return _NO_CONTRA


@folded
def _fill_inside(book: Book, order: int, bid: int, offer: int, own: bool) -> None:
    """Let an order walk the prices inside the quote from the best to the worst for it; R5."""
    mid_x2, walks = bid + offer, _walks(book, order)
    up = 1 if book.orders[order].side == BUY else -1
    best, worst = (2 * bid, 2 * offer) if up > 0 else (2 * offer, 2 * bid)
    if walks:
        last = mid_x2 - up
        fill_on_tick(book, order, bid, offer, best + up, last, own, True)
    if own:
        fill_own_at(book, order, mid_x2, 0)
    else:
        fill_at(book, order, mid_x2, 0, True)
    if walks:
        first = mid_x2 + up
        fill_on_tick(book, order, bid, offer, first, worst - up, own, True)


@folded
def _walks(book: Book, order: int) -> bool:
    """Whether an incoming order also trades at on-tick prices; R5, R24."""
    slot, rules = book.orders[order], book.state[0].rules
    reaches = slot.style >= _DARK_LIMIT or (slot.is_sweep and rules & SWEEP_ON_TICK)
    return bool(reaches and rules & DARK_LIMIT)


@folded
def _has_pass(book: Book, order: int, own: bool) -> bool:
    """Whether an incoming order has a pass over its participant's own orders, or over all."""
    slot = book.orders[order]
    if not own or slot.preference_only:
        return bool(own) == bool(slot.preference_only)
    opted_in = slot.own >= 0 and book.opted_in[slot.own, slot.is_sweep]
    return bool(opted_in and book.state[0].rules & PREFERENCING)


@folded
def _needed(book: Book, order: int) -> int:
    """Return what an attempt must fill in sum, or it is undone."""
    slot = book.orders[order]
    if slot.validity == _FILL_OR_KILL and book.state[0].rules & IMMEDIATE:
        return int(slot.leaves)
    return 0 if slot.single_fill else int(slot.maq)


@kernel
def _within_reach(book: Book, order: int, mid_x2: int, has_blocks: bool) -> int:
    """Return the shares of all contras that an order could meet at its worst price."""
    slot = book.orders[order]
    worst_x2 = slot.limit_x2 if has_blocks or _walks(book, order) else mid_x2
    side = 3 - slot.side
    k = levels_at(book, side, worst_x2)
    return total_leaves(book.queue, class_of(side, 0, 0), k) + total_leaves(
        book.queue, class_of(side, 1, 0), k
    )
