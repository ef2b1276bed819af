"""A day of one security in rows, as the exchange extracts them: small enough to work out by hand.

Orders are numbered 1, 2, 3 ... in tests; in the tables they have 19 digits. Times are small
numbers of nanoseconds. Trading is continuous from `OPEN_NS` to `CLOSE_NS`.
"""

from __future__ import annotations

import pandas as pd
from framed import read_partition

from sweep_dask.analysis.centre_point.inputs import BookSettings
from sweep_dask.market.sessions import Window
from sweep_dask.matching.rules import Rules

BUY, SELL = 1, 2
CENTRE_POINT, CROSSING, SWEEP, BLOCK = 64, 256, 2048, 4096
NEW, CANCELLED, TRADED, AMENDED, BY_SYSTEM, RELOADED, NEW_INACTIVE = 6, 1, 3, 5, 9, 30, 29
LIT, AUCTION, PREFERENCED, DARK, BOOKING = 1, 20, 46, 47, 48
OFF, HALF_TICK = 2, 1
REST_OF_DAY, IMMEDIATE = 256, 0
OFF_BOOK, ON_BOOK, INACTIVE = 2, 1, 4

OPEN_NS, CLOSE_NS = 100, 1_000_000
CONTINUOUS = (Window(OPEN_NS, CLOSE_NS),)
FIRST_ID = 7_904_794_000_123_498_600
DATE, SECURITY = "2024-09-05", 110621

_ENTRY = {
    "security_code": SECURITY,
    "quantity": 0,
    "totalmatchedquantity": 0,
    "exchangeordertype": BLOCK,
    "midtick": OFF,
    "minimumquantity": 0,
    "singlefillminimumquantity": 2,
    "preferenceonly": 2,
    "crossingkey": 0,
    "timevalidity": REST_OF_DAY,
    "bid": 0,
    "offer": 0,
}


class Day:
    """Rows in the order in which they are added; each has the next sequence number."""

    def __init__(self, bid=3330, offer=3340):
        self.order_rows = []
        self.trade_rows = []
        self.quote_rows = []
        self.state = {}
        self._sequence = 1_000
        self._matches = 0
        self._bid, self._offer = bid, offer
        if bid:
            self.quote(1, bid, offer)

    # --- rows -------------------------------------------------------------------------------------

    def quote(self, at, bid, offer):
        """The national quote moves; rows of orders show it from now on."""
        self._bid, self._offer = bid, offer
        self.quote_rows.append({"timestamp": at, "bidprice": bid, "offerprice": offer})

    def row(self, number, at, **fields):
        """One row of an order: its last state with these fields changed."""
        state = {
            "order_id": FIRST_ID + number,
            "participantid": number,
            **_ENTRY,
            **self.state.get(number, {}),
            "national_bid": self._bid or None,
            "national_offer": self._offer or None,
            **fields,
        }
        self.state[number] = state
        self.order_rows.append({**state, "timestamp": at, "sequence": self._next()})
        return self

    def enter(self, number, at, side, quantity, price=0, rows=2, **fields):
        """An order arrives: the row before matching and, unless `rows` is 1, its after-image."""
        terms = {"side": side, "price": price, "quantity": quantity, "leavesquantity": quantity}
        self.row(number, at, **{"changereason": NEW, "orderstatus": OFF_BOOK, **terms, **fields})
        if rows == 2:
            self.row(number, at, orderstatus=ON_BOOK)
        return self

    def amend(self, number, at, **fields):
        """The terms change; `leavesquantity` is given as what is left after it."""
        return self.row(number, at, changereason=AMENDED, **fields)

    def cancel(self, number, at, reason=CANCELLED):
        """The order leaves the book unfilled."""
        return self.row(number, at, changereason=reason, orderstatus=OFF_BOOK)

    def trade(self, at, *matches):
        """One transaction of (buy, sell, quantity, price, deal source, aggressor) matches.

        Orders without rows are left without. A side of None has no trade row either.
        """
        for buy, sell, quantity, *_ in matches:
            for number in (buy, sell):
                if number in self.state:
                    self._fill_row(number, at, quantity)
        for match in matches:
            self.tape_rows(at, *match)
        return self

    def _fill_row(self, number, at, quantity):
        state = self.state[number]
        leaves = state["leavesquantity"] - quantity
        minimum = state["minimumquantity"]
        self.row(
            number,
            at,
            changereason=TRADED,
            orderstatus=ON_BOOK if leaves else OFF_BOOK,
            leavesquantity=leaves,
            totalmatchedquantity=state["totalmatchedquantity"] + quantity,
            minimumquantity=0 if leaves < minimum else minimum,
        )

    def tape_rows(self, at, buy, sell, quantity, price, deal_source=DARK, aggressor=0):
        self._matches += 1
        for side, number in ((BUY, buy), (SELL, sell)):
            if number is not None:
                self.trade_rows.append(
                    {
                        "sequence": self._next(),
                        "tradetime": at,
                        "securitycode": SECURITY,
                        "orderid": FIRST_ID + number,
                        "dealsource": deal_source,
                        "matchgroupid": self._matches,
                        "tradeprice": price,
                        "quantity": quantity,
                        "side": side,
                        "participantid": self.state.get(number, {}).get("participantid", number),
                        "passiveaggressive": int(aggressor == side),
                    }
                )

    def _next(self):
        self._sequence += 1
        return self._sequence

    # --- tables -----------------------------------------------------------------------------------

    @property
    def orders(self):
        return pd.DataFrame(self.order_rows)

    @property
    def trades(self):
        return pd.DataFrame(self.trade_rows) if self.trade_rows else None

    @property
    def quotes(self):
        return pd.DataFrame(self.quote_rows) if self.quote_rows else None

    def partition(self, continuous=CONTINUOUS, rules=None, **settings):
        """The day as the book sees it; by default nobody is preferenced unless seen to be."""
        settings = BookSettings(rules=rules or Rules(), **settings)
        return read_partition(self.orders, self.trades, self.quotes, continuous, settings)


def numbers(matches):
    """Dark matches as (time, buy, sell, quantity, doubled price, deal source)."""
    columns = ["timestamp", "buy_order_id", "sell_order_id", "quantity", "price_x2", "deal_source"]
    rows = matches[columns].astype("int64").to_numpy().tolist()
    return [(at, buy - FIRST_ID, sell - FIRST_ID, *rest) for at, buy, sell, *rest in rows]
