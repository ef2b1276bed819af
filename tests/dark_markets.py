"""A small market whose dark matches can be followed by hand.

In every partition, seconds after the opening, at a quote of 1000 to 1010 (midpoint 1005):

    10  A, dark, sells 100 and rests
    20  B, a sweep, buys 150: 100 from A in the dark, 20 lit at once; 30 rest in the lit book
    30  C, dark, buys 50 and rests
    40  B gets 10 more in the lit book
    50  D, dark, sells 50: all to C
    60  B is cancelled with 20 left

What B gets in each scenario follows: see `EXPECTED`.
"""

from markets import BUY, CANCELLED, FIRST_ID, OPENING_NS, SECOND, SELL, SWEEP, TRADED, RawMarket

#: By scenario: shares B gets in the dark, lit, and not at all. In dual-post the remainder of 30
#: also rests in the dark, ahead of C; 10 go lit, so that D finds 20. In rest-dark it is not in the
#: lit book and D finds 30; in dark-only B has not taken 20 from the lit book, and D finds 50.
EXPECTED = {
    "tape": (100, 30, 20),
    "as-entered": (100, 30, 20),
    "dual-post": (120, 30, 0),
    "rest-dark": (130, 20, 0),
    "dark-only": (150, 0, 0),
}
SWEEP_QUANTITY = 150

ON_BOOK, GONE = 1, 2
LIT_TRADE, DARK_TRADE, AUCTION_TRADE = 1, 47, 20
AGGRESSOR, PASSIVE = 1, 0
MIDPOINT, OFFER = 1005, 1010
OPEN, PRE_OPEN = 1, 3
DAY_SECONDS = 6 * 3600


def dark_market(
    securities=(101, 102), dates=tuple(OPENING_NS), *, session=True, quotes=True, trades=True
):
    """The market described above; without `session` an auction trade opens it."""
    market = RawMarket()
    first_id = FIRST_ID
    for date in dates:
        for security in securities:
            add_partition(
                market,
                OPENING_NS[date],
                security,
                first_id,
                session=session,
                quotes=quotes,
                trades=trades,
            )
            first_id += 100
    return market


def add_partition(
    market, opening_ns, security, first_id, *, session=True, quotes=True, trades=True
):
    """One partition; A, B, C and D are `first_id` + 1 to 4."""
    if session:
        add_session(market, opening_ns, security)
    if quotes:
        market.quote(opening_ns, security, 1000, 1010)
    own_quote = {} if quotes else dict.fromkeys(("national_bid", "national_offer"), 0)
    day = _Day(market, opening_ns, security, own_quote, trades=trades)
    if not session:
        day.trade(0, first_id + 90, BUY, 5, 1000, AUCTION_TRADE, PASSIVE, first_id + 50)
    a, b, c, d = (first_id + number for number in range(1, 5))
    day.event(10, a, SELL, 100, limit=1000)
    day.event(20, b, BUY, 150, limit=1010, exchangeordertype=SWEEP)
    day.fill(20, a, SELL, 0, 100, limit=1000)
    day.fill(20, b, BUY, 30, 120, limit=1010, exchangeordertype=SWEEP)
    day.match(20, b, a, 100, MIDPOINT, aggressor=BUY, group=first_id + 51)
    day.trade(20, b, BUY, 20, OFFER, LIT_TRADE, AGGRESSOR, first_id + 52)
    day.event(30, c, BUY, 50, limit=1010)
    day.fill(40, b, BUY, 20, 130, limit=1010, exchangeordertype=SWEEP)
    day.trade(40, b, BUY, 10, OFFER, LIT_TRADE, PASSIVE, first_id + 53)
    day.event(50, d, SELL, 50, limit=1000)
    day.fill(50, c, BUY, 0, 50, limit=1010)
    day.fill(50, d, SELL, 0, 50, limit=1000)
    day.match(50, c, d, 50, MIDPOINT, aggressor=SELL, group=first_id + 54)
    day.cancel(60, b, BUY, 20, 130, limit=1010, exchangeordertype=SWEEP)


def add_session(market, opening_ns, security):
    """Pre-open, then open from just before the first event for six hours."""
    states = (
        (-3600, "PRE_OPEN", PRE_OPEN),
        (0, "OPEN", OPEN),
        (DAY_SECONDS, "PRE_CSPA", PRE_OPEN),
    )
    for seconds, name, matching_type in states:
        market.add(
            "session",
            TradeDate=opening_ns,
            Timestamp=opening_ns + seconds * SECOND,
            Name=name,
            MatchingType=matching_type,
            Level=1,
            OrderBookId=security,
        )


class _Day:
    """Adds rows of one partition; times are seconds after the opening."""

    def __init__(self, market, opening_ns, security, own_quote, *, trades):
        self._market = market
        self._opening_ns = opening_ns
        self._security = security
        self._own_quote = own_quote
        self._trades = trades

    def event(self, seconds, order_id, side, leaves, *, limit, matched=0, **fields):
        self._market.order(
            order_id,
            self._opening_ns + seconds * SECOND,
            self._security,
            side,
            leaves + matched,
            **{
                "price": limit,
                "leavesquantity": leaves,
                "totalmatchedquantity": matched,
                "orderstatus": ON_BOOK,
                **self._own_quote,
                **fields,
            },
        )

    def fill(self, seconds, order_id, side, leaves, matched, **fields):
        status = ON_BOOK if leaves else GONE
        reason = {"changereason": TRADED, "orderstatus": status}
        self.event(seconds, order_id, side, leaves, matched=matched, **reason, **fields)

    def cancel(self, seconds, order_id, side, leaves, matched, **fields):
        reason = {"changereason": CANCELLED, "orderstatus": GONE}
        self.event(seconds, order_id, side, leaves, matched=matched, **reason, **fields)

    def match(self, seconds, buy, sell, quantity, price, *, aggressor, group):
        for order_id, side in ((buy, BUY), (sell, SELL)):
            part = AGGRESSOR if side == aggressor else PASSIVE
            self.trade(seconds, order_id, side, quantity, price, DARK_TRADE, part, group)

    def trade(self, seconds, order_id, side, quantity, price, deal_source, part, group):
        if self._trades:
            self._market.trade(
                order_id,
                self._opening_ns + seconds * SECOND,
                self._security,
                side,
                quantity,
                price,
                dealsource=deal_source,
                passiveaggressive=part,
                matchgroupid=group,
            )
