"""What the codes of an order row say: its type, its mid-tick, and whether it stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


# --- `exchangeordertype`: a bit mask, not a list of codes ---------------------------------------
#
# 4098 is 4096 + 2, a Centre Point block order that is a short sale; comparing with a list of codes
# silently loses such orders (66, 2050).


#: A flag on any of the others: the seller does not own what is sold.
SHORT_SELL = 2
CENTRE_POINT = 64
CENTRE_POINT_CROSSING = 256
SWEEP = 2048
CENTRE_POINT_BLOCK = 4096

#: A row is of interest when any of these bits is set.
CENTRE_POINT_BITS = CENTRE_POINT | CENTRE_POINT_CROSSING | SWEEP | CENTRE_POINT_BLOCK

#: The time-priority model looks at exactly these codes (short-sell siblings 66 and 2050 are not
#: among them; 4098 is). It is kept as published.
TIME_PRIORITY_TYPES = (64, 256, 2048, 4096, 4098)


# --- `midtick`: half a tick on the limit, and where it trades -----------------------------------
#
# One number says both (centre point rules, section 2.3), and not the same on every order type.


UNDEFINED = 0
#: Midpoint only, with half a tick on the limit; a sweep also rests in the dark (dual post).
HALF_TICK = 1
OFF = 2
DARK_LIMIT = 3
DARK_LIMIT_HALF_TICK = 4
ANY_PRICE_BLOCK = 5
ANY_PRICE_BLOCK_HALF_TICK = 6

#: Better the entered limit by half a tick (Business Information 24.1).
WITH_HALF_TICK = (HALF_TICK, DARK_LIMIT_HALF_TICK, ANY_PRICE_BLOCK_HALF_TICK)
#: Trade also at on-tick prices inside the spread, not at the midpoint alone; each includes the ones
#: before.
DARK_LIMITS = (DARK_LIMIT, DARK_LIMIT_HALF_TICK)
#: Trade also at or outside the quotes.
ANY_PRICE_BLOCKS = (ANY_PRICE_BLOCK, ANY_PRICE_BLOCK_HALF_TICK)


def effective_midtick(
    exchange_order_type: IntArray, midtick: IntArray, price: IntArray
) -> IntArray:
    """The value that counts for an order of its type, int64[n] like all arguments.

    A sweep has it on (1) or off; an order without a price has it off; the block phase is open to
    block orders alone (64 with 5 or 6 would be rejected and is read as a dark limit order). A
    value that does not exist, such as a missing one, is off.
    """
    known = (midtick >= UNDEFINED) & (midtick <= ANY_PRICE_BLOCK_HALF_TICK) & (price != 0)
    is_sweep = (exchange_order_type & SWEEP) != 0
    counts = known & (~is_sweep | (midtick == HALF_TICK))
    of_type = np.where(may_trade_in_blocks(exchange_order_type), midtick, _without_block(midtick))
    return np.where(counts, of_type, OFF)


def may_trade_in_blocks(exchange_order_type: IntArray) -> BoolArray:
    """Whether the block phase is open to resting orders of a type, bool[n]."""
    allowed: BoolArray = (exchange_order_type & CENTRE_POINT_BLOCK) != 0
    return allowed


def _without_block(midtick: IntArray) -> IntArray:
    """Any price block with and without half a tick become dark limits with and without it."""
    return np.where(
        midtick == ANY_PRICE_BLOCK,
        DARK_LIMIT,
        np.where(midtick == ANY_PRICE_BLOCK_HALF_TICK, DARK_LIMIT_HALF_TICK, midtick),
    )


def is_dual_posted(exchange_order_type: IntArray, midtick: IntArray) -> BoolArray:
    """Whether an order is a sweep that rests in both books, bool[n]."""
    posted: BoolArray = ((exchange_order_type & SWEEP) != 0) & (midtick == HALF_TICK)
    return posted


# --- `timevalidity`: how long it stays (centre point rules, section 4.7) ------------------------


#: The unit, six of the upper eight bits, of what is cancelled at once: fill-and-kill or
#: fill-or-kill, which look alike.
_IMMEDIATE = 0
_UNIT_BITS = 0x3F << 8


def is_immediate(values: IntArray) -> BoolArray:
    """bool[n], whether what is not filled at once is cancelled; of int64[n].

    A missing value (below 0) is rest of day, which is what most orders are: to take it as
    immediate would empty the book.
    """
    immediate: BoolArray = (values >= 0) & ((values & _UNIT_BITS) == _IMMEDIATE)
    return immediate
