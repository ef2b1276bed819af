"""The state of one security: its quote, its dark and its lit book, its random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.market.order_types import CENTRE_POINT_BITS, SWEEP
from sweep_dask.sample.book import Book, new_book
from sweep_dask.sample.compiled import compiled_inner
from sweep_dask.sample.records import Quote, SecurityState, row_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.sample.tape import Tape

#: Prices the securities begin at, in 0.1 cent, taken in turn: all three regions of the tick
#: table, the 5-unit one second so that a small market has half prices. Arbitrary.
_START_PRICES = (4_150, 1_250, 27_800, 860, 9_640, 64, 15_400, 2_310)


class Security(NamedTuple):
    """All that the inner loops know of one security."""

    state: NDArray[np.void]
    quote: NDArray[np.void]
    dark: Book
    lit: Book
    random: NDArray[np.uint64]
    tape: Tape


def new_security(
    security_code: int, position: int, random: NDArray[np.uint64], tape: Tape
) -> Security:
    """A security with empty books; `position` among the market's securities sets its price."""
    state = np.zeros(1, row_type(SecurityState))
    state["security_code"] = security_code
    state["start_price"] = _START_PRICES[position % len(_START_PRICES)]
    quote = np.zeros(1, row_type(Quote))
    return Security(state, quote, new_book(), new_book(), random, tape)


@compiled_inner
def next_order_id(security: Security) -> int:
    """An id for an order of this security, also for those whose rows are never written."""
    state = security.state[0]
    state.last_order_id += 1
    return int(state.last_order_id)


@compiled_inner
def is_centre_point(order_type: int) -> bool:
    """Whether the type is one that the Centre Point extract keeps."""
    return order_type & CENTRE_POINT_BITS != 0


@compiled_inner
def home(security: Security, order_type: int) -> Book:
    """The book in which an order of this type rests: a sweep's remainder is a lit order."""
    if is_centre_point(order_type) and order_type & SWEEP == 0:
        return security.dark
    return security.lit
