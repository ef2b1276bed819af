"""An incoming order: its passes over own and all orders, its minimum, and what stopped it.

In the block phase what is left of it meets blocks at or outside the quotes; R6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.compiled import kernel
from sweep_dask.matching.adopting import are_apart
from sweep_dask.matching.book import ANY, DARK, LOWEST, NOBODY, ORDERS, SWEEPS, Book
from sweep_dask.matching.events import Obstacle, Route, Style, Validity
from sweep_dask.matching.fills import Deal, match, undo
from sweep_dask.matching.queue import EVERYONE, Question, next_in_time
from sweep_dask.matching.rules import DARK_LIMIT, IMMEDIATE, LIMIT_TEST, PREFERENCING, SWEEP_ON_TICK
from sweep_dask.matching.search import leaves_of, next_eligible, reach_at
from sweep_dask.matching.walk import BEST, WORST, Walk, fill_inside
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from sweep_dask.matching.quotes import Quote

_ANY_PRICE_BLOCK = int(Style.ANY_PRICE_BLOCK)
_BLOCK = int(Route.BLOCK)

_DARK_LIMIT = int(Style.DARK_LIMIT)
_FILL_OR_KILL = int(Validity.FILL_OR_KILL)

_FILLED, _LIMIT, _NO_CONTRA = int(Obstacle.NONE), int(Obstacle.LIMIT), int(Obstacle.NO_CONTRA)
_CONTRA_LIMIT, _MINIMUM_QUANTITY = int(Obstacle.CONTRA_LIMIT), int(Obstacle.MINIMUM_QUANTITY)


@kernel
def may_block(book: Book, taker: Any, quote: Quote) -> bool:
    """Whether an incoming order takes part: blocks do, and sweeps priced through the quote."""
    if book.state[0].block_min_value < 0:
        return False
    if taker.is_sweep:
        if taker.side == BUY:
            return bool(taker.price >= quote.offer)
        return bool(0 < taker.price <= quote.bid)
    return bool(taker.style == _ANY_PRICE_BLOCK)


@kernel
def fill_blocks(book: Book, order: int, quote: Quote, own: bool) -> None:
    """Fill an incoming order with its own participant's blocks, or everyone's: price, then time."""
    taker = book.orders[order]
    while taker.leaves > 0:
        contra = _next_block(book, taker, quote, own)
        if contra < 0:
            return
        block = book.orders[contra]
        quantity = min(taker.leaves, block.leaves)
        match(book, order, contra, Deal(quantity, block.block_price_x2, _BLOCK, taker.side, own))


@kernel
def _next_block(book: Book, taker: Any, quote: Quote, own: bool) -> int:
    """Return the oldest of the blocks with the best price of those that agree, or NOBODY."""
    sign = 3 - 2 * taker.side
    least_x2 = -taker.reach_x2 if book.state[0].rules & LIMIT_TEST else LOWEST
    found, order = NOBODY, int(NOBODY)
    while True:
        # Of the younger ones, only a better price comes before.
        order = next_in_time(book, Question(2 - taker.side, ANY, DARK, least_x2, EVERYONE), order)
        if order < 0:
            return found
        reach_x2 = -sign * book.orders[order].block_price_x2
        if reach_x2 >= least_x2 and _agree(book, taker, book.orders[order], quote, own):
            found, least_x2 = order, reach_x2 + 1


@kernel
def _agree(book: Book, taker: Any, block: Any, quote: Quote, own: bool) -> bool:
    """Whether an order and a block trade, but for the limit of the order; R6, R7, R8, R11, R12."""
    price_x2 = block.block_price_x2
    if block.style != _ANY_PRICE_BLOCK:
        return False
    is_outside = price_x2 >= 2 * quote.offer if taker.side == BUY else price_x2 <= 2 * quote.bid
    is_choice = block.participant == taker.participant if own else not block.preference_only
    quantity = min(taker.leaves, block.leaves)
    least = max(taker.maq if taker.single_fill else 0, block.maq)
    is_large = quantity >= least and quantity * price_x2 >= book.state[0].block_min_value
    suits = is_outside and is_choice and is_large
    return bool(suits and not are_apart(book, taker, block))


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
