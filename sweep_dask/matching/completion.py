"""Whether a taker may have a contra, alone or with the orders resting ahead of it; R7 to R10.

The orders ahead of a taker on its own side may help it to meet the MAQ of a contra. Going by
priority each gives what is left to give, unless that is less than its own MAQ. What they give to a
contra never falls as its leaves rise, which bounds the search for a contra that may be helped: none
gets more than the largest.
"""

from __future__ import annotations

from typing import NamedTuple

from sweep_dask.matching.arena import NO_ORDER_MAQ
from sweep_dask.matching.book import HELPER, PLACED, YOUNGEST, Book
from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.priority_queue import total_leaves, total_leaves_without_maq
from sweep_dask.matching.rules import MINIMUM_QUANTITY_COMPLETION
from sweep_dask.matching.search import NOBODY, earlier, levels_at, most_leaves, next_order
from sweep_dask.matching.variants import MULTI_FILL, SINGLE_FILL, class_of, variant_of

#: How many helpers are asked for a better bound than the shares of all; arbitrary. All are once a
#: contra was tried in vain.
_HELPERS_ASKED, _ALL = 8, NO_ORDER_MAQ


class Support(NamedTuple):
    """The orders that may help a taker at a price."""

    k: int
    """They are at levels up to this one."""
    everyone: int
    """The most that they give to any contra, or more."""
    free: int
    """Shares left of those without MAQ, who help any contra; no more than `everyone`."""
    is_certain: bool
    """Whether all of those rest ahead of the taker, so that a contra gets as much of their shares
    as it can take."""


@kernel
def support_of(book: Book, taker: int, price_x2: int, is_dark_limit: int) -> Support:
    """Return who may help a taker: the eligible orders of its side that rest ahead of it."""
    slot, state = book.orders[taker], book.state[0]
    side, contra_side = int(slot.side), 3 - int(slot.side)
    contra_k = levels_at(book, contra_side, price_x2)
    needs_help = _shares_with_maq(book, contra_side, is_dark_limit, contra_k) > 0
    if not needs_help or not state.rules & MINIMUM_QUANTITY_COMPLETION:
        return Support(0, 0, 0, True)
    k = levels_at(book, side, price_x2)
    everyone, free, is_certain = state.ahead_all, state.ahead_free, True
    if not state.ahead_is_known:
        own_class = class_of(side, 0, is_dark_limit)
        everyone = total_leaves(book.queue, own_class, k)
        free = total_leaves_without_maq(book.queue, own_class, k)
        if slot.placed == PLACED and slot.style >= is_dark_limit:
            everyone -= slot.leaves
            free -= slot.leaves if slot.maq == 0 else 0
        # Of an order that rests, this counts those behind it as well.
        is_certain = bool(slot.rank == YOUNGEST)
    largest = most_leaves(book, contra_side, is_dark_limit, contra_k)
    if is_certain and free >= largest:
        return Support(k, free, free, True)
    if everyone > free or not is_certain:
        everyone = min(everyone, largest)
        everyone = _most_help(book, taker, is_dark_limit, k, largest, everyone, _HELPERS_ASKED)
    return Support(k, everyone, min(free, everyone), is_certain)


@kernel
def _shares_with_maq(book: Book, side: int, is_dark_limit: int, k: int) -> int:
    """Return the shares left of the orders of a side that have a MAQ."""
    order_class = class_of(side, 0, is_dark_limit)
    free = total_leaves_without_maq(book.queue, order_class, k)
    return int(total_leaves(book.queue, order_class, k) - free)


@kernel
def _most_help(
    book: Book,
    taker: int,
    is_dark_limit: int,
    k: int,
    largest: int,
    everyone: int,
    asked: int,
) -> int:
    """Return what helpers give to the largest contra, or `everyone` if there are more to ask."""
    given, helper = 0, NOBODY
    for _ in range(asked):
        helper = _next_helper(book, taker, is_dark_limit, k, largest - given, helper)
        if helper < 0:
            return given
        given += min(largest - given, int(book.orders[helper].leaves))
        if given == largest:
            return int(given)
    return everyone


@kernel
def next_contra(
    book: Book,
    taker: int,
    k: int,
    is_dark_limit: int,
    support: Support,
    after: int,
    before_rank: int,
) -> int:
    """Return the next order, not preference only, that trades with a taker; NOBODY if none does.

    Its helpers, if it needs any, are listed in the scratch; `state.helpers` says how many.
    """
    slot = book.orders[taker]
    book.state[0].helpers = 0
    least = slot.maq if slot.single_fill and slot.maq > 0 else 1
    leaves = slot.leaves
    if least > leaves:
        return NOBODY
    single_fill = variant_of(book, 3 - slot.side, is_dark_limit, SINGLE_FILL)
    multi_fill = variant_of(book, 3 - slot.side, is_dark_limit, MULTI_FILL)
    single = next_order(book, single_fill, k, leaves, least, after, before_rank)
    everyone, free = support.everyone, support.free
    helped_leaves, has_failed = least, False
    while True:
        multi = next_order(book, multi_fill, k, leaves + free, least, after, before_rank)
        if everyone > free:
            # Orders with a MAQ help large contras only.
            most_maq = leaves + everyone
            large = next_order(book, multi_fill, k, most_maq, helped_leaves, after, before_rank)
            multi = earlier(book, multi, large)
        if multi < 0 or earlier(book, single, multi) == single:
            return single
        trades, helped = _trades(book, taker, multi, is_dark_limit, support)
        if trades:
            return multi
        book.state[0].helpers = 0
        # If this one got no more than free orders have, nor does any that is no larger.
        if helped <= free:
            helped_leaves = max(helped_leaves, book.orders[multi].leaves + 1)
        if everyone > 0 and not has_failed:
            largest = most_leaves(book, 3 - slot.side, is_dark_limit, k)
            everyone = _most_help(book, taker, is_dark_limit, support.k, largest, everyone, _ALL)
            free = min(free, everyone)
        has_failed, after = True, multi


@kernel
def _trades(
    book: Book, taker: int, contra: int, is_dark_limit: int, support: Support
) -> tuple[bool, int]:
    """Return whether a multi-fill contra trades with a taker, and what its helpers have for it.

    They help only if they do not meet the MAQ without the taker; then they are listed.
    """
    slot, other = book.orders[taker], book.orders[contra]
    least = slot.maq if slot.single_fill else 0
    alone, helped = min(slot.leaves, other.leaves), 0
    is_listed = support.everyone > support.free or not support.is_certain
    if other.maq > 0 and support.everyone > 0:
        helped = min(other.leaves, support.free)
        if is_listed:
            helped = _list_helpers(book, taker, other.leaves, is_dark_limit, support.k)
    if helped == 0 or helped >= other.maq:
        book.state[0].helpers = 0
        return alone >= max(other.maq, least), helped
    quantity = min(slot.leaves, other.leaves - helped)
    trades = helped + quantity >= other.maq and quantity >= least
    if trades and not is_listed:
        _list_helpers(book, taker, other.leaves, is_dark_limit, support.k)
    return bool(trades), int(helped)


@kernel
def _list_helpers(book: Book, taker: int, left: int, is_dark_limit: int, k: int) -> int:
    """List who helps with so many shares, and return what they give; R10."""
    given, helpers = 0, 0
    helper = NOBODY
    while left > 0:
        helper = _next_helper(book, taker, is_dark_limit, k, left, helper)
        if helper < 0:
            break
        share = min(left, book.orders[helper].leaves)
        book.scratch[helpers, HELPER] = helper
        helpers += 1
        given += share
        left -= share
    book.state[0].helpers = helpers
    return given


@kernel
def _next_helper(
    book: Book, taker: int, is_dark_limit: int, k: int, most_maq: int, after: int
) -> int:
    """Return the next order ahead of a taker on its side with at most this MAQ, or NOBODY."""
    slot = book.orders[taker]
    single_fill = variant_of(book, int(slot.side), is_dark_limit, SINGLE_FILL)
    multi_fill = variant_of(book, int(slot.side), is_dark_limit, MULTI_FILL)
    return earlier(
        book,
        next_order(book, single_fill, k, most_maq, 1, after, slot.rank),
        next_order(book, multi_fill, k, most_maq, 1, after, slot.rank),
    )
