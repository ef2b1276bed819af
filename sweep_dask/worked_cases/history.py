"""What happened in a case, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweep_dask.worked_cases.format import OrderId


@dataclass(frozen=True)
class Trade:
    """One match in one of the books."""

    t: int
    buy: OrderId
    sell: OrderId
    quantity: int
    price_x2: int
    deal_source: int
    is_both_passive: bool
    """Neither order was the incoming one (False for trades of the lit book)."""
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Remark:
    """Anything else: an arrival, a quote, a refusal."""

    t: int
    text: str
    is_detail: bool = False
    """It follows from the remark before."""


@dataclass
class History:
    """Everything in order, and the lists that a case may ask for."""

    entries: list[Trade | Remark] = field(default_factory=list)
    rejected: list[OrderId] = field(default_factory=list)
    """Orders that were refused, or an amendment of which was."""
    cancelled: list[tuple[OrderId, int, int | None]] = field(default_factory=list)
    """Order, quantity, change reason (None: no source states one)."""
    auction_orders: list[tuple[OrderId, int, int, int]] | None = None
    """Order, side, quantity, price; None: there was no auction."""

    @property
    def trades(self) -> list[Trade]:
        """The trades alone."""
        return [entry for entry in self.entries if isinstance(entry, Trade)]
