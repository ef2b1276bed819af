"""An order walks the prices inside the spread and takes whom it can; R1, R4, R5, R7 to R10.

The prices go from the best to the worst for it: the midpoint and, for dark limit orders, all that
are on tick. A spread may have thousands of ticks. What an order finds changes only where another
contra becomes eligible or a helper ceases to be, so the walk goes from one such price to the next.

Prices are told as *costs* here, doubled prices that are negative for sells: for either side a
higher one is worse. An order trades up to the cost that it reaches; its contras must reach the
negative of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sweep_dask.compiled import kernel
from sweep_dask.matching.adopting import are_apart
from sweep_dask.matching.book import ANY, DARK, NO_REACH, NOBODY, Book
from sweep_dask.matching.events import Route
from sweep_dask.matching.fills import Deal, match
from sweep_dask.matching.queue import EVERYONE, Question, class_of, next_in_time, next_order
from sweep_dask.matching.quotes import NO_PRICE, Quote, on_tick_from
from sweep_dask.matching.rules import LIMIT_TEST, TIME_PRIORITY
from sweep_dask.matching.search import (
    Search,
    Support,
    asked,
    contras_of,
    help_of,
    is_known,
    may_help,
    next_helper,
    support_of,
)

#: Below and above any cost, the bounds of a walk over all prices.
BEST, WORST = NO_REACH, -NO_REACH
#: There is no cost.
_NEVER = WORST

_MIDPOINT, _OWN, _COMPLETION = int(Route.MIDPOINT), int(Route.OWN), int(Route.COMPLETION)
_QUOTE_MOVE, _ON_TICK = int(Route.QUOTE_MOVE), int(Route.ON_TICK)
#: The side of an order that helps, for it is no aggressor.
_HELPER = 0


class Walk(NamedTuple):
    """The prices that an order walks, strictly between two."""

    above: int
    """The cost below the best."""
    below: int
    """The cost beyond the worst."""
    is_on_tick: bool
    """Whether prices on tick are among them, or the midpoint alone."""
    own: bool
    is_incoming: bool
    most_help: int
    """As those of `Search`."""


@kernel
def fill_inside(book: Book, order: int, quote: Quote, walk: Walk) -> None:
    """Let an order trade at each of the prices of a walk."""
    taker, sign = book.orders[order], 3 - 2 * book.orders[order].side
    last = walk.below - 1
    if book.state[0].rules & LIMIT_TEST:
        last = min(last, taker.reach_x2)
    mid, on_tick = sign * (quote.bid + quote.offer), _NEVER
    midpoint = mid if mid > walk.above else _NEVER
    if walk.is_on_tick:
        on_tick = _first_cost(book, taker, quote, walk.above + 1)
    while taker.leaves > 0 and min(midpoint, on_tick) <= last:
        cost, own = min(midpoint, on_tick), walk.own
        search = Search(sign * cost, cost != mid, own, walk.is_incoming, walk.most_help)
        column, may_differ = fill_at(book, order, search)
        if cost == mid:
            midpoint = _NEVER
        if cost == on_tick:
            cost = _cost_after(book, taker, cost, column, may_differ)
            on_tick = _first_cost(book, taker, quote, cost)


@kernel
def _first_cost(book: Book, taker: Any, quote: Quote, cost: int) -> int:
    """Return the first on-tick cost from one on at which somebody may be met; _NEVER if none."""
    farthest_x2 = book.tree[2 - taker.side, 1, DARK]
    if cost == _NEVER or farthest_x2 == NO_REACH:
        return _NEVER
    if book.state[0].rules & LIMIT_TEST:
        cost = max(cost, -farthest_x2)
    sign = 3 - 2 * taker.side
    price_x2 = on_tick_from(book.ticks, quote, taker.side, sign * cost)
    return sign * price_x2 if price_x2 != NO_PRICE else _NEVER


@kernel
def _cost_after(book: Book, taker: Any, cost: int, column: int, may_differ: bool) -> int:
    """Return the first cost beyond one where contras of a class differ, or helpers that may."""
    if not book.state[0].rules & LIMIT_TEST:
        return _NEVER
    after = -_farthest_below(book, 2 - taker.side, column, -cost)
    if may_differ:
        after = min(after, _nearest_from(book, taker.side - 1, cost) + 1)
    return after


@kernel
def _farthest_below(book: Book, side: int, column: int, below_x2: int) -> int:
    """Return the farthest reach below one of a side's dark limit orders of a class of MAQs."""
    farthest_x2, order = NO_REACH, int(NOBODY)
    while True:
        order = next_in_time(book, Question(side, column, DARK, farthest_x2 + 1, EVERYONE), order)
        if order < 0:
            return farthest_x2
        if book.orders[order].reach_x2 < below_x2:
            farthest_x2 = book.orders[order].reach_x2


@kernel
def _nearest_from(book: Book, side: int, reach_x2: int) -> int:
    """Return the nearest reach from one on of the dark limit orders of a side; _NEVER if none."""
    nearest_x2, order = _NEVER, int(NOBODY)
    while True:
        order = next_in_time(book, Question(side, ANY, DARK, reach_x2, EVERYONE), order)
        if order < 0:
            return nearest_x2
        nearest_x2 = min(nearest_x2, book.orders[order].reach_x2)


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
