"""What happens to one order of a security: it enters, is amended, or is cancelled."""

from __future__ import annotations

from sweep_dask.sample.arrivals import draw_price, enter, submit
from sweep_dask.sample.book import CAPACITY, Book
from sweep_dask.sample.compiled import folded, kernel
from sweep_dask.sample.events import (
    AMENDED,
    CANCELLED,
    OFF_BOOK,
    remove,
    stop_resting,
    write_event,
)
from sweep_dask.sample.messages import tell_amendment, tell_cancel
from sweep_dask.sample.population import draw_size
from sweep_dask.sample.randomness import draw_below, happens
from sweep_dask.sample.security import Security, is_centre_point
from sweep_dask.sample.tape import begin_transaction

#: Weights of entries and amendments, as counted on a real morning (DRR, 5 September 2024: 3,194
#: orders to 716 amendments), and of cancels when `_USUAL_LIVE` orders rest.
_ENTRY, _AMENDMENT, _CANCEL = 560, 120, 320
#: Cancels keep the number of resting orders near this, for the two kinds each; arbitrary.
_USUAL_LIVE = 45
#: Nothing enters a book that has fewer free slots than this.
_ROOM = 4

#: In thousandths, the share of amendments that change the price; others change the quantity.
_PRICE_AMENDMENTS = 600


@kernel
def live_orders(security: Security, of_centre_point: bool) -> int:
    """How many live orders are (or are not) of a Centre Point type."""
    sweeps = security.state[0].live_sweeps
    if of_centre_point:
        return int(security.dark.sizes[0].live + sweeps)
    return int(security.lit.sizes[0].live - sweeps)


@folded
def change_an_order(security: Security, of_centre_point: bool) -> None:
    """An order enters, or a random live one is amended or cancelled."""
    count = live_orders(security, of_centre_point)
    cancel = _CANCEL * count // _USUAL_LIVE
    chosen = draw_below(security.random, _ENTRY + _AMENDMENT + cancel)
    is_full = _is_full(security.dark) or _is_full(security.lit)
    if count == 0 or (chosen < _ENTRY and not is_full):
        enter(security, of_centre_point)
        return
    book, slot = _pick(security, of_centre_point)
    if chosen < _ENTRY + _AMENDMENT and not is_full:
        _amend(security, book, slot)
    else:
        begin_transaction(security.tape, False)
        write_event(security, book.orders[slot], CANCELLED, OFF_BOOK)
        tell_cancel(security, book.orders[slot])
        remove(security, book, slot)


@kernel
def _is_full(book: Book) -> bool:
    return bool(book.sizes[0].live > CAPACITY - _ROOM)


@folded
def _pick(security: Security, of_centre_point: bool) -> tuple[Book, int]:
    """A random resting order that is (or is not) of a Centre Point type."""
    count = live_orders(security, of_centre_point)
    chosen = draw_below(security.random, count)
    dark = security.dark.sizes[0].live
    if of_centre_point and chosen < dark:
        return security.dark, security.dark.live[chosen]
    left = chosen - dark if of_centre_point else chosen
    position = 0
    while True:
        slot = security.lit.live[position]
        if is_centre_point(security.lit.orders[slot].exchangeordertype) == of_centre_point:
            if left == 0:
                return security.lit, slot
            left -= 1
        position += 1


@folded
def _amend(security: Security, book: Book, slot: int) -> None:
    """A new price or quantity: the order arrives anew. A smaller quantity keeps its place."""
    order = book.orders[slot]
    leaves_before, price_before = order.leavesquantity, order.price
    if happens(security.random, _PRICE_AMENDMENTS):
        order.price = draw_price(security, order)
    else:
        quantity = draw_size(security.random)
        # The exchange restarts `quantity` at what is open: from here on it is no longer the sum
        # of what is left and what has traded.
        order.quantity = quantity
        order.leavesquantity = quantity
        order.minimumquantity = min(order.minimumquantity, quantity)
    leaves_change = order.leavesquantity - leaves_before
    keeps_place = order.price == price_before and leaves_change <= 0
    if not keeps_place:
        stop_resting(security, book, slot)
    submit(security, order, AMENDED, keeps_place)
    if leaves_change != 0 or order.price != price_before:
        tell_amendment(security, order, leaves_change, keeps_place)
