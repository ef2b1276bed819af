"""What scenarios assume though no data decides it, put the other way: a switch for each.

A switch concerns only what adopting a scenario changes. With an effect worked out under each of
them, too, it can be told how far it depends on them.
"""

from __future__ import annotations

from enum import StrEnum


class Switch(StrEnum):
    """One assumption put the other way."""

    FREED_LIT_LIQUIDITY = "freed_lit_liquidity"
    OWN_QUOTES = "own_quotes"
    AMONG_ADOPTERS = "among_adopters"
    OWN_ORDERS = "own_orders"


#: Each switch and what it assumes instead, in the order in which they are shown.
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
