"""Who could be met at a price, whether they are enough, and who helps a taker to meet minimums.

Those ahead of a taker on its side help it to meet the MAQ of a contra; R10. Going by priority each
gives what is left to give, unless that is less than its own MAQ.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sweep_dask.compiled import kernel
from sweep_dask.matching.adopting import Pairs, are_apart, pairs_of
from sweep_dask.matching.book import ANY, DARK, LOWEST, NOBODY, YOUNGEST, Book
from sweep_dask.matching.queue import (
    EVERYONE,
    NOT_ADOPTING,
    Question,
    bit_of,
    next_in_time,
    next_order,
)
from sweep_dask.matching.rules import LIMIT_TEST, MINIMUM_QUANTITY_COMPLETION, TIME_PRIORITY

_ADOPTERS, _OF_ONE = int(Pairs.ADOPTERS), int(Pairs.OF_ONE)

_UNKNOWN = -1
#: To know of more shares does not narrow a search; see `queue.class_of`.
_MANY = 1 << 17


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


class Support(NamedTuple):
    """The orders that may help a taker at a price."""

    helpers: Question
    everyone: int
    """Shares left of all of them, or more."""
    free: int
    """Shares left of those without MAQ, who help any contra; _UNKNOWN before they are asked."""


@kernel
def support_of(book: Book, taker: Any, search: Search) -> Support:
    """Return who may help a taker, before they are asked."""
    style = DARK if search.is_on_tick else ANY
    reach_x2 = reach_at(book, taker.side, search.price_x2)
    helpers = Question(taker.side - 1, ANY, style, reach_x2, EVERYONE)
    is_alone = book.tree[taker.side - 1, 1, style] < reach_x2
    if is_alone or search.own or not book.state[0].rules & MINIMUM_QUANTITY_COMPLETION:
        return Support(helpers, 0, 0)
    everyone = search.most_help
    if search.is_incoming:
        everyone = leaves_of(book, helpers, int(_MANY))
        everyone = everyone if everyone < _MANY else YOUNGEST
    return Support(helpers, everyone, _UNKNOWN)


@kernel
def asked(book: Book, taker: Any, support: Support) -> Support:
    """Return what is known once all that rest ahead of a taker are asked."""
    everyone, free, order = 0, 0, int(NOBODY)
    while not is_known(support):
        order = next_helper(book, taker, support.helpers, int(YOUNGEST), order)
        if order < 0:
            return Support(support.helpers, everyone, free)
        helper = book.orders[order]
        everyone += helper.leaves
        free += helper.leaves if helper.maq == 0 else 0
    return support


@kernel
def is_known(support: Support) -> bool:
    """Whether it is known what those ahead of a taker have; if not, no contra could need it."""
    return support.free != _UNKNOWN


@kernel
def help_of(book: Book, taker: Any, support: Support, contra: Any) -> int:
    """Return what those ahead of a taker give to a contra; nothing if its MAQ needs no taker."""
    given, order, left, state = 0, int(NOBODY), contra.leaves, book.state[0]
    if support.free == support.everyone and (support.free == 0 or not state.apart):
        given, left = min(left, support.free), 0
        if given > 0 and state.has_adopters:
            # They are not looked at one by one.
            state.met |= _OF_ONE | contra.adopts * _ADOPTERS
    while left > 0:
        order = next_helper(book, taker, support.helpers, left, order)
        if order < 0:
            break
        if may_help(book, book.orders[order], contra):
            share = min(left, book.orders[order].leaves)
            given, left = given + share, left - share
    return given if given < contra.maq else 0


@kernel
def may_help(book: Book, helper: Any, contra: Any) -> bool:
    """Whether a helper may give anything to a contra, and note that it was thought of."""
    book.state[0].met |= pairs_of(helper, contra)
    return not are_apart(book, helper, contra)


@kernel
def next_helper(book: Book, taker: Any, helpers: Question, left: int, after: int) -> int:
    """Return who gives next to a contra with so many shares left, or NOBODY."""
    while left > 0:
        after = next_order(book, helpers, after)
        if after < 0:
            break
        helper = book.orders[after]
        is_ahead = helper.rank < taker.rank
        if not is_ahead and book.state[0].rules & TIME_PRIORITY:
            break
        if is_ahead and not helper.preference_only and helper.maq <= min(left, helper.leaves):
            return after
    return NOBODY
