"""The state of one security: its quote, its live orders, its random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.market.order_codes import CENTRE_POINT_BITS, SWEEP
from sweep_dask.market.ticks import DEFAULT_TICKS
from sweep_dask.matching.book import open_book
from sweep_dask.matching.events import EVENT
from sweep_dask.matching.rules import Rules
from sweep_dask.sample.book import CAPACITY, Book, new_book
from sweep_dask.sample.compiled import kernel
from sweep_dask.sample.population import PREFERENCING
from sweep_dask.sample.records import Quote, SecurityState, row_type
from sweep_dask.sample.ticks import prices_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.matching.book import Book as CentrePointBook
    from sweep_dask.sample.tape import Tape

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
