"""The Centre Point book, slowly and obviously; the kernel is held equal to this.

Lists are searched from the front and sorted when asked; nothing is indexed. The rules and the
readings chosen where the sources are silent are those of RULES.md. To follow an order, read this
file, then `attempt` (its passes, and blocks; what those that rest do as the quote moves),
`one_price` (its contras), and `orders` (its fills).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.matching.adopting import LitAccess
from sweep_dask.matching.events import EventKind, Validity
from sweep_dask.matching.reference.attempt import match_incoming, uncross
from sweep_dask.matching.reference.book import Book, Queue, Quote
from sweep_dask.matching.reference.freed import LitBook
from sweep_dask.matching.reference.orders import Attempt, Fill, Order, order_of, reduce, set_terms

if TYPE_CHECKING:
    from collections.abc import Collection

    from sweep_dask.matching.adopting import Adopting
    from sweep_dask.matching.reference.book import Ticks
    from sweep_dask.matching.reference.freed import Gain
    from sweep_dask.matching.rules import Rules


class ReferenceBook:
    """The dark book of one security: events in, fills out.

    Parameters
    ----------
    ticks
        (from_price, tick) pairs, ascending, prices in 0.1 cent.
    preferencing
        Participants whose incoming orders are preferenced from the beginning.
    block_min_value
        Smallest value of a trade in the block phase, quantity x price_x2; None: no block phase.
    keeps_fills
        Whether fills change the book; if not, each event is predicted and taken back.
    priority_seed
        Lots rank where time does not; None: the better limit does.
    adopting
        Orders that adopt another way to act; None: nobody does.
    """

    def __init__(
        self,
        rules: Rules,
        ticks: Ticks,
        preferencing: Collection[int] = (),
        block_min_value: int | None = None,
        *,
        keeps_fills: bool = True,
        priority_seed: int | None = None,
        adopting: Adopting | None = None,
    ) -> None:
        opted_in = {(who, sweep) for who in preferencing for sweep in (False, True)}
        self._queue = Queue(rules, priority_seed)
        self._book = Book(rules, ticks, block_min_value, opted_in, self._queue, Quote(0, 0))
        self._rules = rules
        self._keeps_fills = keeps_fills
        self._adopters: set[int] = set()
        self._lit_access: LitAccess | None = None
        self._lit = LitBook(self._book)
        if adopting is not None:
            self._adopters = set(np.flatnonzero(adopting.adopts).tolist())
            self._book.apart = adopting.apart
            self._lit_access = adopting.lit_access
        self.orders: dict[int, Order] = {}

    def apply(self, event: np.void) -> tuple[list[Fill], int]:
        """Apply one event (`events.EVENT`).

        Returns the fills in order of execution, and the quantity a REDUCE really took.
        """
        made = Attempt()
        applied = self._dispatch(event, made)
        fills = list(made.fills)
        if not self._keeps_fills:
            made.undo()
        self._queue.drop_filled()
        return fills, applied

    def _dispatch(self, event: np.void, made: Attempt) -> int:
        kind = EventKind(event["kind"])
        if kind is EventKind.SESSION:
            self._book.is_continuous = bool(event["quantity"] == 1)
            self._lit.keep()
            uncross(self._book, made)
        elif kind is EventKind.QUOTE:
            self._book.quote = Quote(int(event["bid"]), int(event["offer"]))
            self._lit.keep()
            uncross(self._book, made)
        elif kind is EventKind.OPT_IN:
            self._book.opted_in.add((int(event["participant"]), bool(event["is_sweep"])))
        elif kind is EventKind.ENTER:
            self._enter(event, made)
        elif kind is EventKind.STATE:
            self._state(event)
        else:
            order = self.orders.get(int(event["order"]))
            if order is not None:
                applied = self._apply_to(order, kind, event, made) if order.is_alive else 0
                if kind in (EventKind.REDUCE, EventKind.FREE) and self._gives_freed:
                    self._lit.lose(order, event, applied)
                return applied
        return 0

    @property
    def _gives_freed(self) -> bool:
        """Whether what adopters free in the lit book is given to others."""
        return self._lit_access is not None

    @property
    def gains(self) -> list[Gain]:
        """What was gained so far of what adopters freed in the lit book."""
        return self._lit.gains

    def _apply_to(self, order: Order, kind: EventKind, event: np.void, made: Attempt) -> int:
        """An event of an order that is alive; the quantity a REDUCE took."""
        if kind is EventKind.CANCEL:
            self._queue.leave(order)
            order.is_alive = False
        elif kind is EventKind.REDUCE:
            taken = min(int(event["quantity"]), order.leaves)
            reduce(order, taken, self._rules)
            return taken
        elif kind is EventKind.AMEND:
            self._amend(order, event, made)
        elif kind is EventKind.TAKE:
            match_incoming(self._book, order, event, made)
        elif kind is EventKind.POST:
            order.limit_x2 = int(event["limit_x2"])
            match_incoming(self._book, order, event, made)
            self._queue.rest(order)
        return 0

    def _enter(self, event: np.void, made: Attempt) -> None:
        """An order arrives; what is left of an immediate one is cancelled, R21.

        A sweep's rest lives on, for the lit book.
        """
        order = self._new_order(event)
        if order.preference_only:
            self._book.opted_in |= {(order.participant, False), (order.participant, True)}
        match_incoming(self._book, order, event, made)
        if self._gives_freed:
            self._lit.come(order, event)
        immediate = order.validity != Validity.DAY and self._rules.immediate
        if immediate and not order.is_sweep and self._keeps_fills:
            order.is_alive = False
        elif event["rests"]:
            self._queue.rest(order)

    def _new_order(self, event: np.void) -> Order:
        order = self.orders[int(event["order"])] = order_of(event, self._rules)
        order.adopts = order.number in self._adopters
        order.lit_access = LitAccess.TAKES | LitAccess.RESTS
        if order.adopts and self._lit_access is not None:
            order.lit_access = self._lit_access
        return order

    def _amend(self, order: Order, event: np.void, made: Attempt) -> None:
        """New terms; whether they cost the place and trade is the event's to say. R14 to R16."""
        if order.leaves == 0:  # filled here, whatever really happened
            return
        order.leaves = max(0, order.leaves + int(event["quantity"]))
        if not event["keeps_place"] or not event["rests"]:
            self._queue.leave(order)
        set_terms(order, event, self._rules)
        if order.leaves == 0:
            self._queue.leave(order)
            return
        if event["trades"]:
            match_incoming(self._book, order, event, made)
        if self._gives_freed:
            self._lit.come(order, event)
        if event["rests"]:
            self._queue.rest(order)

    def _state(self, event: np.void) -> None:
        """What really was; nothing trades."""
        number = int(event["order"])
        order = self.orders.get(number)
        if order is None:
            order = self._new_order(event)
        order.is_alive = True
        order.leaves = int(event["quantity"])
        set_terms(order, event, self._rules)
        if not event["rests"] or not event["keeps_place"]:
            self._queue.leave(order)
        if event["rests"]:
            self._queue.rest(order)
