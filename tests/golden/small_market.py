"""The small golden market: five partitions of odd orders, equal at every making.

    python tests/golden/small_market.py        # writes tests/golden/small/

What it holds besides ordinary orders: short-sell siblings (66, 2050, 4098), lit rows, a missing
value written as a number, blank quotes, half prices, repeated rows, a row that cannot be read, an
order before dawn of the day after the clocks changed, one late in the evening before, and a
partition without trades (503 on 2024-10-07).
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

SMALL = Path(__file__).parent / "small"

PARTITIONS = [
    ("2024-10-04", 501),
    ("2024-10-04", 502),
    ("2024-10-07", 501),
    ("2024-10-07", 502),
    ("2024-10-07", 503),
]
WITHOUT_TRADES = ("2024-10-07", 503)
MISSING = -(2**63)

#: 13:30 UTC is half past eleven in the evening of the fourth, UTC+10, and half past midnight of
#: the seventh, UTC+11: with a wrong offset either lands on another date.
EVENING_NS = 1_728_048_600 * 10**9 + 11
BEFORE_DAWN_NS = 1_728_221_400 * 10**9 + 11

ORDERS_PER_PARTITION = 26
_TYPES = [2048] * 12 + [64] * 5 + [4096] * 4 + [256, 4098, 66, 2050, 0]
_ENDINGS = [1, 9, 10, 23, 35, 51, None, None]


def build():
    from markets import FIRST_ID, OPENING_NS, RawMarket

    chance = random.Random(20_241_004)
    market = RawMarket()
    for number, (date, security) in enumerate(PARTITIONS):
        opening_ns = OPENING_NS[date]
        first_id = FIRST_ID + 1_000 * number
        _quotes(market, chance, opening_ns, security)
        trades = (date, security) != WITHOUT_TRADES
        for k, kind in enumerate(chance.sample(_TYPES, len(_TYPES))):
            arrival_ns = opening_ns + chance.randrange(600 * 10**9)
            _order(market, chance, first_id + k, arrival_ns, security, kind, trades)
    _odd_rows(market, FIRST_ID)
    _dated_rows(market, OPENING_NS)
    for table in ("orders", "trades", "nbbo"):
        chance.shuffle(market.rows[table])
    _repeats(market)
    return market


def _quotes(market, chance, opening_ns, security):
    """The first quote comes a minute late: orders before it have only their own quotes."""
    for minute in range(1, 10, 3):
        bid = 1000 + 10 * security % 30 + chance.choice((0, 0.5, 5))
        market.quote(opening_ns + minute * 60 * 10**9, security, bid, bid + 10)


def _order(market, chance, order_id, arrival_ns, security, kind, trades):
    quantity = chance.choice((7, 120, 400, 500, 501, 900, 2000, 2600))
    side = chance.choice((1, 2))
    bid = 1000 + chance.choice((0, 0.5, 2.5))
    event = {
        "exchangeordertype": kind,
        "price": chance.choice((1000, 1002.5, 1010)),
        "bid": bid,
        "offer": chance.choice((bid + 10, bid + 5, None, MISSING)),
        "national_bid": chance.choice((bid, MISSING)),
    }
    market.order(order_id, arrival_ns, security, side, quantity, **event)
    time_ns, leaves, matched = arrival_ns, quantity, 0
    for _ in range(chance.choice((0, 0, 1, 2, 3)) if trades and kind else 0):
        fill = min(leaves, chance.choice((3, 100, quantity)))
        if fill == 0:
            break
        time_ns += chance.randrange(40 * 10**9)
        leaves, matched = leaves - fill, matched + fill
        event |= {"changereason": 3, "leavesquantity": leaves, "totalmatchedquantity": matched}
        # The price of a later event may be blank: the order's last known one stands.
        event["price"] = chance.choice((event["price"], None))
        market.order(order_id, time_ns, security, side, quantity, **event)
        market.trade(order_id, time_ns, security, side, fill, bid + chance.choice((2.5, 5)))
    ending = chance.choice(_ENDINGS)
    if ending is not None and leaves:
        time_ns += chance.randrange(200 * 10**9)
        event |= {"changereason": ending, "leavesquantity": leaves}
        market.order(order_id, time_ns, security, side, quantity, **event)


def _odd_rows(market, first_id):
    # A sweep late on the first evening, whose contra comes three seconds later.
    sweep, contra = first_id + 900, first_id + 901
    market.order(sweep, EVENING_NS, 501, 1, 300, exchangeordertype=2048)
    market.order(contra, EVENING_NS + 3 * 10**9, 501, 2, 80)
    # Before dawn of the second date there is no quote yet; the contra's own quotes count.
    sweep, contra = first_id + 2_900, first_id + 2_901
    market.order(sweep, BEFORE_DAWN_NS, 501, 2, 300, exchangeordertype=2048)
    market.order(contra, BEFORE_DAWN_NS + 5 * 10**9, 501, 1, 90, bid=999.5, offer=1000)
    # A trade of no order here.
    market.trade(first_id + 5_000, BEFORE_DAWN_NS, 501, 1, 10, 1000)


def _dated_rows(market, opening_ns):
    for date, time_ns in opening_ns.items():
        for security in (501, 502, 503):
            market.add(
                "session", TradeDate=time_ns, Name="OPEN", OrderBookId=security, Timestamp=time_ns
            )
            market.add("reference", TradeDate=time_ns, Name=f"{date} {security}", Id=security)
    # Participants are delivered once; they serve both dates.
    for number in (51, 67):
        market.add(
            "participants",
            TradeDate=opening_ns["2024-10-07"],
            ParticipantName=f"Broker {number}",
            Id=number,
        )


def _repeats(market):
    """Later rows with the identity of an earlier one, and a row that cannot be read."""
    orders, trades = market.rows["orders"], market.rows["trades"]
    kept = [row for row in orders if row["exchangeordertype"] == 2048]
    orders.append(kept[3] | {"quantity": 999_999})
    orders.append(kept[8] | {"timestamp": kept[8]["timestamp"] + 1})
    orders.append(kept[5] | {"quantity": "many", "sequence": 999_999})
    trades.append(trades[2] | {"quantity": 999_999})


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))
    from slow_model import write_expected

    build().write(SMALL / "input")
    write_expected(SMALL / "input", SMALL / "expected")
