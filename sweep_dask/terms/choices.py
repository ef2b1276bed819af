"""The choices that an answer depends on: what they are called, and what each means."""

from __future__ import annotations

import re
from enum import StrEnum

#: How long sweeps wait and until when they are measured, beside a clock such as `clock:5min`.
RECORDED, CLOSE = "recorded", "close"
#: Of the answer, and all for which it is worked out.
LIFETIME = "clock:5min"
LIFETIMES = (RECORDED, "clock:1s", "clock:30s", LIFETIME, "clock:30min", CLOSE)
#: Seconds of the units of a clock, the longest first.
CLOCK_SECONDS = {"h": 3_600, "min": 60, "s": 1}
#: Everything that a lifetime is called.
LIFETIME_NAME = re.compile(
    rf"{RECORDED}|{CLOSE}|clock:(?P<count>[1-9][0-9]{{0,5}})(?P<unit>{'|'.join(CLOCK_SECONDS)})",
    re.ASCII,
)

#: The answer is about one of so many groups changing; other shares that change beside it.
ADOPTION_GROUPS = 20
ADOPTION_SHARES = (0.25, 0.5)


class Switch(StrEnum):
    """One assumption put the other way."""

    FREED_LIT_LIQUIDITY = "freed_lit_liquidity"
    OWN_QUOTES = "own_quotes"
    AMONG_ADOPTERS = "among_adopters"
    OWN_ORDERS = "own_orders"


#: Each switch and what it assumes instead, in the order in which they are shown. It concerns only
#: what adopting a scenario changes.
SWITCHES = {
    Switch.FREED_LIT_LIQUIDITY: "What a sweep that adopts the scenario no longer fills of its "
    "recorded lit fills goes to the sweeps that are next in the lit book, at that price; otherwise "
    "it goes to nobody.",
    Switch.OWN_QUOTES: "Where a sweep that adopts the scenario and then does not rest in the lit "
    "book made the recorded best bid or offer, the quote is the one before it came, as long as the "
    "recorded one stays at its limit and its record goes on; otherwise quotes are those recorded.",
    Switch.AMONG_ADOPTERS: "Two orders that both adopt the scenario never match; otherwise they "
    "meet in the dark like any others.",
    Switch.OWN_ORDERS: "Two orders of the same known participant, of which at least one adopts the "
    "scenario, never match, crossing bookings included; otherwise they may.",
}
#: What is so under each, within a sentence.
SWITCHED = {
    Switch.FREED_LIT_LIQUIDITY: "what they free in the lit book goes to the next in it",
    Switch.AMONG_ADOPTERS: "sweeps that change do not meet each other",
    Switch.OWN_ORDERS: "they do not meet orders of their own participant",
    Switch.OWN_QUOTES: "the quotes that they made go with them",
}

#: How sweeps count: alike, by what they are worth, or all of them together in dollars.
WEIGHTS = ("sweep", "value", "aud")
SWEEP, VALUE, AUD = range(len(WEIGHTS))
#: The same within a sentence.
COUNTED = dict(zip(WEIGHTS, ("per sweep", "by value", "in dollars"), strict=True))
INTERVALS = ("security-day", "security-day and participant", "security-day and book")
BOOK = 2
#: Fewer clusters than this say too little of how far effects spread (Cameron and Miller 2015).
ENOUGH_CLUSTERS = 10
BETTER, WORSE, NOT_DECIDED = "better", "worse", "not decided"

#: Above so many groups one of them is told as one sweep in so many, not in percent; arbitrary.
_MANY_GROUPS = 10


def wait(lifetime: str) -> str:
    """How long sweeps wait: `5 min`, `to the close`, `as recorded`."""
    known = {RECORDED: "as recorded", CLOSE: "to the close"}
    return known.get(lifetime) or re.sub(r".*?(\d+)", r"\1 ", lifetime)


def within(lifetime: str) -> str:
    """Until when fills count: `within 5 min`, `by the close`, `as long as their record goes on`."""
    known = {RECORDED: "as long as their record goes on", CLOSE: "by the close"}
    return known.get(lifetime) or f"within {wait(lifetime)}"


def adopters(share: float, participant: int | None = None) -> str:
    """Who changes: `one sweep in 20 changes`, `everybody changes`; or one participant's sweeps."""
    if participant is not None:
        return f"all sweeps of participant {participant} change"
    if share == 1:
        return "everybody changes"
    if 1 / share >= _MANY_GROUPS:
        return f"one sweep in {1 / share:,.0f} changes"
    return f"{share:.0%} of them change"


def enumerated(names: list[str], conjunction: str = "or") -> str:
    """`this`, `this or that`, `this, that or another`."""
    *others, last = names
    return f"{', '.join(others)} {conjunction} {last}" if others else last
