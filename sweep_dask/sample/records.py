"""The rows of the generator's arrays. In compiled code a row has its columns as attributes.

Classes here are never made; they name the int64 columns of structured arrays, see `row_type`.
"""

from __future__ import annotations

from inspect import get_annotations
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from sweep_dask.schema import Table


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


class Transaction(Protocol):
    """What happens at one time; its rows go up to those of the transaction after it."""

    orders: int
    """Its first row of the orders file on the tape, of the trades file, of the quote file."""
    trades: int
    quotes: int
    follows: int
    """1 if it is the immediate effect of the one before it."""


class Counts(Protocol):
    """Rows of the three big files: on a tape, or in the whole market."""

    orders: int
    trades: int
    quotes: int


class Cursor(Counts, Protocol):
    """How much of each buffer of a tape is filled."""

    transactions: int


class Counters(Counts, Protocol):
    """How far the market has come."""

    sequence: int
    """The number that orders and trades share."""


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
    messages: int
    """Messages to the Centre Point book."""
    waiting: int
    """What goes on when it has: `NOTHING`, `ARRIVAL` or `QUOTE_MOVE` of `messages`."""
    arriving: int
    """Number of the order that arrives, and the reason of its rows."""
    reason: int
    keeps_place: int
    """1 if the arriving order stays where it rests."""


def row_type(row: type) -> np.dtype[np.void]:
    """The type of an array with these rows; the columns of a class's bases come first."""
    names = dict.fromkeys(name for base in row.__mro__[::-1] for name in get_annotations(base))
    return np.dtype([(name, np.int64) for name in names])


def table_type(table: Table) -> np.dtype[np.void]:
    """The type of an array with the rows of an input table, numbers all of them."""
    return np.dtype([(column.name, np.int64) for column in table.columns])
