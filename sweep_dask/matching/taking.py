"""An order looks for contras at one price: whom it takes, and who else must help; R4, R7 to R10."""

from __future__ import annotations

from typing import Any

from sweep_dask.compiled import kernel
from sweep_dask.matching.apart import are_apart
from sweep_dask.matching.book import ANY, NOBODY, Book
from sweep_dask.matching.completion import (
    Support,
    asked,
    help_of,
    is_known,
    may_help,
    next_helper,
    support_of,
)
from sweep_dask.matching.events import Route
from sweep_dask.matching.fills import Deal, match
from sweep_dask.matching.queue import Question, class_of, next_order
from sweep_dask.matching.rules import TIME_PRIORITY
from sweep_dask.matching.search import Search, contras_of

_MIDPOINT, _OWN, _COMPLETION = int(Route.MIDPOINT), int(Route.OWN), int(Route.COMPLETION)
_QUOTE_MOVE, _ON_TICK = int(Route.QUOTE_MOVE), int(Route.ON_TICK)
#: The side of an order that helps, for it is no aggressor.
_HELPER = 0


@kernel
def fill_at(book: Book, order: int, search: Search) -> tuple[int, bool]:
    """Let an order that accepts a price trade with the first contra it can, again and again.

    Returns the class of the largest MAQ that it might meet, here or at a worse price, and whether
    fewer helpers, as there are at a worse price, might make a difference.
    """
    taker, contras = book.orders[order], contras_of(book, book.orders[order], search)
    if book.tree[contras.side, 1, contras.style] < contras.reach_x2:
        return int(ANY), False
    support, contra = support_of(book, taker, search), int(NOBODY)
    while taker.leaves > 0:
        contra, given, support = _next_contra(book, taker, search, contras, support, contra)
        if contra < 0:
            break
        maq = taker.maq
        if given > 0:
            _fill_by_helpers(book, taker, contra, search, support)
            support = support_of(book, taker, search)
        quantity = min(taker.leaves, book.orders[contra].leaves)
        match(book, order, contra, _deal(search, quantity, taker.side))
        # Whom a taker passes over it will not have later, unless its minimum has fallen away or
        # there is less help.
        if given > 0 or taker.maq != maq:
            contra = int(NOBODY)
    return class_of(taker.leaves + support.everyone), is_known(support) and support.everyone > 0


@kernel
def _next_contra(
    book: Book, taker: Any, search: Search, contras: Question, support: Support, after: int
) -> tuple[int, int, Support]:
    """Return the next contra that trades, or NOBODY, what helpers give to it, and the support."""
    side, _, style, reach_x2, participants = contras
    while True:
        most_maq = taker.leaves + support.everyone
        question = Question(side, class_of(most_maq), style, reach_x2, participants)
        after, given = next_order(book, question, after), 0
        if after < 0 or _comes_too_late(book, taker, book.orders[after], search):
            return NOBODY, 0, support
        contra = book.orders[after]
        if 0 < contra.maq <= most_maq and not contra.single_fill:
            support = asked(book, taker, support)
            given = help_of(book, taker, support, contra)
        if _agree(book, taker, contra, search, given):
            return after, given, support


@kernel
def _comes_too_late(book: Book, taker: Any, contra: Any, search: Search) -> bool:
    """Whether a contra, and so all after it, are younger than a taker that has to be younger."""
    is_younger = search.is_on_tick and not search.is_incoming and contra.rank > taker.rank
    return bool(is_younger and book.state[0].rules & TIME_PRIORITY)


@kernel
def _agree(book: Book, taker: Any, contra: Any, search: Search, given: int) -> bool:
    """Whether a taker and a contra trade, to which helpers give shares; R7, R8, R11, R12, R17."""
    if search.own:
        is_choice = contra.participant == taker.participant
    else:
        is_choice = not contra.preference_only
    if search.is_on_tick and not search.is_incoming:
        is_choice = is_choice and contra.rank < taker.rank
    quantity = min(taker.leaves, contra.leaves - given)
    least = taker.maq if taker.single_fill else 0
    is_enough = quantity >= least and given + quantity >= contra.maq
    return bool(is_choice and is_enough and not are_apart(book, taker, contra))


@kernel
def _fill_by_helpers(book: Book, taker: Any, contra: int, search: Search, support: Support) -> None:
    """Fill a contra with all that those ahead of the taker give to it."""
    helper = int(NOBODY)
    while True:
        left = book.orders[contra].leaves
        helper = next_helper(book, taker, support.helpers, left, helper)
        if helper < 0:
            return
        if not may_help(book, book.orders[helper], book.orders[contra]):
            continue
        quantity = min(left, book.orders[helper].leaves)
        match(book, helper, contra, _deal(search, quantity, int(_HELPER)))


@kernel
def _deal(search: Search, quantity: int, side: int) -> Deal:
    """Return the deal of an order of this side that takes, or of a helper."""
    route = _OWN if search.own else _MIDPOINT
    if search.is_on_tick:
        route = _ON_TICK
    elif not search.is_incoming:
        route = _QUOTE_MOVE
    elif side == _HELPER:
        route = _COMPLETION
    aggressor = side if search.is_incoming else 0
    return Deal(quantity, search.price_x2, route, aggressor, search.own)
