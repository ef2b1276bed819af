"""Two orders trade: what is left of them, the fill, its deal source, and how to undo it all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.matching.events import Route
from sweep_dask.matching.reference.orders import Fill, Order
from sweep_dask.terms.sides import BUY

if TYPE_CHECKING:
    from sweep_dask.matching.rules import Rules

_BOOKING, _PREFERENCED, _PLAIN, _PREFERENCE_ONLY = 48, 46, 47, 49
_BLOCK, _BLOCK_PREFERENCED, _BLOCK_PREFERENCE_ONLY = 50, 51, 52


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
