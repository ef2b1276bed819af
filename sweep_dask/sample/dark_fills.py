"""The fills that the Centre Point book has made: on the tape, and on the orders that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.sample.book import touch
from sweep_dask.sample.compiled import kernel
from sweep_dask.sample.pairing import reduce, write_match
from sweep_dask.sample.security import slot_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sweep_dask.sample.records import Order
    from sweep_dask.sample.security import Security

#: The number of no order.
NOBODY = -1


@kernel
def write_dark_fills(
    security: Security, fills: NDArray[np.void], count: int, arriving: int
) -> None:
    """The first `count` of `matching.events.FILL`, in order; `arriving` gets its row elsewhere."""
    for position in range(count):
        fill = fills[position]
        buy, sell = _order(security, fill.buy), _order(security, fill.sell)
        write_match(
            security,
            buy,
            sell.order_id,
            sell.participantid,
            fill.quantity,
            fill.price_x2,
            fill.deal_source,
            fill.aggressor,
        )
        reduce(buy, fill.quantity)
        reduce(sell, fill.quantity)
        _touch_unless(security, fill.buy, arriving)
        _touch_unless(security, fill.sell, arriving)


@kernel
def _order(security: Security, number: int) -> Order:
    book, slot = slot_of(security, number)
    order: Order = book.orders[slot]
    return order


@kernel
def _touch_unless(security: Security, number: int, arriving: int) -> None:
    if number != arriving:
        book, slot = slot_of(security, number)
        touch(book, slot)
