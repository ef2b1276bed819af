"""One security: its quote, its two books of live orders, its random numbers, and its ticks.

Orders sit in fixed slots; a queue of slot numbers holds their priority, oldest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.market import ticks
from sweep_dask.market.order_codes import CENTRE_POINT_BITS, SWEEP
from sweep_dask.market.ticks import DEFAULT_TICKS
from sweep_dask.matching.book import open_book
from sweep_dask.matching.events import EVENT
from sweep_dask.matching.rules import Rules
from sweep_dask.sample.compiled import kernel
from sweep_dask.sample.population import PREFERENCING
from sweep_dask.sample.records import BookSizes, Order, Quote, SecurityState, row_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.matching.book import Book as CentrePointBook
    from sweep_dask.sample.tape import Tape


_FROM_PRICE, _TICK = DEFAULT_TICKS.arrays


def prices_around(price: int, distance_ticks: int) -> tuple[int, int]:
    """The on-tick prices so many steps below and above an on-tick price."""
    lowest = highest = price
    for _ in range(distance_ticks):
        lowest -= int(ticks.tick_below(lowest, _FROM_PRICE, _TICK))
        highest += int(ticks.tick_above(highest, _FROM_PRICE, _TICK))
    return lowest, highest


@kernel
def tick_above(price: int) -> int:
    """The distance from an on-tick price to the next one up."""
    return int(ticks.tick_above(price, _FROM_PRICE, _TICK))


@kernel
def step(price: int, ticks_up: int) -> int:
    """The on-tick price so many steps up (or down, if negative) from an on-tick price."""
    for _ in range(ticks_up):
        price += ticks.tick_above(price, _FROM_PRICE, _TICK)
    for _ in range(-ticks_up):
        price -= ticks.tick_below(price, _FROM_PRICE, _TICK)
    return price


@kernel
def effective_limit_x2(price: int, is_buy: bool, midtick: int) -> int:
    """Twice the limit that counts in the dark."""
    return int(ticks.effective_limit_x2(price, is_buy, midtick, _FROM_PRICE, _TICK))


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
def start_resting(security: Security, book: Book, slot: int) -> None:
    """The order joins the end of its queue."""
    book.live[book.sizes[0].live] = slot
    book.sizes[0].live += 1
    if book.orders[slot].exchangeordertype & SWEEP:
        security.state[0].live_sweeps += 1


@kernel
def stop_resting(security: Security, book: Book, slot: int) -> None:
    """The order leaves its queue but keeps its slot."""
    position = 0
    while book.live[position] != slot:
        position += 1
    book.sizes[0].live -= 1
    for later in range(position, book.sizes[0].live):
        book.live[later] = book.live[later + 1]
    if book.orders[slot].exchangeordertype & SWEEP:
        security.state[0].live_sweeps -= 1


@kernel
def remove(security: Security, book: Book, slot: int) -> None:
    """A resting order is gone for good."""
    stop_resting(security, book, slot)
    give_slot_back(book, slot)


@kernel
def touch(book: Book, slot: int) -> None:
    """The order has traded and gets a row at the end of the transaction."""
    sizes = book.sizes[0]
    for position in range(sizes.touched):
        if book.touched[position] == slot:
            return
    book.touched[sizes.touched] = slot
    sizes.touched += 1


#: Prices the securities begin at, in 0.1 cent, taken in turn: all three regions of the tick
#: table, the 5-unit one second so that a small market has half prices. Arbitrary.
_START_PRICES = (4_150, 1_250, 27_800, 860, 9_640, 64, 15_400, 2_310)
#: Limits lie at most so many ticks from there; less than the lowest start price has below it.
#: Seldom reached.
_FARTHEST_TICKS = 45

#: Messages of one step, at most: an order may enter and be filled, each live one be filled or
#: reloaded, the quote and the trading state change.
_MOST_MESSAGES = 2 * CAPACITY + 16


class Security(NamedTuple):
    """All that the inner loops know of one security."""

    state: NDArray[np.void]
    quote: NDArray[np.void]
    dark: Book
    lit: Book
    messages: NDArray[np.void]
    """`matching.events.EVENT[any]`, see `messages`."""
    random: NDArray[np.uint64]
    tape: Tape


def new_security(
    security_code: int, position: int, random: NDArray[np.uint64], tape: Tape
) -> Security:
    """A security with empty books; `position` among the market's securities sets its price."""
    state = np.zeros(1, row_type(SecurityState))
    state["security_code"] = security_code
    start_price = _START_PRICES[position % len(_START_PRICES)]
    state["start_price"] = start_price
    state["lowest_price"], state["highest_price"] = prices_around(start_price, _FARTHEST_TICKS)
    quote = np.zeros(1, row_type(Quote))
    dark, lit = new_book(0), new_book(CAPACITY)
    messages = np.zeros(_MOST_MESSAGES, EVENT)
    return Security(state, quote, dark, lit, messages, random, tape)


def open_centre_point() -> CentrePointBook:
    """An empty Centre Point book for one day of a security."""
    return open_book(Rules(), *DEFAULT_TICKS.arrays, PREFERENCING)


@kernel
def next_order_id(security: Security) -> int:
    """An id for an order of this security, also for those whose rows are never written."""
    state = security.state[0]
    state.last_order_id += 1
    return int(state.last_order_id)


@kernel
def slot_of(security: Security, number: int) -> tuple[Book, int]:
    """Where the order with this number in the Centre Point book is held."""
    if number < CAPACITY:
        return security.dark, number
    return security.lit, number - CAPACITY


@kernel
def is_centre_point(order_type: int) -> bool:
    """Whether the type is one that the Centre Point extract keeps."""
    return order_type & CENTRE_POINT_BITS != 0


@kernel
def home(security: Security, order_type: int) -> Book:
    """The book in which an order of this type rests: a sweep's remainder is a lit order."""
    if is_centre_point(order_type) and order_type & SWEEP == 0:
        return security.dark
    return security.lit
