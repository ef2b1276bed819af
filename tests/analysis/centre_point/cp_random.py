"""Random small markets: what happens is drawn, what follows from it is consistent.

Drawn from a seed rather than by hypothesis, whose lists are mostly too short for anybody to trade.
"""

from __future__ import annotations

import random

from cp_rows import (
    BLOCK,
    BUY,
    BY_SYSTEM,
    CANCELLED,
    CENTRE_POINT,
    DARK,
    IMMEDIATE,
    LIT,
    OPEN_NS,
    REST_OF_DAY,
    SELL,
    SWEEP,
    Day,
)

STRANGER = 99
PRICES = {BUY: (3320, 3330, 3340, 3340, 3350), SELL: (3350, 3340, 3330, 3330, 3320)}
QUOTES = ((3330, 3340), (3320, 3340), (3340, 3350), (3330, 3350), (3340, 3340), (3330, None))


class RandomDay:
    """A day to which steps are added; a step that makes no sense is passed over."""

    def __init__(self, seed):
        self.day = Day()
        self.draw = random.Random(seed)

    def step(self, at, *, is_given_fills):
        """One thing that happens at a time."""
        kinds = {"enter": 6, "amend": 2, "cancel": 1, "quote": 1}
        kinds |= {"lit": 3, "stranger": 1} if is_given_fills else {}
        (kind,) = self.draw.choices(list(kinds), list(kinds.values()))
        if kind == "enter":
            self._enter(at)
        elif kind == "quote":
            self.day.quote(at, *self.draw.choice(QUOTES))
        elif alive := self._alive(SWEEP if kind == "lit" else -1):
            getattr(self, f"_{kind}")(at, self.draw.choice(alive))

    def expire(self, at):
        """What is left of an immediate order goes after its trades."""
        number = len(self.day.state)
        state = self.day.state.get(number)
        is_last = state and state["timevalidity"] == IMMEDIATE
        if is_last and state["changereason"] != BY_SYSTEM and state["leavesquantity"]:
            self.day.cancel(number, at, BY_SYSTEM)

    def _enter(self, at):
        draw = self.draw
        side, quantity = draw.choice((BUY, SELL)), draw.randint(1, 9)
        is_immediate = draw.random() < 0.2
        self.day.enter(
            len(self.day.state) + 1,
            at,
            side,
            quantity,
            draw.choice(PRICES[side]),
            rows=1 if is_immediate else 2,
            exchangeordertype=draw.choice((CENTRE_POINT, BLOCK, BLOCK, SWEEP, SWEEP, SWEEP + 2)),
            midtick=draw.choice((2, 1, 1, 3, 4)),
            minimumquantity=min(draw.choice((0, 0, 0, 2, 5)), quantity),
            singlefillminimumquantity=draw.choice((1, 2)),
            participantid=draw.randint(1, 3),
            crossingkey=draw.choice((0, 0, 7)),
            timevalidity=IMMEDIATE if is_immediate else REST_OF_DAY,
        )

    def _alive(self, type_bits):
        """Orders on the book, of a type with one of these bits."""
        return [
            number
            for number, state in self.day.state.items()
            if state["leavesquantity"]
            and state["exchangeordertype"] & type_bits
            and state["changereason"] != CANCELLED
            and state["timevalidity"] != IMMEDIATE
        ]

    def _cancel(self, at, number):
        self.day.cancel(number, at)

    def _amend(self, at, number):
        state, draw = self.day.state[number], self.draw
        leaves, minimum = state["leavesquantity"], state["minimumquantity"]
        less = draw.randint(1, leaves)
        changes = [
            {"price": draw.choice(PRICES[state["side"]])},
            {"leavesquantity": leaves + draw.randint(1, 4)},
            {"leavesquantity": less, "minimumquantity": minimum if minimum <= less else 0},
            {"minimumquantity": draw.randint(0, leaves)},
            {"singlefillminimumquantity": draw.choice((1, 2))},
        ]
        if not state["exchangeordertype"] & SWEEP:
            changes.append({"midtick": draw.randint(1, 4)})
        self.day.amend(number, at, **draw.choice(changes))

    def _lit(self, at, number):
        """A sweep fills in the lit book, against an order without rows."""
        self._fill(at, number, LIT, self.draw.choice((BUY, SELL)))

    def _stranger(self, at, number):
        """A dark fill by an incoming order without rows."""
        self._fill(at, number, DARK, BUY + SELL - self.day.state[number]["side"])

    def _fill(self, at, number, source, aggressor):
        state = self.day.state[number]
        quantity = self.draw.randint(1, state["leavesquantity"])
        pair = (number, STRANGER) if state["side"] == BUY else (STRANGER, number)
        self.day.trade(at, (*pair, quantity, 3335, source, aggressor))


def random_day(seed, steps=60):
    """A day with lit fills and strangers, and with many steps in the same instant."""
    market = RandomDay(seed)
    at = OPEN_NS - 10
    for _ in range(steps):
        at += market.draw.choice((0, 1, 10))
        market.step(at, is_given_fills=True)
        market.expire(at)
    return market.day


def traded_day(seed, trades_of, steps=24):
    """A day whose dark trades are what `trades_of(day, time)` says, one step an instant."""
    market = RandomDay(seed)
    for number in range(steps):
        at = OPEN_NS + 10 * (number + 1)
        market.step(at, is_given_fills=False)
        if market.day.order_rows:
            market.day.trade(at, *trades_of(market.day, at))
        market.expire(at)
    return market.day
