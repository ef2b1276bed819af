"""An order looks for contras at one price: which it takes, and who else must help."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.matching.events import Route, Style
from sweep_dask.matching.reference.orders import Attempt, Deal, Order, make_fill

if TYPE_CHECKING:
    from sweep_dask.matching.reference.book import Book

#: Who fills a contra and with how much.
Shares = list[tuple[Order, int]]


class Search(NamedTuple):
    """Which contras an order looks for, and at what price."""

    price_x2: int
    style: Style
    """What a contra must be to trade at that price."""
    own: bool = False
    """Among the orders of its participant alone; R11."""
    is_incoming: bool = True
    older_only: bool = False
    """Among those alone that rested before it; R17."""


def fill_at(book: Book, order: Order, search: Search, attempt: Attempt) -> None:
    """The order trades with the first contra it can, again and again; R4, R9."""
    if book.rules.limit_test and not order.accepts(search.price_x2):
        return
    while order.leaves > 0:
        for contra in _contras(book, order, search):
            shares = _shares(book, order, contra, search)
            if shares:
                break
        else:
            return
        for filler, quantity in shares:
            deal = _deal(order, filler, quantity, search)
            make_fill(filler, contra, deal, attempt, book.rules)


def _contras(book: Book, order: Order, search: Search) -> list[Order]:
    """Whom the order may meet, in order of priority; R3, R4, R11, R12."""
    return [
        contra
        for contra in book.queue.eligible(order.contra_side, search.price_x2, search.style)
        if (contra.participant == order.participant if search.own else not contra.preference_only)
        and not (search.older_only and contra.rank > order.rank)
        and not book.are_apart(order, contra)
    ]


def _shares(book: Book, order: Order, contra: Order, search: Search) -> Shares:
    """Who fills the contra and with how much, oldest first; empty if a minimum forbids it."""
    minimum = contra.minimum_quantity
    completes = book.rules.minimum_quantity_completion and not search.own
    if minimum > 0 and not contra.single_fill and completes:
        helpers = _helpers(book, order, contra, search)
        helped = sum(quantity for _, quantity in helpers)
        if helped < minimum:
            quantity = min(order.leaves, contra.leaves - helped)
            if helped + quantity >= minimum and order.suits(quantity):
                return [*helpers, (order, quantity)]
            return []
    quantity = min(order.leaves, contra.leaves)
    return [(order, quantity)] if quantity >= minimum and order.suits(quantity) else []


def _helpers(book: Book, order: Order, contra: Order, search: Search) -> Shares:
    """Resting orders of the taker's side ahead of it, as the contra would fill them; R10."""
    left = contra.leaves
    shares = []
    for helper in book.queue.eligible(order.side, search.price_x2, search.style):
        quantity = min(left, helper.leaves)
        is_ahead = helper.rank < order.rank and not helper.preference_only
        is_ahead = is_ahead and not book.are_apart(helper, contra)
        if is_ahead and quantity > 0 and quantity >= helper.minimum_quantity:
            shares.append((helper, quantity))
            left -= quantity
    return shares


def _deal(order: Order, filler: Order, quantity: int, search: Search) -> Deal:
    is_taker = filler is order
    aggressor = order.side if is_taker and search.is_incoming else 0
    return Deal(quantity, search.price_x2, _route(search, is_taker=is_taker), aggressor, search.own)


def _route(search: Search, *, is_taker: bool) -> Route:
    if search.style is Style.DARK_LIMIT:
        return Route.ON_TICK
    if not search.is_incoming:
        return Route.QUOTE_MOVE
    if not is_taker:
        return Route.COMPLETION
    return Route.OWN if search.own else Route.MIDPOINT
