"""A made day of two securities, whose tape is written by the plain exchange beside this file.

Dark orders with and without half ticks, minimums, keys and participants that opted in, immediate
ones, amendments, sweeps that take from the lit book or rest in both, quotes that move and lock, a
halt. The second security has half the tick, and midpoints that the tape cannot show: its prices
are truncated.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from dark_markets import GONE, ON_BOOK, OPEN, PRE_OPEN, add_session
from markets import (
    BLOCK,
    CANCELLED,
    CENTRE_POINT,
    FIRST_ID,
    NEW,
    OPENING_NS,
    SWEEP,
    TRADED,
    RawMarket,
)
from plain_exchange import BUY, SELL, Exchange, Order

DATE = "2024-10-04"
OPTED_IN = (1, 2)
OTHERS = (3, 4, 5, 6)
EVENTS = 700
MILLISECOND = 10**6

AMENDED, BY_SYSTEM = 5, 9
IMMEDIATE, REST_OF_DAY = 0, 256
LIT, AGGRESSOR = 1, 1
QUANTITIES = (20, 50, 100, 178, 300)


class Security(NamedTuple):
    """`side_with_minimums`: only its orders have a minimum quantity."""

    code: int
    first_id: int
    bid: int
    tick: int
    side_with_minimums: int


SECURITIES = (
    Security(601, FIRST_ID, 3330, 10, BUY),
    Security(602, FIRST_ID + 100_000, 870, 5, SELL),
)


def made_day():
    """The market in rows: the same at every making."""
    market = RawMarket()
    for security in SECURITIES:
        add_session(market, OPENING_NS[DATE], security.code)
        _Life(market, security).live()
    return market


def without_quotes(market):
    """Every third quote is not in the file; orders show the quotes that they had."""
    market.rows["nbbo"] = [row for n, row in enumerate(market.rows["nbbo"]) if n % 3 != 2]
    return market


def without_orders(market):
    """One order in twenty is not in the file; the tape has its trades."""
    market.rows["orders"] = [r for r in market.rows["orders"] if r["order_id"] % 20 != 3]
    return market


class _Kind(NamedTuple):
    """What the exchange does not ask about an order, but its rows show."""

    type: int
    validity: int = REST_OF_DAY


class _Life:
    """Draws events, lets the exchange answer, and writes down what the files would show."""

    def __init__(self, market, security):
        self._market, self._security = market, security
        self._chance = Random(security.code)
        self._exchange = Exchange(OPTED_IN)
        self._now_ns = OPENING_NS[DATE] + 10**9
        self._kinds = {}
        self._groups = 0

    def live(self):
        self._move_quote(self._security.bid, self._security.bid + self._security.tick)
        acts = (self._new_order,) * 12 + (self._sweep,) * 3 + (self._amend,) * 4
        acts += (self._cancel,) * 2 + (self._drift,) * 1
        for half in range(2):
            if half:
                self._halt()
            for _ in range(EVENTS // 2):
                self._pass_time()
                self._chance.choice(acts)()

    # --- what happens -----------------------------------------------------------------------------

    def _new_order(self):
        chance, side = self._chance, self._chance.choice((BUY, SELL))
        tick = self._security.tick if side == BUY else -self._security.tick
        near = self._exchange.bid if side == BUY else self._exchange.offer
        price = chance.choice((0, near, near, near, near + tick, near - tick))
        order = self._order(side, price, has_half_tick=bool(price) and chance.random() < 0.6)
        kind = _Kind(chance.choice((CENTRE_POINT, BLOCK)))
        if chance.random() < 0.15:
            kind = kind._replace(validity=IMMEDIATE)
        if side == self._security.side_with_minimums and chance.random() < 0.4:
            kind = kind._replace(type=BLOCK)
            order.participant, order.key = chance.choice(OTHERS), 0
            order.minimum = chance.choice((order.quantity, order.quantity // 2))
            order.is_single_fill = chance.random() < 0.3
        self._enter(order, kind)

    def _sweep(self):
        """It takes what is left lit at the far quote, is cancelled, or rests at the near one."""
        if not self._exchange.is_trading:
            return
        bid, offer = self._exchange.bid, self._exchange.offer
        side, tick = self._chance.choice((BUY, SELL)), self._security.tick
        near, far = (bid, offer) if side == BUY else (offer, bid)
        inside = (bid + offer) // (2 * tick) * tick
        price = self._chance.choice((far, far, inside, near))
        rests = price == near
        order = self._order(side, price, has_half_tick=rests and self._chance.random() < 0.7)
        self._enter(order, _Kind(SWEEP, REST_OF_DAY if rests else IMMEDIATE), lit_price=far)

    def _amend(self):
        """Another price, a larger quantity, or less of quantity and minimum."""
        dark = [o for o in self._exchange.resting if self._kinds[o.number].type != SWEEP]
        if not dark:
            return
        order = self._chance.choice([o for o in dark if o.minimum] or dark)
        way = "less" if order.minimum else self._chance.choice(("price", "more", "less"))
        if way == "price" and order.price:
            tick = self._security.tick if order.side == BUY else -self._security.tick
            self._exchange.change(order, keeps_place=False, price=order.price + tick)
        elif way == "more":
            self._exchange.change(order, keeps_place=False, quantity=order.quantity + 50)
        else:
            quantity = order.quantity - order.left // 2
            minimum = min(order.minimum, (quantity - order.filled + 1) // 2)
            self._exchange.change(order, keeps_place=True, quantity=quantity, minimum=minimum)
        self._row(order, changereason=AMENDED)
        self._print(self._exchange.look_again(order))

    def _cancel(self):
        if self._exchange.resting:
            self._end(self._chance.choice(self._exchange.resting))

    def _drift(self, spread=None):
        """The quote moves by a tick, is wide, narrow or locked."""
        self._end_special_orders()
        tick = self._security.tick
        bid = self._exchange.bid + self._chance.choice((-tick, 0, tick))
        drawn = self._chance.choice((1, 1, 1, 2, 2, 0))
        self._move_quote(bid, bid + tick * (drawn if spread is None else spread))

    def _halt(self):
        """Orders wait for a quote that is not locked; it is so in a halt, and again thereafter."""
        self._drift(spread=0)
        for _ in range(20):
            self._pass_time()
            self._new_order()
        self._set_open(is_open=False)
        self._drift(spread=1)
        self._drift(spread=0)
        self._set_open(is_open=True)
        self._drift(spread=1)

    def _set_open(self, *, is_open):
        self._end_special_orders()
        self._market.add(
            "session",
            TradeDate=OPENING_NS[DATE],
            Timestamp=self._now_ns,
            Name="OPEN" if is_open else "TRADING_HALT",
            MatchingType=OPEN if is_open else PRE_OPEN,
            Level=1,
            OrderBookId=self._security.code,
        )
        self._print(self._exchange.set_open(is_open=is_open))

    def _end_special_orders(self):
        """Those with a minimum, of which the exchange here knows too little, and sweeps."""
        for order in list(self._exchange.resting):
            if order.minimum or self._kinds[order.number].type == SWEEP:
                self._end(order)
        self._pass_time()

    # --- what the exchange answers, and the files show --------------------------------------------

    def _order(self, side, price, *, has_half_tick):
        participant = self._chance.choice((*OPTED_IN, *OPTED_IN, *OTHERS))
        key = 7 if participant in OPTED_IN and self._chance.random() < 0.3 else 0
        number = len(self._kinds) + 1
        quantity = self._chance.choice(QUANTITIES)
        half_tick_x2 = self._security.tick if has_half_tick else 0
        return Order(number, side, quantity, price, half_tick_x2, 0, False, participant, key)

    def _enter(self, order, kind, lit_price=None):
        self._kinds[order.number] = kind
        self._row(order, changereason=NEW)
        # A sweep that rests without the half tick does so in the lit book alone.
        is_lit = kind.type == SWEEP and not order.half_tick_x2
        rests = kind.validity == REST_OF_DAY and not is_lit
        self._print(self._exchange.arrive(order, rests=rests))
        if order.left and order.price == lit_price:
            self._take_lit(order)
        elif order.left and kind.validity == IMMEDIATE:
            self._row(order, changereason=BY_SYSTEM, orderstatus=GONE)

    def _take_lit(self, order):
        quantity = order.left
        order.filled += quantity
        self._row(order, changereason=TRADED, orderstatus=GONE)
        self._tape(order, quantity, order.price, LIT, AGGRESSOR, self._next_group())

    def _end(self, order):
        self._pass_time()
        self._exchange.cancel(order)
        self._row(order, changereason=CANCELLED, orderstatus=GONE)

    def _move_quote(self, bid, offer):
        self._market.quote(self._now_ns, self._security.code, bid, offer)
        self._print(self._exchange.move_quote(bid, offer))

    def _print(self, matches):
        """Rows of the orders that filled, then those of the tape."""
        for match in matches:
            for order, left in ((match.buy, match.buy_left), (match.sell, match.sell_left)):
                self._row(
                    order,
                    changereason=TRADED,
                    orderstatus=ON_BOOK if left else GONE,
                    leavesquantity=left,
                    totalmatchedquantity=order.quantity - left,
                )
        for match in matches:
            group, price = self._next_group(), match.midpoint_x2 // 2
            for order in (match.buy, match.sell):
                part = int(order.side == match.aggressor)
                self._tape(order, match.quantity, price, match.deal_source, part, group)

    def _row(self, order, **fields):
        kind, exchange = self._kinds[order.number], self._exchange
        quote = {"national_bid": exchange.bid, "national_offer": exchange.offer}
        quote |= {"bid": exchange.bid, "offer": exchange.offer}
        terms = {
            "price": order.price,
            "leavesquantity": order.left,
            "totalmatchedquantity": order.filled,
            "exchangeordertype": kind.type,
            "timevalidity": kind.validity,
            "ordertype": 1 if order.price else 2,
            "orderstatus": ON_BOOK,
            "midtick": 1 if order.half_tick_x2 else 2,
            "minimumquantity": order.minimum,
            "singlefillminimumquantity": 1 if order.is_single_fill else 2,
            "preferenceonly": 2,
            "participantid": order.participant,
            "crossingkey": order.key,
        }
        return self._market.order(
            *self._where(order), order.side, order.quantity, **terms | quote | fields
        )

    def _tape(self, order, quantity, price, deal_source, part, group):
        more = {"dealsource": deal_source, "passiveaggressive": part, "matchgroupid": group}
        more["participantid"] = order.participant
        self._market.trade(*self._where(order), order.side, quantity, price, **more)

    def _where(self, order):
        return self._security.first_id + order.number, self._now_ns, self._security.code

    def _pass_time(self):
        self._now_ns += self._chance.randrange(1, 5_000) * MILLISECOND

    def _next_group(self):
        self._groups += 1
        return self._security.first_id + 50_000 + self._groups
