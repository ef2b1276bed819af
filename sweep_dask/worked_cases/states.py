"""Trading states and what they allow; section 5 of the rules, those of a share."""

from __future__ import annotations

#: Continuous trading: the one state in which the books match orders as they arrive.
OPEN = "OPEN"
PURGE_ORDERS = "PURGE_ORDERS"
AUCTIONS = ("OSPA", "CSPA")
HALTS = ("TRADING_HALT", "REG_HALT")
_OTHERS_WITHOUT_ENTRY = ("ADJUST", "ADJUST_ON", "SYSTEM_MAINTENANCE", "CLOSE", "CANCEL_ONLY")
#: Orders may be cancelled, but none entered.
WITHOUT_ENTRY = (*AUCTIONS, *_OTHERS_WITHOUT_ENTRY, PURGE_ORDERS)
_OTHERS = (
    "PRE_OPEN",
    "PRE_CSPA",
    "POST_CLOSE",
    "PRE_NR",
    "SUSPEND",
    "ENQUIRE",
    "LATE_TRADING",
    "OPEN_NIGHT-TRADING",
    "PRE_NIGHT-TRADING",
    "OPEN_QUOTE-DISPLAY",
)
STATES = (OPEN, *_OTHERS, *HALTS, *WITHOUT_ENTRY)
