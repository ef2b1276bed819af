"""The rules of the Centre Point book in words; matching/RULES.md has their sources and tests."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A rule that can be switched off, a field of `matching.rules.Rules`."""

    number: str
    """In matching/RULES.md."""
    words: str
    """What the book does under it."""


#: By name, in the order of their bits.
RULES = {
    "half_tick": Rule("R2", "some orders accept half a tick more than their limit says"),
    "limit_test": Rule("R3", "nobody trades beyond the own limit"),
    "time_priority": Rule("R4", "time alone ranks orders, a better limit does not"),
    "dark_limit": Rule("R5", "dark limit orders also meet at prices other than the midpoint"),
    "any_price_block": Rule("R6", "large blocks also meet at or outside the quotes"),
    "minimum_quantity": Rule("R7", "orders refuse less than their minimum quantity"),
    "single_fill": Rule("R8", "some minimums must be met by one order of the other side"),
    "minimum_quantity_reset": Rule("R9", "a minimum falls away once less than it is left"),
    "minimum_quantity_completion": Rule(
        "R10", "several orders may meet a resting minimum together"
    ),
    "preferencing": Rule("R11", "some participants meet their own orders first"),
    "preference_only": Rule("R12", "some orders meet those of the own participant alone"),
    "crossing_key": Rule("R13", "orders with one crossing key are booked against each other"),
    "priority_loss": Rule("R14", "changing price, mid-tick or enlarging an order costs its place"),
    "amendment_trigger": Rule("R15", "a changed order tries again"),
    "decrease_trigger": Rule("R16", "an order that was only made smaller tries again"),
    "quote_moves": Rule("R17", "resting orders meet when the quote moves"),
    "normal_quote": Rule("R18", "nothing trades while the bid is not below the offer"),
    "continuous_only": Rule("R19", "nothing trades outside continuous trading"),
    "own_quote": Rule("R20", "an incoming order trades at the quote recorded on it"),
    "immediate": Rule("R21", "the rest of an immediate order is cancelled at once"),
    "dual_post": Rule("R23", "a sweep with the mid-tick on also rests in the dark"),
    "sweep_on_tick": Rule("R24", "sweeps meet dark limit orders at other prices too"),
}

#: Sections of the exchange's rules, in the order in which they are named behind a trade.
SECTIONS = {
    "S1": "a sweep looks into the dark book first",
    "S2": "then it takes one price level of the lit book",
    "S4": "the lit level moved the quote: it looks into the dark book again",
    "5.1": "an order looks for contras when it arrives",
    "5.2": "an amended order looks again",
    "5.3": "orders that rest may meet when the quote moves",
    "5.4": "orders match in continuous trading alone",
    "7.5": "several orders meet a resting minimum together, the older ones first",
    "8.1": "a preferencing participant's own orders come first",
    "2.1": "the price is the midpoint",
    "3.1": "at the midpoint time alone ranks those whose limits allow it",
    "4.1": "a dark limit order walks from its best price to its worst",
    "4.2": "at on-tick prices dark limit orders meet each other alone",
    "2.4": "on-tick prices lie strictly inside the spread",
    "3.2": "time ranks the orders of one price",
    "9.1": "block phase: what is left may trade at or outside the quotes",
    "2.6": "at the price of the block that rests",
    "3.3": "blocks rank by price, then time",
    "9.4": "each block trade is worth the least block value",
    "2.2": "half a tick is added to the limit",
    "7.1": "a minimum is met each time the order trades",
    "7.2": "by several contras together or, if it is single-fill, by each one",
    "7.4": "less than the minimum is left, so it falls away",
    "S6": "a sweep with the mid-tick on rests in the dark too",
    "10.4": "one quantity in two books",
    "10.5": "of an iceberg the total is filled, not what it shows",
    "5.6": "nobody is incoming, so nobody is preferenced",
    "5.7": "time on both sides",
    "8.4": "the deal source says that the order was preferenced",
    "8.5": "one participant and one crossing key: a booking, no market trade",
    "8.6": "a booking uses up both orders",
}
