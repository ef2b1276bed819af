"""The Centre Point book, slowly and obviously; the kernel is held equal to this.

Lists are searched from the front and sorted when asked; nothing is indexed. The rules and the
readings chosen where the sources are silent are those of RULES.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.matching.events import BUY, FILL, SELL, EventKind, Obstacle, Route, Style, Validity
from sweep_dask.matching.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

#: Rank of an order that does not rest: younger than all that do.
_YOUNGEST = 2**62

_BOOKING, _PREFERENCED, _PLAIN, _PREFERENCE_ONLY = 48, 46, 47, 49
_BLOCK, _BLOCK_PREFERENCED, _BLOCK_PREFERENCE_ONLY = 50, 51, 52


class Fill(NamedTuple):
    """One match; the fields of `events.FILL` after the first."""

    buy: int
    sell: int
    quantity: int
    price_x2: int
    deal_source: int
    aggressor: int
    route: int


@dataclass(eq=False)
class Order:
    """The terms of an order now, and where it stands."""

    number: int
    side: int
    leaves: int
    style: int = 0
    validity: int = 0
    single_fill: bool = False
    preference_only: bool = False
    is_sweep: bool = False
    participant: int = 0
    crossing_key: int = 0
    limit_x2: int = 0
    price: int = 0
    minimum_quantity: int = 0
    rank: int = _YOUNGEST
    rests: bool = False
    is_alive: bool = True
    obstacle: int = 0

    def accepts(self, price_x2: int) -> bool:
        """Whether the limit allows a price; R3."""
        return self.limit_x2 >= price_x2 if self.side == BUY else self.limit_x2 <= price_x2


@dataclass
class _Meeting:
    """Fills of one order's attempt, and what it takes to undo them."""

    fills: list[Fill] = field(default_factory=list)
    before: list[tuple[Order, int, int]] = field(default_factory=list)

    def undo(self) -> None:
        for order, leaves, minimum in reversed(self.before):
            order.leaves, order.minimum_quantity = leaves, minimum
        self.fills.clear()
        self.before.clear()


class ReferenceBook:
    """The dark book of one security.

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
    """

    def __init__(
        self,
        rules: Rules,
        ticks: Sequence[tuple[int, int]],
        preferencing: Collection[int] = (),
        block_min_value: int | None = None,
        *,
        keeps_fills: bool = True,
    ) -> None:
        self.rules = rules
        self.ticks = tuple(ticks)
        self.opted_in = {(who, sweep) for who in preferencing for sweep in (False, True)}
        self.block_min_value = block_min_value
        self.keeps_fills = keeps_fills
        self.orders: dict[int, Order] = {}
        self.queue: dict[int, list[Order]] = {BUY: [], SELL: []}
        self.bid = self.offer = 0
        self.is_continuous = False
        self.last_rank = 0

    # --- events ---------------------------------------------------------------------------------

    def apply(self, event: np.void) -> tuple[list[Fill], int]:
        """Apply one event (`events.EVENT`).

        Returns
        -------
        tuple
            The fills in order of execution, and the quantity a REDUCE really took.
        """
        kind = EventKind(event["kind"])
        meeting = _Meeting()
        applied = 0
        if kind is EventKind.SESSION:
            self.is_continuous = event["quantity"] == 1
            self._meet(meeting)
        elif kind is EventKind.QUOTE:
            self.bid, self.offer = int(event["bid"]), int(event["offer"])
            self._meet(meeting)
        elif kind is EventKind.OPT_IN:
            self.opted_in.add((int(event["participant"]), bool(event["is_sweep"])))
        elif kind is EventKind.ENTER:
            self._enter(event, meeting)
        elif kind is EventKind.STATE:
            self._state(event)
        else:
            order = self.orders.get(int(event["order"]))
            if order is not None and order.is_alive:
                applied = self._apply_to(order, kind, event, meeting)
        fills = list(meeting.fills)
        if not self.keeps_fills:
            meeting.undo()
        self._drop_filled()
        return fills, applied

    def _apply_to(self, order: Order, kind: EventKind, event: np.void, meeting: _Meeting) -> int:
        if kind is EventKind.CANCEL:
            self._leave(order)
            order.is_alive = False
        elif kind is EventKind.REDUCE:
            taken = min(int(event["quantity"]), order.leaves)
            self._reduce(order, taken)
            return taken
        elif kind is EventKind.AMEND:
            self._amend(order, event, meeting)
        elif kind is EventKind.TAKE:
            self._look(order, event, meeting)
        elif kind is EventKind.POST:
            order.limit_x2 = int(event["limit_x2"])
            self._look(order, event, meeting)
            self._rest(order)
        return 0

    def _enter(self, event: np.void, meeting: _Meeting) -> None:
        order = self._order_of(event)
        self.orders[order.number] = order
        if order.preference_only and self.rules.preference_only:
            self.opted_in |= {(order.participant, False), (order.participant, True)}
        self._look(order, event, meeting)
        immediate = order.validity != Validity.DAY and self.rules.immediate
        if immediate and not order.is_sweep and self.keeps_fills:
            order.is_alive = False
        elif event["rests"]:
            self._rest(order)

    def _order_of(self, event: np.void) -> Order:
        order = Order(int(event["order"]), int(event["side"]), int(event["quantity"]))
        self._set_terms(order, event)
        return order

    def _set_terms(self, order: Order, event: np.void) -> None:
        order.style = int(event["style"])
        order.validity = int(event["validity"])
        order.single_fill = bool(event["single_fill"]) and self.rules.single_fill
        order.preference_only = bool(event["preference_only"]) and self.rules.preference_only
        order.is_sweep = bool(event["is_sweep"])
        order.participant = int(event["participant"])
        order.crossing_key = int(event["crossing_key"])
        order.limit_x2 = int(event["limit_x2"])
        order.price = int(event["price"])
        minimum = int(event["minimum_quantity"]) if self.rules.minimum_quantity else 0
        order.minimum_quantity = minimum if minimum <= order.leaves else 0

    def _amend(self, order: Order, event: np.void, meeting: _Meeting) -> None:
        if order.leaves == 0:  # filled here, whatever really happened
            return
        order.leaves = max(0, order.leaves + int(event["quantity"]))
        if not event["keeps_place"] or not event["rests"]:
            self._leave(order)
        self._set_terms(order, event)
        if order.leaves == 0:
            self._leave(order)
            return
        if event["trades"]:
            self._look(order, event, meeting)
        if event["rests"]:
            self._rest(order)

    def _state(self, event: np.void) -> None:
        number = int(event["order"])
        order = self.orders.get(number)
        if order is None:
            order = self.orders[number] = self._order_of(event)
        order.is_alive = True
        order.leaves = int(event["quantity"])
        self._set_terms(order, event)
        if not event["rests"] or not event["keeps_place"]:
            self._leave(order)
        if event["rests"]:
            self._rest(order)

    # --- places in the queue --------------------------------------------------------------------

    def _rest(self, order: Order) -> None:
        if not order.rests and order.leaves > 0 and order.is_alive:
            self.last_rank += 1
            order.rank, order.rests = self.last_rank, True
            self.queue[order.side].append(order)

    def _leave(self, order: Order) -> None:
        if order.rests:
            self.queue[order.side].remove(order)
            order.rank, order.rests = _YOUNGEST, False

    def _drop_filled(self) -> None:
        for queue in self.queue.values():
            for order in [order for order in queue if order.leaves == 0]:
                self._leave(order)

    def _eligible(self, side: int, price_x2: int, style: int) -> list[Order]:
        """Who rests on a side and accepts a price, in order of priority; R3, R4."""
        found = [
            order
            for order in self.queue[side]
            if order.leaves > 0
            and order.style >= style
            and (order.accepts(price_x2) or not self.rules.limit_test)
        ]
        return sorted(found, key=self._priority)

    def _priority(self, order: Order) -> tuple[int, int]:
        if self.rules.time_priority:
            return (0, order.rank)
        return (-order.limit_x2 if order.side == BUY else order.limit_x2, order.rank)

    # --- an order looks for contras -------------------------------------------------------------

    def _look(self, order: Order, event: np.void, meeting: _Meeting) -> None:
        """An incoming order trades with those that rest, at the quote of its event; R20."""
        if not event["trades"] or order.leaves == 0:
            return
        own_quote = event["has_quote"] and self.rules.own_quote
        bid, offer = (
            (int(event["bid"]), int(event["offer"])) if own_quote else (self.bid, self.offer)
        )
        order.obstacle = self._closed(bid, offer)
        if order.obstacle == Obstacle.NONE:
            self._trade(order, bid, offer, meeting)
            order.obstacle = self._obstacle(order, bid + offer)

    def _closed(self, bid: int, offer: int) -> Obstacle:
        """Why nobody can trade now; R18, R19."""
        if self.rules.continuous_only and not self.is_continuous:
            return Obstacle.SESSION
        if bid <= 0 or offer <= 0:
            return Obstacle.NO_QUOTE
        if self.rules.normal_quote and bid >= offer:
            return Obstacle.LOCKED_OR_CROSSED
        return Obstacle.NONE

    def _trade(self, order: Order, bid: int, offer: int, meeting: _Meeting) -> None:
        """All passes of an incoming order; undone if its minimum is not met. R7, R11, R21."""
        attempt = _Meeting()
        needed = self._needed(order)
        before = order.leaves
        passes = self._passes(order)
        for own in passes:
            for price_x2 in self._prices(order, bid, offer):
                self._fill_at(order, price_x2, bid + offer, attempt, own=own)
        for own in passes:
            self._fill_blocks(order, bid, offer, attempt, own=own)
        if before - order.leaves < needed:
            attempt.undo()
        meeting.fills += attempt.fills
        meeting.before += attempt.before

    def _needed(self, order: Order) -> int:
        """What an attempt must fill in sum, or it is undone."""
        if order.validity == Validity.FILL_OR_KILL and self.rules.immediate:
            return order.leaves
        return 0 if order.single_fill else order.minimum_quantity

    def _passes(self, order: Order) -> list[bool]:
        """True: over the participant's own orders; False: over all. R11, R12."""
        opted_in = (order.participant, order.is_sweep) in self.opted_in
        own = [True] if opted_in and self.rules.preferencing else []
        return [True] if order.preference_only else [*own, False]

    def _prices(self, order: Order, bid: int, offer: int) -> list[int]:
        """The prices of an incoming order from the best to the worst for it; R5."""
        prices = {bid + offer}
        reaches = order.style >= Style.DARK_LIMIT or (order.is_sweep and self.rules.sweep_on_tick)
        if reaches and self.rules.dark_limit:
            prices |= set(self._on_tick(bid, offer))
        return sorted(prices, reverse=order.side == SELL)

    def _on_tick(self, bid: int, offer: int) -> list[int]:
        """Doubled on-tick prices strictly inside the spread."""
        prices = []
        price = self._step_up(bid)
        while price < offer:
            prices.append(2 * price)
            price = self._step_up(price)
        return prices

    def _step_up(self, price: int) -> int:
        """The next on-tick price above any price."""
        tick = [tick for begin, tick in self.ticks if begin <= price][-1]
        return (price // tick + 1) * tick

    def _fill_at(
        self,
        order: Order,
        price_x2: int,
        mid_x2: int,
        attempt: _Meeting,
        *,
        own: bool,
        is_incoming: bool = True,
        older_only: bool = False,
    ) -> None:
        if self.rules.limit_test and not order.accepts(price_x2):
            return
        style = Style.MIDPOINT if price_x2 == mid_x2 else Style.DARK_LIMIT
        while order.leaves > 0:
            for contra in self._contras(order, price_x2, style, own=own):
                if older_only and contra.rank > order.rank:
                    continue
                shares = self._shares(order, contra, price_x2, style, own=own)
                if shares:
                    break
            else:
                return
            for filler, quantity in shares:
                route = self._route(filler is order, is_incoming, own, style)
                incoming = order if is_incoming and filler is order else None
                self._match(filler, contra, quantity, price_x2, route, incoming, attempt, own=own)

    @staticmethod
    def _route(is_taker: bool, is_incoming: bool, own: bool, style: Style) -> Route:  # noqa: FBT001
        if style is Style.DARK_LIMIT:
            return Route.ON_TICK
        if not is_incoming:
            return Route.QUOTE_MOVE
        if not is_taker:
            return Route.COMPLETION
        return Route.OWN if own else Route.MIDPOINT

    def _contras(self, order: Order, price_x2: int, style: int, *, own: bool) -> list[Order]:
        return [
            contra
            for contra in self._eligible(BUY + SELL - order.side, price_x2, style)
            if (contra.participant == order.participant if own else not contra.preference_only)
        ]

    def _shares(
        self, order: Order, contra: Order, price_x2: int, style: int, *, own: bool
    ) -> list[tuple[Order, int]]:
        """Who fills the contra and with how much, oldest first; empty if a minimum forbids it."""
        minimum = contra.minimum_quantity
        if minimum > 0 and not contra.single_fill and not own and self._completes():
            helpers = self._helpers(order, contra, price_x2, style)
            helped = sum(quantity for _, quantity in helpers)
            if helped < minimum:
                quantity = min(order.leaves, contra.leaves - helped)
                if helped + quantity >= minimum and self._suits(order, quantity):
                    return [*helpers, (order, quantity)]
                return []
        quantity = min(order.leaves, contra.leaves)
        return [(order, quantity)] if quantity >= minimum and self._suits(order, quantity) else []

    def _completes(self) -> bool:
        return self.rules.minimum_quantity_completion

    def _suits(self, order: Order, quantity: int) -> bool:
        """Whether one fill is large enough for a single-fill minimum; R8."""
        return not order.single_fill or quantity >= order.minimum_quantity

    def _helpers(
        self, order: Order, contra: Order, price_x2: int, style: int
    ) -> list[tuple[Order, int]]:
        """Resting orders of the taker's side ahead of it, as the contra would fill them; R10."""
        left = contra.leaves
        shares = []
        for helper in self._eligible(order.side, price_x2, style):
            quantity = min(left, helper.leaves)
            is_ahead = helper.rank < order.rank and not helper.preference_only
            if is_ahead and quantity > 0 and quantity >= helper.minimum_quantity:
                shares.append((helper, quantity))
                left -= quantity
        return shares

    def _match(
        self,
        one: Order,
        other: Order,
        quantity: int,
        price_x2: int,
        route: Route,
        incoming: Order | None,
        attempt: _Meeting,
        *,
        own: bool,
    ) -> None:
        attempt.before += [(order, order.leaves, order.minimum_quantity) for order in (one, other)]
        self._reduce(one, quantity)
        self._reduce(other, quantity)
        buy, sell = (one, other) if one.side == BUY else (other, one)
        source = self._deal_source(one, other, own=own, is_block=route is Route.BLOCK)
        aggressor = incoming.side if incoming else 0
        fill = Fill(buy.number, sell.number, quantity, price_x2, source, aggressor, route)
        attempt.fills.append(fill)

    def _reduce(self, order: Order, quantity: int) -> None:
        order.leaves -= quantity
        if order.leaves < order.minimum_quantity and self.rules.minimum_quantity_reset:
            order.minimum_quantity = 0

    def _deal_source(self, one: Order, other: Order, *, own: bool, is_block: bool) -> int:
        """R11, R12, R13."""
        same_key = one.crossing_key != 0 and one.crossing_key == other.crossing_key
        if self.rules.crossing_key and same_key and one.participant == other.participant:
            return _BOOKING
        if one.preference_only or other.preference_only:
            return _BLOCK_PREFERENCE_ONLY if is_block else _PREFERENCE_ONLY
        if own:
            return _BLOCK_PREFERENCED if is_block else _PREFERENCED
        return _BLOCK if is_block else _PLAIN

    def _obstacle(self, order: Order, mid_x2: int) -> Obstacle:
        """Why an order that has just looked has something left."""
        if order.leaves == 0:
            return Obstacle.NONE
        limited = self.rules.limit_test and order.style == Style.MIDPOINT
        if limited and not order.accepts(mid_x2):
            return Obstacle.LIMIT
        contra_side = BUY + SELL - order.side
        contras = [c for c in self.queue[contra_side] if c.leaves > 0 and not c.preference_only]
        if not contras:
            return Obstacle.NO_CONTRA
        if self.rules.limit_test and not any(contra.accepts(mid_x2) for contra in contras):
            return Obstacle.CONTRA_LIMIT
        return Obstacle.MINIMUM_QUANTITY

    # --- block phase ----------------------------------------------------------------------------

    def _fill_blocks(
        self, order: Order, bid: int, offer: int, attempt: _Meeting, *, own: bool
    ) -> None:
        """What is left meets blocks at or outside the quotes, best price first; R6."""
        if not self._may_block(order, bid, offer):
            return
        side = BUY + SELL - order.side
        while order.leaves > 0:
            for contra in self._blocks(side, bid, offer):
                price_x2 = self._block_price(contra)
                quantity = min(order.leaves, contra.leaves)
                is_own = contra.participant == order.participant
                if (
                    (is_own if own else not contra.preference_only)
                    and (order.accepts(price_x2) or not self.rules.limit_test)
                    and quantity >= contra.minimum_quantity
                    and self._suits(order, quantity)
                    and quantity * price_x2 >= (self.block_min_value or 0)
                ):
                    break
            else:
                return
            self._match(order, contra, quantity, price_x2, Route.BLOCK, order, attempt, own=own)

    def _may_block(self, order: Order, bid: int, offer: int) -> bool:
        if self.block_min_value is None or not self.rules.any_price_block:
            return False
        if order.is_sweep:
            return order.price >= offer if order.side == BUY else 0 < order.price <= bid
        return order.style == Style.ANY_PRICE_BLOCK

    def _blocks(self, side: int, bid: int, offer: int) -> list[Order]:
        """Resting blocks priced at or outside the quotes: price, then time."""
        blocks = [
            order
            for order in self.queue[side]
            if order.leaves > 0
            and order.style == Style.ANY_PRICE_BLOCK
            and (
                self._block_price(order) <= 2 * bid
                if side == BUY
                else self._block_price(order) >= 2 * offer
            )
        ]
        better = -1 if side == BUY else 1
        return sorted(blocks, key=lambda order: (better * self._block_price(order), order.rank))

    def _block_price(self, order: Order) -> int:
        """The limit, taken to the tick on the order's safe side; doubled."""
        price, half = divmod(order.limit_x2, 2)
        tick = [tick for begin, tick in self.ticks if begin <= price][-1]
        down = price // tick * tick
        is_on_tick = down == price and not half
        return 2 * (down if order.side == BUY or is_on_tick else down + tick)

    # --- the quote moves ------------------------------------------------------------------------

    def _meet(self, meeting: _Meeting) -> None:
        """Resting orders that agree at the standing quote trade with each other; R17."""
        if not self.rules.quote_moves or self._closed(self.bid, self.offer) != Obstacle.NONE:
            return
        bid, offer = self.bid, self.offer
        self._meet_on_tick(bid, offer, meeting, is_before_midpoint=True)
        self._meet_at_midpoint(bid, offer, meeting)
        self._meet_on_tick(bid, offer, meeting, is_before_midpoint=False)

    def _meet_at_midpoint(self, bid: int, offer: int, meeting: _Meeting) -> None:
        """The side with fewer orders takes, the oldest first, until nothing more trades."""
        mid_x2 = bid + offer
        sides = {
            side: [o for o in self._eligible(side, mid_x2, 0) if not o.preference_only]
            for side in (BUY, SELL)
        }
        takers = sides[min((BUY, SELL), key=lambda side: len(sides[side]))]
        traded = True
        while traded:
            traded = False
            for taker in takers:
                if taker.leaves > 0:
                    traded |= self._take_resting(taker, [mid_x2], mid_x2, meeting)

    def _meet_on_tick(
        self, bid: int, offer: int, meeting: _Meeting, *, is_before_midpoint: bool
    ) -> None:
        """Each dark limit order, the oldest first, walks its prices against older ones."""
        if not self.rules.dark_limit:
            return
        mid_x2 = bid + offer
        takers = [
            order
            for queue in self.queue.values()
            for order in queue
            if order.style >= Style.DARK_LIMIT and not order.preference_only
        ]
        for taker in sorted(takers, key=lambda order: order.rank):
            is_better = (taker.side == SELL) == is_before_midpoint
            prices = [
                price_x2
                for price_x2 in self._prices(taker, bid, offer)
                if (price_x2 > mid_x2 if is_better else price_x2 < mid_x2)
            ]
            if taker.leaves > 0:
                self._take_resting(taker, prices, mid_x2, meeting, older_only=True)

    def _take_resting(
        self,
        taker: Order,
        prices: list[int],
        mid_x2: int,
        meeting: _Meeting,
        *,
        older_only: bool = False,
    ) -> bool:
        """One resting order takes others; undone if its minimum is not met."""
        attempt = _Meeting()
        needed = 0 if taker.single_fill else taker.minimum_quantity
        before = taker.leaves
        for price_x2 in prices:
            self._fill_at(
                taker,
                price_x2,
                mid_x2,
                attempt,
                own=False,
                is_incoming=False,
                older_only=older_only,
            )
        if before - taker.leaves < needed:
            attempt.undo()
        meeting.fills += attempt.fills
        meeting.before += attempt.before
        return bool(attempt.fills)


@dataclass(frozen=True)
class ReferenceResult:
    """As `centre_point.BookResult`."""

    fills: NDArray[np.void]
    applied: NDArray[np.int64]
    leaves: NDArray[np.int64]
    minimum_quantity: NDArray[np.int64]
    obstacle: NDArray[np.int8]


def run_reference(book: ReferenceBook, events: NDArray[np.void], orders: int) -> ReferenceResult:
    """Apply all events; see `centre_point.run_book` for what comes out."""
    fills = []
    applied = np.zeros(events.size, np.int64)
    for position, event in enumerate(events):
        made, applied[position] = book.apply(event)
        fills += [(position, *fill) for fill in made]
    left = [book.orders.get(number) for number in range(orders)]
    return ReferenceResult(
        np.array(fills, dtype=FILL),
        applied,
        np.array([order.leaves if order else 0 for order in left], dtype=np.int64),
        np.array([order.minimum_quantity if order else 0 for order in left], dtype=np.int64),
        np.array([order.obstacle if order else 0 for order in left], dtype=np.int8),
    )
