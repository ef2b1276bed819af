"""What happens next to one security: orders arrive, are amended, cancelled, reloaded, purged."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.market.order_codes import OFF, SWEEP
from sweep_dask.matching.centre_point import apply_event
from sweep_dask.sample.arrivals import draw_new_order, draw_price, enter, finish_arrival, submit
from sweep_dask.sample.compiled import allocating_entry, entry, folded, kernel
from sweep_dask.sample.messages import (
    ARRIVAL,
    NOTHING,
    QUOTE_MOVE,
    tell_amendment,
    tell_cancel,
    tell_entry,
    tell_session,
)
from sweep_dask.sample.population import draw_size
from sweep_dask.sample.quotes import finish_quote_move, move_quote, publish_first_quote
from sweep_dask.sample.randomness import draw_below, happens
from sweep_dask.sample.security import (
    CAPACITY,
    Book,
    Security,
    is_centre_point,
    remove,
    start_resting,
    stop_resting,
    take_slot,
)
from sweep_dask.sample.tape import (
    AMENDED,
    CANCELLED,
    INACTIVE,
    OFF_BOOK,
    ON_BOOK,
    PURGED,
    RELOADED,
    begin_transaction,
    write_event,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sweep_dask.matching.book import Book as CentrePointBook
    from sweep_dask.sample.records import Order


#: Order rows without a second side in the national quote, at the start of a day.
_ONE_SIDED_STEPS = 3

#: Rows (or matches, quotes, transactions) of one step beyond two for each resting order: one as an
#: order arrives, another as the quote moves on.
_MOST_OWN_ROWS = 8

#: Time validity: a flag for purged orders, and that of orders which outlive the day.
_PURGED_FLAG, _CURRENT_MAX = 64 << 8, 1536


class Totals(NamedTuple):
    """What a security is to have written by some time of the day."""

    centre_point_rows: int
    lit_rows: int
    quotes: int


def run(
    security: Security, centre_point: CentrePointBook, totals: Totals, is_continuous: bool
) -> CentrePointBook:
    """Let things happen until the day's rows and quotes have reached these totals.

    Every resting order counts as one row, the one that will end it. Returns the Centre Point book
    to go on with.
    """
    state = security.state
    state["steps"] = 0
    if state["is_continuous"][0] != is_continuous:
        state["is_continuous"] = is_continuous
        tell_session(security, is_continuous)
    return _run(security, centre_point, totals)


@allocating_entry
def _run(security: Security, centre_point: CentrePointBook, totals: Totals) -> CentrePointBook:
    """Go on until all is done; the Centre Point book grows as it has to."""
    state = security.state[0]
    while state.waiting != NOTHING or state.messages > 0 or _begin(security, totals):
        for position in range(state.messages):
            centre_point = apply_event(centre_point, security.messages[position], position)
        state.messages = 0
        _go_on(security, centre_point.fills, centre_point.state[0].fills)
        centre_point.state[0].fills = 0
    return centre_point


@entry
def reload(security: Security, order_id: int) -> None:
    """A sweep of an earlier day enters the lit book again, or one that never had rows yet."""
    slot = take_slot(security.lit)
    order = security.lit.orders[slot]
    draw_new_order(security, order, SWEEP)
    order.order_id = order_id
    order.timevalidity = _CURRENT_MAX
    # The exchange switches it off when it reloads a sweep.
    order.midtick = OFF
    _write_reload(security, order)
    start_resting(security, security.lit, slot)


@entry
def reload_survivors(security: Security) -> int:
    """All sweeps that outlived the last purge enter the day again; returns how many there are."""
    lit = security.lit
    for position in range(lit.sizes[0].live):
        _write_reload(security, lit.orders[lit.live[position]])
    return int(lit.sizes[0].live)


@entry
def purge(security: Security) -> None:
    """The end of the day for all orders but those that live longer."""
    begin_transaction(security.tape, False)
    _purge_book(security, security.dark)
    _purge_book(security, security.lit)


@kernel
def _write_reload(security: Security, order: Order) -> None:
    begin_transaction(security.tape, False)
    write_event(security, order, RELOADED, OFF_BOOK)
    write_event(security, order, RELOADED, ON_BOOK)
    tell_entry(security, order)


@folded
def _begin(security: Security, totals: Totals) -> bool:
    """Begin what happens next; False if no more is due. What depends on the dark book waits."""
    state = security.state[0]
    is_continuous = state.is_continuous
    if not state.is_quoted and (is_continuous or state.steps == _ONE_SIDED_STEPS):
        publish_first_quote(security)
    dark_due = max(
        totals.centre_point_rows - state.centre_point_rows - live_orders(security, True), 0
    )
    lit_due = max(totals.lit_rows - state.lit_rows - live_orders(security, False), 0)
    quotes_due = max(totals.quotes - state.quotes, 0) if is_continuous else 0
    if dark_due + lit_due == 0 or _is_nearly_full(security):
        return False
    chosen = draw_below(security.random, dark_due + lit_due + quotes_due)
    if chosen < quotes_due:
        move_quote(security)
    else:
        change_an_order(security, chosen < quotes_due + dark_due)
    state.steps += 1
    return True


@folded
def _go_on(security: Security, fills: NDArray[np.void], count: int) -> None:
    """Go on with what waited for these fills; something else may wait afterwards."""
    state = security.state[0]
    waiting = state.waiting
    state.waiting = NOTHING
    if waiting == ARRIVAL:
        finish_arrival(security, fills, count)
    elif waiting == QUOTE_MOVE:
        finish_quote_move(security, fills, count)


@folded
def _is_nearly_full(security: Security) -> bool:
    """Whether the tape might not hold one more transaction; what is due then stays due."""
    tape, cursor = security.tape, security.tape.cursor[0]
    largest = 2 * (security.dark.sizes[0].live + security.lit.sizes[0].live) + _MOST_OWN_ROWS
    used = max(cursor.orders, cursor.trades // 2, cursor.quotes, cursor.transactions)
    return bool(used + largest > tape.orders.shape[0])


@kernel
def _purge_book(security: Security, book: Book) -> None:
    survivors = 0
    while book.sizes[0].live > survivors:
        slot = book.live[survivors]
        order = book.orders[slot]
        if order.timevalidity == _CURRENT_MAX:
            survivors += 1
        else:
            order.timevalidity |= _PURGED_FLAG
            write_event(security, order, PURGED, INACTIVE)
            remove(security, book, slot)


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
