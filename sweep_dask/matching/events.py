"""What goes into the Centre Point book and what comes out: arrays of records.

Prices ending in `_x2` are doubled, so that half ticks are whole numbers; others are in the file's
unit (0.1 cent). A price of 0 means that there is none. Quantities are shares.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class EventKind(IntEnum):
    """What an event does to the book."""

    SESSION = 0
    """Continuous trading begins (quantity 1) or ends (quantity 0)."""
    QUOTE = 1
    """The national quote moved to bid and offer; resting orders may meet."""
    ENTER = 2
    """An order arrives, trades, and rests if it may."""
    AMEND = 3
    """The terms of an order change, also whether it rests; `quantity` is by how much its leaves
    change, with a sign."""
    TAKE = 4
    """A sweep that has taken from the lit book looks into the dark book again."""
    POST = 5
    """A sweep that has entered begins to rest in the dark, with the limit of this event."""
    REDUCE = 6
    """`quantity` of an order was filled elsewhere: in the lit book, or by an order unknown here."""
    CANCEL = 7
    """An order leaves the book."""
    STATE = 8
    """What really was: the order's leaves, minimum and whether it rests; nothing trades."""
    OPT_IN = 9
    """From now on the participant's incoming orders (sweeps or others) are preferenced."""
    FREE = 10
    """An order does not have a lit fill of `quantity` at `limit_x2` that it had on record; see
    `freed`. It had come in if `trades` is set, and rested if `rests` is; so has a REDUCE of which
    some may be freed."""


class Style(IntEnum):
    """Where an order trades in the dark; each style includes the ones before."""

    MIDPOINT = 0
    """At the midpoint alone."""
    DARK_LIMIT = 1
    """Also at on-tick prices inside the spread, with others of this style."""
    ANY_PRICE_BLOCK = 2
    """Also at or outside the quotes, with others of this style and sweeps."""


class Validity(IntEnum):
    """How long an order stays."""

    DAY = 0
    FILL_AND_KILL = 1
    FILL_OR_KILL = 2


class Decision(IntEnum):
    """Whose decision an event follows from, where some orders adopt another way to act."""

    ANY = 0
    """It happens either way."""
    ADOPTED = 1
    """Only if its order adopts."""
    AS_RECORDED = 2
    """Only if its order does not."""
    IDLE = 3
    """It happens either way. If its order does not adopt it changes nothing for anybody else, and
    may be left out."""
    IDLE_AS_RECORDED = 4
    """The same, of one that does not happen if its order adopts."""


EVENT = np.dtype(
    [
        ("kind", np.int8),
        ("side", np.int8),
        ("style", np.int8),
        ("validity", np.int8),
        ("single_fill", np.int8),
        ("preference_only", np.int8),
        # Whether what is left rests in the dark, where later orders find it.
        ("rests", np.int8),
        ("is_sweep", np.int8),
        # Whether an AMEND (or a STATE) leaves the order its place in the queue.
        ("keeps_place", np.int8),
        # Whether the order looks for contras (an AMEND need not).
        ("trades", np.int8),
        # Whether bid and offer of this event are the ones to trade at, not the standing quote.
        ("has_quote", np.int8),
        # Not for the book: in which replays it happens, see `Decision`.
        ("decision", np.int8),
        # Dense number of the order, the first is 0.
        ("order", np.int32),
        ("participant", np.int64),
        ("crossing_key", np.int64),
        # The limit in the dark: with the half tick, or without a price as in `market.ticks`.
        ("limit_x2", np.int64),
        # The entered price, which decides whether an order is priced outside the quotes.
        ("price", np.int64),
        ("quantity", np.int64),
        ("minimum_quantity", np.int64),
        ("bid", np.int64),
        ("offer", np.int64),
    ],
    align=True,
)


class Route(IntEnum):
    """How two orders met; names the rule behind a fill."""

    MIDPOINT = 0
    """An incoming order at the midpoint."""
    OWN = 1
    """The same, in the pass over its own participant's orders."""
    COMPLETION = 2
    """Two resting orders, as the incoming one makes up a minimum."""
    QUOTE_MOVE = 3
    """Two resting orders, as the quote moved."""
    ON_TICK = 4
    """Dark limit orders at an on-tick price inside the spread."""
    BLOCK = 5
    """Block phase."""


FILL = np.dtype(
    [
        # Position of the event that caused it.
        ("event", np.int64),
        ("buy", np.int32),
        ("sell", np.int32),
        ("quantity", np.int64),
        ("price_x2", np.int64),
        ("deal_source", np.int16),
        # The side that was the incoming one: 1 buy, 2 sell, 0 neither.
        ("aggressor", np.int8),
        ("route", np.int8),
    ],
    align=True,
)


GAIN = np.dtype(
    [
        # Position of the event by which it was freed, or with which the order took it.
        ("event", np.int64),
        ("order", np.int32),
        ("quantity", np.int64),
        ("price_x2", np.int64),
    ],
    align=True,
)


class Obstacle(IntEnum):
    """Why (the rest of) an order found no contra when it last looked."""

    NONE = 0
    """It never looked, or nothing was left."""
    SESSION = 1
    """No continuous trading."""
    NO_QUOTE = 2
    """No quote on one side or both."""
    LOCKED_OR_CROSSED = 3
    NO_CONTRA = 4
    """Nobody rests on the other side."""
    LIMIT = 5
    """The midpoint is beyond its own limit."""
    CONTRA_LIMIT = 6
    """The midpoint is beyond the limit of every contra."""
    MINIMUM_QUANTITY = 7
    """Its own minimum, or those of all contras within limits, could not be met."""
