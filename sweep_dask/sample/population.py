"""Who trades what: participants and the proportions of order types, sizes, prices and flags.

The proportions of order types, half ticks and limits are those of a real security-day (DRR,
5 September 2024) as far as it shows them; a constant without a source is marked arbitrary.
Tables of weights have the weight in column 0 and the value in column 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.market.order_codes import (
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    DARK_LIMITS,
    SHORT_SELL,
    SWEEP,
)
from sweep_dask.sample.compiled import folded, kernel
from sweep_dask.sample.randomness import draw_below, draw_row, draw_value, happens
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.sample.records import Order

#: (weight, participant id, prefers its own orders), arbitrary.
PARTICIPANTS = np.array(
    [
        *((260, 72, 1), (160, 23, 1), (120, 104, 0), (100, 45, 0), (80, 11, 0), (70, 133, 0)),
        *((60, 90, 0), (50, 38, 0), (40, 158, 0), (30, 17, 0), (20, 59, 0), (10, 201, 0)),
    ],
    dtype=np.int64,
)

#: The participants who have opted in to matching their own orders first.
PREFERENCING = tuple(PARTICIPANTS[PARTICIPANTS[:, 2] == 1, 1].tolist())

#: Sweeps 51 %, block orders 44 %, short-sell siblings included; 256 does not occur on that day.
_ORDER_TYPES = np.array(
    [(490, 2048), (18, 2050), (425, 4096), (22, 4098), (35, 64), (7, 66), (3, 256)], dtype=np.int64
)
#: A lit order is plain or a short sale; arbitrary.
_LIT_TYPES = np.array([(880, 0), (120, 2)], dtype=np.int64)

#: Half ticks on types 64 and 4096 as counted there. It had no dual-posted sweep; 2 % here.
_MIDTICK_SWEEP = np.array([(980, 2), (20, 1)], dtype=np.int64)
_MIDTICK_CENTRE_POINT = np.array([(244, 1), (21, 2), (1, 3), (1, 4)], dtype=np.int64)
_MIDTICK_BLOCK = np.array([(2803, 1), (459, 2), (34, 3), (341, 4)], dtype=np.int64)

#: Fill-and-kill, in thousandths of the orders of a kind: 264 of 267 orders of type 64.
_KILL_CENTRE_POINT, _KILL_BLOCK, _KILL_SWEEP = 989, 120, 50

#: Ticks from the own touch (positive: towards and past the other side), close to that day's. The
#: dark takes what it gets at the midpoint, so a limit may lie past the other touch.
_DARK_OFFSETS = np.array([(30, 2), (60, 1), (800, 0), (70, -1), (40, -3)], dtype=np.int64)
_SWEEP_OFFSETS = np.array([(180, 1), (435, 0), (200, -1), (115, -2), (70, -4)], dtype=np.int64)
#: Dark limit orders trade inside a wide spread, if they are priced there; arbitrary.
_DARK_LIMIT_OFFSETS = np.array([(200, 2), (400, 1), (400, 0)], dtype=np.int64)
#: Of lit orders nothing is known; arbitrary.
_LIT_OFFSETS = np.array([(100, 1), (450, 0), (250, -1), (150, -2), (50, -5)], dtype=np.int64)

#: Order sizes: (weight, least, most) of bands whose borders are close to the quantiles 5, 25,
#: 50, 75, 95 % of that day; a log-normal law with the thin tail cut at 300,000 shares.
_SIZES = np.array(
    [
        (50, 1, 6),
        (200, 7, 150),
        (250, 151, 600),
        (250, 601, 1_600),
        (200, 1_601, 10_000),
        (45, 10_001, 60_000),
        (5, 60_001, 300_000),
    ],
    dtype=np.int64,
)

#: In thousandths: block orders with a minimum quantity, and those of them for the whole size.
_WITH_MINIMUM, _MINIMUM_IS_QUANTITY = 140, 470
#: A single contra must meet the minimum (1) or several may (2).
_SINGLE_FILL = np.array([(740, 1), (260, 2)], dtype=np.int64)

#: Crossing keys: none for 300 of 1,000 orders, else one of a participant's four clients.
_WITHOUT_KEY, _CLIENTS, _KEYS_PER_PARTICIPANT = 300, 4, 1_000

#: Time validity of fill-and-kill orders and of all others (`timevalidity`).
BOUNCING, REST_OF_DAY = 0, 256
_YES, _NO = 1, 2

_BLOCK_OR_PLAIN_DARK = CENTRE_POINT_BLOCK | CENTRE_POINT


@kernel
def draw_size(random: NDArray[np.uint64]) -> int:
    """A quantity in shares."""
    row = draw_row(random, _SIZES)
    least, most = _SIZES[row, 1], _SIZES[row, 2]
    return int(least + draw_below(random, most - least + 1))


@kernel
def draw_offset(random: NDArray[np.uint64], order: Order) -> int:
    """Ticks between an order's limit and its own side's touch."""
    order_type = order.exchangeordertype
    if order_type & SWEEP:
        return draw_value(random, _SWEEP_OFFSETS)
    if order_type & _BLOCK_OR_PLAIN_DARK:
        if order.midtick in DARK_LIMITS:
            return draw_value(random, _DARK_LIMIT_OFFSETS)
        return draw_value(random, _DARK_OFFSETS)
    return draw_value(random, _LIT_OFFSETS)


@kernel
def draw_centre_point_type(random: NDArray[np.uint64]) -> int:
    """The type of an order that searches the dark book."""
    return draw_value(random, _ORDER_TYPES)


@kernel
def draw_sweep_type(random: NDArray[np.uint64]) -> int:
    """A sweep or a short-selling sweep: what may be entered before the open."""
    return SWEEP | SHORT_SELL if happens(random, 35) else SWEEP


@kernel
def draw_lit_type(random: NDArray[np.uint64]) -> int:
    """The type of an order of the lit book only."""
    return draw_value(random, _LIT_TYPES)


@folded
def draw_order(random: NDArray[np.uint64], order: Order, order_type: int) -> None:
    """Fill in everything about a new order but its id and price."""
    order.exchangeordertype = order_type
    order.side = SELL if order_type & SHORT_SELL or happens(random, 490) else BUY
    order.quantity = draw_size(random)
    order.leavesquantity = order.quantity
    order.totalmatchedquantity = 0
    order.participantid = draw_value(random, PARTICIPANTS)
    order.crossingkey = _draw_key(random, order.participantid)
    order.midtick = _draw_midtick(random, order_type)
    order.timevalidity = BOUNCING if _is_killed(random, order_type) else REST_OF_DAY
    order.preferenceonly = _NO if order_type & (SWEEP | CENTRE_POINT_BLOCK) else 0
    _draw_minimum(random, order)


@folded
def _draw_key(random: NDArray[np.uint64], participant: int) -> int:
    if happens(random, _WITHOUT_KEY):
        return 0
    return participant * _KEYS_PER_PARTICIPANT + 1 + draw_below(random, _CLIENTS)


@folded
def _draw_midtick(random: NDArray[np.uint64], order_type: int) -> int:
    if order_type & SWEEP:
        return draw_value(random, _MIDTICK_SWEEP)
    if order_type & CENTRE_POINT_BLOCK:
        return draw_value(random, _MIDTICK_BLOCK)
    if order_type & CENTRE_POINT:
        return draw_value(random, _MIDTICK_CENTRE_POINT)
    return _NO


@folded
def _is_killed(random: NDArray[np.uint64], order_type: int) -> bool:
    if order_type & SWEEP:
        return happens(random, _KILL_SWEEP)
    if order_type & CENTRE_POINT_BLOCK:
        return happens(random, _KILL_BLOCK)
    return order_type & CENTRE_POINT != 0 and happens(random, _KILL_CENTRE_POINT)


@folded
def _draw_minimum(random: NDArray[np.uint64], order: Order) -> None:
    order.minimumquantity = 0
    order.singlefillminimumquantity = order.preferenceonly
    if order.exchangeordertype & CENTRE_POINT_BLOCK and happens(random, _WITH_MINIMUM):
        order.singlefillminimumquantity = draw_value(random, _SINGLE_FILL)
        order.minimumquantity = order.quantity
        if not happens(random, _MINIMUM_IS_QUANTITY):
            order.minimumquantity = 1 + draw_below(random, order.quantity)
