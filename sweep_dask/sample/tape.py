"""What one slice of time has written so far: order rows, matches and quotes, without their times.

Rows carry the number of their transaction. Times are given to transactions afterwards, when it is
known how many there are; sequence numbers when all securities lie side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.matching.compiled import kernel
from sweep_dask.sample.records import Cursor, Match, Order, OrderRow, Quote, QuoteRow, row_type

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Tape(NamedTuple):
    """Buffers of one slice, all of one length; `cursor` says how much of each is filled."""

    order_rows: NDArray[np.void]
    matches: NDArray[np.void]
    quotes: NDArray[np.void]
    follows: NDArray[np.bool_]
    """bool[transactions]: the transaction is the immediate effect of the one before it."""
    cursor: NDArray[np.void]


def new_tape(rows: int) -> Tape:
    """An empty tape for `rows` order rows and as many of everything else."""
    return Tape(
        order_rows=np.zeros(rows, row_type(OrderRow)),
        matches=np.zeros(rows, row_type(Match)),
        quotes=np.zeros(rows, row_type(QuoteRow)),
        follows=np.zeros(rows, np.bool_),
        cursor=np.zeros(1, row_type(Cursor)),
    )


def rewind(tape: Tape) -> None:
    """Make the tape empty; what it held is overwritten."""
    tape.cursor[:] = 0


@kernel
def begin_transaction(tape: Tape, follows: bool) -> None:
    """All rows written from here on happen at one time."""
    cursor = tape.cursor[0]
    tape.follows[cursor.transactions] = follows
    cursor.transactions += 1


@kernel
def write_order(tape: Tape, order: Order, reason: int, status: int, quote: Quote) -> None:
    """One row of the orders file: what the order is now, and why."""
    cursor = tape.cursor[0]
    row = tape.order_rows[cursor.order_rows]
    cursor.order_rows += 1
    row.order_id = order.order_id
    row.security_code = order.security_code
    row.price = order.price
    row.side = order.side
    row.quantity = order.quantity
    row.leavesquantity = order.leavesquantity
    row.exchangeordertype = order.exchangeordertype
    row.participantid = order.participantid
    row.preferenceonly = order.preferenceonly
    row.midtick = order.midtick
    row.singlefillminimumquantity = order.singlefillminimumquantity
    row.minimumquantity = order.minimumquantity
    row.crossingkey = order.crossingkey
    row.totalmatchedquantity = order.totalmatchedquantity
    row.timevalidity = order.timevalidity
    row.transaction = cursor.transactions - 1
    row.changereason = reason
    row.orderstatus = status
    row.national_bid = quote.national_bid
    row.national_offer = quote.national_offer
    row.bid = quote.bid
    row.offer = quote.offer


@kernel
def next_match(tape: Tape, quote: Quote) -> Match:
    """A new match of the current transaction, for the caller to fill in."""
    cursor = tape.cursor[0]
    match: Match = tape.matches[cursor.matches]
    cursor.matches += 1
    match.transaction = cursor.transactions - 1
    match.national_bid = quote.national_bid
    match.national_offer = quote.national_offer
    return match


@kernel
def write_quote(tape: Tape, security: int, quote: Quote) -> None:
    """One row of the quote file."""
    cursor = tape.cursor[0]
    row = tape.quotes[cursor.quotes]
    cursor.quotes += 1
    row.transaction = cursor.transactions - 1
    row.security_code = security
    row.bid = quote.bid
    row.offer = quote.offer
