"""Whatever a case holds: it is read or refused, quantity is conserved, and limits hold."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from worked_cases.book_engines import KernelEngine

from sweep_dask.worked_cases.books import ReferenceEngine
from sweep_dask.worked_cases.match import match_cases

TICK = 10
LIT_QUANTITY = 9
PRICES = st.integers(330, 336).map(lambda price: price * TICK)


@st.composite
def orders(draw, number):
    kind = draw(st.sampled_from([0, 64, 2048, 2048, 4096, 4096]))
    types = {0: ["limit"], 64: ["limit", "market"], 2048: ["limit", "mtl"]}
    order_type = draw(st.sampled_from(types.get(kind, ["limit", "market"])))
    validities = ["day", "fak"] if kind == 0 else ["day", "day", "fak", "fok"]
    return {
        "id": number,
        "side": draw(st.sampled_from(["buy", "sell"])),
        "quantity": draw(st.integers(1, 20)),
        "price": draw(PRICES) if order_type == "limit" else None,
        "order_type": order_type,
        "type": kind,
        "midtick": draw(st.integers(0, 6)),
        "maq": draw(st.sampled_from([0, 0, 0, 3, 10])),
        "single_fill": draw(st.booleans()),
        "participant": draw(st.integers(1, 3)),
        "key": draw(st.sampled_from([0, 0, 5])),
        "validity": draw(st.sampled_from(validities)),
        "display": draw(st.sampled_from([None, None, 2])),
        "preference_only": draw(st.sampled_from([False, False, False, True])),
    }


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "quantity": st.integers(1, 20),
        "price": PRICES,
        "midtick": st.integers(0, 6),
        "maq": st.integers(0, 5),
        "key": st.sampled_from([0, 5]),
    },
).filter(bool)


def _level(order, price):
    return {"id": order, "price": price, "quantity": LIT_QUANTITY}


@st.composite
def cases(draw):
    has_lit = draw(st.booleans())
    lit = {
        "bids": [_level("L1", 3310), _level("L2", 3300)],
        "asks": [_level("L3", 3330), _level("L4", 3350)],
    }
    events, states, quotes = [], [{"t": 0, "state": "OPEN"}], [{"t": 0, "bid": 3310, "offer": 3330}]
    arrived = 0
    for t in range(1, draw(st.integers(2, 20))):
        what = draw(st.sampled_from(["new"] * 5 + ["amend", "cancel", "quote", "state"]))
        if what == "new" or (what in ("amend", "cancel") and not arrived):
            arrived += 1
            events.append({"t": t, "event": "new", "order": draw(orders(arrived))})
        elif what == "amend":
            target = draw(st.integers(1, arrived))
            events.append({"t": t, "event": "amend", "id": target, "changes": draw(CHANGES)})
        elif what == "cancel":
            events.append({"t": t, "event": "cancel", "id": draw(st.integers(1, arrived))})
        elif what == "state":
            names = ["OPEN", "OPEN", "TRADING_HALT", "CSPA", "PURGE_ORDERS"]
            states.append({"t": t, "state": draw(st.sampled_from(names))})
        elif not has_lit:
            sides = st.one_of(st.none(), PRICES)
            quotes.append({"t": t, "bid": draw(sides), "offer": draw(sides)})
    return {
        "tick": TICK,
        "nbbo": quotes,
        "session": states,
        "resting": [],
        "events": events,
        "lit": lit if has_lit else None,
        "config": {
            "preferencing": draw(st.sampled_from([[], [1], [1, 2]])),
            "block_min_value": draw(st.sampled_from([None, 1])),
        },
    }


@settings(max_examples=200)
@given(cases())
def test_random_case(case):
    document = json.dumps(case)
    (matched,) = match_cases(document, "random", None, ReferenceEngine)
    (compiled,) = match_cases(document, "random", None, KernelEngine)
    assert compiled.result == matched.result
    result, story = matched.result, matched.story
    assert json.loads(json.dumps(result)) == result
    assert len(result["rules"]) == len(result["trades"]) == story.count("TRADE")
    assert set(result["unfilled"]) >= {order for order, left in result["leaves"].items() if left}
    _require_conserved(case, matched)
    _require_within_limits(case, result)


def _require_conserved(case, matched):
    """An order's fills and what is left are what its owner asked for, and never below zero."""
    filled = {}
    for buy, sell, quantity, _, _ in matched.result["trades"]:
        assert quantity > 0
        for order in (buy, sell):
            filled[str(order)] = filled.get(str(order), 0) + quantity
    for name, order in matched.exchange.orders.items():
        total = order.terms.quantity if order.terms else LIT_QUANTITY
        assert order.leaves >= 0
        if order.leaves:
            assert filled.get(name, 0) + order.leaves == total
        else:
            assert filled.get(name, 0) >= total
        assert 0 <= order.shown <= order.leaves


def _require_within_limits(case, result):
    """No fill is worse than the best limit an order ever had, half a tick included."""
    limits = {}
    for event in case["events"]:
        order = event.get("order", {"id": event.get("id"), **event.get("changes", {})})
        if order.get("price"):
            limits.setdefault(order["id"], []).append(2 * order["price"])
    unpriced = {
        event["order"]["id"]
        for event in case["events"]
        if "order" in event and event["order"]["price"] is None
    }
    for buy, sell, _, price_x2, _ in result["trades"]:
        if buy in limits and buy not in unpriced:
            assert price_x2 <= np.max(limits[buy]) + TICK
        if sell in limits and sell not in unpriced:
            assert price_x2 >= np.min(limits[sell]) - TICK
