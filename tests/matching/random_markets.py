"""Small random markets that make the rules of the Centre Point book meet each other.

A market is written by decisions of a `Dice`: of numpy from a seed, or of hypothesis, which can
shrink a market that fails. Prices are few and quantities small, so that nearly everything collides.
"""

from dataclasses import replace

import numpy as np
from book_market import Market

from sweep_dask.market.ticks import UNPRICED_BUY_X2, UNPRICED_SELL_X2
from sweep_dask.matching.events import EVENT, EventKind, Style, Validity
from sweep_dask.matching.rules import Rules, names
from sweep_dask.terms.sides import BUY, SELL

#: Tick tables and a price around which the market moves: one tick, or its border within reach.
TICK_TABLES = (((0, 10),), 3300), (((0, 1), (100, 5), (200, 10)), 200), (((0, 1), (10, 5)), 10)

#: What happens, as often as it is listed.
HAPPENINGS = (
    ["enter"] * 40 + ["quote"] * 12 + ["amend"] * 12 + ["take"] * 8 + ["post"] * 6 + ["reduce"] * 6
    + ["cancel"] * 6 + ["state"] * 5 + ["opt in"] * 2 + ["session"]
)  # fmt: skip


class Dice:
    """Decisions; 0, no and the first of several are the simplest."""

    def __init__(self, between):
        self.between = between

    @classmethod
    def of_seed(cls, seed):
        random = np.random.default_rng(seed)
        return cls(lambda low, high: int(random.integers(low, high + 1)))

    def happens(self, percent):
        return self.between(0, 99) >= 100 - percent

    def one_of(self, options):
        return options[self.between(0, len(options) - 1)]


def random_market(dice, most_events, **given):
    """A market of up to so many events; fields of `Market` that are given are not left to chance.

    Few or many orders have minima, stay, or reach far, depending on the market.
    """
    ticks, middle = dice.one_of(TICK_TABLES)
    writer = _Writer(dice, ticks, middle)
    block_values = [None, 0, 2 * middle, 10 * middle]
    drawn = {
        "rules": random_rules(dice),
        "preferencing": tuple(who for who in (1, 2, 3) if dice.happens(25)),
        "block_min_value": dice.one_of(block_values),
        "keeps_fills": not dice.happens(15),
    }
    events = writer.write(dice.between(2, most_events))
    return Market(events=events, ticks=ticks, **(drawn | given))


def random_rules(dice):
    """All rules as they are, one of them turned round, or several."""
    turned = dice.one_of([0, 0, 0, 5, 20])
    rules = Rules()
    if turned == 0 and dice.happens(50):
        name = dice.one_of(names())
        return replace(rules, **{name: not getattr(rules, name)})
    changes = {name: not getattr(rules, name) for name in names() if dice.happens(turned)}
    return replace(rules, **changes)


class _Writer:
    """Makes the events of one market; knows of each order the terms it was given last."""

    def __init__(self, dice, ticks, middle):
        self.dice = dice
        self.middle = middle
        self.tick = next(tick for begin, tick in reversed(ticks) if begin < middle)
        self.grain_x2 = dice.one_of([self.tick, self.tick, 2 * self.tick, 3])
        self.reach = dice.one_of([2, 4, 8])
        self.most = dice.one_of([4, 12, 30])
        self.minima = dice.one_of([0, 20, 60, 90])
        self.single_fills = dice.one_of([0, 50, 80])
        self.dark_limits = dice.one_of([0, 20, 70])
        self.blocks = dice.one_of([0, 20, 50])
        self.sweeps = dice.one_of([0, 15, 40])
        self.preference_only = dice.one_of([0, 0, 10])
        self.own_quotes = dice.one_of([0, 10, 50])
        self.terms = []
        self.rows = []

    def write(self, count):
        if not self.dice.happens(5):
            self._add(EventKind.SESSION, quantity=1)
        if not self.dice.happens(10):
            self._quote()
        while len(self.rows) < count:
            happening = self.dice.one_of(HAPPENINGS)
            if happening == "enter" or not self.terms:
                self._enter()
            else:
                getattr(self, "_" + happening.replace(" ", "_"))()
        events = np.zeros(len(self.rows), EVENT)
        for event, row in zip(events, self.rows, strict=True):
            for name, value in row.items():
                event[name] = value
        return events

    def _add(self, kind, **fields):
        self.rows.append({"kind": kind, **fields})

    def _session(self):
        self._add(EventKind.SESSION, quantity=self.dice.one_of([1, 1, 1, 0]))

    def _quote(self):
        self._add(EventKind.QUOTE, **self._bid_and_offer())

    def _bid_and_offer(self):
        """Mostly one to ten ticks apart; sometimes locked, crossed, or without a side."""
        bid = self.middle + self.tick * self.dice.between(-2, 2)
        spread = self.dice.one_of([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 3, 4, 5, 10, 0, -1])
        quote = {"bid": max(bid, 1), "offer": max(bid + spread * self.tick, 1)}
        if self.dice.happens(3):
            quote[self.dice.one_of(["bid", "offer"])] = 0
        return quote

    def _opt_in(self):
        who, sweeps = self.dice.between(1, 4), self.dice.between(0, 1)
        self._add(EventKind.OPT_IN, participant=who, is_sweep=sweeps)

    def _enter(self):
        terms = self._new_terms()
        quantity = self.dice.between(1, self.most)
        terms["minimum_quantity"] = self._minimum(quantity)
        stays = not self.dice.happens(90 if terms["is_sweep"] else 4)
        self._trading(EventKind.ENTER, len(self.terms), terms, quantity=quantity, rests=stays)
        self.terms.append(terms)

    def _new_terms(self):
        dice, side = self.dice, self.dice.one_of([BUY, SELL])
        is_sweep = dice.happens(self.sweeps)
        terms = {
            "side": side,
            "style": Style.MIDPOINT if is_sweep else self._style(),
            "validity": dice.one_of([Validity.DAY] * 12 + list(Validity)),
            "single_fill": dice.happens(self.single_fills),
            "preference_only": dice.happens(self.preference_only),
            "is_sweep": is_sweep,
            "participant": dice.between(1, 4),
            "crossing_key": dice.one_of([0, 0, 5, 6]),
        }
        return terms | self._limit(side, terms["style"])

    def _style(self):
        if self.dice.happens(self.blocks):
            return Style.ANY_PRICE_BLOCK
        return Style.DARK_LIMIT if self.dice.happens(self.dark_limits) else Style.MIDPOINT

    def _limit(self, side, style):
        """Blocks always have a price."""
        if style != Style.ANY_PRICE_BLOCK and self.dice.happens(15):
            return {"limit_x2": UNPRICED_BUY_X2 if side == BUY else UNPRICED_SELL_X2, "price": 0}
        away = self.dice.between(-self.reach, self.reach)
        limit_x2 = max(2 * self.middle + away * self.grain_x2, 2)
        return {"limit_x2": limit_x2, "price": limit_x2 // 2}

    def _minimum(self, quantity):
        """Sometimes more than the order has, which makes it void."""
        has_one = self.dice.happens(self.minima)
        return self.dice.between(1, quantity + 1) if has_one else 0

    def _trading(self, kind, order, terms, **fields):
        """An event whose order looks for contras, mostly."""
        own_quote = self._bid_and_offer() if self.dice.happens(self.own_quotes) else {}
        trades = not self.dice.happens(5)
        given = {"order": order, "trades": trades, "has_quote": bool(own_quote)}
        self._add(kind, **terms, **given, **own_quote, **fields)

    def _order(self, *, of_sweeps=False):
        """Mostly one of the last orders; very rarely one that is yet to come."""
        known = range(len(self.terms))
        sweeps = [order for order in known if self.terms[order]["is_sweep"]]
        if of_sweeps and sweeps and not self.dice.happens(20):
            return sweeps[-1 - self.dice.between(0, min(len(sweeps) - 1, 3))]
        if self.dice.happens(2):
            return len(self.terms)
        return len(self.terms) - 1 - self.dice.between(0, min(len(self.terms) - 1, 12))

    def _take(self):
        self._trading(EventKind.TAKE, self._order(of_sweeps=True), {})

    def _post(self):
        order = self._order(of_sweeps=True)
        terms = self._known(order)
        if not self.dice.happens(30):
            terms |= self._limit(terms["side"], Style.ANY_PRICE_BLOCK)
        self._trading(EventKind.POST, order, {"limit_x2": terms["limit_x2"]})

    def _reduce(self):
        self._add(EventKind.REDUCE, order=self._order(), quantity=self.dice.between(1, self.most))

    def _cancel(self):
        self._add(EventKind.CANCEL, order=self._order())

    def _amend(self):
        order = self._order()
        quantity = self.dice.one_of([0, 0, -1, 1]) * self.dice.between(1, self.most)
        self._trading(
            EventKind.AMEND,
            order,
            self._changed(order),
            quantity=quantity,
            rests=not self.dice.happens(20),
            keeps_place=self.dice.happens(50),
        )

    def _state(self):
        """What really was, also of an order that comes into the book only now."""
        order = min(self._order(), len(self.terms) - 1)
        if self.dice.happens(20):
            order = len(self.terms)
            self.terms.append(self._new_terms() | {"minimum_quantity": 0})
        quantity, rests = self.dice.between(0, self.most), not self.dice.happens(20)
        keeps_place = self.dice.happens(50)
        place = {"rests": rests, "keeps_place": keeps_place}
        self._add(EventKind.STATE, order=order, quantity=quantity, **place, **self._changed(order))

    def _known(self, order):
        return dict(self.terms[order]) if order < len(self.terms) else self._new_terms()

    def _changed(self, order):
        """Terms of an order with some of them replaced; its side stays."""
        terms, new = self._known(order), self._new_terms()
        if self.dice.happens(50):
            terms["minimum_quantity"] = self._minimum(self.most)
        for name in ("style", "single_fill", "preference_only", "crossing_key", "participant"):
            if self.dice.happens(15):
                terms[name] = new[name]
        if terms["style"] == Style.ANY_PRICE_BLOCK or self.dice.happens(40):
            terms |= self._limit(terms["side"], terms["style"])
        if order < len(self.terms):
            self.terms[order] = terms
        return terms
