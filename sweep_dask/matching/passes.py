"""An incoming order: its passes over own and all orders, its minimum, and what stopped it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.compiled import kernel
from sweep_dask.matching.block_phase import fill_blocks, may_block
from sweep_dask.matching.book import ANY, LOWEST, NOBODY, ORDERS, SWEEPS, Book
from sweep_dask.matching.events import Obstacle, Style, Validity
from sweep_dask.matching.fills import undo
from sweep_dask.matching.queue import EVERYONE, Question
from sweep_dask.matching.rules import (
    DARK_LIMIT,
    IMMEDIATE,
    LIMIT_TEST,
    PREFERENCING,
    SWEEP_ON_TICK,
)
from sweep_dask.matching.search import leaves_of, next_eligible, reach_at
from sweep_dask.matching.walk import BEST, WORST, Walk, fill_inside

if TYPE_CHECKING:
    from sweep_dask.matching.quotes import Quote

_DARK_LIMIT = int(Style.DARK_LIMIT)
_FILL_OR_KILL = int(Validity.FILL_OR_KILL)

_FILLED, _LIMIT, _NO_CONTRA = int(Obstacle.NONE), int(Obstacle.LIMIT), int(Obstacle.NO_CONTRA)
_CONTRA_LIMIT, _MINIMUM_QUANTITY = int(Obstacle.CONTRA_LIMIT), int(Obstacle.MINIMUM_QUANTITY)


@kernel
def opt_in(book: Book, participant: int, which: int) -> None:
    """Have incoming ORDERS, SWEEPS or both of a participant preferenced; R11."""
    state, row = book.state[0], 0
    while row < state.participants and book.opted_in[row, 0] != participant:
        row += 1
    if row == state.participants:
        state.participants += 1
        book.opted_in[row, 0], book.opted_in[row, 1] = participant, 0
    book.opted_in[row, 1] |= which


@kernel
def trade(book: Book, order: int, quote: Quote) -> None:
    """Let an incoming order trade; undone if its minimum is not met. R7, R11, R12, R21."""
    taker, state = book.orders[order], book.state[0]
    before, first, needed = taker.leaves, state.fills, _needed(book, taker)
    walks, has_blocks = _walks(book, taker), may_block(book, taker, quote)
    goes_far = walks or has_blocks
    if needed > 0 and not _is_within_reach(book, taker, quote, goes_far, needed):
        return
    has_own = taker.preference_only or _is_preferenced(book, taker)
    for own in (True, False):
        if has_own if own else not taker.preference_only:
            fill_inside(book, order, quote, Walk(BEST, WORST, walks, own, True, 0))
    for own in (True, False):
        if has_blocks and (has_own if own else not taker.preference_only):
            fill_blocks(book, order, quote, own)
    if before - taker.leaves < needed:
        undo(book, first)
        state.fills = first


@kernel
def obstacle_of(book: Book, order: int, mid_x2: int) -> int:
    """Return why an order that has just looked has something left, an `Obstacle`."""
    taker = book.orders[order]
    if taker.leaves == 0:
        return _FILLED
    if taker.style < _DARK_LIMIT and taker.reach_x2 < reach_at(book, taker.side, mid_x2):
        return _LIMIT
    reach_x2 = reach_at(book, 3 - taker.side, mid_x2)
    contras = Question(2 - taker.side, ANY, ANY, reach_x2, EVERYONE)
    if next_eligible(book, contras, int(NOBODY)) >= 0:
        return _MINIMUM_QUANTITY
    anybody = Question(2 - taker.side, ANY, ANY, LOWEST, EVERYONE)
    return _CONTRA_LIMIT if next_eligible(book, anybody, int(NOBODY)) >= 0 else _NO_CONTRA


@kernel
def _walks(book: Book, taker: Any) -> bool:
    """Whether an incoming order also trades at on-tick prices; R5, R24."""
    rules = book.state[0].rules
    reaches = taker.style >= _DARK_LIMIT or (taker.is_sweep and rules & SWEEP_ON_TICK)
    return bool(reaches and rules & DARK_LIMIT)


@kernel
def _is_preferenced(book: Book, taker: Any) -> bool:
    """Whether an incoming order has a pass over its participant's own orders; R11."""
    state = book.state[0]
    if not state.rules & PREFERENCING:
        return False
    which = SWEEPS if taker.is_sweep else ORDERS
    for row in range(state.participants):
        if book.opted_in[row, 0] == taker.participant:
            return bool(book.opted_in[row, 1] & which)
    return False


@kernel
def _needed(book: Book, taker: Any) -> int:
    """Return what an attempt must fill in sum, or it is undone."""
    if taker.validity == _FILL_OR_KILL and book.state[0].rules & IMMEDIATE:
        return int(taker.leaves)
    return 0 if taker.single_fill else int(taker.maq)


@kernel
def _is_within_reach(book: Book, taker: Any, quote: Quote, goes_far: bool, needed: int) -> bool:
    """Whether all contras that an order could meet at its worst price have so many shares."""
    reach_x2 = reach_at(book, 3 - taker.side, quote.bid + quote.offer)
    if goes_far and book.state[0].rules & LIMIT_TEST:
        reach_x2 = -taker.reach_x2
    contras = Question(2 - taker.side, ANY, ANY, reach_x2, EVERYONE)
    return leaves_of(book, contras, needed) >= needed
