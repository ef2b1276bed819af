"""What the book knows between two events: its terms, the market around it, who rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_dask.matching.adopting import Pairs
from sweep_dask.matching.events import Obstacle

if TYPE_CHECKING:
    from sweep_dask.matching.reference.orders import Order
    from sweep_dask.matching.reference.prices import Quote, Ticks
    from sweep_dask.matching.reference.queue import Queue
    from sweep_dask.matching.rules import Rules


@dataclass
class Book:
    """The parts of the book of one security that a match depends on."""

    rules: Rules
    ticks: Ticks
    block_min_value: int | None
    """Smallest value of a trade in the block phase, quantity x price_x2; None: no block phase."""
    opted_in: set[tuple[int, bool]]
    """Participants whose incoming orders are preferenced: True for their sweeps, else False."""
    queue: Queue
    quote: Quote
    """The standing quote."""
    is_continuous: bool = False
    apart: Pairs = Pairs.NONE
    """Pairs of these kinds do not match."""

    def closed(self, quote: Quote) -> Obstacle:
        """Why nobody can trade now at a quote; R18, R19."""
        if self.rules.continuous_only and not self.is_continuous:
            return Obstacle.SESSION
        if quote.bid <= 0 or quote.offer <= 0:
            return Obstacle.NO_QUOTE
        if self.rules.normal_quote and quote.bid >= quote.offer:
            return Obstacle.LOCKED_OR_CROSSED
        return Obstacle.NONE

    def are_apart(self, one: Order, other: Order) -> bool:
        """Whether two orders are kept apart."""
        is_of_one = one.participant == other.participant >= 0
        if Pairs.ADOPTERS in self.apart and one.adopts and other.adopts:
            return True
        return Pairs.OF_ONE in self.apart and is_of_one and (one.adopts or other.adopts)
