"""The dark book of an exchange once more: lists and loops, written from the page of rules.

It shares no line with the package, and knows less: orders trade at the midpoint of the quote that
it is given, and minimums are on one side of a market, of participants that have not opted in, and
gone before the quote moves or trading halts. Numbers in brackets are those of RULES.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

BUY, SELL = 1, 2
PREFERENCED, DARK, BOOKING = 46, 47, 48


@dataclass(eq=False)
class Order:
    """What an owner asks for, and what has come of it."""

    number: int
    side: int
    quantity: int
    price: int = 0
    """0: any midpoint will do."""
    half_tick_x2: int = 0
    """By how much the limit is bettered, doubled; a tick if asked for, else 0."""
    minimum: int = 0
    is_single_fill: bool = False
    participant: int = 0
    key: int = 0
    filled: int = 0
    place: int = 0

    @property
    def left(self):
        return self.quantity - self.filled

    def accepts(self, midpoint_x2):
        """Whether a midpoint is within the limit, bettered by half a tick if asked for (R2, R3)."""
        if self.price == 0:
            return True
        if self.side == BUY:
            return midpoint_x2 <= 2 * self.price + self.half_tick_x2
        return midpoint_x2 >= 2 * self.price - self.half_tick_x2

    def fill(self, quantity):
        """A minimum of more than is left then is gone (R9)."""
        self.filled += quantity
        if self.left < self.minimum:
            self.minimum = 0


@dataclass(frozen=True)
class Match:
    """What two orders traded, and what each had left; an aggressor of 0: both rested."""

    buy: Order
    sell: Order
    buy_left: int
    sell_left: int
    quantity: int
    midpoint_x2: int
    deal_source: int
    aggressor: int


@dataclass
class Exchange:
    """One security: its quote and the orders that rest, whose places are those of time (R4)."""

    opted_in: tuple[int, ...]
    bid: int = 0
    offer: int = 0
    is_open: bool = True
    resting: list[Order] = field(default_factory=list)
    _places: count = field(default_factory=count)

    def arrive(self, order, *, rests):
        """A new order looks for contras and, if it is to, rests with what is left (R21)."""
        order.place = next(self._places)
        matches = self._look(order)
        if rests and order.left:
            self.resting.append(order)
        return matches

    def change(self, order, *, keeps_place, **terms):
        """The owner changes the terms of an order that rests (R14)."""
        for name, value in terms.items():
            setattr(order, name, value)
        if not keeps_place:
            order.place = next(self._places)

    def look_again(self, order):
        """So does one whose terms were changed (R15, R16)."""
        return self._look(order)

    def cancel(self, order):
        self.resting.remove(order)

    def move_quote(self, bid, offer):
        """The national quote is another one."""
        self.bid, self.offer = bid, offer
        return self._meet()

    def set_open(self, *, is_open):
        """A halt begins, or trading goes on (R19)."""
        self.is_open = is_open
        return self._meet()

    @property
    def is_trading(self):
        """Nothing trades while the quote is locked or crossed, nor in a halt (R18, R19)."""
        return self.is_open and 0 < self.bid < self.offer

    @property
    def midpoint_x2(self):
        return self.bid + self.offer

    def _meet(self):
        """Who rests and agrees trades, oldest with oldest, until nobody does (R17)."""
        assert not any(order.minimum for order in self.resting)
        matches = []
        while self.is_trading:
            buys, sells = self._queue(BUY), self._queue(SELL)
            if not (buys and sells):
                break
            matches.append(self._trade(buys[0], sells[0], aggressor=0))
        self._forget_filled()
        return matches

    def _queue(self, side):
        """Who rests and accepts the midpoint, oldest first."""
        able = [
            o for o in self.resting if o.side == side and o.left and o.accepts(self.midpoint_x2)
        ]
        return sorted(able, key=lambda order: order.place)

    def _look(self, order):
        """All fills of an incoming order, or none if they do not reach its minimum (R7, R11)."""
        if not self.is_trading or not order.accepts(self.midpoint_x2):
            return []
        before = [(one, one.filled, one.minimum) for one in {order, *self.resting}]
        needed = 0 if order.is_single_fill else order.minimum
        matches = self._pass(order, is_own=True) if order.participant in self.opted_in else []
        matches += self._pass(order, is_own=False)
        taken = sum(match.quantity for match in matches if order in (match.buy, match.sell))
        if taken < needed:
            for one, filled, minimum in before:
                one.filled, one.minimum = filled, minimum
            return []
        self._forget_filled()
        return matches

    def _pass(self, order, *, is_own):
        """The first contra that will do, again and again; who will not keeps the place (R4)."""
        matches = []
        while order.left:
            for contra in self._queue(BUY + SELL - order.side):
                takers = self._takers(order, contra)
                if takers and (contra.participant == order.participant or not is_own):
                    break
            else:
                break
            for taker in takers:
                aggressor = order.side if taker is order else 0
                matches.append(self._trade(taker, contra, aggressor, is_own=is_own))
        return matches

    def _takers(self, order, contra):
        """Who fills a contra: the order, after older ones that only a minimum kept away (R10)."""
        helpers = []
        if contra.minimum and not contra.is_single_fill:
            helpers = [one for one in self._queue(order.side) if one is not order]
        together = min(contra.left, order.left + sum(helper.left for helper in helpers))
        is_enough = together >= contra.minimum
        if order.is_single_fill:  # from one contra (R8)
            is_enough &= together >= order.minimum
        return [*helpers, order] if is_enough else []

    def _trade(self, taker, contra, aggressor, *, is_own=False):
        """One match at the midpoint (R1); of one participant and key it is a booking (R13)."""
        quantity = min(taker.left, contra.left)
        taker.fill(quantity)
        contra.fill(quantity)
        is_booking = taker.participant == contra.participant and taker.key == contra.key != 0
        source = BOOKING if is_booking else PREFERENCED if is_own else DARK
        buy, sell = (taker, contra) if taker.side == BUY else (contra, taker)
        return Match(buy, sell, buy.left, sell.left, quantity, self.midpoint_x2, source, aggressor)

    def _forget_filled(self):
        self.resting = [order for order in self.resting if order.left]
