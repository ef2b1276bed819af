"""Who is next: orders of a variant in their priority, whichever that is (R4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.arena import LEAVES, MAQ, NO_ORDER_MAQ, START, USED
from sweep_dask.matching.compiled import folded, kernel
from sweep_dask.matching.events import SELL
from sweep_dask.matching.level_sums import ORDERS
from sweep_dask.matching.price_time import next_by_price
from sweep_dask.matching.priority_queue import oldest, order_count
from sweep_dask.matching.quotes import levels_within
from sweep_dask.matching.rules import LIMIT_TEST, TIME_PRIORITY
from sweep_dask.matching.variants import (
    MULTI_FILL,
    SINGLE_FILL,
    class_of,
    first_price_segment,
    variant_of,
)

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book

#: There is no order; also the place before all orders.
NOBODY = -1


@folded
def levels_at(book: Book, side: int, price_x2: int) -> int:
    """Return up to which level the orders of a side are eligible at a price; R3."""
    if book.state[0].rules & LIMIT_TEST:
        return levels_within(book.limits_x2, side, price_x2)
    return book.limits_x2.size


@folded
def accepts(book: Book, order: int, price_x2: int) -> bool:
    """Whether the limit of an order allows a price; R3."""
    if not book.state[0].rules & LIMIT_TEST:
        return True
    slot = book.orders[order]
    if slot.side == SELL:
        return bool(slot.limit_x2 <= price_x2)
    return bool(slot.limit_x2 >= price_x2)


@kernel
def next_order(
    book: Book,
    variant: int,
    k: int,
    most_maq: int,
    least_leaves: int,
    after: int,
    before_rank: int,
) -> int:
    """Return the next order of a variant after another in priority, or NOBODY.

    It has a level up to `k`, a MAQ of at most `most_maq`, at least `least_leaves` and a rank below
    `before_rank`.
    """
    if book.state[0].rules & TIME_PRIORITY:
        after_rank = book.orders[after].rank if after >= 0 else 0
        found = oldest(book.queue, variant, k, most_maq, least_leaves, after_rank)
        return found if found >= 0 and book.orders[found].rank < before_rank else NOBODY
    bounds, tree, _, steps = book.queue
    first, top = first_price_segment(book, variant), book.tops[variant]
    while True:
        level = book.orders[after].level if after >= 0 else 0
        rank = book.orders[after].rank if after >= 0 else 0
        after = next_by_price(
            bounds, tree, steps, top, first, k, most_maq, least_leaves, level, rank
        )
        if after < 0 or book.orders[after].rank < before_rank:
            return after


@kernel
def earlier(book: Book, one: int, other: int) -> int:
    """Return which of two orders, or NOBODY, has the priority."""
    if one < 0 or other < 0:
        return max(one, other)
    first, second = book.orders[one], book.orders[other]
    if not book.state[0].rules & TIME_PRIORITY and first.level != second.level:
        return one if first.level < second.level else other
    return one if first.rank < second.rank else other


@kernel
def eligible_count(book: Book, side: int, is_dark_limit: int, k: int) -> int:
    """Return how many orders, those preference only aside, a side has at levels up to `k`."""
    return order_count(book.queue, class_of(side, 0, is_dark_limit), k)


@kernel
def most_leaves(book: Book, side: int, is_dark_limit: int, k: int) -> int:
    """Return the most that one order of a side has left, at levels up to `k`."""
    bounds, tree, sums, steps = book.queue
    largest = 0
    for kind in (MULTI_FILL, SINGLE_FILL):
        at = k
        while at > 0:
            segment = variant_of(book, side, is_dark_limit, kind) * sums.shape[1] + at
            if bounds[segment, USED] > 0:
                largest = max(largest, tree[2 * bounds[segment, START] + 1, LEAVES])
            steps[0] += 1
            at &= at - 1
    return int(largest)


@kernel
def least_maq(book: Book, side: int, is_dark_limit: int, kind: int, k: int) -> int:
    """Return the smallest MAQ of the orders of a side and kind, at levels up to `k`."""
    bounds, tree, sums, steps = book.queue
    smallest = NO_ORDER_MAQ
    at = k
    while at > 0:
        segment = variant_of(book, side, is_dark_limit, kind) * sums.shape[1] + at
        if bounds[segment, USED] > 0:
            smallest = min(smallest, tree[2 * bounds[segment, START] + 1, MAQ])
        steps[0] += 1
        at &= at - 1
    return int(smallest)


@kernel
def level_of_nth(book: Book, order_class: int, nth: int) -> int:
    """Return the level of the nth order of a class, from the most generous on; 0 if none."""
    sums = book.queue.sums
    levels = sums.shape[1] - 1
    at, left = 0, nth
    step = 1
    while 2 * step <= levels:
        step *= 2
    while step > 0:
        book.queue.steps[0] += 1
        if at + step <= levels and sums[order_class, at + step, ORDERS] < left:
            at += step
            left -= sums[order_class, at, ORDERS]
        step >>= 1
    return at + 1 if at < levels else 0
