"""A book: the live orders of one security that rest in one place, oldest first, bounded in number.

Orders sit in fixed slots; a queue of slot numbers holds their priority.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.sample.compiled import kernel
from sweep_dask.sample.records import BookSizes, Order, row_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: More live orders than this a book does not hold; arbitrary, it bounds the memory.
CAPACITY = 256


class Book(NamedTuple):
    """Slots, and three lists of slot numbers with their lengths in `sizes`."""

    orders: NDArray[np.void]
    live: NDArray[np.int64]
    """Resting orders, oldest priority first."""
    free: NDArray[np.int64]
    """Unused slots, a stack."""
    touched: NDArray[np.int64]
    """Resting orders that traded in the current transaction and have no row yet."""
    sizes: NDArray[np.void]


def new_book(first_number: int) -> Book:
    """A book without orders; its slots are numbered from `first_number` on."""
    sizes = np.zeros(1, row_type(BookSizes))
    sizes["free"] = CAPACITY
    orders = np.zeros(CAPACITY, row_type(Order))
    orders["number"] = first_number + np.arange(CAPACITY)
    return Book(
        orders=orders,
        live=np.zeros(CAPACITY, np.int64),
        free=np.arange(CAPACITY, dtype=np.int64),
        touched=np.zeros(CAPACITY, np.int64),
        sizes=sizes,
    )


@kernel
def take_slot(book: Book) -> int:
    """An unused slot for an incoming order; it does not rest yet."""
    book.sizes[0].free -= 1
    return int(book.free[book.sizes[0].free])


@kernel
def give_slot_back(book: Book, slot: int) -> None:
    """The order in this slot is gone."""
    book.free[book.sizes[0].free] = slot
    book.sizes[0].free += 1


@kernel
def rest(book: Book, slot: int) -> None:
    """The order joins the end of the queue."""
    book.live[book.sizes[0].live] = slot
    book.sizes[0].live += 1


@kernel
def withdraw(book: Book, slot: int) -> None:
    """The order leaves the queue but keeps its slot."""
    position = 0
    while book.live[position] != slot:
        position += 1
    book.sizes[0].live -= 1
    for later in range(position, book.sizes[0].live):
        book.live[later] = book.live[later + 1]


@kernel
def touch(book: Book, slot: int) -> None:
    """The order has traded and gets a row at the end of the transaction."""
    sizes = book.sizes[0]
    for position in range(sizes.touched):
        if book.touched[position] == slot:
            return
    book.touched[sizes.touched] = slot
    sizes.touched += 1
