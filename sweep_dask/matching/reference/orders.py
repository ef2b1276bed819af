"""An order as the reference book sees it, what becomes of two that trade, and how to undo it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.matching.adopting import LitAccess
from sweep_dask.matching.events import Route
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    import numpy as np

    from sweep_dask.matching.rules import Rules

#: Rank of an order that does not rest: younger than all that do.
YOUNGEST = 2**62

_BOOKING, _PREFERENCED, _PLAIN, _PREFERENCE_ONLY = 48, 46, 47, 49
_BLOCK, _BLOCK_PREFERENCED, _BLOCK_PREFERENCE_ONLY = 50, 51, 52


class Fill(NamedTuple):
    """One match; the fields of `events.FILL` after the first."""

    buy: int
    sell: int
    quantity: int
    price_x2: int
    deal_source: int
    aggressor: int
    route: int


@dataclass(eq=False)
class Order:
    """The terms of an order now, and where it stands."""

    number: int
    side: int
    leaves: int
    style: int = 0
    validity: int = 0
    single_fill: bool = False
    preference_only: bool = False
    is_sweep: bool = False
    participant: int = 0
    crossing_key: int = 0
    limit_x2: int = 0
    price: int = 0
    minimum_quantity: int = 0
    rank: int = YOUNGEST
    rests: bool = False
    is_alive: bool = True
    obstacle: int = 0
    adopts: bool = False
    lit_access: LitAccess = LitAccess.NONE
    gained: int = 0
    """Shares of what others freed in the lit book, less those it has passed on."""

    @property
    def contra_side(self) -> int:
        """The side on which its contras rest."""
        return BUY + SELL - self.side

    def accepts(self, price_x2: int) -> bool:
        """Whether the limit allows a price; R3."""
        return self.limit_x2 >= price_x2 if self.side == BUY else self.limit_x2 <= price_x2

    def suits(self, quantity: int) -> bool:
        """Whether one fill is large enough for a single-fill minimum; R8."""
        return not self.single_fill or quantity >= self.minimum_quantity


def order_of(event: np.void, rules: Rules) -> Order:
    """The order of an event (`events.EVENT`) that names it for the first time."""
    order = Order(int(event["order"]), int(event["side"]), int(event["quantity"]))
    set_terms(order, event, rules)
    return order


def set_terms(order: Order, event: np.void, rules: Rules) -> None:
    """Give an order the terms of an event; a minimum above what is left is void."""
    order.style = int(event["style"])
    order.validity = int(event["validity"])
    order.single_fill = bool(event["single_fill"]) and rules.single_fill
    order.preference_only = bool(event["preference_only"]) and rules.preference_only
    order.is_sweep = bool(event["is_sweep"])
    order.participant = int(event["participant"])
    order.crossing_key = int(event["crossing_key"])
    order.limit_x2 = int(event["limit_x2"])
    order.price = int(event["price"])
    minimum = int(event["minimum_quantity"]) if rules.minimum_quantity else 0
    order.minimum_quantity = minimum if minimum <= order.leaves else 0


@dataclass
class Attempt:
    """Fills made together, and what it takes to undo them."""

    fills: list[Fill] = field(default_factory=list)
    before: list[tuple[Order, int, int]] = field(default_factory=list)
    """Leaves and minimum of each order before each fill, oldest first."""

    def add(self, later: Attempt) -> None:
        """Make the fills of a later attempt part of this one."""
        self.fills += later.fills
        self.before += later.before

    def undo(self) -> None:
        """Put all orders back as they were; no fill remains."""
        for order, leaves, minimum in reversed(self.before):
            order.leaves, order.minimum_quantity = leaves, minimum
        self.fills.clear()
        self.before.clear()


class Deal(NamedTuple):
    """On what two orders agree."""

    quantity: int
    price_x2: int
    route: Route
    aggressor: int
    """Side of the incoming order; 0: both rested."""
    own: bool
    """Whether they met in a pass over the participant's own orders."""


def make_fill(one: Order, other: Order, deal: Deal, attempt: Attempt, rules: Rules) -> None:
    """Two orders trade."""
    attempt.before += [(order, order.leaves, order.minimum_quantity) for order in (one, other)]
    reduce(one, deal.quantity, rules)
    reduce(other, deal.quantity, rules)
    buy, sell = (one, other) if one.side == BUY else (other, one)
    source = _deal_source(one, other, deal, rules)
    attempt.fills.append(
        Fill(
            buy.number,
            sell.number,
            deal.quantity,
            deal.price_x2,
            source,
            deal.aggressor,
            deal.route,
        )
    )


def reduce(order: Order, quantity: int, rules: Rules) -> None:
    """Take a quantity off an order; a minimum above what is left falls away, R9."""
    order.leaves -= quantity
    if order.leaves < order.minimum_quantity and rules.minimum_quantity_reset:
        order.minimum_quantity = 0


def _deal_source(one: Order, other: Order, deal: Deal, rules: Rules) -> int:
    """R11, R12, R13."""
    is_block = deal.route is Route.BLOCK
    same_key = one.crossing_key != 0 and one.crossing_key == other.crossing_key
    if rules.crossing_key and same_key and one.participant == other.participant:
        return _BOOKING
    if one.preference_only or other.preference_only:
        return _BLOCK_PREFERENCE_ONLY if is_block else _PREFERENCE_ONLY
    if deal.own:
        return _BLOCK_PREFERENCED if is_block else _PREFERENCED
    return _BLOCK if is_block else _PLAIN
