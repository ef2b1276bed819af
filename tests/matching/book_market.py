"""What a Centre Point book is given, whichever book it is."""

from dataclasses import dataclass

import numpy as np
from slow_book import run_reference

from sweep_dask.matching.adopting import Adopting
from sweep_dask.matching.centre_point import run_book
from sweep_dask.matching.reference.centre_point import ReferenceBook
from sweep_dask.matching.rules import Rules


@dataclass(frozen=True)
class Market:
    """Events, and what holds for all of them; `ticks` are pairs of a price and the tick from it."""

    events: np.ndarray
    rules: Rules
    ticks: tuple
    preferencing: tuple
    block_min_value: int | None
    keeps_fills: bool
    priority_seed: int | None = None
    adopting: Adopting | None = None

    def run(self):
        """What the compiled book makes of it."""
        tick_from, tick = np.array(self.ticks).T
        return run_book(
            self.events,
            self.rules,
            tick_from,
            tick,
            self.preferencing,
            self.block_min_value,
            keeps_fills=self.keeps_fills,
            priority_seed=self.priority_seed,
            adopting=self.adopting,
        )

    def run_slowly(self):
        """What the reference makes of it."""
        book = ReferenceBook(
            self.rules,
            self.ticks,
            self.preferencing,
            self.block_min_value,
            keeps_fills=self.keeps_fills,
            priority_seed=self.priority_seed,
            adopting=self.adopting,
        )
        return run_reference(book, self.events, int(self.events["order"].max(initial=-1)) + 1)
