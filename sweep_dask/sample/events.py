"""Rows of an order's life, and what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.market.change_reasons import TRADED
from sweep_dask.market.order_codes import SWEEP
from sweep_dask.sample.book import Book, give_slot_back, rest, withdraw
from sweep_dask.sample.compiled import kernel
from sweep_dask.sample.security import Security, is_centre_point
from sweep_dask.sample.tape import write_order

if TYPE_CHECKING:
    from sweep_dask.sample.records import Order

#: Change reasons (`changereason`), names as in the exchange's table.
CANCELLED, AMENDED, NEW, CANCELLED_BY_SYSTEM, PURGED, RELOADED = 1, 5, 6, 9, 24, 30

#: Order status (`orderstatus`): 1 in the book; 2 not (before matching, filled, cancelled);
#: 4 purged.
ON_BOOK, OFF_BOOK, INACTIVE = 1, 2, 4


@kernel
def write_event(security: Security, order: Order, reason: int, status: int) -> None:
    """One row of the orders file, counted."""
    write_order(security.tape, order, reason, status, security.quote[0])
    if is_centre_point(order.exchangeordertype):
        security.state[0].centre_point_rows += 1
    else:
        security.state[0].lit_rows += 1


@kernel
def start_resting(security: Security, book: Book, slot: int) -> None:
    """The order joins the end of its queue."""
    rest(book, slot)
    if book.orders[slot].exchangeordertype & SWEEP:
        security.state[0].live_sweeps += 1


@kernel
def stop_resting(security: Security, book: Book, slot: int) -> None:
    """The order leaves its queue but keeps its slot."""
    withdraw(book, slot)
    if book.orders[slot].exchangeordertype & SWEEP:
        security.state[0].live_sweeps -= 1


@kernel
def remove(security: Security, book: Book, slot: int) -> None:
    """A resting order is gone for good."""
    stop_resting(security, book, slot)
    give_slot_back(book, slot)


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
