"""A hand-written case as the code sees it; `read_case` makes one from JSON.

Prices are in 0.1 cent, quantities are shares, `t` counts steps. Rule numbers anywhere in this
package are those of the rules of Centre Point (2.1, 7.5, S1, ...).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.market.order_codes import (
    ANY_PRICE_BLOCKS,
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    CENTRE_POINT_CROSSING,
    DARK_LIMITS,
    HALF_TICK,
    OFF,
    SHORT_SELL,
    SWEEP,
    WITH_HALF_TICK,
)
from sweep_dask.market.ticks import effective_limit_x2
from sweep_dask.matching.events import Style, Validity
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.market.ticks import TickTable

OrderId = int | str

VALIDITIES = {"day": Validity.DAY, "fak": Validity.FILL_AND_KILL, "fok": Validity.FILL_OR_KILL}
LIMIT, MARKET, MARKET_TO_LIMIT = "limit", "market", "mtl"

#: Flag of an order type: not all of its quantity is shown.
UNDISCLOSED = 32
#: An order without any of these bits is a plain lit order.
KINDS = (0, CENTRE_POINT, CENTRE_POINT_CROSSING, SWEEP, CENTRE_POINT_BLOCK)
FLAGS = SHORT_SELL | UNDISCLOSED

#: What a case may expect, and what each of it is where it does not apply.
EXPECTED: dict[str, type[list[object] | dict[str, object]]] = {
    "trades": list, "leaves": dict, "trade_t": list, "both_passive": list, "maq": dict,
    "rejected": list, "cancelled": list, "lit_resting": dict, "lit_leaves": dict, "nbbo_end": list,
    "published": list, "extended": list, "auction_orders": list, "display": dict,
}  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """An order as it was entered or last amended."""

    id: OrderId
    side: int
    quantity: int
    type: int
    order_type: str
    price: int
    """0: unpriced."""
    midtick: int
    maq: int
    single_fill: bool
    participant: int | None
    """None: one of its own, that no other order has."""
    key: int
    validity: Validity
    display: int | None
    preference_only: bool

    @property
    def kind(self) -> int:
        """The type without its flags; one of `KINDS`."""
        return self.type & ~FLAGS

    @property
    def is_sweep(self) -> bool:
        """Whether it looks in both books."""
        return self.kind == SWEEP

    @property
    def is_dark(self) -> bool:
        """Whether it lives in the dark book alone."""
        return self.kind in (CENTRE_POINT, CENTRE_POINT_BLOCK)

    @property
    def is_plain(self) -> bool:
        """Whether it is an ordinary lit order."""
        return self.kind == 0

    @property
    def is_dual_posted(self) -> bool:
        """Whether its rest rests in both books; S6."""
        return self.is_sweep and self.midtick == HALF_TICK and self.order_type == LIMIT

    @property
    def style(self) -> Style:
        """Where it trades in the dark; section 2.3 of the rules. A sweep: at the midpoint."""
        if not self.is_dark:
            return Style.MIDPOINT
        if self.midtick in ANY_PRICE_BLOCKS:
            return Style.ANY_PRICE_BLOCK
        return Style.DARK_LIMIT if self.midtick in DARK_LIMITS else Style.MIDPOINT

    @property
    def has_half_tick(self) -> bool:
        """Whether its limit in the dark is half a tick better than the entered one; 2.2."""
        return self._midtick_that_counts in WITH_HALF_TICK and self.price != 0

    @property
    def _midtick_that_counts(self) -> int:
        # On a sweep all values but 1 are read as off.
        return OFF if self.is_sweep and self.midtick != HALF_TICK else self.midtick

    def limit_x2(self, ticks: TickTable) -> int:
        """Twice the limit that counts in the dark."""
        is_buy = self.side == BUY
        limit = effective_limit_x2(self.price, is_buy, self._midtick_that_counts, *ticks.arrays)
        return int(limit)


@dataclass(frozen=True)
class LitOrder:
    """An order of the lit book at the beginning."""

    id: OrderId
    side: int
    price: int
    quantity: int


@dataclass(frozen=True)
class Quote:
    """The national quote from `t` on; 0: none on that side."""

    t: int
    bid: int
    offer: int


@dataclass(frozen=True)
class State:
    """The trading state from `t` on."""

    t: int
    name: str
    clock: str = ""


@dataclass(frozen=True)
class New:
    """An order arrives."""

    t: int
    order: Terms


@dataclass(frozen=True)
class Amend:
    """Some terms of an order change."""

    t: int
    id: OrderId
    changes: Mapping[str, int | bool]


@dataclass(frozen=True)
class Cancel:
    """The owner cancels an order."""

    t: int
    id: OrderId


Step = Quote | State | New | Amend | Cancel


@dataclass(frozen=True)
class Case:
    """One case; what it expects is kept as it was written."""

    id: str
    title: str
    source: str
    is_inferred: bool
    note: str
    rules: tuple[str, ...]
    ticks: TickTable
    quote: Quote
    state: State
    resting: tuple[Terms, ...]
    lit: tuple[LitOrder, ...] | None
    steps: tuple[Step, ...]
    """Quotes, states and events after the beginning, in order of `t`."""
    preferencing: tuple[int, ...]
    block_min_value_aud: int | float | None
    expected: Mapping[str, object] | None
