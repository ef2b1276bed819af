"""The rows of the generator's arrays. In compiled code a row has its columns as attributes.

Classes here are never made; they name the int64 columns of structured arrays, see `row_type`.
"""

from __future__ import annotations

from inspect import get_annotations
from typing import Protocol

import numpy as np


class OrderTerms(Protocol):
    """What an order is; columns named as in the orders file."""

    order_id: int
    security_code: int
    price: int
    side: int
    quantity: int
    leavesquantity: int
    exchangeordertype: int
    participantid: int
    preferenceonly: int
    midtick: int
    singlefillminimumquantity: int
    minimumquantity: int
    crossingkey: int
    totalmatchedquantity: int
    timevalidity: int


class Order(OrderTerms, Protocol):
    """A slot for a live order."""

    number: int
    """The order's number in the Centre Point book, the same for every order of this slot."""


class Quote(Protocol):
    """The quote before an order; a national side may be missing, see `schema.MISSING_INTEGER`."""

    national_bid: int
    national_offer: int
    bid: int
    offer: int


class OrderRow(OrderTerms, Quote, Protocol):
    """A row of the orders file, without time and sequence."""

    transaction: int
    changereason: int
    orderstatus: int


class Match(Protocol):
    """What becomes two rows of the trades file."""

    transaction: int
    security_code: int
    buy_order_id: int
    buy_participant: int
    sell_order_id: int
    sell_participant: int
    quantity: int
    price_x2: int
    deal_source: int
    aggressor: int
    """Side of the order that came in; 0 if both were resting."""
    national_bid: int
    national_offer: int


class QuoteRow(Protocol):
    """A row of the quote file, without its times."""

    transaction: int
    security_code: int
    bid: int
    offer: int


class Cursor(Protocol):
    """How much of each buffer of a tape is filled."""

    order_rows: int
    matches: int
    quotes: int
    transactions: int


class BookSizes(Protocol):
    """How much of each list of a book is filled."""

    live: int
    free: int
    touched: int


class SecurityState(Protocol):
    """Numbers that say where one security stands."""

    security_code: int
    start_price: int
    """The price that the quote returns to in the long run, 0.1 cent."""
    last_order_id: int
    is_quoted: int
    """1 once the day's first two-sided quote is out."""
    is_continuous: int
    """1 while orders are matched as they arrive."""
    centre_point_rows: int
    """Order rows written today."""
    lit_rows: int
    quotes: int
    live_sweeps: int
    """Sweeps that rest in the lit book."""
    lowest_price: int
    """No order has a limit below this one, nor above `highest_price`."""
    highest_price: int
    steps: int
    """Things that began in this slice."""
    is_under_way: int
    """1 while what began last has not ended."""
    messages: int
    """Messages to the Centre Point book, of which the first `read` have been read."""
    read: int
    waiting: int
    """What goes on when it has: `NOTHING`, `ARRIVAL` or `QUOTE_MOVE` of `messages`."""
    arriving: int
    """Number of the order that arrives, and the reason of its rows."""
    reason: int
    keeps_place: int
    """1 if the arriving order stays where it rests."""


def columns(row: type) -> tuple[str, ...]:
    """The columns of a class above, those of its bases first."""
    found: dict[str, None] = {}
    for base in reversed(row.__mro__):
        found |= dict.fromkeys(get_annotations(base))
    return tuple(found)


def row_type(row: type) -> np.dtype[np.void]:
    """The type of an array with these rows."""
    return np.dtype([(column, np.int64) for column in columns(row)])
