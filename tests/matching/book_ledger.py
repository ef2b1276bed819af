"""Keeps account of a market from its events and the fills that a book made of them.

It neither searches nor ranks for a match: it knows only what each order may still trade, on which
terms, and in which place it rests. Checks of fills ask it just before a fill is written down.
"""

from dataclasses import dataclass

from sweep_dask.matching.events import EventKind, Validity
from sweep_dask.terms.sides import BUY


@dataclass(eq=False)
class Account:
    """An order as it is now, and as it was when the event began to trade."""

    number: int
    side: int
    leaves: int = 0
    minimum: int = 0
    place: int | None = None
    is_alive: bool = True
    leaves_at_start: int = 0
    minimum_at_start: int = 0
    filled: int = 0

    def accepts(self, price_x2):
        return price_x2 <= self.limit_x2 if self.side == BUY else price_x2 >= self.limit_x2


class Ledger:
    """The orders of a market, event by event."""

    def __init__(self, market):
        self.market = market
        self.rules = market.rules
        self.is_prediction = not market.keeps_fills
        self.accounts = {}
        self.opted_in = {(who, sweep) for who in market.preferencing for sweep in (0, 1)}
        self.quote = (0, 0)
        self.is_continuous = False
        self.last_place = 0
        self.applied = 0

    def begin(self, event):
        """What an event changes before anything trades."""
        self.applied = 0
        self.event = event
        self.kind = EventKind(event["kind"])
        self.incoming = self.accounts.get(int(event["order"]))
        getattr(self, "_" + self.kind.name.lower(), self._pass)(event)
        own_quote = event["has_quote"] and self.rules.own_quote
        has_order = self.kind not in (EventKind.QUOTE, EventKind.SESSION)
        self.trade_quote = (
            (int(event["bid"]), int(event["offer"])) if own_quote and has_order else self.quote
        )
        self.fills = []
        for account in self.accounts.values():
            account.leaves_at_start, account.minimum_at_start = account.leaves, account.minimum
            account.filled = 0

    def fill(self, fill):
        """A fill takes its quantity from both orders; below its minimum an order has none. R9"""
        self.fills.append(fill)
        for number in (fill["buy"], fill["sell"]):
            account = self.accounts[int(number)]
            account.filled += int(fill["quantity"])
            self._take_from(account, int(fill["quantity"]))

    def end(self):
        """After its fills, the order of an event rests or goes; a prediction is taken back.

        What a prediction filled whole has not begun to rest.
        """
        if self._begins_to_rest():
            self._place(self.incoming)
        if self.is_prediction:
            for account in self.accounts.values():
                account.leaves, account.minimum = account.leaves_at_start, account.minimum_at_start
        for account in self.accounts.values():
            if account.leaves == 0:
                account.place = None

    def resting(self, side):
        """Who rests on a side, the oldest first."""
        found = [a for a in self.accounts.values() if a.side == side and a.place and a.leaves > 0]
        return sorted(found, key=lambda account: account.place)

    def ends(self, orders):
        """Leaves and minima of so many orders, by number; 0 if one never came."""
        accounts = [self.accounts.get(number) for number in range(orders)]
        return (
            [account.leaves if account else 0 for account in accounts],
            [account.minimum if account else 0 for account in accounts],
        )

    def _begins_to_rest(self):
        account, event = self.incoming, self.event
        if account is None or not account.is_alive or account.leaves == 0:
            return False
        if self.kind is EventKind.ENTER:
            is_immediate = account.validity != Validity.DAY and self.rules.immediate
            if is_immediate and not account.is_sweep and not self.is_prediction:
                account.is_alive = False
                return False
            return event["rests"]
        is_changed = self.kind in (EventKind.AMEND, EventKind.STATE)
        return self.kind is EventKind.POST or (is_changed and event["rests"])

    def _place(self, account):
        if account.place is None:
            self.last_place += 1
            account.place = self.last_place

    def _pass(self, event):
        pass

    def _session(self, event):
        self.is_continuous = event["quantity"] == 1

    def _quote(self, event):
        self.quote = int(event["bid"]), int(event["offer"])

    def _opt_in(self, event):
        self.opted_in.add((int(event["participant"]), int(event["is_sweep"])))

    def _enter(self, event):
        self.incoming = Account(int(event["order"]), int(event["side"]), int(event["quantity"]))
        self.accounts[self.incoming.number] = self.incoming
        self._set_terms(self.incoming, event)
        if self.incoming.preference_only:
            self.opted_in |= {(self.incoming.participant, 0), (self.incoming.participant, 1)}

    def _amend(self, event):
        account = self.incoming
        if account is None or not account.is_alive or account.leaves == 0:
            self.incoming = None
            return
        account.leaves = max(0, account.leaves + int(event["quantity"]))
        if not event["rests"] or not event["keeps_place"]:
            account.place = None
        self._set_terms(account, event)

    def _state(self, event):
        if self.incoming is None:
            self.incoming = Account(int(event["order"]), int(event["side"]))
            self.accounts[self.incoming.number] = self.incoming
        self.incoming.is_alive = True
        self.incoming.leaves = int(event["quantity"])
        if not event["rests"] or not event["keeps_place"]:
            self.incoming.place = None
        self._set_terms(self.incoming, event)

    def _post(self, event):
        if self.incoming and self.incoming.is_alive:
            self.incoming.limit_x2 = int(event["limit_x2"])

    def _cancel(self, event):
        if self.incoming:
            self.incoming.place, self.incoming.is_alive = None, False

    def _reduce(self, event):
        if self.incoming and self.incoming.is_alive:
            self.applied = min(int(event["quantity"]), self.incoming.leaves)
            self._take_from(self.incoming, self.applied)

    def _set_terms(self, account, event):
        account.style, account.validity = int(event["style"]), int(event["validity"])
        account.single_fill = bool(event["single_fill"]) and self.rules.single_fill
        account.preference_only = bool(event["preference_only"]) and self.rules.preference_only
        account.is_sweep = int(event["is_sweep"])
        account.participant = int(event["participant"])
        account.crossing_key = int(event["crossing_key"])
        account.limit_x2, account.price = int(event["limit_x2"]), int(event["price"])
        minimum = int(event["minimum_quantity"]) if self.rules.minimum_quantity else 0
        account.minimum = minimum if minimum <= account.leaves else 0

    def _take_from(self, account, quantity):
        account.leaves -= quantity
        if account.leaves < account.minimum and self.rules.minimum_quantity_reset:
            account.minimum = 0
