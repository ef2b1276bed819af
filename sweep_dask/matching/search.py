"""Who could be met at a price, and whether they are enough."""

from __future__ import annotations

from typing import Any, NamedTuple

from sweep_dask.compiled import kernel
from sweep_dask.matching.adopting import Pairs
from sweep_dask.matching.book import ANY, DARK, LOWEST, NOBODY, Book
from sweep_dask.matching.queue import (
    EVERYONE,
    NOT_ADOPTING,
    Question,
    bit_of,
    next_in_time,
)
from sweep_dask.matching.rules import LIMIT_TEST

_ADOPTERS, _OF_ONE = int(Pairs.ADOPTERS), int(Pairs.OF_ONE)


class Search(NamedTuple):
    """Which contras an order looks for, and at what price."""

    price_x2: int
    is_on_tick: bool
    """Whether dark limit orders alone meet at the price; if not, it is the midpoint."""
    own: bool
    """Among the orders of its participant alone; R11."""
    is_incoming: bool
    """If not, it rests, and meets at on-tick prices older orders only; R17."""
    most_help: int
    """If it rests, no less than all of its side could help with; R10."""


@kernel
def reach_at(book: Book, side: int, price_x2: int) -> int:
    """Return how far an order of a side has to reach to trade at a price; R3."""
    if not book.state[0].rules & LIMIT_TEST:
        return LOWEST
    return (3 - 2 * side) * price_x2


@kernel
def contras_of(book: Book, taker: Any, search: Search) -> Question:
    """Return the question for all contras."""
    style = DARK if search.is_on_tick else ANY
    who = bit_of(taker.participant) if search.own else whom_it_may_meet(book, taker)
    reach_x2 = reach_at(book, 3 - taker.side, search.price_x2)
    return Question(2 - taker.side, ANY, style, reach_x2, who)


@kernel
def whom_it_may_meet(book: Book, taker: Any) -> int:
    """Return the bits of those from whom an order is not kept apart, or more.

    They let a search pass over a crowd of those from whom it is.
    """
    state = book.state[0]
    if state.apart & _ADOPTERS and taker.adopts:
        return NOT_ADOPTING
    if state.apart & _OF_ONE and taker.participant >= 0:
        own = bit_of(taker.participant) & ~state.shared_bits
        return int(~own & (~NOT_ADOPTING if own and taker.adopts else EVERYONE))
    return EVERYONE


@kernel
def next_eligible(book: Book, question: Question, after: int) -> int:
    """Return the next order of a question in time that is not preference only, or NOBODY."""
    after = next_in_time(book, question, after)
    while after >= 0 and book.orders[after].preference_only:
        after = next_in_time(book, question, after)
    return after


@kernel
def leaves_of(book: Book, question: Question, most: int) -> int:
    """Return how many shares all that a question finds have together; no more if that is enough."""
    leaves, order = 0, int(NOBODY)
    while leaves < most:
        order = next_in_time(book, question, order)
        if order < 0:
            break
        leaves += book.orders[order].leaves
    return leaves
