"""Change reasons of an order event (the `changereason` column; centre point rules, section 4.7)."""

from __future__ import annotations

CANCELLED = 1
TRADED = 3
INACTIVATED_BY_CONNECTION_LOSS = 4
AMENDED = 5
NEW = 6
CONVERTED_IN_AUCTION = 7
MARKET_TO_LIMIT = 8
CANCELLED_BY_SYSTEM = 9
CANCELLED_ON_BEHALF = 10
TRIGGERED = 12
ICEBERG_REFRESHED = 13
PRICE_LIMIT_CHANGED = 15
LAST_TRADING_DAY = 19
CANCELLED_BY_HALT = 20
INACTIVATED_BY_SESSION = 21
CORPORATE_ACTION = 23
DAY_ORDER_PURGED = 24
DELISTED = 25
LONG_ORDER_PURGED = 26
PRICE_DISTANCE_PURGED = 27
OWNER_CHANGED = 28
RELOADED = 30
RELOADED_INTRADAY = 31
CANCELLED_AFTER_OPENING = 34
OUTSIDE_PRICE_LIMITS = 35
ACTIVATED_BY_PRICE_LIMITS = 36
SESSION_ORDER_TRIGGERED = 37
SESSION_ORDER_INACTIVATED = 38
UNDISCLOSED_TO_REGULAR = 39
INTERNAL_CROSSING = 43
SWEEP_CONVERTED_TO_LIMIT = 48
MINIMUM_QUANTITY_RESET = 49
SWEEP_RELOADED_WITHOUT_OPTIONS = 50
INVALID_CLEARING_PARTICIPANT = 51
CANCELLED_BY_CONNECTION_LOSS = 100

#: The order comes into the book.
ENTERS = (
    NEW,
    TRIGGERED,
    RELOADED,
    RELOADED_INTRADAY,
    ACTIVATED_BY_PRICE_LIMITS,
    SESSION_ORDER_TRIGGERED,
    SWEEP_RELOADED_WITHOUT_OPTIONS,
)
#: The order leaves the book.
EXITS = (
    CANCELLED,
    INACTIVATED_BY_CONNECTION_LOSS,
    CANCELLED_BY_SYSTEM,
    CANCELLED_ON_BEHALF,
    PRICE_LIMIT_CHANGED,
    LAST_TRADING_DAY,
    CANCELLED_BY_HALT,
    INACTIVATED_BY_SESSION,
    CORPORATE_ACTION,
    DAY_ORDER_PURGED,
    DELISTED,
    LONG_ORDER_PURGED,
    PRICE_DISTANCE_PURGED,
    CANCELLED_AFTER_OPENING,
    OUTSIDE_PRICE_LIMITS,
    SESSION_ORDER_INACTIVATED,
    INTERNAL_CROSSING,
    INVALID_CLEARING_PARTICIPANT,
    CANCELLED_BY_CONNECTION_LOSS,
)

#: What has happened to an order, in words.
WORDS = {
    CANCELLED: "cancelled by its owner",
    TRADED: "traded",
    INACTIVATED_BY_CONNECTION_LOSS: "inactivated, connection lost",
    AMENDED: "amended by its owner",
    NEW: "entered",
    CONVERTED_IN_AUCTION: "converted in the auction",
    MARKET_TO_LIMIT: "became a limit order",
    CANCELLED_BY_SYSTEM: "cancelled by the system",
    CANCELLED_ON_BEHALF: "cancelled on behalf",
    TRIGGERED: "triggered",
    ICEBERG_REFRESHED: "iceberg refreshed",
    PRICE_LIMIT_CHANGED: "cancelled, price limits changed",
    LAST_TRADING_DAY: "expired on its last trading day",
    CANCELLED_BY_HALT: "cancelled in a halt",
    INACTIVATED_BY_SESSION: "inactivated by the session",
    CORPORATE_ACTION: "purged, corporate action",
    DAY_ORDER_PURGED: "purged at the end of the day",
    DELISTED: "purged, delisted",
    LONG_ORDER_PURGED: "expired",
    PRICE_DISTANCE_PURGED: "purged, far from the market",
    OWNER_CHANGED: "changed its owner",
    RELOADED: "reloaded for a new day",
    RELOADED_INTRADAY: "reloaded within the day",
    CANCELLED_AFTER_OPENING: "cancelled after the opening",
    OUTSIDE_PRICE_LIMITS: "purged, outside price limits",
    ACTIVATED_BY_PRICE_LIMITS: "activated, price limits moved",
    SESSION_ORDER_TRIGGERED: "triggered by the session",
    SESSION_ORDER_INACTIVATED: "inactivated by the session",
    UNDISCLOSED_TO_REGULAR: "became a regular order",
    INTERNAL_CROSSING: "deleted, internal crossing",
    SWEEP_CONVERTED_TO_LIMIT: "sweep became a limit order",
    MINIMUM_QUANTITY_RESET: "traded below its minimum",
    SWEEP_RELOADED_WITHOUT_OPTIONS: "reloaded without options",
    INVALID_CLEARING_PARTICIPANT: "cancelled, clearing invalid",
    CANCELLED_BY_CONNECTION_LOSS: "cancelled, connection lost",
}

#: Reasons after which an order no longer trades, as the time-priority model reads them:
#: cancelled (1, 9, 10), halt and session change (20, 21 is left out), purges (23-27), auction and
#: price-limit removals (34, 35), mass-quote and crossing deletions (41-43), invalid clearing (51).
TERMINAL = (1, 9, 10, 20, 23, 24, 25, 26, 27, 34, 35, 41, 42, 43, 51)
