"""What one slice of time has written so far: the rows of three files, transaction by transaction.

Times are given to transactions afterwards, when it is known how many there are; sequence numbers
when all securities lie side by side, see `interleave`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.market.change_reasons import TRADED
from sweep_dask.sample.compiled import entry, kernel
from sweep_dask.sample.records import Cursor, Order, Quote, Transaction, row_type, table_type
from sweep_dask.sample.security import Book, Security, is_centre_point, remove
from sweep_dask.schema import NBBO, ORDERS, TRADES

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: Opaque columns; the values a real extract has. Columns that nothing writes to are 0.
EXCHANGE, _LIMIT_ORDER, _QUOTE_PARTITION = 3, 1, 1
_SHORT_SELL = 2


class Tape(NamedTuple):
    """Buffers of one slice; `cursor` says how much of each is filled.

    Rows are those of the files, text columns hold a number that stands for the text.
    """

    orders: NDArray[np.void]
    trades: NDArray[np.void]
    """The two legs of each match, buy first."""
    quotes: NDArray[np.void]
    transactions: NDArray[np.void]
    """What happens at one time, see `Transaction`."""
    cursor: NDArray[np.void]


def new_tape(rows: int) -> Tape:
    """An empty tape for `rows` order rows and as many of everything else."""
    return Tape(
        orders=np.zeros(rows, table_type(ORDERS)),
        trades=np.zeros(2 * rows, table_type(TRADES)),
        quotes=np.zeros(rows, table_type(NBBO)),
        transactions=np.zeros(rows + 1, row_type(Transaction)),
        cursor=np.zeros(1, row_type(Cursor)),
    )


def rewind(tape: Tape) -> None:
    """Make the tape empty; what it held is overwritten."""
    tape.cursor[:] = 0


@entry
def begin_transaction(tape: Tape, follows: bool) -> None:
    """All rows written from here on happen at one time."""
    cursor = tape.cursor[0]
    transaction = tape.transactions[cursor.transactions]
    cursor.transactions += 1
    transaction.follows = 1 if follows else 0
    transaction.orders = cursor.orders
    transaction.trades = cursor.trades
    transaction.quotes = cursor.quotes


@kernel
def write_event(security: Security, order: Order, reason: int, status: int) -> None:
    """One row of the orders file, counted: what the order is now, and why."""
    tape, quote = security.tape, security.quote[0]
    cursor = tape.cursor[0]
    row = tape.orders[cursor.orders]
    cursor.orders += 1
    row.order_id = order.order_id
    row.exchange = EXCHANGE
    row.security_code = order.security_code
    row.price = order.price
    row.side = order.side
    row.changereason = reason
    row.orderstatus = status
    row.quantity = order.quantity
    row.leavesquantity = order.leavesquantity
    row.ordertype = _LIMIT_ORDER
    row.exchangeordertype = order.exchangeordertype
    row.national_bid = quote.national_bid
    row.national_offer = quote.national_offer
    row.bid = quote.bid
    row.offer = quote.offer
    row.participantid = order.participantid
    row.preferenceonly = order.preferenceonly
    row.midtick = order.midtick
    row.singlefillminimumquantity = order.singlefillminimumquantity
    row.minimumquantity = order.minimumquantity
    row.crossingkey = order.crossingkey
    row.totalmatchedquantity = order.totalmatchedquantity
    is_short = order.exchangeordertype & _SHORT_SELL != 0
    row.shortsellquantity = order.leavesquantity if is_short else 0
    row.timevaliditydecoded = order.timevalidity
    row.timevalidity = order.timevalidity
    if is_centre_point(order.exchangeordertype):
        security.state[0].centre_point_rows += 1
    else:
        security.state[0].lit_rows += 1


@kernel
def write_quote(tape: Tape, security: int, quote: Quote) -> None:
    """One row of the quote file."""
    cursor = tape.cursor[0]
    row = tape.quotes[cursor.quotes]
    cursor.quotes += 1
    row.partition = _QUOTE_PARTITION
    row.bidprice = quote.bid
    row.offerprice = quote.offer
    row.orderbookid = security


#: Change reasons (`changereason`), names as in the exchange's table.
CANCELLED, AMENDED, NEW, CANCELLED_BY_SYSTEM, PURGED, RELOADED = 1, 5, 6, 9, 24, 30

#: Order status (`orderstatus`): 1 in the book; 2 not (before matching, filled, cancelled);
#: 4 purged.
ON_BOOK, OFF_BOOK, INACTIVE = 1, 2, 4


@kernel
def settle(security: Security) -> None:
    """One row for every resting order that traded in this transaction; filled ones leave."""
    _settle_book(security, security.dark)
    _settle_book(security, security.lit)


@kernel
def _settle_book(security: Security, book: Book) -> None:
    for position in range(book.sizes[0].touched):
        slot = book.touched[position]
        order = book.orders[slot]
        is_filled = order.leavesquantity == 0
        write_event(security, order, TRADED, OFF_BOOK if is_filled else ON_BOOK)
        if is_filled:
            remove(security, book, slot)
    book.sizes[0].touched = 0
